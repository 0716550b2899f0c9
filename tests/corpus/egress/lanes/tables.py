"""Tables of results as a group of radiology and oncology makes them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from openpyxl.comments import Comment

from tests.corpus.egress import formats, people, sources
from tests.corpus.egress.case import Lane

lane = Lane("tables")

HEAD = ["characteristic", "level", "n", "percent"]


def _share(part: int, whole: int) -> float:
    return round(100 * part / whole, 1)


def _table_one(
    total: int, groups: dict[str, dict[str, int]], percent: bool = True
) -> list[list[object]]:
    """The lines of a first table: one for each level of each characteristic."""
    rows: list[list[object]] = [["all patients", "", total, 100.0]]
    for characteristic, levels in groups.items():
        if sum(levels.values()) != total:
            raise ValueError(f"{characteristic} has {sum(levels.values())} instead of {total}")
        for level, count in levels.items():
            rows.append([characteristic, level, count, _share(count, total)])
    return rows if percent else [row[:3] for row in rows]


SMALL_ONE = _table_one(
    412,
    {
        "sex": {"female": 198, "male": 214},
        "stage": {"I": 150, "II": 141, "III": 118, "IV": 3},
        "age": {"18-49": 61, "50-64": 142, "65-74": 127, "75+": 82},
    },
)
GOOD_ONE = _table_one(
    412,
    {
        "sex": {"female": 198, "male": 214},
        "stage": {"I": 150, "II": 141, "III-IV": 121},
        "age": {"18-49": 61, "50-64": 142, "65-74": 127, "75+": 82},
    },
)
ROUNDED_ONE = _table_one(
    640,
    {
        "sex": {"female": 305, "male": 335},
        "density (BI-RADS)": {"a": 65, "b": 260, "c": 245, "d": 70},
        "age": {"40-49": 150, "50-59": 220, "60-69": 195, "70+": 75},
    },
)


# ---- unsafe: counts below the threshold -----------------------------------


@lane.unsafe("table-one-csv", "small-cells", "table1.csv", at="row 7, column n")
def _(rng):
    return formats.csv(HEAD, SMALL_ONE)


@lane.unsafe("table-one-xlsx", "small-cells", "Table 1.xlsx", at="sheet Table 1, row 7")
def _(rng):
    lines = [[a, b, f"{n} ({p}%)"] for a, b, n, p in SMALL_ONE]
    return formats.xlsx({"Table 1": [["", "", "n (%)"], *lines]})


@lane.unsafe("table-one-latex", "small-cells", "table1.tex", at="row 7")
def _(rng):
    return formats.latex(HEAD, SMALL_ONE, "Characteristics of the cohort")


@lane.unsafe("table-one-markdown", "small-cells", "table1.md", at="row 7")
def _(rng):
    return "# Cohort\n\n" + formats.markdown(HEAD, SMALL_ONE)


@lane.unsafe("table-one-html", "small-cells", "table1.html", at="row 7")
def _(rng):
    return formats.html(HEAD, SMALL_ONE, "Cohort")


@lane.unsafe("stage-by-scanner", "small-cells", "stage_by_scanner.csv", at="row 3, column IV")
def _(rng):
    rows = [[scanner, *rng.integers(14, 60, 4).tolist()] for scanner in people.SCANNERS]
    rows[2][4] = 4
    return formats.csv(["scanner", *people.STAGES], rows)


@lane.unsafe("confusion-matrix", "small-cells", "confusion_matrix.csv", at="row 2, column benign")
def _(rng):
    rows = [["benign", 131, 14, 12], ["suspicious", 2, 58, 17], ["malignant", 11, 13, 84]]
    return formats.csv(["true \\ predicted", "benign", "suspicious", "malignant"], rows)


@lane.unsafe("confusion-json", "small-cells", "metrics.json")
def _(rng):
    return formats.json_text(
        {
            "model": "densenet121",
            "fold": 3,
            "auc": 0.913,
            "labels": ["no cancer", "cancer"],
            "confusion_matrix": [[167, 12], [5, 61]],
        }
    )


@lane.unsafe("classification-report", "small-cells", "report.csv", at="row 4, column support")
def _(rng):
    rows = [
        ["adenocarcinoma", 0.88, 0.91, 0.89, 144],
        ["squamous cell", 0.81, 0.78, 0.79, 67],
        ["small cell", 0.74, 0.70, 0.72, 23],
        ["carcinoid", 1.00, 0.67, 0.80, 6],
        ["macro avg", 0.86, 0.77, 0.80, 240],
    ]
    return formats.csv(["", "precision", "recall", "f1-score", "support"], rows)


@lane.unsafe("at-risk", "small-cells", "km_at_risk.csv", at="row 2, column 60", also=("margins",))
def _(rng):
    rows = [["low risk", 203, 171, 140, 96, 51, 22], ["high risk", 88, 61, 40, 25, 13, 4]]
    return formats.csv(["group", "0", "12", "24", "36", "48", "60"], rows)


@lane.unsafe(
    "describe", "small-cells", "suvmax_by_site.csv", at="row 4, column count", also=("endpoints",)
)
def _(rng):
    rows = [
        [site, int(n), *sorted(rng.normal(9, 3, 3).round(1))]
        for site, n in zip(people.SITES, (120, 88, 45, 6, 31), strict=True)
    ]
    return formats.csv(["site", "count", "25%", "50%", "75%"], rows)


@lane.unsafe("calibration-bins", "small-cells", "calibration.csv", at="row 10, column n")
def _(rng):
    counts = (210, 164, 95, 61, 40, 33, 25, 19, 14, 5)
    rows = [
        [
            f"{i / 10:.1f}-{i / 10 + 0.1:.1f}",
            n,
            round(i / 10 + 0.05, 2),
            round(float(np.clip(i / 10 + rng.normal(0, 0.04), 0, 1)), 2),
        ]
        for i, n in enumerate(counts)
    ]
    return formats.csv(["bin", "n", "mean predicted", "observed"], rows)


@lane.unsafe("age-histogram", "small-cells", "age_histogram.tsv", at="column patients")
def _(rng):
    ages = np.arange(38, 93)
    counts = np.maximum(1, (34 * np.exp(-(((ages - 65) / 11) ** 2))).round()).astype(int)
    return formats.csv(["age", "patients"], list(zip(ages, counts, strict=True)), "\t")


@lane.unsafe("fixed-width", "small-cells", "crosstab.txt", at="line 6")
def _(rng):
    return (
        "Receptor status by response (patients)\n\n"
        f"{'':16}{'complete':>10}{'partial':>10}{'stable':>10}\n"
        f"{'HER2 positive':16}{41:>10}{38:>10}{12:>10}\n"
        f"{'HER2 negative':16}{57:>10}{93:>10}{44:>10}\n"
        f"{'triple negative':16}{19:>10}{22:>10}{2:>10}\n"
    )


@lane.unsafe("semicolon-comma", "small-cells", "tabelle1.csv", at="row 3, column Anzahl")
def _(rng):
    return "Gruppe;Anzahl;Anteil\nT1;184;53,2\nT2;155;44,8\nT3;7;2,0\n"


@lane.unsafe("title-lines", "small-cells", "supplement_s3.csv", at="column patients")
def _(rng):
    top = "Supplementary table 3\nBiopsies by vendor and year of examination\n\n"
    return top + formats.csv(
        ["vendor", "year", "patients"],
        [["Hologic", 2019, 118], ["Hologic", 2020, 74], ["GE", 2019, 66], ["GE", 2020, 8]],
    )


@lane.unsafe("utf-16", "small-cells", "table2_utf16.csv", at="row 3, column n")
def _(rng):
    rows = [["PI-RADS 3", 96], ["PI-RADS 4", 121], ["PI-RADS 5", 5]]
    return formats.csv(["category", "n"], rows).encode("utf-16")


@lane.unsafe("parquet-crosstab", "small-cells", "crosstab.parquet", at="row 4, column patients")
def _(rng):
    rows = [
        ["M0", "resected", 230],
        ["M0", "not resected", 41],
        ["M1", "not resected", 66],
        ["M1", "resected", 9],
    ]
    return formats.parquet(["metastasis", "surgery", "patients"], rows)


@lane.unsafe(
    "five-under-opensafely",
    "small-cells",
    "counts.csv",
    at="row 3, column count",
    policy="opensafely",
)
def _(rng):
    return formats.csv(["ethnicity", "count"], [["White", 845], ["Asian", 110], ["Black", 5]])


@lane.unsafe("words-for-counts", "small-cells", "adverse_events.csv", at="row 3", policy="nhs-sde")
def _(rng):
    rows = [["contrast reaction", "25"], ["claustrophobia", "40"], ["extravasation", "6 (1.2%)"]]
    return formats.csv(["event", "patients (%)"], rows)


@lane.unsafe("yaml-support", "small-cells", "test_results.yaml")
def _(rng):
    return (
        "model: nnunet-3d\ntest_set:\n  benign:\n    patients: 88\n    dice: 0.84\n"
        "  malignant:\n    patients: 4\n    dice: 0.71\n"
    )


# ---- unsafe: rounding -----------------------------------------------------


@lane.unsafe("unrounded-csv", "unrounded-counts", "table1.csv", at="column n", policy="opensafely")
def _(rng):
    return formats.csv(
        HEAD[:3],
        _table_one(
            412,
            {"sex": {"female": 198, "male": 214}, "smoking": {"never": 177, "ever": 235}},
            False,
        ),
    )


@lane.unsafe(
    "unrounded-xlsx", "unrounded-counts", "cohort.xlsx", at="sheet counts", policy="nhs-sde"
)
def _(rng):
    rows = [[site, n] for site, n in zip(people.SITES, (121, 83, 47, 62, 31), strict=True)]
    return formats.xlsx({"counts": [["site", "patients"], *rows]})


@lane.unsafe("unrounded-latex", "unrounded-counts", "screening.tex", policy="opensafely")
def _(rng):
    rows = [["invited", 10432], ["attended", 7318], ["recalled", 391], ["cancer", 63]]
    return formats.latex(["step", "women"], rows)


@lane.unsafe(
    "one-unrounded",
    "unrounded-counts",
    "recalls.csv",
    at="row 4, column women",
    policy="opensafely",
)
def _(rng):
    rows = [["2016", 120], ["2017", 135], ["2018", 140], ["2019", 128], ["2020", 60]]
    return formats.csv(["year", "women"], rows)


# ---- unsafe: counts that follow ---------------------------------------------


@lane.unsafe("percent-of-total", "implied-counts", "response.csv", at="row 3")
def _(rng):
    rows = [["pembrolizumab", 128, 41.4], ["nivolumab", 96, 37.5], ["atezolizumab", 64, 3.1]]
    return formats.csv(["drug", "patients", "complete response %"], rows)


@lane.unsafe("rate-and-n", "implied-counts", "event_rates.csv", at="row 2")
def _(rng):
    rows = [["no contrast", 410, 0.0829], ["contrast", 163, 0.0123]]
    return formats.csv(["arm", "n", "event rate"], rows)


@lane.unsafe("missed-cancers", "implied-counts", "sensitivity.csv", at="row 2")
def _(rng):
    rows = [["screening", 214, 0.883], ["symptomatic", 42, 0.929]]
    return formats.csv(["setting", "cancers", "sensitivity"], rows)


@lane.unsafe(
    "rest-of-total",
    "implied-counts",
    "consort.csv",
    at="row 1",
    also=("margins", "small-cells", "differencing"),
)
def _(rng):
    rows = [["all patients", 503], ["chest CT", 311], ["chest radiograph", 188]]
    return formats.csv(["examination (first per patient)", "n"], rows)


@lane.unsafe("cumulative", "implied-counts", "recurrences.csv", at="column cumulative recurrences")
def _(rng):
    rows = [[6, 31], [12, 55], [18, 58], [24, 60], [30, 71]]
    return formats.csv(["months", "cumulative recurrences"], rows)


@lane.unsafe("json-accuracy", "implied-counts", "per_class.json")
def _(rng):
    return formats.json_text(
        {
            "classes": {
                "melanoma": {"n": 120, "accuracy": 0.8583},
                "naevus": {"n": 300, "accuracy": 0.91},
                "keratosis": {"n": 35, "accuracy": 0.9429},
            }
        }
    )


# ---- unsafe: records --------------------------------------------------------


@lane.unsafe("bland-predictions", "row-level-data", "fig3_source.csv")
def _(rng):
    return formats.csv(["y", "p"], people.scores(rng, 180))


@lane.unsafe("radiomics", "row-level-data", "features.csv", also=("embeddings", "excess-precision"))
def _(rng):
    names = [
        "original_shape_MeshVolume",
        "original_shape_Sphericity",
        "original_firstorder_Entropy",
        "original_firstorder_90Percentile",
        *(f"original_glcm_{n}" for n in ("Contrast", "Correlation", "Idm", "JointEnergy")),
        *(f"wavelet-LLH_glrlm_f{i}" for i in range(16)),
    ]
    return formats.csv(names, rng.lognormal(0, 1, (118, len(names))).round(5).tolist())


@lane.unsafe("clinical-parquet", "row-level-data", "summary.parquet")
def _(rng):
    return formats.parquet(["a", "s", "st", "sc", "v", "t", "e"], people.records(rng, 150))


@lane.unsafe("clinical-xlsx", "row-level-data", "results_final_v2.xlsx", at="sheet Sheet1")
def _(rng):
    head = ["age", "sex", "stage", "scanner", "volume_ml", "days", "died"]
    return formats.xlsx({"Sheet1": [head, *people.records(rng, 90)]})


@lane.unsafe("records-json", "row-level-data", "output.json")
def _(rng):
    return formats.json_text(
        [{"x": a, "g": s, "d": d} for a, s, _, _, _, d, _ in people.records(rng, 75)]
    )


@lane.unsafe("quantised", "row-level-data", "dice_by_group.tsv")
def _(rng):
    rows = [
        [a // 5 * 5, s, st, round(float(rng.beta(9, 2)), 2)]
        for a, s, st, *_ in people.records(rng, 64)
    ]
    return formats.csv(["age band", "sex", "stage", "dice"], sorted(rows), "\t")


@lane.unsafe("transposed", "row-level-data", "wide.csv")
def _(rng):
    records = people.records(rng, 40)
    rows = [
        [label, *(record[i] for record in records)]
        for label, i in (("age", 0), ("sex", 1), ("stage", 2), ("volume", 4))
    ]
    return formats.csv(["measure", *(f"v{i}" for i in range(40))], rows)


@lane.unsafe("per-lesion", "row-level-data", "lesion_metrics.csv")
def _(rng):
    rows = [
        [
            int(rng.integers(1, 6)),
            round(float(rng.lognormal(2, 0.6)), 1),
            round(float(rng.beta(8, 2)), 3),
            round(float(rng.exponential(3)), 2),
        ]
        for _ in range(133)
    ]
    return formats.csv(["fold", "diameter_mm", "dice", "hd95_mm"], rows)


@lane.unsafe("roc-thresholds", "row-level-data", "roc_curve.csv")
def _(rng):
    scored = sorted(people.scores(rng, 140), key=lambda pair: -pair[1])
    labels = np.array([label for label, _ in scored])
    tpr, fpr = np.cumsum(labels) / labels.sum(), np.cumsum(1 - labels) / (1 - labels).sum()
    rows = [
        [round(f, 6), round(t, 6), p]
        for f, t, (_, p) in zip(fpr.tolist(), tpr.tolist(), scored, strict=True)
    ]
    return formats.csv(["fpr", "tpr", "thresholds"], rows)


@lane.unsafe(
    "km-steps",
    "row-level-data",
    "survival_curve.csv",
    also=("small-cells", "one-mark-per-patient", "implied-counts"),
)
def _(rng):
    days = np.sort(rng.choice(np.arange(12, 1900), 110, replace=False))
    survival = np.cumprod(1 - 1 / np.arange(220, 110, -1))
    rows = [
        [int(d), n, round(float(s), 5)]
        for d, n, s in zip(days, range(220, 110, -1), survival, strict=True)
    ]
    return formats.csv(["day", "at risk", "survival"], rows)


@lane.unsafe("ranked-volumes", "row-level-data", "waterfall.csv", also=("one-mark-per-patient",))
def _(rng):
    change = np.sort(np.clip(rng.normal(-20, 35, 57), -100, 120))[::-1].round(1)
    return formats.csv(["rank", "best change from baseline %"], list(enumerate(change, 1)))


# ---- unsafe: identifiers, vectors, pixels -------------------------------------


@lane.unsafe(
    "nhs-numbers", "identifiers", "linkage.csv", at="column number", also=("row-level-data",)
)
def _(rng):
    rows = [[people.nhs_number(rng), str(rng.choice(people.STAGES))] for _ in range(30)]
    return formats.csv(["number", "stage"], rows)


@lane.unsafe("study-uids", "identifiers", "split.csv", at="column study", also=("row-level-data",))
def _(rng):
    rows = [[people.uid(rng), str(rng.choice(("train", "val", "test")))] for _ in range(60)]
    return formats.csv(["study", "set"], rows)


@lane.unsafe("pseudonyms", "identifiers", "excluded.csv", at="column key", also=("row-level-data",))
def _(rng):
    reasons = ("motion", "no contrast", "missing report")
    rows = [[people.pseudonym(rng), str(rng.choice(reasons))] for _ in range(24)]
    return formats.csv(["key", "reason"], rows)


@lane.unsafe(
    "accessions-xlsx",
    "identifiers",
    "reader_study.xlsx",
    at="sheet reads, column case",
    also=("row-level-data",),
)
def _(rng):
    rows = [[f"RX{rng.integers(10**6, 10**7)}", *rng.integers(1, 6, 2).tolist()] for _ in range(48)]
    return formats.xlsx({"reads": [["case", "reader 1", "reader 2"], *rows]})


@lane.unsafe(
    "birth-dates", "identifiers", "demographics.parquet", at="column dob", also=("row-level-data",)
)
def _(rng):
    rows = [[people.birth_date(rng), str(rng.choice(("F", "M")))] for _ in range(52)]
    return formats.parquet(["dob", "sex"], rows)


@lane.unsafe(
    "paths",
    "identifiers",
    "failures.csv",
    at="column file",
    also=("row-level-data", "text-identifiers"),
)
def _(rng):
    rows = [
        [f"/data/ct/MRN{rng.integers(10**6, 10**7)}/{rng.integers(1, 9)}/IM0001.dcm", "shape"]
        for _ in range(22)
    ]
    return formats.csv(["file", "error"], rows)


@lane.unsafe("embedding-csv", "embeddings", "layer4.csv", also=("row-level-data",))
def _(rng):
    vectors = np.tanh(rng.normal(0, 0.6, (70, 64))).round(4)
    return formats.csv([f"d{i}" for i in range(64)], vectors.tolist())


@lane.unsafe("embedding-parquet", "embeddings", "features.parquet", also=("row-level-data",))
def _(rng):
    vectors = rng.normal(0, 1, (80, 256)).astype(np.float32)
    return pd.DataFrame({"split": "test", "vector": list(vectors)}).to_parquet(index=False)


@lane.unsafe("embedding-json", "embeddings", "prototypes.json", also=("row-level-data",))
def _(rng):
    vectors = rng.normal(0, 1, (40, 128)).round(5).tolist()
    return formats.json_text({"model": "dinov2", "items": [{"z": vector} for vector in vectors]})


@lane.unsafe("tsne", "embeddings", "tsne.csv", also=("row-level-data",))
def _(rng):
    middle = rng.normal(0, 18, (4, 2))
    rows = [
        [*np.round(middle[c] + rng.normal(0, 4, 2), 3).tolist(), int(c)]
        for c in rng.integers(0, 4, 210)
    ]
    return formats.csv(["tsne-1", "tsne-2", "cluster"], rows)


def _slice(scan: str, side: int) -> np.ndarray:
    values = sources.phantom(scan) if scan in sources.PHANTOMS else sources.pixels(scan)
    step = max(1, values.shape[0] // side)
    return values[::step, ::step].round().astype(int)


@lane.unsafe(
    "pixels-csv",
    "pixel-matrix",
    "matrix.csv",
    also=("row-level-data",),
    needs=sources.needs("ct-abdomen"),
)
def _(rng):
    return "\n".join(",".join(map(str, row)) for row in _slice("ct-abdomen", 128).tolist()) + "\n"


@lane.unsafe("pixels-json", "pixel-matrix", "example.json")
def _(rng):
    return formats.json_text({"hu": _slice("ct", 64).tolist()})


@lane.unsafe("pixels-columns", "pixel-matrix", "train.parquet", also=("row-level-data",))
def _(rng):
    base = _slice("head", 32)[:32, :32].ravel()
    rows = [(base + rng.normal(0, 8, base.size)).round().astype(int).tolist() for _ in range(12)]
    return formats.parquet([f"px{i}" for i in range(base.size)], rows)


@lane.unsafe("pixels-xlsx", "pixel-matrix", "heat.xlsx", at="sheet map", also=("row-level-data",))
def _(rng):
    return formats.xlsx({"map": _slice("ct-small", 64).tolist()})


@lane.unsafe("pixels-long", "pixel-matrix", "roi.tsv", also=("row-level-data",))
def _(rng):
    image = _slice("breast", 40)
    rows = [[x, y, int(v)] for y, line in enumerate(image) for x, v in enumerate(line)]
    return formats.csv(["x", "y", "value"], rows, "\t")


# ---- unsafe: precision, classes, extremes, hidden parts, combinations ---------


@lane.unsafe("sixteen-digits", "excess-precision", "means.csv", at="column mean")
def _(rng):
    rows = [
        [site, int(n), float(np.mean(rng.normal(38, 9, int(n))))]
        for site, n in zip(people.SITES, (65, 48, 39, 21, 77), strict=True)
    ]
    return formats.csv(["site", "n", "mean"], rows)


@lane.unsafe("precise-json", "excess-precision", "metrics.json")
def _(rng):
    return formats.json_text(
        {"n": 203, "sensitivity": 61 / 73, "specificity": 117 / 130, "auc": 0.9132771338250790}
    )


@lane.unsafe(
    "all-malignant", "class-disclosure", "brca_by_outcome.csv", at="row 2", also=("small-cells",)
)
def _(rng):
    rows = [["wild type", 140, 61], ["BRCA2", 0, 24], ["BRCA1", 33, 28]]
    return formats.csv(["genotype", "benign", "malignant"], rows)


@lane.unsafe("hundred-percent", "class-disclosure", "mortality.csv", at="row 3")
def _(rng):
    rows = [["resected", 210, 34.3], ["ablated", 88, 46.6], ["best supportive care", 19, 100.0]]
    return formats.csv(["treatment", "n", "dead at 2 years %"], rows)


@lane.unsafe("oldest-youngest", "endpoints", "age.csv", at="column max")
def _(rng):
    rows = [["women", 220, 63.1, 10.9, 24, 97], ["men", 192, 65.4, 10.2, 31, 94]]
    return formats.csv(["sex", "n", "mean", "sd", "min", "max"], rows)


@lane.unsafe("range-in-brackets", "endpoints", "psa.md", at="row 1")
def _(rng):
    return formats.markdown(
        ["group", "n", "PSA, median [range]"],
        [["cancer", 118, "9.4 [1.1-1873.0]"], ["no cancer", 140, "5.6 [0.4-31.2]"]],
    )


@lane.unsafe(
    "describe-extremes", "endpoints", "describe.csv", at="row 8", also=("excess-precision",)
)
def _(rng):
    data = pd.DataFrame(
        {"age": rng.normal(64, 10, 240).round(), "volume": rng.lognormal(2, 1, 240)}
    )
    return data.describe().round(2).to_csv(lineterminator="\n")


def _book(rng):
    """A good first table with a sheet of records beside it."""
    head = ["age", "sex", "stage", "scanner", "volume_ml", "days", "died"]
    book = formats.workbook(
        {"Table 1": [HEAD, *GOOD_ONE], "Hidden": [head, *people.records(rng, 60)]}
    )
    return book


@lane.unsafe(
    "hidden-sheet", "hidden-parts", "table1.xlsx", at="sheet Hidden", also=("row-level-data",)
)
def _(rng):
    book = _book(rng)
    book["Hidden"].sheet_state = "hidden"
    return formats.xlsx(book)


@lane.unsafe(
    "very-hidden-sheet", "hidden-parts", "table1.xlsx", at="sheet Hidden", also=("row-level-data",)
)
def _(rng):
    book = _book(rng)
    book["Hidden"].sheet_state = "veryHidden"
    return formats.xlsx(book)


@lane.unsafe(
    "hidden-column", "hidden-parts", "readers.xlsx", at="sheet readers", also=("identifiers",)
)
def _(rng):
    rows = [
        [s, 40 + i, round(0.8 + i / 50, 2), people.nhs_number(rng)]
        for i, s in enumerate(people.SITES)
    ]
    book = formats.workbook({"readers": [["site", "n", "kappa", "index case"], *rows]})
    book["readers"].column_dimensions["D"].hidden = True
    return formats.xlsx(book)


@lane.unsafe("hidden-rows", "hidden-parts", "sites.xlsx", at="sheet sites", also=("small-cells",))
def _(rng):
    rows = [["London", 140], ["Leeds", 96], ["Orkney", 3], ["Cardiff", 71]]
    book = formats.workbook({"sites": [["hospital", "patients"], *rows]})
    book["sites"].row_dimensions[4].hidden = True
    return formats.xlsx(book)


@lane.unsafe(
    "comment",
    "hidden-parts",
    "table2.xlsx",
    at="sheet Table 2",
    also=("text-identifiers", "hidden-content"),
)
def _(rng):
    book = formats.workbook({"Table 2": [HEAD, *GOOD_ONE]})
    note = f"ask about {people.name(rng)}, {people.nhs_number(rng)}: restaged"
    book["Table 2"]["C5"].comment = Comment(note, "research nurse")
    return formats.xlsx(book)


@lane.unsafe(
    "white-on-white",
    "hidden-parts",
    "table3.xlsx",
    at="sheet Table 3",
    also=("hidden-content", "small-cells"),
)
def _(rng):
    from openpyxl.styles import Font

    book = formats.workbook({"Table 3": [HEAD, *GOOD_ONE]})
    cell = book["Table 3"]["H40"]
    cell.value, cell.font = "3 patients withdrew consent", Font(color="FFFFFFFF")
    return formats.xlsx(book)


@lane.unsafe("no-counts", "missing-counts", "suv_by_stage.csv")
def _(rng):
    rows = [
        [stage, round(5 + 2 * i + rng.normal(0, 0.3), 1), round(2 + i / 3, 1)]
        for i, stage in enumerate(people.STAGES)
    ]
    return formats.csv(["stage", "mean SUVmax", "SD"], rows)


@lane.unsafe("no-counts-auc", "missing-counts", "auc_by_ethnicity.csv")
def _(rng):
    rows = [["White", 0.91, 0.89, 0.93], ["Asian", 0.88, 0.8, 0.95], ["Black", 0.86, 0.74, 0.96]]
    return formats.csv(["ethnicity", "AUC", "lower", "upper"], rows)


@lane.unsafe("percent-only", "missing-counts", "recurrence.tex")
def _(rng):
    rows = [["luminal A", "8.1%"], ["luminal B", "15.5%"], ["triple negative", "31.0%"]]
    return formats.latex(["subtype of the patients", "recurrence"], rows)


@lane.unsafe("one-suppressed", "margins", "crosstab.csv", at="row 2, column IV")
def _(rng):
    rows = [
        ["female", 84, 61, 40, 13, 198],
        ["male", 90, 73, 45, "[c]", 214],
        ["total", 174, 134, 85, 19, 412],
    ]
    return formats.csv(["sex", *people.STAGES, "total"], rows)


@lane.unsafe("redacted-xlsx", "margins", "sites.xlsx", at="sheet sites, row 2")
def _(rng):
    rows = [["North", 118, 43, 161], ["South", 96, "[REDACTED]", 101], ["all", 214, 48, 262]]
    return formats.xlsx({"sites": [["region", "benign", "malignant", "total"], *rows]})


@lane.unsafe("row-and-column", "margins", "bands.md", at="row 3")
def _(rng):
    rows = [["18-49", 61], ["50-64", 142], ["65-79", "*"], ["80+", 83], ["all", 291]]
    return formats.markdown(["age", "patients"], rows)


@lane.unsafe(
    "with-and-without", "differencing", ("all.csv", "without_metal.csv"), also=("small-cells",)
)
def _(rng):
    every = [["female", 198], ["male", 214]]
    return {
        "all.csv": formats.csv(["sex", "n"], every),
        "without_metal.csv": formats.csv(["sex", "n"], [["female", 195], ["male", 214]]),
    }


@lane.unsafe("two-versions", "differencing", ("table1_v1.md", "table1_v2.md"), path="table1_v2.md")
def _(rng):
    first = [["I", 150], ["II", 141], ["III", 121]]
    second = [["I", 150], ["II", 137], ["III", 121]]
    return {
        "table1_v1.md": formats.markdown(["stage", "patients"], first),
        "table1_v2.md": formats.markdown(["stage", "patients"], second),
    }


@lane.unsafe("cut-points", "differencing", ("over64.csv", "over65.csv"), path="over65.csv")
def _(rng):
    return {
        "over64.csv": formats.csv(["age", "patients"], [["<=64", 203], [">64", 209]]),
        "over65.csv": formats.csv(["age", "patients"], [["<=65", 209], [">65", 203]]),
    }


# ---- safe -------------------------------------------------------------------


def _formats(name: str, head: list[str], rows: list, policy: str = "acro") -> None:
    """One safe table in each of the forms that people write tables in."""
    for kind, write in (
        ("csv", formats.csv),
        ("tex", formats.latex),
        ("md", formats.markdown),
        ("html", formats.html),
        ("parquet", formats.parquet),
    ):
        lane.safe(f"{name}-{kind}", f"{name}.{kind}", write, policy=policy)(
            lambda rng, write: write(head, rows)
        )


_formats("cohort", HEAD, GOOD_ONE)
_formats("cohort-rounded", HEAD[:3], [row[:3] for row in ROUNDED_ONE], "opensafely")


@lane.safe("workbook", "tables.xlsx")
def _(rng):
    metrics = [
        ["model", "patients", "AUC", "95% CI"],
        ["clinical", 412, 0.71, "0.66-0.76"],
        ["radiomics", 412, 0.79, "0.74-0.83"],
        ["combined", 412, 0.83, "0.79-0.87"],
    ]
    return formats.xlsx({"Table 1": [HEAD, *GOOD_ONE], "Table 2": metrics})


@lane.safe("workbook-rounded", "tables.xlsx", policy="nhs-sde")
def _(rng):
    return formats.xlsx({"Table 1": [HEAD[:3], *[row[:3] for row in ROUNDED_ONE]]})


@lane.safe("confusion", "confusion.csv")
def _(rng):
    rows = [["benign", 131, 24, 12], ["suspicious", 22, 58, 17], ["malignant", 11, 13, 84]]
    return formats.csv(["true \\ predicted", "benign", "suspicious", "malignant"], rows)


@lane.safe("confusion-rounded", "confusion.csv", policy="opensafely")
def _(rng):
    rows = [["no cancer", 1865, 135], ["cancer", 20, 145]]
    return formats.csv(["true \\ predicted", "no cancer", "cancer"], rows)


@lane.safe("metrics", "metrics.json")
def _(rng):
    return formats.json_text(
        {
            "test set": {"patients": 412, "cancers": 96},
            "auc": 0.871,
            "auc_ci": [0.83, 0.91],
            "brier": 0.112,
            "epochs": 40,
            "seed": 7,
        }
    )


@lane.safe("hyperparameters", "grid.csv")
def _(rng):
    rows = [
        [lr, wd, depth, round(float(rng.uniform(0.78, 0.86)), 3)]
        for lr in (0.1, 0.01, 0.001)
        for wd in (0, 0.0001)
        for depth in (3, 4, 5)
    ]
    return formats.csv(["learning rate", "weight decay", "depth", "validation AUC"], rows)


@lane.safe("cox", "cox.csv")
def _(rng):
    rows = [
        ["age, per 10 years", 1.21, 1.05, 1.39, 0.008],
        ["stage III-IV", 2.84, 2.1, 3.83, 0.001],
        ["male", 1.08, 0.87, 1.33, 0.48],
    ]
    return (
        f"# 412 patients, 187 events\n"
        f"{formats.csv(['covariate', 'HR', 'lower 95%', 'upper 95%', 'p'], rows)}"
    )


@lane.safe("at-risk", "at_risk.csv")
def _(rng):
    rows = [["low risk", 203, 171, 140, 96, 51], ["high risk", 188, 161, 130, 85, 43]]
    return formats.csv(["group", "0", "12", "24", "36", "48"], rows)


@lane.safe("at-risk-rounded", "at_risk.md", policy="opensafely")
def _(rng):
    rows = [["screened", 1200, 1100, 985, 760, 410], ["not screened", 1180, 1050, 900, 640, 325]]
    return formats.markdown(["number at risk", 0, 12, 24, 36, 48], rows)


@lane.safe("suppressed", "crosstab.csv")
def _(rng):
    rows = [
        ["female", 84, 61, "[c]", "[c]", 198],
        ["male", 90, 73, "[c]", "[c]", 214],
        ["other sites", 31, 29, 24, 22, 106],
    ]
    return formats.csv(["group", *people.STAGES, "total"], rows)


@lane.safe("suppressed-no-total", "events.csv", policy="nhs-sde")
def _(rng):
    rows = [["nausea", 45], ["contrast reaction", "*"], ["claustrophobia", 30], ["fall", "*"]]
    return formats.csv(["event", "patients"], rows)


@lane.safe("zeros-allowed", "sites.csv", policy="opensafely")
def _(rng):
    rows = [["North", 120, 0], ["South", 95, 15], ["West", 310, 20]]
    return formats.csv(["region", "with contrast", "without"], rows)


@lane.safe("roc-grid", "roc.csv")
def _(rng):
    rows = [[round(x, 2), round(x**0.25, 2)] for x in np.linspace(0, 1, 21).tolist()]
    top = "# smoothed curve; 320 patients with and 480 without cancer\n"
    return top + formats.csv(["1 - specificity", "sensitivity"], rows)


@lane.safe("calibration", "calibration.csv")
def _(rng):
    rows = [
        [f"{i * 20}-{i * 20 + 20}%", n, round(i / 5 + 0.1, 2), round(i / 5 + 0.12, 2)]
        for i, n in enumerate((410, 220, 118, 95, 180))
    ]
    return formats.csv(["predicted risk", "patients", "mean predicted", "observed"], rows)


@lane.safe("correlation", "feature_correlation.csv")
def _(rng):
    names = ["volume", "sphericity", "entropy", "contrast", "kurtosis", "energy"]
    values = np.corrcoef(rng.normal(size=(6, 200)) + rng.normal(size=200)).round(2)
    rows = [[n, *line] for n, line in zip(names, values.tolist(), strict=True)]
    return "# 412 patients\n" + formats.csv(["", *names], rows)


@lane.safe("importance", "feature_importance.csv")
def _(rng):
    rows = [
        [f"original_glcm_{n}", round(v, 3)]
        for n, v in zip(
            ("Contrast", "Idm", "Energy", "Entropy"), (0.21, 0.17, 0.08, 0.02), strict=True
        )
    ]
    return formats.csv(["feature", "permutation importance"], rows)


@lane.safe("means-with-n", "suv.csv")
def _(rng):
    rows = [
        [stage, n, m, 2.4]
        for stage, n, m in zip(
            people.STAGES, (174, 134, 85, 19), (5.1, 7.2, 9.3, 11.8), strict=True
        )
    ]
    return formats.csv(["stage", "n", "mean SUVmax", "SD"], rows)


@lane.safe("quantiles", "ages.csv")
def _(rng):
    rows = [["women", 620, 51, 58, 64, 71, 78], ["men", 592, 52, 59, 66, 73, 79]]
    return formats.csv(["sex", "n", "5%", "25%", "50%", "75%", "95%"], rows)


@lane.safe("learning-curve", "learning_curve.csv")
def _(rng):
    rows = [
        [n, round(0.9 - 3 / n**0.5, 3), round(0.4 / n**0.25, 3)] for n in (100, 200, 400, 800, 1600)
    ]
    return formats.csv(["training patients", "mean AUC of 5 folds", "SD"], rows)


@lane.safe("reader-agreement", "kappa.tex")
def _(rng):
    rows = [["1 and 2", 240, 0.71, "0.63-0.78"], ["1 and 3", 240, 0.66, "0.58-0.74"]]
    return formats.latex(["readers", "patients", "weighted kappa", "95% CI"], rows)


@lane.safe("two-tables-same", ("t1.csv", "t2.csv"))
def _(rng):
    return {
        "t1.csv": formats.csv(["sex", "n"], [["female", 198], ["male", 214]]),
        "t2.csv": formats.csv(["density", "n"], [["a-b", 230], ["c-d", 182]]),
    }


@lane.safe("survival-yearly", "survival.csv")
def _(rng):
    rows = [
        [year, n, s]
        for year, n, s in zip(
            range(6), (900, 810, 700, 560, 400, 260), (1, 0.94, 0.88, 0.83, 0.79, 0.76), strict=True
        )
    ]
    return formats.csv(["years", "at risk", "survival"], rows)


@lane.safe("bootstrap", "ablation.csv")
def _(rng):
    rows = [["no augmentation", 0.79, 0.02], ["flips", 0.81, 0.02], ["flips and noise", 0.83, 0.01]]
    return "# 5 seeds, the same 1,240 test patients\n" + formats.csv(
        ["variant", "mean Dice", "SD over seeds"], rows
    )


# ---- safe, though the small integers and many rows beside the counts may look otherwise --

BESIDE = {
    "pi-rads": (
        "csv",
        ["PI-RADS", "patients", "cancers"],
        [[1, 61, 11], [2, 148, 24], [3, 190, 47], [4, 214, 121], [5, 133, 112]],
    ),
    "visits": (
        "md",
        ["visit", "month", "patients seen"],
        [[1, 0, 412], [2, 3, 390], [3, 6, 371], [4, 12, 340]],
    ),
    "field-strength": (
        "csv",
        ["field strength (T)", "vendors", "patients"],
        [[1.5, 3, 520], [3, 2, 311], [7, 1, 24]],
    ),
    "likert": (
        "tex",
        ["score", "reads with the model", "reads without"],
        [[1, 14, 31], [2, 38, 66], [3, 120, 141], [4, 210, 180], [5, 98, 62]],
    ),
    "folds": (
        "csv",
        ["fold", "training patients", "test patients", "best epoch", "AUC"],
        [
            [1, 992, 248, 31, 0.82],
            [2, 992, 248, 9, 0.84],
            [3, 992, 248, 7, 0.81],
            [4, 992, 248, 40, 0.83],
            [5, 992, 248, 3, 0.83],
        ],
    ),
    "quarters": (
        "html",
        ["year", "quarter", "examinations"],
        [[2019, 1, 310], [2019, 2, 295], [2020, 1, 280], [2020, 2, 61], [2020, 3, 118]],
    ),
    "gleason": (
        "csv",
        ["grade group", "men", "median PSA", "95% CI"],
        [
            [1, 88, 6, "5-7"],
            [2, 121, 7, "6-8"],
            [3, 64, 9, "8-11"],
            [4, 41, 12, "9-15"],
            [5, 29, 19, "14-27"],
        ],
    ),
    "lesions-each": (
        "csv",
        ["lesions per patient", "patients"],
        [[1, 240], [2, 96], [3, 41], ["4 or more", 35]],
    ),
    "kappa": (
        "csv",
        ["reader 1", "reader 2", "patients", "kappa"],
        [[1, 2, 240, 0.71], [1, 3, 240, 0.66], [2, 3, 240, 0.69]],
    ),
}

_BY_KIND = {"csv": formats.csv, "md": formats.markdown, "tex": formats.latex, "html": formats.html}

for _name, (_kind, _head, _rows) in BESIDE.items():
    lane.safe(f"beside-{_name}", f"{_name}.{_kind}", _kind, _head, _rows)(
        lambda rng, kind, head, rows: _BY_KIND[kind](head, rows)
    )


@lane.safe("long-training-curve", "history.csv")
def _(rng):
    steps = np.arange(1, 601)
    loss = 0.2 + np.exp(-steps / 120) + rng.normal(0, 0.01, 600)
    return formats.csv(
        ["iteration", "loss", "learning rate"],
        [
            [int(i * 50), round(v, 4), round(0.01 * 0.995**i, 6)]
            for i, v in enumerate(loss.tolist())
        ],
    )


@lane.safe("long-random-search", "trials.csv")
def _(rng):
    rows = [
        [
            i,
            round(float(10 ** rng.uniform(-5, -2)), 6),
            int(rng.integers(2, 9)),
            int(rng.choice((8, 16, 32))),
            round(float(rng.uniform(0.7, 0.85)), 3),
        ]
        for i in range(200)
    ]
    return formats.csv(["trial", "learning rate", "depth", "batch size", "mean AUC, 5 folds"], rows)


@lane.safe("long-feature-list", "features_used.csv")
def _(rng):
    families = ("firstorder", "glcm", "glrlm", "glszm", "ngtdm")
    rows = [
        [f"original_{family}_{i}", round(float(rng.normal(0, 0.2)), 3), round(rng.random(), 3)]
        for family in families
        for i in range(1, 22)
    ]
    return formats.csv(["feature", "standardised coefficient", "p"], rows)


@lane.safe("long-bootstrap", "bootstrap_auc.csv")
def _(rng):
    rows = [[i, round(float(rng.normal(0.83, 0.02)), 3)] for i in range(500)]
    return formats.csv(["bootstrap sample of 1,240 patients", "AUC"], rows)


@lane.safe("long-decision-curve", "net_benefit.csv")
def _(rng):
    rows = [
        [t, round(0.3 * (1 - t / 100) ** 2, 3), round(0.3 - 0.7 * t / 100, 3)]
        for t in range(1, 100)
    ]
    return "# 1,240 patients, 372 events\n" + formats.csv(
        ["threshold (%)", "net benefit, model", "net benefit, treat all"], rows
    )


@lane.safe("long-codebook", "codebook.csv")
def _(rng):
    rows = [
        [i, f"item_{i}", int(rng.integers(0, 3)), int(rng.integers(3, 8))] for i in range(1, 121)
    ]
    return formats.csv(["position", "variable", "lowest code", "highest code"], rows)


# ---- unsafe: one bad file among good ones ------------------------------------------------

PAPER = ("table1.csv", "table2.md", "metrics.json", "methods.txt")


def _paper() -> dict[str, str | bytes]:
    """The files of a paper that disclose nobody."""
    return {
        "table1.csv": formats.csv(HEAD, GOOD_ONE),
        "table2.md": formats.markdown(["model", "n", "AUC"], [["a", 412, 0.71], ["b", 412, 0.83]]),
        "metrics.json": formats.json_text({"patients": 412, "auc": 0.83, "seed": 7}),
        "methods.txt": "CT at 120 kVp, 1.5 mm; 2 readers; 5 folds; 412 patients.\n",
    }


@lane.safe("paper", PAPER)
def _(rng):
    return _paper()


@lane.unsafe(
    "paper-with-records", "row-level-data", (*PAPER, "fig2_data.csv"), path="fig2_data.csv"
)
def _(rng):
    return {**_paper(), "fig2_data.csv": formats.csv(["x", "y"], people.scores(rng, 96))}


@lane.unsafe(
    "paper-with-small-cell",
    "small-cells",
    (*PAPER, "tableS1.csv"),
    path="tableS1.csv",
    at="row 3, column patients",
)
def _(rng):
    rows = [["lung", 210], ["breast", 158], ["thymus", 6], ["liver", 38]]
    return {**_paper(), "tableS1.csv": formats.csv(["site", "patients"], rows)}


@lane.unsafe(
    "paper-with-hidden-sheet",
    "hidden-parts",
    (*PAPER, "tables.xlsx"),
    path="tables.xlsx",
    at="sheet raw",
    also=("row-level-data", "identifiers"),
)
def _(rng):
    rows = [[people.pseudonym(rng), *record] for record in people.records(rng, 80)]
    book = formats.workbook({"Table 1": [HEAD, *GOOD_ONE], "raw": [list("kabcdefg"), *rows]})
    book["raw"].sheet_state = "hidden"
    return {**_paper(), "tables.xlsx": formats.xlsx(book)}


@lane.unsafe(
    "paper-with-other-total",
    "differencing",
    (*PAPER, "tableS2.csv"),
    path="tableS2.csv",
    also=("small-cells",),
)
def _(rng):
    """The women and men of the first table once more, without those of one small site."""
    rows = [["sex", "female", 196], ["sex", "male", 209]]
    return {**_paper(), "tableS2.csv": formats.csv(["characteristic", "level", "n"], rows)}


# ---- more of the rarer defects, and what looks like them ---------------------------------------


@lane.unsafe("three-suppressed", "margins", "matrix.csv", at="row 2, column T1")
def _(rng):
    """Two suppressed in the first row, but the second row gives one away, and so on."""
    rows = [
        ["N0", "[c]", "[c]", 40, 70],
        ["N1", "[c]", 36, 33, 76],
        ["N2", 25, 31, 20, 76],
        ["all", 40, 89, 93, 222],
    ]
    return formats.csv(["nodes", "T1", "T2", "T3", "all"], rows)


@lane.unsafe("suppressed-latex", "margins", "events.tex", at="row 3")
def _(rng):
    rows = [["nausea", 64], ["rash", 38], ["hypotension", "<10"], ["all events", 109]]
    return formats.latex(["event (first per patient)", "patients"], rows)


@lane.unsafe(
    "suppressed-by-percent", "margins", "smoking.html", at="row 3", also=("implied-counts",)
)
def _(rng):
    rows = [
        ["never", 201, "48.8%"],
        ["former", 203, "49.3%"],
        ["current", "suppressed", "1.9%"],
        ["all", 412, "100%"],
    ]
    return formats.html(["smoking", "patients", "share"], rows)


@lane.unsafe("suppressed-json", "margins", "sites.json")
def _(rng):
    return formats.json_text(
        {"patients": {"lung": 210, "breast": 158, "thymus": None, "liver": 38, "total": 412}}
    )


@lane.unsafe("two-sheets", "margins", "tables.xlsx", at="sheet by sex", also=("differencing",))
def _(rng):
    return formats.xlsx(
        {
            "by sex": [["stage", "female", "male"], ["III", 40, 45], ["IV", 13, "[c]"]],
            "all": [["stage", "patients"], ["III", 85], ["IV", 19]],
        }
    )


@lane.unsafe(
    "subgroup-and-rest",
    "differencing",
    ("all.md", "smokers.json"),
    path="smokers.json",
    also=("small-cells", "implied-counts"),
)
def _(rng):
    return {
        "all.md": formats.markdown(["response", "patients"], [["yes", 140], ["no", 272]]),
        "smokers.json": formats.json_text({"ever smokers": {"yes": 135, "no": 211}}),
    }


@lane.unsafe(
    "two-dates",
    "differencing",
    ("cohort_2021-03.csv", "cohort_2021-04.csv"),
    path="cohort_2021-04.csv",
)
def _(rng):
    head = ["site", "patients"]
    return {
        "cohort_2021-03.csv": formats.csv(head, [["lung", 210], ["breast", 158]]),
        "cohort_2021-04.csv": formats.csv(head, [["lung", 213], ["breast", 158]]),
    }


@lane.unsafe(
    "table-and-text",
    "differencing",
    ("table1.csv", "results.txt"),
    path="results.txt",
    also=("small-cells",),
)
def _(rng):
    return {
        "table1.csv": formats.csv(["sex", "n"], [["female", 198], ["male", 214]]),
        "results.txt": "After exclusion of patients with implants 409 remained: "
        "198 women and 211 men.\n",
    }


@lane.unsafe("no-counts-medians", "missing-counts", "volumes.xlsx", at="sheet volumes")
def _(rng):
    rows = [["responders", 11.2, 4.1, 24.8], ["others", 19.7, 8.8, 41.0]]
    return formats.xlsx({"volumes": [["patients", "median ml", "Q1", "Q3"], *rows]})


@lane.unsafe("no-counts-rates", "missing-counts", "recall.md", policy="nhs-sde")
def _(rng):
    rows = [["40-49", "6.1%", "0.4%"], ["50-59", "4.2%", "0.6%"], ["60-69", "3.8%", "0.9%"]]
    return formats.markdown(["women aged", "recalled", "with cancer"], rows)


@lane.unsafe("no-counts-hazard", "missing-counts", "subgroups.csv")
def _(rng):
    rows = [["women", 0.71, 0.5, 1.01], ["men", 0.8, 0.61, 1.05], ["over 75", 1.1, 0.6, 2.0]]
    return formats.csv(["subgroup", "HR", "lower", "upper"], rows)


@lane.unsafe("all-positive-markdown", "class-disclosure", "variants.md", at="row 2")
def _(rng):
    rows = [["EGFR", 64, "41 (64%)"], ["ALK", 18, "18 (100%)"], ["none", 210, "61 (29%)"]]
    return formats.markdown(["variant", "patients", "responded"], rows)


@lane.unsafe("unrounded-json", "unrounded-counts", "flow.json", policy="nhs-sde")
def _(rng):
    return formats.json_text({"patients": {"screened": 1533, "eligible": 1204, "scanned": 1127}})


@lane.unsafe(
    "unrounded-parquet",
    "unrounded-counts",
    "ages.parquet",
    policy="opensafely",
    at="column patients",
)
def _(rng):
    rows = [["18-49", 61], ["50-64", 142], ["65-74", 127], ["75+", 82]]
    return formats.parquet(["age", "patients"], rows)


@lane.unsafe("unrounded-risk-table", "unrounded-counts", "at_risk.csv", policy="opensafely")
def _(rng):
    rows = [["low risk", 203, 171, 140, 96], ["high risk", 188, 161, 130, 85]]
    return formats.csv(["group", "0", "12", "24", "36"], rows)


@lane.unsafe("half-rounded-html", "unrounded-counts", "table.html", policy="nhs-sde", at="row 2")
def _(rng):
    rows = [["invited", 10430], ["attended", 7318], ["recalled", 390]]
    return formats.html(["step", "women"], rows)


@lane.safe("four-suppressed", "matrix.csv")
def _(rng):
    rows = [
        ["N0", "[c]", "[c]", 40, 70],
        ["N1", "[c]", "[c]", 33, 90],
        ["N2", 25, 31, 20, 76],
        ["all", 54, 89, 93, 236],
    ]
    return formats.csv(["nodes", "T1", "T2", "T3", "all"], rows)


@lane.safe("rounded-apart", ("all.csv", "without_metal.csv"), policy="opensafely")
def _(rng):
    """Two tables of nested groups, both rounded before."""
    return {
        "all.csv": formats.csv(["sex", "n"], [["female", 200], ["male", 215]]),
        "without_metal.csv": formats.csv(["sex", "n"], [["female", 180], ["male", 215]]),
    }


@lane.safe("far-apart", ("all.csv", "contrast.csv"))
def _(rng):
    return {
        "all.csv": formats.csv(["sex", "n"], [["female", 198], ["male", 214]]),
        "contrast.csv": formats.csv(["sex", "n"], [["female", 121], ["male", 140]]),
    }


@lane.safe("rounded-crosstab", "crosstab.md", policy="nhs-sde")
def _(rng):
    rows = [["female", 85, 60, "*", "*"], ["male", 90, 75, 45, 15]]
    return formats.markdown(["sex", *people.STAGES], rows)


@lane.safe("rounded-json", "flow.json", policy="opensafely")
def _(rng):
    return formats.json_text({"patients": {"screened": 1535, "eligible": 1205, "scanned": 1125}})


@lane.safe("rounded-parquet", "ages.parquet", policy="nhs-sde")
def _(rng):
    rows = [["18-49", 60], ["50-64", 140], ["65-74", 125], ["75+", 80]]
    return formats.parquet(["age", "patients"], rows)


@lane.safe("rounded-performance", "performance.tex", policy="opensafely")
def _(rng):
    rows = [["screening", 2200, 165, 0.88], ["symptomatic", 900, 310, 0.93]]
    return formats.latex(["setting", "patients", "cancers", "AUC"], rows)


@lane.safe("high-not-all", "variants.csv")
def _(rng):
    rows = [["EGFR", 264, 241, "91%"], ["ALK", 118, 107, "91%"], ["none", 210, 61, "29%"]]
    return formats.csv(["variant", "patients", "responded", "share"], rows)
