"""Notebooks of a second generation: what researchers print, draw and leave in their cells."""

from __future__ import annotations

import base64
import json
from typing import Any

import nbformat.v4
import pandas as pd

from tests.corpus.egress import formats, people, pictures, plots, sources
from tests.corpus.egress.case import Lane

lane = Lane("notebooks", series="second-")

PLOTLY = "application/vnd.plotly.v1+json"
OUT = "cell 2 output 1"


def _notebook(source: str, data: Any = None, *, note: str = "", **metadata: Any) -> str:
    """A heading and a cell with one output: text as of `print`, or a bundle of kinds."""
    outputs = []
    if isinstance(data, str):
        outputs = [nbformat.v4.new_output("stream", name="stdout", text=data)]
    elif data is not None:
        outputs = [nbformat.v4.new_output("display_data", data=data)]
    cells = [
        nbformat.v4.new_markdown_cell(note or "# Response from CT\n\n1,240 patients, 5 folds."),
        nbformat.v4.new_code_cell(source, outputs=outputs, execution_count=1),
    ]
    for place, cell in enumerate(cells, 1):
        cell["id"] = f"cell-{place}"
    return json.dumps(nbformat.v4.new_notebook(cells=cells, metadata=metadata), indent=1) + "\n"


def _shown(data: pd.DataFrame) -> dict[str, Any]:
    return {"text/plain": data.to_string(), "text/html": data.to_html()}


def _image(content: bytes, kind: str = "image/png") -> dict[str, Any]:
    return {kind: base64.b64encode(content).decode(), "text/plain": "<Figure size 640x480>"}


# ---- unsafe: what is printed ----------------------------------------------------------

PRINTED = (
    ("value-counts", "small-cells", "df.stage.value_counts()",
     "stage\nI      402\nII     310\nIII    118\nIV       4\nName: count, dtype: int64\n"),
    ("crosstab", "small-cells", "print(pd.crosstab(df.sex, df.mutation))",
     "mutation   no  yes\nsex\nF         204   98\nM         231    3\n"),
    ("confusion", "small-cells", "print(confusion_matrix(y, y_hat))",
     "[[131  24]\n [  5  84]]\n"),
    ("report", "small-cells", "print(classification_report(y, y_hat))",
     "              precision    recall  f1-score   support\n\n      benign       0.90"
     "      0.88      0.89       310\n   carcinoid       0.60      0.50      0.55         6\n"),
    ("shape-of-rest", "small-cells", "print('dropped', n0 - len(df), 'patients')",
     "dropped 3 patients\n"),
    ("assert-n", "small-cells", "for s, d in df.groupby('site'): print(s, len(d))",
     "lung 402\nbreast 318\nthymus 7\n"),
    ("min-max", "endpoints", "print(df.age.describe())",
     "count    412.0\nmean      64.2\nmin       19.0\n50%       65.0\nmax      104.0\n"),
    ("full-precision", "excess-precision", "print(df.volume.mean(), len(df))",
     "31.461538461538463 13\n"),
    ("rate", "implied-counts", "print(f'{len(d)} patients, relapse {r:.1%}')",
     "64 patients, relapse 4.7%\n"),
    ("all-positive", "class-disclosure", "print(d.groupby('ward').died.mean())",
     "ward (n=18 each)\npalliative    1.00\nsurgery       0.61\n"),
)  # fmt: skip

for _name, _word, _source, _output in PRINTED:
    lane.unsafe(
        f"printed-{_name}",
        _word,
        f"{_name}.ipynb",
        _source,
        _output,
        at=OUT,
        also=("notebook-output", "small-cells"),
    )(lambda rng, source, output: _notebook(source, output))


def _frame(rng, count=15):
    names = ["age", "sex", "stage", "scanner", "ml", "days", "died"]
    return pd.DataFrame(people.records(rng, count), columns=names)


def _lines(rng, form, count=24):
    return "".join(form(rng, k) + "\n" for k in range(count))


RECORDS = {
    "tail": ("df.tail(15)", lambda rng: _shown(_frame(rng))),
    "nlargest": ("df.nlargest(10, 'ml')", lambda rng: _shown(_frame(rng, 10))),
    "to-dict": ("df.to_dict('records')", lambda rng: str(_frame(rng).to_dict("records"))),
    "html-only": ("show(df)", lambda rng: {"text/html": _frame(rng).to_html(header=False)}),
    "json": ("JSON(rows)", lambda rng: {
        "application/json": _frame(rng).to_dict("records"), "text/plain": "<JSON>"}),
    "markdown": ("display(Markdown(t))", lambda rng: {"text/markdown": formats.markdown(
        ["y", "p"], people.scores(rng, 20))}),
    "latex": ("display(Latex(t))", lambda rng: {"text/latex": formats.latex(
        ["y", "p"], people.scores(rng, 20))}),
    "dice-lines": ("evaluate()", lambda rng: _lines(
        rng, lambda r, k: f"case {k:03d}: dice {r.beta(9, 2):.3f}, hd95 {r.exponential(6):.1f}")),
    "paths": ("print(files)", lambda rng: _lines(
        rng, lambda r, k: f"/data/{people.pseudonym(r)}/ct.nii.gz")),
    "array": ("probs", lambda rng: {"text/plain": f"array({rng.random(60).round(3).tolist()})"}),
    "tensor": ("feats[:4]", lambda rng: {
        "text/plain": f"tensor({rng.normal(size=(4, 48)).round(4).tolist()})"}),
    "uids": ("print(series)", lambda rng: _lines(rng, lambda r, k: people.uid(r), 8)),
    "names": ("print(ds.PatientName)", lambda rng: _lines(rng, lambda r, k: people.name(r), 3)),
}  # fmt: skip

