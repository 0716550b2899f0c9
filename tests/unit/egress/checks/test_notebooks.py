"""Notebooks: everything that their cells, outputs and metadata can carry out."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest

from tests.support.checked import findings, places, said, serious
from tests.unit.egress.checks.test_kinds import dicom, saved, zipped
from vitrine.egress.checks import readers
from vitrine.egress.checks.document import Raster, Table
from vitrine.egress.checks.readers import embedded

UID = "1.2.826.0.1.3680043.8.498.45787841905188114249611671138104263"
PLOTLY = "application/vnd.plotly.v1+json"
VEGA = "application/vnd.vegalite.v5+json"
STATE = "application/vnd.jupyter.widget-state+json"


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def code(source: str = "x = 1", *outputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "outputs": list(outputs), "metadata": {},
            "execution_count": 1, **more}  # fmt: skip


def words(source: str, **more: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "source": source, "metadata": {}, **more}


def shown(**data: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": {}}


def bundle(mime: str, value: Any) -> dict[str, Any]:
    return shown(**{mime: value})


def printed(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def error(name: str, value: str, *lines: str) -> dict[str, Any]:
    return {"output_type": "error", "ename": name, "evalue": value, "traceback": list(lines)}


def notebook(*cells: dict[str, Any], **metadata: Any) -> bytes:
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return json.dumps(
        {"cells": list(cells), "metadata": {**kernel, **metadata}, "nbformat": 4,
         "nbformat_minor": 5}
    ).encode()  # fmt: skip


def plotly(count: int, **more: Any) -> dict[str, Any]:
    trace = {"type": "scatter", "x": list(range(count)), "y": [n * 1.5 for n in range(count)]}
    return bundle(PLOTLY, {"data": [{**trace, **more}], "layout": {"title": "a"}})


def typed(count: int) -> dict[str, str]:
    return {"dtype": "f8", "bdata": b64(np.arange(float(count)).tobytes())}


POINTS = "".join(f'<circle cx="{n * n % 97}" cy="{n * 7 % 89}" r="2"/>' for n in range(60))
ROWS = [{"age": n, "dose": n * 2} for n in range(50)]
BOKEH = {
    "d": {
        "roots": [
            {
                "attributes": {
                    "data": {
                        "x": {
                            "__ndarray__": b64(np.arange(80.0).tobytes()),
                            "dtype": "float64",
                            "shape": [80],
                        }
                    }
                }
            }
        ]
    }
}
JS_PLOT = f'Plotly.newPlot("a", [{{"x": {list(range(99))}, "y": {list(range(99))}}}], {{}})'

UNSAFE = [
    pytest.param(words(f"<img src='https://a.org/?d={'x' * 400}'>"), "external-reference",
                 id="data in an address"),
    pytest.param(words("<script>a()</script>"), "active-content", id="script in prose"),
    pytest.param(code("x", printed("2.25." + "3" * 20 + "1234567890")), "text-identifiers",
                 id="UID made of a number"),
    pytest.param(code(f"SKIP = ['{UID}']"), "text-identifiers", id="UID in code"),
    pytest.param(code("# MRN 4711002 has no scan"), "text-identifiers", id="MRN in a comment"),
    pytest.param(code("x", printed("PatientID: 00123")), "text-identifiers", id="printed id"),
    pytest.param(code("x", printed("/data/x/patient_0042/t1.nii")), "text-identifiers",
                 id="printed path"),
    pytest.param(code("ds", bundle("text/plain", "(0010, 0010) Patient's Name  PN: 'Smith^Ann'")),
                 "text-identifiers", id="DICOM header"),
    pytest.param(code("x", bundle("text/html", "<b>DOB: 12/03/1956</b>")), "text-identifiers",
                 id="date of birth in HTML"),
    pytest.param(words("Patient name: Ann Smith"), "text-identifiers", id="name in prose"),
    pytest.param({"cell_type": "raw", "source": "NHS 943 476 5919"}, "text-identifiers",
                 id="raw cell"),
    pytest.param(words("a", attachments={"a.png": {"image/png": b64(saved("PNG"))}}),
                 "notebook-attachments", id="attachment"),
    pytest.param(code("x", plotly(200)), "notebook-data", id="plotly"),
    pytest.param(code("x", plotly(8, text=[f"P{n}" for n in range(8)])), "notebook-data",
                 id="plotly with words for each point"),
    pytest.param(code("x", bundle(PLOTLY, {"data": [{"x": typed(90), "y": typed(90)}]})),
                 "notebook-data", id="plotly typed arrays"),
    pytest.param(code("x", bundle(VEGA, {"data": {"values": ROWS}})), "notebook-data", id="vega"),
    pytest.param(code("x", bundle(VEGA, {"datasets": {"data-1": ROWS}})), "notebook-data",
                 id="altair"),
    pytest.param(code("x", bundle("application/javascript", JS_PLOT)), "notebook-data",
                 id="plot in javascript"),
    pytest.param(code("x", bundle("text/html", f"<div></div><script>{JS_PLOT}</script>")),
                 "notebook-data", id="plot in HTML"),
    pytest.param(code("x", bundle("text/html",
                 f'<script type="application/json">{json.dumps(BOKEH)}</script>')),
                 "notebook-data", id="bokeh"),
    pytest.param(code("x", bundle("application/json", {"rows": ROWS})), "notebook-data",
                 id="JSON output"),
    pytest.param(code("x", bundle("image/svg+xml", f"<svg>{POINTS}</svg>")),
                 "one-mark-per-patient", id="SVG points"),
    pytest.param(code("x", bundle("text/html", "<p style='display:none'>" + "one 12, " * 9)),
                 "hidden-content", id="hidden HTML"),
    pytest.param(code("x", bundle("text/html", "<img src='https://a.org/?d=1'>")),
                 "external-reference", id="picture from elsewhere"),
    pytest.param(code("x", bundle("text/html", "<p onclick='go()'>a</p>")), "active-content",
                 id="handler"),
    pytest.param(code("x", bundle("application/pdf", b64(b"%PDF-1.4\n" + bytes(300)))),
                 "embedded-file", id="PDF output"),
    pytest.param(code("x", bundle("application/octet-stream", b64(dicom() * 3))),
                 "embedded-file", id="DICOM output"),
    pytest.param(code("x", bundle("text/html",
                 f"<a download href='data:text/csv;base64,{b64(b'a,b' * 99)}'>get</a>")),
                 "embedded-file", id="download link"),
    pytest.param(code(f"d = '{b64(dicom() * 3)}'"), "encoded-blob", id="base64 in code"),
    pytest.param(code("x", printed(b64(zipped({"a.csv": b"1" * 999})))), "encoded-blob",
                 id="base64 printed"),
    pytest.param(code("x", error("ValueError", "could not convert string to float: 'P00042'")),
                 "traceback-data", id="value in an error"),
    pytest.param(code("x", error("KeyError", "4711002")), "traceback-data", id="key in an error"),
    pytest.param(code("x", error("E", "e", "\x1b[0;31mmrn\x1b[0m = '4711002'")),
                 "text-identifiers", id="variable in a traceback"),
    pytest.param(code("x", metadata={"note": "x" * 600}), "notebook-metadata", id="metadata"),
    pytest.param(code("x", metadata={"note": "MRN: 4711002"}), "text-identifiers",
                 id="identifier in metadata"),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "check"), UNSAFE)
def test_what_a_cell_gives_away(cell, check):
    found = serious("a.ipynb", notebook(words("# Title"), cell))
    assert check in found
    assert all(
        place.startswith("cell 2") for place in places("a.ipynb", notebook(words("a"), cell), check)
    )


@pytest.mark.parametrize(
    ("metadata", "check"),
    [
        ({"widgets": {STATE: {"state": {"a": {"state": {"value": "b"}}}}}}, "notebook-widgets"),
        ({"widgets": {STATE: {"state": {"a": {"state": {"value": "MRN: 4711002"}}}}}},
         "text-identifiers"),
        ({"papermill": {"parameters": {"patient_id": "00042"}}}, "text-identifiers"),
        ({"payload": b64(bytes(range(256)) * 3)}, "notebook-metadata"),
        ({"payload": b64(dicom() * 3)}, "encoded-blob"),
    ],
)  # fmt: skip
def test_what_the_metadata_gives_away(metadata, check):
    assert check in serious("a.ipynb", notebook(code(), **metadata))


HTML_FRAME = (
    "<div><style scoped>.dataframe tbody tr th {vertical-align: top;}</style>"
    "<table border='1' class='dataframe'><thead><tr><th></th><th>n</th></tr></thead>"
    "<tbody><tr><th>A</th><td>120</td></tr><tr><th>B</th><td>240</td></tr></tbody></table></div>"
)
COLAB = (
    "<div id='df-1' class='colab-df-container'><table class='dataframe'><tr><td>120</table>"
    "<button class='colab-df-convert' onclick=\"convertToInteractive('df-1')\" "
    "style='display:none'></button><script>document.querySelector('#df-1')</script></div>"
)
ESTIMATOR = (
    "<style>#a div.sk-text-repr-fallback{display:none}</style><div class='sk-top-container'>"
    "<div class='sk-text-repr-fallback'><pre>LogisticRegression(C=0.1, max_iter=1000)</pre>"
    "<b>In a Jupyter environment, please rerun this cell to show the HTML representation.</b></div>"
    "<div class='sk-container' hidden><pre>LogisticRegression(C=0.1, max_iter=1000)</pre></div>"
)
BADGE = "<a href='https://colab.google.com'><img src='https://colab.google.com/badge.svg'></a>"
SAFE = [
    pytest.param(code("df", bundle("text/html", COLAB)), id="Colab frame"),
    pytest.param(code("clf", bundle("text/html", ESTIMATOR)), id="estimator"),
    pytest.param(words(BADGE), id="badge"),
    pytest.param(words("Use `<script>` or\n```html\n<script>a</script>\n```\n"), id="quoted HTML"),
    pytest.param(code("import numpy as np\nx = np.zeros(3)"), id="code"),
    pytest.param(words("# Methods\n\nWe included 1,204 patients (2015-2020)."), id="prose"),
    pytest.param(words("Contact: Ann Smith <ann.smith@hospital.org>"), id="author"),
    pytest.param(words("$$x^2 + y^2$$ and `a^b`"), id="mathematics"),
    pytest.param(words("<center><b>Title</b></center><br>"), id="HTML in prose"),
    pytest.param(words("![a](figures/roc.png) [b](https://example.org)"), id="links"),
    pytest.param(code("x", printed("epoch 1 loss 0.53\nepoch 2 loss 0.41\n")), id="log"),
    pytest.param(code("x", printed("  5%|5 | 1/20\r 10%|1 | 2/20\r")), id="progress"),
    pytest.param(code("x", printed("\x1b[32mdone\x1b[0m 2026-11-23 10:15:00")), id="colours"),
    pytest.param(code("df", shown(**{"text/html": HTML_FRAME, "text/plain": "  n\nA 120\nB 240"})),
                 id="small frame"),
    pytest.param(code("plt", bundle("image/png", b64(saved("PNG")))), id="figure"),
    pytest.param(code("plt", bundle("image/jpeg", b64(saved("JPEG")))), id="JPEG figure"),
    pytest.param(code("plt", bundle("image/svg+xml", "<svg><rect width='3'/><text>a</text></svg>")),
                 id="SVG figure"),
    pytest.param(code("x", bundle("text/latex", "$\\frac{1}{2}$")), id="latex"),
    pytest.param(code("x", bundle("text/markdown", "**a**")), id="markdown output"),
    pytest.param(code("x", bundle("application/json", {"auc": 0.91, "n": 120})), id="small JSON"),
    pytest.param(code("x", plotly(6)), id="small plotly"),
    pytest.param(code("x", error("ModuleNotFoundError", "No module named 'torch'", "Traceback")),
                 id="missing module"),
    pytest.param(code("x", error("KeyError", "'age'", "---> 1 df['age']")), id="missing column"),
    pytest.param(code("x", error("KeyboardInterrupt", "")), id="interrupted"),
    pytest.param(code("x", metadata={"tags": ["parameters"], "scrolled": True}), id="tags"),
    pytest.param(code("x", metadata={"custom": {"a": 1}}), id="short metadata"),
    pytest.param(code("df.groupby('sex').patient_id.nunique()"), id="column named patient_id"),
    pytest.param(code("SOP = '1.2.840.10008.5.1.4.1.1.2'"), id="class UID"),
    pytest.param(code("!pip install numpy==2.4.6", printed("Collecting numpy\n")), id="pip"),
    pytest.param(code("x", bundle("text/plain", "<Figure size 640x480 with 1 Axes>")), id="repr"),
    pytest.param(code("df.info()", printed("patient_id  500 non-null  int64\nage  500")),
                 id="columns"),
    pytest.param(code("tqdm", bundle("application/vnd.jupyter.widget-view+json",
                 {"model_id": "0af", "version_major": 2})), id="widget view without state"),
    pytest.param(code("", execution_count=None), id="empty cell"),
]  # fmt: skip


@pytest.mark.parametrize("cell", SAFE)
def test_an_ordinary_cell_raises_nothing(cell):
    assert serious("a.ipynb", notebook(words("# Title"), cell)) == {}


def test_outputs_are_only_noted():
    assert said("a.ipynb", notebook(code("x", printed("a")))) == {"notebook-outputs": "info"}


def test_tables_and_pictures_of_every_origin_reach_their_readers(monkeypatch):
    def table(_text: str, at: str, *_more: object) -> list[Table]:
        return [Table(columns=("a",), rows=(("1",),), at=at)]

    def raster(content: bytes, at: str, caption: str = "") -> tuple[list[Raster], list[Any]]:
        return [Raster(pixels=np.zeros((1, 1)), at=at, caption=caption)], []

    monkeypatch.setattr(embedded, "tables_in_html", table)
    monkeypatch.setattr(embedded, "tables_in_plain_output", table)
    monkeypatch.setattr(embedded, "raster_of", raster)
    png = b64(saved("PNG"))
    content = notebook(
        code(
            "x",
            printed("1 2"),
            bundle("text/html", f"<img alt='b' src='data:image/png;base64,{png}'>"),
        ),
        words(f"![](data:image/png;base64,{png})", attachments={"a.png": {"image/png": png}}),
        code("x", bundle("image/png", png), bundle("application/vnd.x+json", {"i": png * 3})),
        code("x", plotly(6)),
        widgets={STATE: {"state": {"a": {"buffers": [{"data": png * 3}]}}}},
    )
    document = readers.read("a.ipynb", content, "notebook")
    assert {each.at for each in document.rasters} == {
        "cell 1 output 2, line 1", "cell 2, line 1", "cell 2, attachment", "cell 3 output 1",
        "cell 3 output 2", "metadata, widgets",
    }  # fmt: skip
    assert {each.at for each in document.tables} == {
        "cell 1 output 1", "cell 1 output 2", "cell 4 output 1"
    }  # fmt: skip
    assert next(each.caption for each in document.rasters if "cell 1" in each.at) == "b"


def test_the_values_of_a_plot_become_a_table():
    content = notebook(code("x", bundle(PLOTLY, {"data": [{"x": typed(6), "y": list("abcdef")}]})))
    (table,) = readers.read("a.ipynb", content, "notebook").tables
    assert dict(zip(table.columns, table.rows[2], strict=True)) == {"x": "2", "y": "c"}


def test_a_notebook_of_format_3_is_read_too():
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": "x", "outputs": [
        {"output_type": "pyout", "html": "<b>MRN: 4711002</b>"}]}]}],
        "metadata": {}, "nbformat": 3, "nbformat_minor": 0}  # fmt: skip
    assert "text-identifiers" in serious("a.ipynb", json.dumps(old))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"{" * 100_000, id="deep objects"),
        pytest.param(b'{"cells": ' + b"[" * 200_000, id="deep lists"),
        pytest.param(b'{"cells": [1, 2], "nbformat": 4}', id="cells that are none"),
        pytest.param(notebook(code())[:-20], id="cut short"),
        pytest.param(b"", id="empty"),
        pytest.param(b'{"nbformat": 4, "cells": 3}', id="no list"),
        pytest.param(notebook(*[words("a")] * 6_000), id="thousands of cells"),
        pytest.param(b'{"nbformat":4,"cells":[' + b"{}," * 1_000_000 + b"{}]}", id="a million"),
    ],
)
def test_a_notebook_that_cannot_be_read_does_not_pass(content):
    assert "unchecked" in serious("a.ipynb", content)
    assert all("0x" not in each.message for each in findings("a.ipynb", content))


def test_a_page_that_is_nested_too_deeply_is_an_unread_part():
    deep = notebook(code("x", bundle("text/html", "<div>" * 5_000)))
    assert "unread-part" in serious("a.ipynb", deep)
