"""Figures, pages and documents: what they carry besides what is seen."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText, Link
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    TextStringObject,
)

from tests.support.checked import places, said, serious
from tests.unit.egress.checks.test_kinds import dicom, saved, zipped
from vitrine.egress.checks import readers
from vitrine.egress.checks.document import Raster
from vitrine.egress.checks.readers import embedded

Draw = Callable[[Any, Any], None]
RNG = np.random.default_rng(0)


def figure(form: str, draw: Draw, panels: int = 1) -> bytes:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    from matplotlib import pyplot

    drawn, axes = pyplot.subplots(1, panels, squeeze=False)
    draw(pyplot, axes[0])
    saved_to = io.BytesIO()
    drawn.savefig(saved_to, format=form)
    pyplot.close(drawn)
    return saved_to.getvalue()


def svg(body: str, **attributes: str) -> bytes:
    more = " ".join(f'{key}="{value}"' for key, value in attributes.items())
    return f'<svg xmlns="http://www.w3.org/2000/svg" {more}>{body}</svg>'.encode()


def html(body: str, head: str = "") -> bytes:
    page = (
        f"<!DOCTYPE html><html><head><title>Report</title>{head}</head><body>{body}</body></html>"
    )
    return page.encode()


def uri(content: bytes, media: str) -> str:
    return f"data:{media};base64,{base64.b64encode(content).decode()}"


def scatter(_pyplot: Any, axes: Any) -> None:
    axes[0].scatter(RNG.random(60), RNG.random(60))


def crosses(_pyplot: Any, axes: Any) -> None:
    axes[0].plot(RNG.random(60), RNG.random(60), "x")


def bubbles(_pyplot: Any, axes: Any) -> None:
    axes[0].scatter(RNG.random(60), RNG.random(60), s=RNG.random(60) * 90, c=RNG.random(60))


def spaghetti(_pyplot: Any, axes: Any) -> None:
    for _ in range(40):
        axes[0].plot(range(12), RNG.random(12))


def strips(_pyplot: Any, axes: Any) -> None:
    axes[0].scatter([1] * 40 + [2] * 40, RNG.random(80))


def waterfall(_pyplot: Any, axes: Any) -> None:
    axes[0].bar(range(40), np.sort(RNG.normal(0, 30, 40))[::-1])


def swimmers(_pyplot: Any, axes: Any) -> None:
    axes[0].barh(range(36), np.sort(RNG.exponential(12, 36)), color="green")


POINTS = "".join(f'<circle cx="{n * n % 97}" cy="{n * 7 % 89}" r="2"/>' for n in range(60))
TITLED = "".join(f'<circle cx="{n}" r="{n}"><title>P{n}</title></circle>' for n in range(30))
VEGA = "".join(f'<path aria-label="age: {n}" class="mark" d="M0,{n}"/>' for n in range(40))
SECRET = "age 64, weight 81, dose 30, day 12, and so on"


@pytest.mark.parametrize(
    ("content", "check", "severity"),
    [
        pytest.param(figure("svg", scatter), "one-mark-per-patient", "warn", id="scatter"),
        pytest.param(figure("svg", crosses), "one-mark-per-patient", "warn", id="crosses"),
        pytest.param(figure("svg", bubbles), "one-mark-per-patient", "warn", id="bubbles"),
        pytest.param(figure("svg", spaghetti), "one-mark-per-patient", "warn", id="spaghetti"),
        pytest.param(figure("svg", strips), "one-mark-per-patient", "warn", id="strips"),
        pytest.param(figure("svg", waterfall), "one-mark-per-patient", "warn", id="waterfall"),
        pytest.param(figure("svg", swimmers), "one-mark-per-patient", "warn", id="swimmers"),
        pytest.param(svg(POINTS), "one-mark-per-patient", "warn", id="circles"),
        pytest.param(svg("".join(f'<polyline points="{"1,2 " * 9}{n}"/>' for n in range(40))),
                     "one-mark-per-patient", "warn", id="lines of points"),
        pytest.param(svg(POINTS.replace("<circle cx", "<rect width='2' height='2' x").replace(
            " cy", " y").replace('r="2"', "")), "one-mark-per-patient", "warn", id="squares"),
        pytest.param(svg(TITLED), "one-mark-per-patient", "warn", id="tooltips"),
        pytest.param(svg(VEGA), "one-mark-per-patient", "warn", id="labels of marks"),
        pytest.param(svg("<script>1</script>"), "active-content", "block", id="script"),
        pytest.param(svg("<svg:script>1</svg:script>"), "active-content", "block", id="prefixed"),
        pytest.param(svg("<g onload='x()'/>"), "active-content", "block", id="handler"),
        pytest.param(svg("<a href=' java&#10;script:x()'>a</a>"), "active-content", "block",
                     id="address that runs"),
        pytest.param(b'<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>', "active-content", "block",
                     id="entity"),
        pytest.param(svg("<foreignObject><p>a</p></foreignObject>"), "active-content", "warn",
                     id="foreign object"),
        pytest.param(svg("<image href='https://a.org/?d=1'/>"), "external-reference", "warn",
                     id="picture from elsewhere"),
        pytest.param(svg("<rect style='fill:url(//a.org/x)'/>"), "external-reference", "warn",
                     id="style from elsewhere"),
        pytest.param(svg("<style>@import 'https://a.org/a.css';</style>"), "external-reference",
                     "warn", id="sheet from elsewhere"),
        pytest.param(svg(f"<text display='none'>{SECRET}</text>"), "hidden-content", "warn",
                     id="display none"),
        pytest.param(svg(f"<text style='opacity: 0'>{SECRET}</text>"), "hidden-content", "warn",
                     id="opacity"),
        pytest.param(svg(f"<text x='9000'>{SECRET}</text>", viewBox="0 0 100 100"),
                     "hidden-content", "warn", id="off the canvas"),
        pytest.param(svg(f"<style>.a{{display:none}}</style><text class='a'>{SECRET}</text>"),
                     "hidden-content", "warn", id="hidden by a class"),
        pytest.param(svg(f"<!-- {' '.join(map(str, range(99)))} -->"), "hidden-content", "warn",
                     id="comment with data"),
        pytest.param(svg("<!-- MRN: 4711002 -->"), "text-identifiers", "block", id="in a comment"),
        pytest.param(svg("<circle><title>MRN: 4711002</title></circle>"), "text-identifiers",
                     "block", id="in a tooltip"),
        pytest.param(svg("<circle data-patient-id='4711002'/>"), "text-identifiers", "block",
                     id="in a data attribute"),
        pytest.param(svg("<metadata>DOB: 12/03/1956</metadata>"), "text-identifiers", "block",
                     id="in the metadata"),
        pytest.param(svg("<text>SMITH^ANNA</text>"), "text-identifiers", "block", id="in a label"),
        pytest.param(svg(f"<image href='{uri(dicom() * 3, 'image/png')}'/>"), "embedded-file",
                     "block", id="DICOM as picture"),
        pytest.param(svg(f"<image href='{uri(svg('<script>1</script>'), 'image/svg+xml')}'/>"),
                     "active-content", "block", id="script in a nested figure"),
        pytest.param(svg(f"<image href='{uri(svg(POINTS), 'image/svg+xml')}'/>"),
                     "one-mark-per-patient", "warn", id="points in a nested figure"),
        pytest.param(svg(f"<desc>{base64.b64encode(zipped({'a': bytes(900)})).decode()}</desc>"),
                     "encoded-blob", "block", id="archive in the description"),
    ],
)  # fmt: skip
def test_what_a_figure_carries(content, check, severity):
    assert serious("figure.svg", content).get(check) == severity
    assert places("figure.svg", content, check)


def lines(_pyplot: Any, axes: Any) -> None:
    for each in axes:
        each.plot(range(60), RNG.random(60), "o-", label="AUC")
        each.plot(np.sort(RNG.random(45)), RNG.random(45), "o-")
        each.legend()
        each.grid(True)


def steps(_pyplot: Any, axes: Any) -> None:
    axes[0].step(np.sort(RNG.random(80)), np.linspace(1, 0.2, 80))
    axes[0].fill_between(range(30), range(30), range(1, 31), alpha=0.3)


def bars(_pyplot: Any, axes: Any) -> None:
    axes[0].bar(range(30), range(30))
    axes[0].hist(RNG.random(500), bins=40)


def boxes(_pyplot: Any, axes: Any) -> None:
    axes[0].boxplot(RNG.random((40, 12)), showfliers=False)
    axes[0].errorbar(range(8), range(8), yerr=1, fmt="o", capsize=3)


def confusion(_pyplot: Any, axes: Any) -> None:
    axes[0].imshow(np.eye(5))
    for row in range(5):
        for column in range(5):
            axes[0].text(column, row, "100", color="white", ha="center")


def mesh(_pyplot: Any, axes: Any) -> None:
    axes[0].pcolormesh(RNG.random((10, 10)))
    for n in range(10):
        axes[0].text(n + 0.5, n + 0.5, "0.93", color="w")


def few(_pyplot: Any, axes: Any) -> None:
    axes[0].scatter(range(9), range(9), label="model")
    axes[0].set_title("ROC of nine models")
    axes[0].legend()


def ticks(_pyplot: Any, axes: Any) -> None:
    for each in axes:
        each.set_xticks(range(25))
        each.minorticks_on()


def hexagons(_pyplot: Any, axes: Any) -> None:
    axes[0].hexbin(RNG.normal(size=4_000), RNG.normal(size=4_000), gridsize=20, cmap="Greys")


def importances(_pyplot: Any, axes: Any) -> None:
    axes[0].barh([f"feature number {n}" for n in range(24)], np.sort(RNG.exponential(1, 24)))


def components(_pyplot: Any, axes: Any) -> None:
    axes[0].bar(range(30), np.sort(RNG.exponential(1, 30))[::-1])


HONEST = [
    pytest.param(hexagons, 1, id="hexagons"), pytest.param(importances, 1, id="importances"),
    pytest.param(components, 1, id="components"),
    pytest.param(lines, 2, id="lines"), pytest.param(steps, 1, id="steps"),
    pytest.param(bars, 1, id="bars"), pytest.param(boxes, 1, id="boxes"),
    pytest.param(confusion, 1, id="confusion"), pytest.param(mesh, 1, id="mesh"),
    pytest.param(few, 1, id="few points"), pytest.param(ticks, 4, id="many ticks"),
]  # fmt: skip


@pytest.mark.parametrize(("draw", "panels"), HONEST)
@pytest.mark.parametrize("form", ["svg", "pdf"])
def test_figures_of_aggregates_raise_nothing(draw, panels, form):
    assert serious(f"figure.{form}", figure(form, draw, panels)) == {}


BAR = "".join(f'<rect x="{n}" width="1" height="{n}"><title>{n}</title></rect>' for n in range(40))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(svg("<rect width='9'/><text>n = 120</text>"), id="shapes"),
        pytest.param(svg(BAR), id="bars with titles"),
        pytest.param(svg("".join(f"<rect x='{n % 9}' y='{n // 9}' width='1' height='1'/>"
                                 for n in range(81))), id="cells"),
        pytest.param(svg("<a href='https://doi.org/1'><text>a</text></a>"), id="link"),
        pytest.param(svg("<defs><clipPath id='a'><rect/></clipPath></defs>"), id="definitions"),
        pytest.param(svg(f"<image href='{uri(saved('PNG'), 'image/png')}'/>"), id="picture"),
        pytest.param(svg("<style>@font-face{src:url(data:font/woff2;base64,AAAA)}</style>"),
                     id="font"),
        pytest.param(svg("<text display='none'>a</text>"), id="a hidden letter"),
        pytest.param(svg("<!-- Created with Inkscape -->"), id="comment"),
        pytest.param(svg("<use href='#a'/><linearGradient href='#b'/>"), id="own references"),
    ],
)  # fmt: skip
def test_ordinary_figures_raise_nothing(content):
    assert serious("figure.svg", content) == {}


PLOTLY = f'Plotly.newPlot("a", [{{"x": {list(range(99))}, "y": {list(range(99))}}}], {{}})'


@pytest.mark.parametrize(
    ("content", "check", "severity"),
    [
        pytest.param(html(f"<script>{PLOTLY}</script>"), "embedded-data", "warn", id="plotly"),
        pytest.param(html(f"<script type='application/json'>{list(range(99))}</script>"),
                     "embedded-data", "warn", id="widget data"),
        pytest.param(html(f"<script>x=JSON.parse('{list(range(99))}')</script>"), "embedded-data",
                     "warn", id="quoted data"),
        pytest.param(html("<script>alert(1)</script>"), "active-content", "warn", id="script"),
        pytest.param(html("<body onload=x()>"), "active-content", "warn", id="handler"),
        pytest.param(html("<iframe srcdoc='<p>MRN: 4711002</p>'>"), "text-identifiers", "block",
                     id="page in an attribute"),
        pytest.param(html("<object data='a.swf'></object>"), "active-content", "warn", id="object"),
        pytest.param(html("<img src='https://a.org/x.gif?d=1'>"), "external-reference", "warn",
                     id="picture from elsewhere"),
        pytest.param(html("", "<link rel=stylesheet href='//a.org/a.css'>"), "external-reference",
                     "warn", id="sheet from elsewhere"),
        pytest.param(html("", "<meta http-equiv=refresh content='0;url=https://a.org'>"),
                     "external-reference", "warn", id="refresh"),
        pytest.param(html(f"<a href='https://a.org/?d={'x' * 400}'>a</a>"), "external-reference",
                     "warn", id="data in a link"),
        pytest.param(html(f"<div style='display:none'>{SECRET}</div>"), "hidden-content", "warn",
                     id="hidden"),
        pytest.param(html(f"<p style='position:absolute;left:-9999px'>{SECRET}</p>"),
                     "hidden-content", "warn", id="off the page"),
        pytest.param(html(f"<p style='font-size:0'>{SECRET}</p>"), "hidden-content", "warn",
                     id="no size"),
        pytest.param(html(f"<template><table><tr><td>{SECRET}</td></tr></table></template>"),
                     "hidden-content", "warn", id="template"),
        pytest.param(html("<table hidden><tr><td>1</table>"), "hidden-content", "warn",
                     id="hidden table"),
        pytest.param(html(f"<a download href='{uri(b'a,b' * 99, 'text/csv')}'>a</a>"),
                     "embedded-file", "block", id="download"),
        pytest.param(html("<input type=hidden value='MRN: 4711002'>"), "text-identifiers", "block",
                     id="hidden field"),
        pytest.param(html("<p title='MRN: 4711002'>a</p>"), "text-identifiers", "block",
                     id="title"),
        pytest.param(html("<tr data-mrn='4711002'>"), "text-identifiers", "block",
                     id="data attribute"),
        pytest.param(html("".join(f"<i data-case='99{n * 977:08d}'></i>" for n in range(20))),
                     "hidden-content", "warn", id="keys in data attributes"),
        pytest.param(html(f"<svg>{POINTS}</svg>"), "one-mark-per-patient", "warn", id="points"),
        pytest.param(html("<p>x</p>" * 450_000), "unchecked", "warn", id="too many elements"),
        pytest.param(html("<div>" * 3_000), "unchecked", "warn", id="too deep"),
    ],
)  # fmt: skip
def test_what_a_page_carries(content, check, severity):
    assert serious("report.html", content).get(check) == severity


TABLE = "<table><tr><th>Group<th>n<tr><td>A<td>120<tr><td>B<td>240</table>"


@pytest.mark.parametrize(
    "body",
    [
        "<h1>Results</h1><p>We included 1,204 patients.<p>AUC 0.91",
        TABLE,
        TABLE * 200,
        "<ul>" + "<li>a" * 2_000 + "</ul>",
        "<p>a" * 2_000,
        f"<img alt='ROC' src='{uri(saved('PNG'), 'image/png')}'>",
        "<img src='figures/roc.png'>",
        "<a href='https://example.org/paper'>paper</a>",
        "<!-- built on 2026-11-23 -->",
        "<details><summary>Methods</summary>We used 5 folds.</details>",
        "<span class='sr-only'>a</span>",
        "<noscript>a</noscript>",
        "<svg><rect width='9'/></svg>",
        "<pre><code>x = 1</code></pre>",
        "&lt;script&gt; is not a script",
    ],
)
def test_ordinary_pages_raise_nothing(body):
    style = "<style>body{font:1em sans-serif} .sr-only{position:absolute}</style>"
    assert serious("report.html", html(body, style)) == {}


def text_pdf(*content: str, box: str = "0 0 300 300") -> bytes:
    """A document with one page for each content stream, text in Helvetica as /F1."""
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    kids = []
    for stream in content:
        kids.append(f"{len(objects) + 1} 0 R")
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[{box}]/Contents {len(objects) + 2} 0 R"
            "/Resources<</Font<</F1 3 0 R>>>>>>"
        )
        objects.append(f"<</Length {len(stream)}>>stream\n{stream}\nendstream")
    objects[1] = f"<</Type/Pages/Kids[{' '.join(kids)}]/Count {len(kids)}>>"
    out, offsets = "%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n"
    out += "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    out += f"trailer<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n"
    return out.encode()


def words(text: str, x: int = 20, y: int = 200, before: str = "", size: int = 12) -> str:
    return f"q {before} BT /F1 {size} Tf {x} {y} Td ({text}) Tj ET Q\n"


def written(change: Callable[[PdfWriter], None], base: bytes | None = None) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(base or text_pdf(words("Results")))))
    change(writer)
    saved_to = io.BytesIO()
    writer.write(saved_to)
    return saved_to.getvalue()


def action(writer: PdfWriter, **entries: str) -> None:
    found = {NameObject(f"/{key}"): NameObject(each) for key, each in entries.items()}
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(found)


def form(writer: PdfWriter) -> None:
    field = DictionaryObject({NameObject("/T"): TextStringObject("a")})
    fields = DictionaryObject({NameObject("/Fields"): ArrayObject([field])})
    writer.root_object[NameObject("/AcroForm")] = fields


def named_script(writer: PdfWriter) -> None:
    script = DictionaryObject(
        {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("a()")}
    )
    names = DictionaryObject({NameObject("/Names"): ArrayObject([TextStringObject("a"), script])})
    writer.root_object[NameObject("/Names")] = DictionaryObject({NameObject("/JavaScript"): names})


def layer(writer: PdfWriter) -> None:
    off = DictionaryObject({NameObject("/OFF"): ArrayObject([DictionaryObject()])})
    writer.root_object[NameObject("/OCProperties")] = DictionaryObject({NameObject("/D"): off})


def xmp(writer: PdfWriter) -> None:
    stream = DecodedStreamObject()
    stream.set_data(b"<x:xmpmeta>MRN: 4711002</x:xmpmeta>")
    writer.root_object[NameObject("/Metadata")] = stream


def note(writer: PdfWriter) -> None:
    writer.add_annotation(0, FreeText(text="MRN: 4711002", rect=(0, 0, 50, 50)))


def revised() -> bytes:
    base = text_pdf(words("Results"))
    writer = PdfWriter(io.BytesIO(base), incremental=True)
    writer.add_metadata({"/Keywords": "a"})
    saved_to = io.BytesIO()
    writer.write(saved_to)
    return saved_to.getvalue()


def test_words_of_an_earlier_state_are_read():
    writer = PdfWriter(io.BytesIO(text_pdf(words("MRN: 4711002"))), incremental=True)
    stream = DecodedStreamObject()
    stream.set_data(words("Results").encode())
    writer.pages[0][NameObject("/Contents")] = writer._add_object(stream)
    saved_to = io.BytesIO()
    writer.write(saved_to)
    assert "text-identifiers" in serious("report.pdf", saved_to.getvalue())


BOX = "0 g 10 190 200 40 re f\n"


@pytest.mark.parametrize(
    ("content", "check", "severity"),
    [
        pytest.param(figure("pdf", scatter), "one-mark-per-patient", "warn", id="scatter"),
        pytest.param(figure("pdf", crosses), "one-mark-per-patient", "warn", id="crosses"),
        pytest.param(figure("pdf", bubbles), "one-mark-per-patient", "warn", id="bubbles"),
        pytest.param(text_pdf("".join(
            f"BT /F1 1 Tf 1 Tr 4 0 0 4 {n * n % 97} {n * 7 % 89} Tm (l) Tj 0 Tr ET\n"
            for n in range(40))), "one-mark-per-patient", "warn", id="points by R"),
        pytest.param(figure("pdf", strips), "one-mark-per-patient", "warn", id="strips"),
        pytest.param(text_pdf(words("MRN: 4711002")), "text-identifiers", "block", id="text"),
        pytest.param(text_pdf(words(SECRET, before="3 Tr")), "hidden-content", "warn",
                     id="mode without drawing"),
        pytest.param(text_pdf(words(SECRET, before="1 1 1 rg")), "hidden-content", "warn",
                     id="white"),
        pytest.param(text_pdf(words(SECRET, before="1 g")), "hidden-content", "warn", id="g"),
        pytest.param(text_pdf(words(SECRET, before="0 0 0 0 k")), "hidden-content", "warn",
                     id="no ink"),
        pytest.param(text_pdf(words(SECRET, size=1)), "hidden-content", "warn", id="tiny"),
        pytest.param(text_pdf(words(SECRET, x=900)), "hidden-content", "warn", id="off the page"),
        pytest.param(text_pdf(words(SECRET) + BOX), "hidden-content", "warn", id="blacked out"),
        pytest.param(text_pdf(words("a"), words("DOB: 12/03/1956", before="3 Tr")),
                     "text-identifiers", "block", id="identifier nobody sees"),
        pytest.param(written(lambda w: named_script(w)), "active-content", "block",
                     id="script"),
        pytest.param(written(lambda w: action(w, S="/JavaScript")), "active-content", "block",
                     id="script on opening"),
        pytest.param(written(lambda w: action(w, S="/Launch")), "active-content", "warn",
                     id="launch"),
        pytest.param(written(lambda w: w.add_attachment("a.csv", b"a,b\n1,2")), "embedded-file",
                     "block", id="attachment"),
        pytest.param(written(lambda w: w.add_attachment("a.txt", b"MRN: 4711002")),
                     "text-identifiers", "block", id="identifier in an attachment"),
        pytest.param(written(note), "document-comments", "warn", id="comment"),
        pytest.param(written(note), "text-identifiers", "block", id="identifier in a comment"),
        pytest.param(written(form), "document-comments", "warn", id="form"),
        pytest.param(written(layer), "hidden-content", "warn", id="layer"),
        pytest.param(written(xmp), "text-identifiers", "block", id="XMP"),
        pytest.param(written(lambda w: w.add_metadata({"/Subject": "MRN: 4711002"})),
                     "text-identifiers", "block", id="metadata"),
        pytest.param(written(lambda w: w.add_metadata({"/Blob": "x" * 900})), "document-metadata",
                     "warn", id="long metadata"),
        pytest.param(written(lambda w: w.encrypt("secret")), "encrypted", "block", id="encrypted"),
        pytest.param(revised(), "incremental-update", "warn", id="revised"),
        pytest.param(text_pdf(words("a")) + b"x" * 99, "incremental-update", "warn", id="appended"),
        pytest.param(text_pdf(words("a"))[:200], "unchecked", "warn", id="cut short"),
        pytest.param(text_pdf(*[words("a")] * 301), "unchecked", "warn", id="too many pages"),
        pytest.param(b"%PDF-1.4\n" + b"[" * 50_000, "unchecked", "warn", id="deep"),
    ],
)  # fmt: skip
def test_what_a_document_carries(content, check, severity):
    assert serious("paper.pdf", content).get(check) == severity


def linked(writer: PdfWriter) -> None:
    writer.add_annotation(0, Link(rect=(0, 0, 9, 9), url="https://doi.org/10.1000/1"))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(text_pdf(words("Results of 1,204 patients")), id="text"),
        pytest.param(text_pdf(*[words("Page")] * 12), id="pages"),
        pytest.param(text_pdf(BOX + words("white on black", before="1 g")), id="white on black"),
        pytest.param(text_pdf(BOX + words("over a box")), id="over a box"),
        pytest.param(text_pdf(words("small print", size=6)), id="small print"),
        pytest.param(written(linked), id="links"),
        pytest.param(written(lambda w: w.add_metadata({"/Title": "A"})), id="title"),
        pytest.param(written(lambda w: w.add_metadata({"/PTEX.Fullbanner": "This is pdfTeX " * 9})),
                     id="TeX"),
        pytest.param(written(lambda w: w.add_outline_item(title="A", page_number=0)), id="outline"),
    ],
)  # fmt: skip
def test_ordinary_documents_raise_nothing(content):
    assert serious("paper.pdf", content) == {}


def test_a_title_is_only_noted():
    content = written(lambda w: w.add_metadata({"/Title": "A"}))
    assert said("paper.pdf", content) == {"document-metadata": "info"}


def test_pictures_reach_their_reader_with_their_place(monkeypatch):
    def raster(content: bytes, at: str, caption: str = "") -> tuple[list[Raster], list[Any]]:
        return [Raster(pixels=np.zeros((1, 1)), at=at, caption=caption)], []

    monkeypatch.setattr(embedded, "raster_of", raster)
    drawn = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(drawn, "PDF")
    (found,) = readers.read("a.pdf", drawn.getvalue(), "pdf").rasters
    assert found.at == "page 1"
    assert found.pixels.shape == (30, 40, 3)
    page = html(f"\n<img alt='ROC' src='{uri(saved('PNG'), 'image/png')}'>")
    (found,) = readers.read("a.html", page, "html").rasters
    assert (found.at, found.caption) == ("line 2", "ROC")


def test_a_picture_in_the_stream_is_a_picture():
    stream = "q 9 0 0 9 0 0 cm BI /W 2 /H 2 /CS /G /BPC 8 ID abcd\nEI Q\n"
    (found,) = readers.read("a.pdf", text_pdf(stream), "pdf").rasters
    assert (found.at, found.pixels.shape) == ("page 1", (2, 2, 3))


def test_places_are_lines_and_pages():
    assert places("a.svg", svg("\n\n<script>1</script>"), "active-content") == ("line 3",)
    found = places("a.pdf", text_pdf(words("a"), words(SECRET, before="3 Tr")), "hidden-content")
    assert found == ("page 2",)


@pytest.mark.parametrize("name", ["a.svg", "a.html", "a.pdf"])
def test_noise_never_breaks_a_reader(name):
    start = {"a.svg": b"<svg ", "a.html": b"<html ", "a.pdf": b"%PDF-1.4 "}[name]
    for seed in range(12):
        noise = np.random.default_rng(seed).integers(32, 127, 3_000).astype("u1").tobytes()
        assert said(name, start + noise) is not None


def test_a_confined_child_reads_every_kind():
    from tests.support.checked import POLICY
    from tests.unit.egress.checks import test_containers, test_models, test_notebooks
    from vitrine.egress.checks import apart

    picture = io.BytesIO()
    Image.new("CMYK", (40, 30)).save(picture, "PDF")
    weights = test_models.safetensors(**test_models.LAYERS, pe=test_models.sines())
    files = {
        "a.pdf": figure("pdf", bars),
        "b.pdf": picture.getvalue(),
        "a.svg": figure("svg", bars),
        "a.html": html(f"<p>&eacute;</p><script>{PLOTLY}</script>"),
        "a.ipynb": test_notebooks.notebook(test_notebooks.code("x", test_notebooks.plotly(40))),
        "a.zip": test_containers.compressed({"é.md": b"a"}),
        "a.safetensors": weights,
        "a.onnx": test_models.onnx(
            test_models.field(5, test_models.tensor("w", test_models.scan().astype("f4")))
        ),
        "a.pkl": b"\x80\x04X\x02\x00\x00\x00\xc3\xa9.",
        "a.md": base64.b64encode(dicom() * 3),
    }
    reports = apart.check([(name, lambda raw=raw: raw) for name, raw in files.items()], POLICY)
    checks = {each.path: {found.check for found in each.findings} for each in reports}
    assert not {path for path, found in checks.items() if found & {"unchecked", "unread-part"}}


BADGES = "<p align='center'><img src='https://img.shields.io/a.svg'></p>\n\n![a](https://img.shields.io/c.svg)\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (BADGES, {}),
        ("![a](https://b.org/c.png)\n", {"external-reference": "warn"}),
        ("| a | n |\n|---|---|\n| b | 120 |\n", {}),
        (f"![a]({uri(saved('PNG'), 'image/png')})\n", {}),
        (
            f"![a]({uri(dicom() * 4, 'image/png')})\n",
            {"encoded-blob": "block", "image-size": "warn"},
        ),
        ("<script>a()</script>\n", {"active-content": "warn"}),
        (f"<div style='display:none'>{SECRET}</div>\n", {"hidden-content": "warn"}),
        (
            "<!-- MRN: 4711002 -->\n",
            {"text-identifiers": "block", "hidden-content": "warn"},
        ),
        (f"[a]({uri(b'a,b' * 99, 'text/csv')})\n", {"encoded-blob": "warn"}),
    ],
)
def test_what_prose_carries(text, found):
    assert serious("README.md", f"# Results\n\n{text}") == found