for _name, (_source, _make) in RECORDS.items():
    lane.unsafe(
        f"shown-{_name}",
        "notebook-output",
        f"{_name}.ipynb",
        _source,
        _make,
        at=OUT,
        also=("row-level-data", "text-identifiers", "identifiers", "embeddings"),
    )(lambda rng, source, make: _notebook(source, make(rng)))


def _fig(rng, scan, colours):
    drawn, axes = pictures.figure()
    axes.imshow(sources.shown(scan), cmap=colours)
    return pictures.rendered(drawn)


for _scan, _map in (("ct", "gray"), ("head", "viridis"), ("breast", "bone"),
                    ("ultrasound", "gray"), ("mr-overlay", "hot")):  # fmt: skip
    lane.unsafe(
        f"imshow-{_scan}",
        "scan-pixels",
        "inspect.ipynb",
        _scan,
        _map,
        at=OUT,
        also=("notebook-output",),
    )(lambda rng, scan, colours: _notebook("plt.imshow(x)", _image(_fig(rng, scan, colours))))


def _plotly(rng, kind, **more):
    trace = {"type": kind, "y": rng.lognormal(2, 0.7, 80).round(1).tolist(), **more}
    return {PLOTLY: {"data": [trace], "layout": {"title": {"text": "SUVmax"}}}}


for _kind in ("violin", "box", "scatter", "histogram"):
    lane.unsafe(
        f"plotly-{_kind}",
        "notebook-data",
        f"{_kind}.ipynb",
        _kind,
        at=OUT,
        also=("row-level-data", "one-mark-per-patient", "notebook-output"),
    )(lambda rng, kind: _notebook("fig.show()", _plotly(rng, kind)))


@lane.unsafe("commented-mrn", "text-identifiers", "clean.ipynb", at="cell 2")
def _(rng):
    return _notebook(f"# MRN {rng.integers(10**6, 10**7)}: wrong side, patient moved\ndf = df[ok]")


@lane.unsafe("note-about-one", "text-identifiers", "notes.ipynb", at="cell 1")
def _(rng):
    return _notebook("df = load()", note=f"Check {people.name(rng)}, {people.nhs_number(rng)}")


@lane.unsafe("small-in-note", "small-cells", "methods.ipynb", at="cell 1")
def _(rng):
    return _notebook("df = load()", note="We left out the four patients with a pacemaker.")


# ---- safe ---------------------------------------------------------------------------------

PLAIN = {
    "loss": "epoch 1/40 loss 0.912 val 0.871\nepoch 2/40 loss 0.771 val 0.802\n",
    "auc": "fold 1 AUC 0.83\nfold 2 AUC 0.81\nfold 3 AUC 0.84\nmean 0.83 (n = 1240)\n",
    "versions": "torch 2.5.1\nmonai 1.4.0\nCUDA 12.1, 2 GPUs\n",
    "shape": "torch.Size([2, 1, 64, 192, 160])\n",
    "counts": "stage\nI      402\nII     310\nIII    118\nName: count, dtype: int64\n",
    "quartiles": "count    412\nmean      64.2\n25%       57.0\n50%       65.0\n75%       72.0\n",
    "timing": "3.1 s ± 42 ms per loop (mean ± std. dev. of 7 runs, 1 loop each)\n",
    "report": "              precision    recall  f1-score   support\n\n      benign       0.90"
              "      0.88      0.89       310\n"
              "   malignant       0.82      0.85      0.83       204\n",
    "delong": "DeLong test: z = 2.31, p = 0.021\n",
    "seed": "seed 7, 5 folds, 40 epochs, batch 2\n",
}  # fmt: skip

for _name, _text in PLAIN.items():
    lane.safe(f"printed-{_name}", f"{_name}.ipynb", _text)(
        lambda rng, text: _notebook("run()", text)
    )

for _name in ("roc", "loss", "confusion", "correlation", "forest", "calibration"):
    lane.safe(f"plot-{_name}", f"plot_{_name}.ipynb", _name)(
        lambda rng, name: _notebook("fig", _image(pictures.rendered(plots.SAFE[name](rng))))
    )


@lane.safe("cleared", "train.ipynb")
def _(rng):
    return _notebook("for epoch in range(40):\n    train(model, folds=5, lr=2e-4)")


@lane.safe("table-of-models", "compare.ipynb")
def _(rng):
    data = pd.DataFrame({"model": ["clinical", "combined"], "AUC": [0.74, 0.83], "n": [640, 640]})
    return _notebook("table", _shown(data))


@lane.safe("plotly-curve", "curve.ipynb")
def _(rng):
    trace = {"type": "scatter", "mode": "lines", "x": [0, 0.25, 0.5, 0.75, 1],
             "y": [0, 0.75, 0.87, 0.94, 1]}  # fmt: skip
    return _notebook("fig", {PLOTLY: {"data": [trace], "layout": {"title": {"text": "ROC"}}}})


@lane.safe("photograph", "augment.ipynb", needs=("photographs",))
def _(rng):
    return _notebook("show(x)", _image(pictures.jpeg(sources.photograph("coffee")), "image/jpeg"))
