# ruff: noqa: E501
"""Tables and texts that tell about single persons: the check that has to say so."""

from __future__ import annotations

import json
import random

import pytest

from vitrine.egress import disclosure
from vitrine.egress.checks import engine
from vitrine.egress.checks.finding import Finding, Severity

_CHANCE = random.Random(7)


def findings(path: str, text: str, policy: str = "acro") -> list[Finding]:
    report, _ = engine.look(path, text.encode(), disclosure.load(policy))
    return [each for each in report.findings if each.severity is not Severity.INFO]


def _records(header: str, count: int, row: object) -> str:
    assert callable(row)
    return header + "\n" + "\n".join(row(k) for k in range(count)) + "\n"


def _bland(k: int) -> str:
    return (
        f"{1000 + k * 7},{_CHANCE.uniform(20, 90):.2f},{_CHANCE.choice('AB')},"
        f"{_CHANCE.uniform(0, 1):.4f},{_CHANCE.choice([0, 1])}"
    )


UNSAFE = {
    "small cell": ("small-cells", "t.csv", "sex,stage,n\nM,I,45\nM,II,4\nF,I,60\nF,II,80\n"),
    "n (%)": (
        "small-cells",
        "table1.csv",
        'characteristic,"Cases (N=200)"\n"Smoking, n (%)",\nNever,120 (60.0%)\nCurrent,76 (38.0%)\nUnknown,4 (2.0%)\n',
    ),
    "n (%) without a sign": (
        "small-cells",
        "table1.csv",
        "variable,Overall (n=40)\nmale,22 (55.0)\nfemale,18 (45.0)\nmetastasis,5 (12.5)\n",
    ),
    "fraction": (
        "small-cells",
        "f.csv",
        "lesion,detected\nnodule,38/41 (92.7%)\nmass,3/12 (25.0%)\n",
    ),
    "confusion": (
        "small-cells",
        "confusion.csv",
        ",benign,malignant\nbenign,110,3\nmalignant,12,55\n",
    ),
    "confusion without names": (
        "small-cells",
        "confusion_matrix.md",
        "Confusion matrix\n\n| | 0 | 1 |\n|---|---|---|\n| 0 | 51 | 4 |\n| 1 | 12 | 33 |\n",
    ),
    "support": (
        "small-cells",
        "report.txt",
        "              precision    recall  f1-score   support\n\n      benign       0.95      0.90      0.92        40\n"
        "   malignant       0.70      0.80      0.75         7\n\n    accuracy                           0.90        47\n",
    ),
    "at risk": (
        "small-cells",
        "risk.csv",
        "time,n_risk,n_event,survival\n0,41,0,1\n6,33,12,0.7\n12,6,10,0.4\n",
    ),
    "numbers at risk": (
        "small-cells",
        "number_at_risk.md",
        "Number at risk\n\n| group | 0 | 12 | 24 |\n|---|---|---|---|\n| high | 40 | 21 | 4 |\n",
    ),
    "cross table with total": (
        "small-cells",
        "cross.csv",
        "grade,adenocarcinoma,squamous,All\nlow,45,3,48\nhigh,20,31,51\nAll,65,34,99\n",
    ),
    "cross table of groups": (
        "small-cells",
        "cross.csv",
        "age_group,male,female\n18-40,31,2\n41-60,52,44\n",
    ),
    "latex": (
        "small-cells",
        "t.tex",
        "\\begin{tabular}{lrr}\nDiagnosis & Patients & \\% \\\\ \\hline\nglioma & 43 & 86 \\\\\nother & 7 & 14 \\\\\n\\end{tabular}\n",
    ),
    "json": (
        "small-cells",
        "t.json",
        json.dumps({"n_patients": 120, "n_deaths": 3, "auc": 0.9}),
    ),
    "json records": (
        "small-cells",
        "t.json",
        json.dumps([{"group": "a", "count": 40}, {"group": "b", "count": 2}]),
    ),
    "value counts": (
        "small-cells",
        "out.txt",
        "diagnosis\nbenign       35\nmalignant     4\nName: count, dtype: int64\n",
    ),
    "describe": (
        "small-cells",
        "d.csv",
        ",age,volume\ncount,7,7\nmean,61.2,30.5\nstd,10.1,12.2\n",
    ),
    "small n in a header": (
        "small-cells",
        "t.csv",
        "measure,responders (n=6),others (n=40)\nage,61.2 ± 8.1,63.0 ± 9.2\n",
    ),
    "prose": (
        "small-cells",
        "r.md",
        "In total 3 patients had a pulmonary embolism.\n",
    ),
    "caption": (
        "small-cells",
        "r.md",
        "Figure 2. Survival of patients with a mutation (n = 7) and without.\n",
    ),
    "words": (
        "small-cells",
        "r.txt",
        "Two patients died within thirty days.\n",
    ),
    "dice of few": (
        "small-cells",
        "organs.csv",
        "organ,dice_mean,dice_std,n_scans\nliver,0.96,0.02,120\nspleen,0.94,0.03,4\n",
    ),
    "implied by a percentage": (
        "implied-counts",
        "p.csv",
        "group,n,recurrence (%)\nA,40,7.5\nB,120,30\n",
    ),
    "implied by a header": (
        "implied-counts",
        "p.csv",
        'outcome,"treated (n=45)","control (n=50)"\ndeath,8.9%,20.0%\nrecovery,91.1%,80.0%\n',
    ),
    "implied proportion": (
        "implied-counts",
        "p.csv",
        "hospital group,patients,proportion_died\nA,60,0.05\nB,100,0.20\n",
    ),
    "few left out": (
        "implied-counts",
        "p.csv",
        'characteristic,"Overall (N=60)"\n"White, n (%)",57 (95.0%)\n',
    ),
    "nobody": (
        "class-disclosure",
        "c.csv",
        "ward,dead,alive\nA,20,30\nB,0,44\n",
    ),
    "everybody": (
        "class-disclosure",
        "c.csv",
        'characteristic,"Cases (N=40)"\n"Hypertension, n (%)",40 (100%)\n',
    ),
    "records with an id": (
        "row-level-data",
        "r.csv",
        _records("patient_id,age,sex,dice", 25, lambda k: f"P{k:03},{40 + k},{'MF'[k % 2]},0.{80 + k % 15}"),
    ),
    "few records": (
        "row-level-data",
        "r.csv",
        "case,age,diagnosis\nCase 1,63,glioma\nCase 2,55,meningioma\nCase 3,71,glioma\n",
    ),
    "bland records": ("row-level-data", "r.csv", _records("a,b,c,d,e", 80, _bland)),
    "headerless records": (
        "row-level-data",
        "r.csv",
        "\n".join(_bland(k) for k in range(80)) + "\n",
    ),
    "predictions": (
        "row-level-data",
        "preds.csv",
        _records("y_true,y_prob", 120, lambda k: f"{k % 2},{_CHANCE.random():.4f}"),
    ),
    "dice by image": (
        "row-level-data",
        "dice.csv",
        _records("image,dice", 40, lambda k: f"img_{k:04},{_CHANCE.uniform(0.7, 0.95):.3f}"),
    ),
    "dice without names": (
        "row-level-data",
        "dice.csv",
        _records("dice,hd95", 80, lambda k: f"{_CHANCE.uniform(0.7, 0.95):.3f},{_CHANCE.uniform(2, 9):.2f}"),
    ),
    "tsne": (
        "row-level-data",
        "tsne.csv",
        _records("tsne_1,tsne_2,label", 60, lambda k: f"{_CHANCE.gauss(0, 9):.3f},{_CHANCE.gauss(0, 9):.3f},{k % 3}"),
    ),
    "json list": (
        "row-level-data",
        "r.json",
        json.dumps([{"subject": f"sub-{k:02}", "age": 30 + k, "sex": "MF"[k % 2]} for k in range(12)]),
    ),
    "survival times": (
        "row-level-data",
        "s.csv",
        _records("time_months,event,group", 50, lambda k: f"{_CHANCE.uniform(1, 60):.1f},{k % 2},{'AB'[k % 2]}"),
    ),
    "dates": (
        "identifiers",
        "d.csv",
        _records("scan_date,age,sex", 30, lambda k: f"2021-{1 + k % 12:02}-{1 + k % 28:02},{40 + k},M"),
    ),
    "uid": (
        "identifiers",
        "u.csv",
        "study,uid\n1,1.2.826.0.1.3680043.8.498.12345678901234567890\n2,1.2.840.113619.2.55.3.604688119.969.1268071029.320\n",
    ),
    "uid in text": (
        "text-identifiers",
        "u.txt",
        "failed on 1.2.840.113619.2.55.3.604688119.969.1268071029.320\n",
    ),
    "mrn": ("identifiers", "m.csv", "mrn,auc\n8473625,0.9\n8473626,0.8\n"),
    "nhs number": ("identifiers", "m.csv", "nr,value\n943 476 5919,4.5\n401 023 2137,3.4\n"),
    "birth": ("identifiers", "b.csv", "dob,outcome\n1950-02-11,1\n1961-07-30,0\n"),
    "e-mail": ("identifiers", "e.csv", "contact,score\nann.smith@example.org,4.5\n"),
    "dicom name": ("text-identifiers", "n.txt", "PatientName: SMITH^ANNA\n"),
    "paths": (
        "identifiers",
        "p.csv",
        _records("path,dice", 5, lambda k: f"/data/sub-{k:04}/ses-01/anat/T1w.nii.gz,0.9{k}"),
    ),
    "hashes": (
        "identifiers",
        "h.csv",
        _records("key,score", 8, lambda k: f"{_CHANCE.getrandbits(128):032x},0.{k + 10}"),
    ),
    "postcodes": ("identifiers", "z.csv", "postcode,n\nSW1A 1AA,45\nCB2 0QQ,60\n"),
    "embeddings": (
        "embeddings",
        "e.csv",
        _records(",".join(f"emb_{k}" for k in range(64)), 30, lambda k: ",".join(f"{_CHANCE.gauss(0, 1):.4f}" for _ in range(64))),
    ),
    "unnamed embeddings": (
        "embeddings",
        "e.json",
        json.dumps([[round(_CHANCE.gauss(0, 1), 4) for _ in range(128)] for _ in range(20)]),
    ),
    "pixels": (
        "pixel-matrix",
        "p.csv",
        "\n".join(",".join(str(min(255, abs(r * 3 + c * 2 + _CHANCE.randrange(9)))) for c in range(48)) for r in range(48)) + "\n",
    ),
    "hounsfield pixels": (
        "pixel-matrix",
        "p.json",
        json.dumps([[r * 20 - 1000 + c * 5 + _CHANCE.randrange(9) for c in range(64)] for r in range(64)]),
    ),
    "digits": (
        "excess-precision",
        "x.csv",
        _records("group,mean_age,n", 12, lambda k: f"g{k},{_CHANCE.uniform(40, 80)!r},{40 + k}"),
    ),
    "extremes": (
        "endpoints",
        "d.csv",
        ",age,volume\ncount,120,120\nmean,61.2,30.5\nstd,10.1,12.2\nmin,19,0.2\n50%,62,29\nmax,97,210.4\n",
    ),
    "range in brackets": (
        "endpoints",
        "d.csv",
        'characteristic,"Cases (N=120)"\n"Age, median (range)",61 (19-97)\n',
    ),
    "means without n": (
        "missing-counts",
        "m.csv",
        "group,mean_age,sd_age\nA,61.2,10.1\nB,63.0,9.8\n",
    ),
    "regression without n": (
        "missing-counts",
        "reg.csv",
        "variable,coef,std err,p\nage,0.03,0.01,0.004\nsex,0.20,0.15,0.18\n",
    ),
    "formula": ("formula", "f.csv", 'name,n\n"=HYPERLINK(""http://x.example"",""a"")",40\n'),
}  # fmt: skip


@pytest.mark.parametrize("name", UNSAFE)
def test_an_unsafe_file_is_found_by_its_check(name: str) -> None:
    check, path, text = UNSAFE[name]
    assert check in {each.check for each in findings(path, text)}
