"""What outputs, code and words of a notebook show of single persons, and what they do not."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tests.support.checked import places, serious
from tests.unit.egress.checks.test_notebooks import (
    PLOTLY,
    VEGA,
    bundle,
    code,
    error,
    notebook,
    printed,
    words,
)
from vitrine.egress.checks.rules.notebooks_numbers import persons_behind

RNG = np.random.default_rng(7)
AGES = [int(age) for age in RNG.integers(30, 88, 40)]
KEYS = [f"HN{number:04d}" for number in RNG.permutation(9_000)[:12]]
NUMBERS = [int(number) for number in RNG.integers(1_000_000, 9_999_999, 12)]


def shows(source: str, text: str) -> dict[str, Any]:
    return code(source, bundle("text/plain", text))


def frame(names: str, *rows: str) -> dict[str, Any]:
    head = "".join(f"<th>{name}</th>" for name in ["", *names.split()])
    body = "".join(
        "<tr><th>{}</th>{}</tr>".format(
            row.split()[0], "".join(f"<td>{cell}</td>" for cell in row.split()[1:])
        )
        for row in rows
    )
    page = f"<table class='dataframe'><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return bundle("text/html", page)


PEOPLE = ("0 67 M 12.4 III", "1 71 F 3.1 I", "2 45 F 8.0 II", "3 55 M 9.3 II", "4 62 M 4.2 I")
LOG = "\n".join(f"{{}} {key} ... done" for key in NUMBERS[:4]).format
ROW = "age       67\nsex        M\npsa    12.41\nName: 412, dtype: object"
POLARS = (
    "shape: (3, 3)\n┌─────┬─────┬──────┐\n│ age ┆ sex ┆ psa  │\n│ --- ┆ --- ┆ ---  │\n"
    "│ i64 ┆ str ┆ f64  │\n╞═════╪═════╪══════╡\n│ 67  ┆ M   ┆ 12.4 │\n│ 71  ┆ F   ┆ 3.1  │\n"
    "│ 45  ┆ F   ┆ 8.0  │\n└─────┴─────┴──────┘"
)
MEANS = "stage\nI      38.41463414634146\nII     40.95652173913044\nIII    44.16666666666666\n"
REPORT = "FINDINGS: a 12 mm nodule in the right upper lobe.\nIMPRESSION: suspicious."
CSV = "id,age,sex,psa\n" + "\n".join(f"{n},{age},M,{age % 17}" for n, age in enumerate(AGES[:12]))
BOX = {"data": [{"type": "box", "y": AGES[:20]}]}
DOTS = {"data": [{"type": "scatter", "mode": "markers", "x": AGES[:14], "y": AGES[3:17]}]}
TICKS = {"mark": "tick", "data": {"values": [{"age": age} for age in AGES[:14]]}}
INFO = ("RangeIndex: {} entries, 0 to 9\nData columns (total 1 columns):\n"
        " #  Column  Non-Null Count\n"
        " 0  psa     {} non-null  float64\n").format  # fmt: skip

UNSAFE = [
    pytest.param(code("df.head()", frame("age sex psa stage", *PEOPLE)), "notebook-rows",
                 id="head"),
    pytest.param(code("x.head()", frame("v1 v2 v3 v4", *PEOPLE)), "notebook-rows",
                 id="head with bland names"),
    pytest.param(code("df.sample(2)", frame("age sex psa stage", *PEOPLE[:2])), "notebook-rows",
                 id="sample"),
    pytest.param(shows("df", POLARS), "notebook-rows", id="polars"),
    pytest.param(shows("df.loc[412]", ROW), "notebook-rows", id="one row"),
    pytest.param(shows("df.age.nlargest(2)", "412    97\n33     96\nName: age, dtype: int64"),
                 "notebook-rows", id="the oldest"),
    pytest.param(shows("r", "{'age': 67, 'sex': 'M', 'psa': 12.41}"), "notebook-rows",
                 id="dictionary"),
    pytest.param(shows("r", "Pandas(Index=0, age=67, sex='M')"), "notebook-rows", id="tuple"),
    pytest.param(code("for i, r in df.iterrows(): print(r.a, r.b)", printed("1 67 F\n2 71 M\n3 4")),
                 "notebook-rows", id="printed in a loop"),
    pytest.param(code("print(report)", printed(REPORT)), "notebook-rows", id="report"),
    pytest.param(code("print(df.to_csv())", printed(CSV)), "notebook-rows", id="printed CSV"),
    pytest.param({"cell_type": "raw", "source": CSV, "metadata": {}}, "row-level-data",
                 id="raw CSV"),
    pytest.param(code(f'd = """{CSV}"""'), "row-level-data", id="CSV in code"),
    pytest.param(code("d = pd.DataFrame({'age': [1, 2, 3, 4, 5], 'sex': list('MFMFM')})"),
                 "notebook-code", id="frame in code"),
    pytest.param(shows("df.case.unique()", f"array({KEYS})"), "notebook-keys", id="unique codes"),
    pytest.param(shows("df.pid.unique()", f"array({NUMBERS})"), "notebook-keys",
                 id="unique numbers"),
    pytest.param(shows("s", str({"train": KEYS[:3], "test": KEYS[3:6]})), "notebook-keys",
                 id="split"),
    pytest.param(code("print(*ids, sep=',')", printed(",".join(map(str, NUMBERS)))),
                 "notebook-keys", id="numbers in a line"),
    pytest.param(code("print(*ids)", printed("\n".join(KEYS))), "notebook-keys", id="codes"),
    pytest.param(code("run()", printed(LOG(*["processing"] * 4))), "notebook-keys", id="log"),
    pytest.param(code("run()", printed(f"{KEYS[0]}: 100%|## | 3/3\n{KEYS[1]}: 100%|# | 3/3\n"
                                       f"{KEYS[2]}: 100%|#| 3/3")), "notebook-keys", id="bars"),
    pytest.param(code("print(ds.PatientID)", printed("7712034")), "notebook-keys",
                 id="attribute of a header"),
    pytest.param(code("show(l)", bundle("text/html", "".join(f"<li>P{a * 31:05d}" for a in AGES))),
                 "notebook-keys", id="codes in a page"),
    pytest.param(shows("df.age.values", f"array({AGES})"), "notebook-values", id="ages"),
    pytest.param(shows("p", f"tensor({[round(float(p), 4) for p in RNG.random(40)]})"),
                 "notebook-values", id="chances"),
    pytest.param(shows("d", "['2019-04-12', '2019-04-15', '2019-05-02', '2019-06-11']"),
                 "notebook-values", id="days"),
    pytest.param(shows("df.groupby('stage').age.mean()", MEANS), "notebook-numbers", id="means"),
    pytest.param(shows("x", "44.16666666666666"), "notebook-numbers", id="a mean of six"),
    pytest.param(shows("len(df[df.age > 90])", "2"), "notebook-numbers", id="length"),
    pytest.param(shows("df[df.stage == 'IV'].shape", "(3, 14)"), "notebook-numbers", id="shape"),
    pytest.param(shows("(df.death == 1).sum()", "np.int64(3)"), "notebook-numbers", id="sum"),
    pytest.param(shows("Counter(y)", "Counter({'a': 301, 'b': 52, 'c': 3})"), "notebook-numbers",
                 id="counter"),
    pytest.param(shows("np.unique(y, return_counts=True)", "(array([0, 1]), array([301,  3]))"),
                 "notebook-numbers", id="unique with counts"),
    pytest.param(shows("df.age.max()", "97"), "notebook-numbers", id="oldest"),
    pytest.param(code("df.info()", printed(INFO(6, 6))), "notebook-numbers", id="few entries"),
    pytest.param(code("df.info()", printed(INFO(1240, 1237))), "notebook-numbers",
                 id="few missing"),
    pytest.param(code("x", printed("/data/KOWALSKA_EWA/series2 is empty")), "notebook-paths",
                 id="folder with a name"),
    pytest.param(code("x", printed("skipped /data/nii/100432_t1.nii.gz")), "notebook-paths",
                 id="image"),
    pytest.param(code("x", error("RuntimeError", "a", "/home/agarcia/proj/run.py")),
                 "notebook-paths", id="home"),
    pytest.param(code("x", printed("C:\\Users\\anna.garcia\\run.py:4: UserWarning")),
                 "notebook-paths", id="Windows home"),
    pytest.param(code("img = load('/data/KOWALSKA_EWA/t1.nii.gz')"), "notebook-paths",
                 id="path in code"),
    pytest.param(code("# leave out 9994343394: wrong side"), "notebook-code", id="comment"),
    pytest.param(code("# exclude HN0121 (motion)"), "notebook-code", id="code in a comment"),
    pytest.param(code("exclude = [1002311, 1004412, 1009120]"), "notebook-code", id="exclusions"),
    pytest.param(code("df.loc['HN0121', 'side'] = 'L'"), "notebook-code", id="one cell set"),
    pytest.param(code("df = df[df.subject != 1002311]"), "notebook-code", id="comparison"),
    pytest.param(code("fix = {'HN0121': 'L', 'HN0044': 'R', 'HN0051': 'L'}"), "notebook-code",
                 id="corrections"),
    pytest.param(words("Excluded patient 10432 because of motion."), "notebook-code", id="prose"),
    pytest.param(words("![](https://images.example.net/t.gif?n=412)"), "external-reference",
                 id="picture from elsewhere"),
    pytest.param(words("![a][1]\n\n[1]: https://images.example.net/t.gif"), "external-reference",
                 id="by reference"),
    pytest.param(code("x", bundle("text/markdown", "![a](//example.org/a.png)")),
                 "external-reference", id="in an output"),
    pytest.param(code("x", error("ValueError", "could not convert string to float: '71y'")),
                 "traceback-data", id="error with a value"),
    pytest.param(code("f", bundle(PLOTLY, BOX)), "notebook-data", id="box plot"),
    pytest.param(code("f", bundle(PLOTLY, DOTS)), "notebook-data", id="few points"),
    pytest.param(code("f", bundle(VEGA, TICKS)), "notebook-data", id="few ticks"),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "check"), UNSAFE)
def test_what_shows_single_persons(cell, check):
    content = notebook(words("# Title"), cell)
    assert check in serious("a.ipynb", content)
    assert all(place.startswith("cell 2") for place in places("a.ipynb", content, check))


FOREST = {"data": [{"type": "scatter", "mode": "markers", "x": [1.2, 0.9, 1.4],
                    "y": ["age", "sex", "psa"]}]}  # fmt: skip
CURVE = {"data": [{"type": "scatter", "mode": "lines+markers", "x": list(range(12)),
                   "y": [0.6 + 0.02 * n for n in range(12)]}]}  # fmt: skip
TRIALS = "\n".join(
    f"[I 2024-03-04 10:1{n}:22,123] Trial {n} finished with value: 0.8734177215{n}"
    for n in range(8)
)
KINDS = "patient_id     int64\nage            int64\nsex           object\ndtype: object"
SAFE = [
    pytest.param(shows("m", "0.8734177215189873"), id="a ratio of many"),
    pytest.param(code("print('accuracy', a)", printed("accuracy 0.6666666666666666")), id="metric"),
    pytest.param(shows("cross_val_score(m, X, y)", "array([0.86363636, 0.88636364, 0.90909091])"),
                 id="folds"),
    pytest.param(shows("rf.feature_importances_", str(RNG.dirichlet(np.ones(24)).tolist())),
                 id="importances"),
    pytest.param(shows("fpr", str([n / 40 for n in range(41)])), id="raster"),
    pytest.param(shows("losses", str([round(0.7 / (n + 1), 3) for n in range(30)])), id="losses"),
    pytest.param(shows("df.columns", "Index(['patient_id', 'age', 'sex', 'psa'])"), id="columns"),
    pytest.param(shows("df.dtypes", KINDS), id="kinds of columns"),
    pytest.param(code("df.info()", printed(INFO(1240, 1240))), id="info"),
    pytest.param(shows("df.stage.unique()", "array(['I', 'II', 'III'])"), id="stages"),
    pytest.param(shows("m", "['resnet18', 'resnet34', 'resnet50', 'resnet101', 'resnet152']"),
                 id="models"),
    pytest.param(shows("g", "['ENSG00000141510', 'ENSG00000012048', 'ENSG00000139618', "
                       "'ENSG00000146648', 'ENSG00000133703']"), id="genes"),
    pytest.param(shows("f", "['epoch_001.pt', 'epoch_002.pt', 'epoch_003.pt', 'epoch_004.pt']"),
                 id="checkpoints"),
    pytest.param(shows("s", "[12345, 23456, 34567]"), id="seeds"),
    pytest.param(shows("b", "[16384, 32768, 65536, 131072, 262144]"), id="powers of two"),
    pytest.param(code("df.head()", frame("model auc", "0 unet 0.91", "1 vit 0.93")), id="results"),
    pytest.param(code("t", frame("age psa", "I 61.2 8.1", "II 63.4 9.9")), id="means by group"),
    pytest.param(shows("g.best_params_", "{'C': 0.1, 'kernel': 'rbf'}"), id="settings"),
    pytest.param(shows("c", "{'age': 0.31, 'sex': 0.12, 'stage': 0.44}"), id="coefficients"),
    pytest.param(shows("len(df)", "1240"), id="length"),
    pytest.param(shows("len(models)", "3"), id="number of models"),
    pytest.param(shows("scores.max()", "0.93"), id="best score"),
    pytest.param(code("x", printed(TRIALS)), id="log of trials"),
    pytest.param(code("x", printed("/opt/conda/lib/site-packages/a.py:4: FutureWarning")),
                 id="warning"),
    pytest.param(code("x", printed("/home/jovyan/work/train.py:12: FutureWarning")), id="nobody"),
    pytest.param(code("x", printed("saved /workspace/results/FIGURE_ONE/roc.png")), id="results"),
    pytest.param(code("t = load('/usr/share/fsl/MNI152_T1_1mm.nii.gz')"), id="template"),
    pytest.param(code("x", error("ValueError", "inconsistent numbers of samples: [1240, 1239]")),
                 id="error with shapes"),
    pytest.param(code("# 1240 patients, release 20230412, exclude images below 1000000 pixels"),
                 id="comment with numbers"),
    pytest.param(code("# see issue 10432\nsizes = [256, 512]\ndf = df[df.year != 2019]"),
                 id="code"),
    pytest.param(words("![doi](https://zenodo.org/badge/DOI/10.5281/zenodo.1.svg)"), id="badge"),
    pytest.param(words("```\n![a](https://example.org/a.png)\n```"), id="quoted picture"),
    pytest.param(code("f", bundle(PLOTLY, FOREST)), id="forest plot"),
    pytest.param(code("f", bundle(PLOTLY, CURVE)), id="curve"),
    pytest.param(shows("x", json.dumps({"auc": 0.91, "n": 440})), id="metrics"),
]  # fmt: skip


@pytest.mark.parametrize("cell", SAFE)
def test_what_shows_nobody_raises_nothing(cell):
    assert serious("a.ipynb", notebook(words("Five folds, 1,240 patients."), cell)) == {}


@pytest.mark.parametrize(
    ("number", "persons"),
    [
        ("44.16666666666666", 6),
        ("38.41463414634146", 41),
        ("61.47142857142857", 70),
        ("0.5", 0),
        ("61.25", 0),
        ("2.718281828459045", 0),
        ("61.471", 0),
    ],
)
def test_a_mean_tells_how_many_it_is_of(number, persons):
    assert persons_behind(number) == persons


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "letters",
    ["(", "a.", "a/", "A12_", "ids", "123456 ", "A1234,", "'A1234' ", "/AAA_", "{a: 1, ", "# "],
)
def test_long_outputs_are_read_in_time(letters):
    text = letters * (100_000 // len(letters))
    assert serious("a.ipynb", notebook(code(text, printed(text)), words(text))) is not None
