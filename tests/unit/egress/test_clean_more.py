"""Copies of workbooks, figures and models: what they keep, what they lose, that they never vary."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import openpyxl
import pytest
from openpyxl.comments import Comment

from tests.support.egress import a_png
from vitrine.egress.checks import engine
from vitrine.egress.disclosure import load
from vitrine.egress.sandbox.asked import FIRST
from vitrine.egress.sandbox.clean import clean
from vitrine.egress.sandbox.preview import preview
from vitrine.errors import InvalidInput

SECRET = "MRN-4711"
SVG = "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'>{}</svg>"


def a_workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Means"
    for row in (["site", "n", "secret"], ["north", 20, SECRET], ["south", 17.5, SECRET]):
        sheet.append(row)
    sheet.append([SECRET, 1, "x"])
    sheet["A2"].comment = Comment(SECRET, SECRET)
    sheet["D1"], sheet["D2"] = "=1+1", f'=HYPERLINK("http://x.example/{SECRET}")'
    sheet["E2"], sheet["E2"].number_format = SECRET, ";;;"
    sheet.column_dimensions["C"].hidden = True
    sheet.row_dimensions[4].hidden = True
    hidden = book.create_sheet(SECRET)
    hidden["A1"], hidden.sheet_state = SECRET, "veryHidden"
    other = book.create_sheet("Second <&>")
    other["A1"], other["A2"], other["B2"] = "=cmd", True, "a\nb"
    book.properties.creator = book.properties.keywords = SECRET
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def test_a_workbook_keeps_the_values_that_it_shows_and_nothing_else():
    copy = clean("a.xlsx", a_workbook())
    with zipfile.ZipFile(io.BytesIO(copy.content)) as archive:
        assert all(SECRET.encode() not in archive.read(name) for name in archive.namelist())
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist())
    book = openpyxl.load_workbook(io.BytesIO(copy.content))
    assert book.sheetnames == ["Means", "Second <&>"]
    shown = list(book["Means"].iter_rows(values_only=True))
    assert [row[:2] for row in shown] == [("site", "n"), ("north", 20), ("south", 17.5)]
    assert book["Second <&>"]["A2"].value is True
    assert book["Second <&>"]["B2"].value == "a\nb"
    for lost in ("1 hidden sheet", "1 hidden row", "1 hidden column", "1 hidden cell"):
        assert f"{lost} removed" in copy.notes
    assert "1 comment removed" in copy.notes
    assert "3 formulas replaced by the value last stored for it" in copy.notes


def test_the_same_workbook_gives_the_same_copy_and_a_copy_of_a_copy_is_itself():
    original = a_workbook()
    copy = clean("a.xlsx", original).content
    assert clean("a.xlsx", original).content == copy
    assert clean("a.xlsx", copy).content == copy


def test_the_sheets_of_a_workbook_are_shown_as_tables():
    copy = clean("a.xlsx", a_workbook())
    shown, _ = preview("workbook", copy.kind.media_type, copy.content)
    assert (shown["kind"], shown["parts"]) == ("table", ["Means", "Second <&>"])
    assert shown["columns"][:2] == ["site", "n"]
    second, _ = preview("workbook", "", copy.content, replace(FIRST, part=1))
    assert second["rows"] == [["True", "a\nb"]]
    with pytest.raises(InvalidInput, match="no such sheet"):
        preview("workbook", "", copy.content, replace(FIRST, part=2))


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.zip", "a.png"])
def test_a_workbook_under_another_name_is_refused(name):
    with pytest.raises(InvalidInput, match="name says otherwise"):
        clean(name, a_workbook())


def test_a_workbook_bomb_is_refused_before_it_is_unpacked():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        archive.writestr("xl/workbook.xml", "<x/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (300 << 20))
    with pytest.raises(InvalidInput, match="unpack"):
        clean("a.xlsx", packed.getvalue())


HOSTILE = {
    "script": "<script>hit()</script><rect/>",
    "handler": "<rect onclick='hit()' onload='hit()'/>",
    "page within": "<foreignObject><b xmlns='http://www.w3.org/1999/xhtml'>hit</b></foreignObject>",
    "link": "<a xlink:href='javascript:hit()'><rect/></a>",
    "picture from elsewhere": "<image xlink:href='http://hit.example/a.png'/>",
    "figure within": "<image xlink:href='data:image/svg+xml;base64,aGl0'/>",
    "use from elsewhere": "<use xlink:href='http://hit.example/a.svg#x'/>",
    "animation": "<animate attributeName='href' to='javascript:hit()'/><set to='hit'/>",
    "address in a style": "<rect style='fill: url(http://hit.example/)'/>",
    "address in an attribute": "<rect fill='url(//hit.example/a#b)'/>",
    "escaped address": "<rect style='fill: u\\72l(http://hit.example/)'/>",
    "import": "<style>@import 'http://hit.example/a.css';</style>",
    "font": "<style>@font-face{src:url(http://hit.example/a)}</style>",
    "address in a sheet": "<style>rect{fill:url('http://hit.example/')}</style>",
    "comment": "<!-- hit --><rect/>",
    "tooltip": "<rect><title>hit</title><desc>hit</desc></rect>",
    "own data": "<rect data-patient='hit' id='hit' aria-label='hit'/>",
    "hidden text": "<text style='display:none'>hit</text><text visibility='hidden'>hit</text>",
    "text nowhere": "<g>hit</g>",
    "metadata": "<metadata>hit</metadata>",
    "base": "<rect xml:base='http://hit.example/'/>",
    "instruction": "<?xml-stylesheet href='http://hit.example/'?><rect/>",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_nothing_of_a_figure_is_left_that_it_does_not_draw(what):
    copy = clean("a.svg", SVG.format(HOSTILE[what]).encode()).content
    assert b"hit" not in copy
    assert clean("a.svg", copy).content == copy


def test_a_figure_keeps_what_it_draws():
    picture = base64.b64encode(a_png()).decode()
    body = (
        "<style>.line{stroke:#f00;fill:none}</style>"
        "<defs><path id='tick' d='M0 0h3'/><clipPath id='box'><rect width='9'/></clipPath></defs>"
        "<g clip-path='url(#box)' transform='scale(2)'><use xlink:href='#tick' x='3'/>"
        "<text x='1' style='font: 10px sans; fill: #000'>Mean <tspan dy='2'>n</tspan> = 20</text>"
        "<path class='line' d='M0 0L5 5'/>"
        f"<image xlink:href='data:image/png;base64,{picture}'/></g>"
    )
    copy = clean("a.svg", SVG.format(body).encode()).content.decode()
    for kept in ('d="M0 0h3"', 'clip-path="url(#n', 'href="#n', "Mean ", " = 20", "stroke: #f00"):
        assert kept in copy
    assert "tick" not in copy
    inside = base64.b64decode(copy.partition("base64,")[2].partition('"')[0])
    assert inside == clean("a.png", a_png()).content


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(b"<svg", "well-formed", id="cut short"),
        pytest.param(b"<html/>", "no figure", id="another root"),
        pytest.param(
            b"<!DOCTYPE svg [<!ENTITY a 'x'>]><svg xmlns='http://www.w3.org/2000/svg'>&a;</svg>",
            "entities",
            id="entities",
        ),
        pytest.param(
            (SVG.format("<g>" * 5000 + "</g>" * 5000)).encode(), "deeper", id="nested too deeply"
        ),
        pytest.param(SVG.format("<g/>" * 200_001).encode(), "more elements", id="too many"),
    ],
)
def test_what_is_no_figure_is_refused_with_a_sentence(content, sentence):
    with pytest.raises(InvalidInput, match=sentence):
        clean("a.svg", content)


def test_the_checks_see_the_words_that_a_copy_has_lost():
    body = f"<text>Patients: n = 3 of 20</text><text display='none'>{SECRET}</text><script/>"
    original = SVG.format(body).encode()
    document = engine.readers.read("a.svg", original, "svg")
    words = " ".join(text.text for text in engine.shown(document).texts)
    assert "n = 3 of 20" in words
    assert SECRET not in words
    report, _ = engine.look("a.svg", original, load("acro"), is_flattened=True)
    assert "active-content" not in {finding.check for finding in report.findings}


def a_model(**metadata: str) -> bytes:
    weights = np.zeros((2, 3), dtype="<f4").tobytes()
    described = {"layer.weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}
    header = json.dumps({"__metadata__": metadata, **described}).encode()
    return len(header).to_bytes(8, "little") + header + weights


def test_a_model_stays_byte_for_byte_and_is_shown_as_an_inventory():
    original = a_model(licence="CC0", notes="x" * 5000)
    copy = clean("a.safetensors", original)
    assert copy.content == original
    assert copy.notes == ("the same bytes: 1 tensor with 6 parameters",)
    shown, _ = preview("model", copy.kind.media_type, copy.content)
    assert shown["rows"] == [["layer.weight", "F32", "2 × 3", "6"]]
    assert ["licence", "CC0"] in shown["facts"]
    assert shown["facts"][1][1].endswith("and 3,000 more characters")


def varint(value: int) -> bytes:
    low = value & 127
    return bytes([low | 128]) + varint(value >> 7) if value > 127 else bytes([low])


def field(number: int, body: bytes | int) -> bytes:
    if isinstance(body, int):
        return varint(number << 3) + varint(body)
    return varint(number << 3 | 2) + varint(len(body)) + body


def test_tensors_and_operators_of_an_onnx_model_are_listed():
    tensor = field(1, 2) + field(1, 3) + field(2, 1) + field(8, b"w") + field(9, b"\0" * 24)
    node = field(1, b"x") + field(4, b"Gemm") + field(5, field(1, b"value") + field(5, tensor))
    model = field(1, 8) + field(2, b"torch") + field(7, field(1, node) + field(5, tensor))
    model += field(8, field(2, 17))
    copy = clean("a.onnx", model)
    assert copy.content == model
    shown, _ = preview("model", copy.kind.media_type, copy.content)
    assert shown["rows"] == [["w", "float32", "2 × 3", "6"]] * 2
    assert ["operators", "Gemm 1"] in shown["facts"]


@pytest.mark.parametrize("what", HOSTILE)
def test_a_figure_that_an_older_cleaner_kept_is_cleaned_before_it_is_drawn(what):
    stored = SVG.format(HOSTILE[what]).encode()
    shown, drawn = preview("source", "image/svg+xml", stored)
    assert shown["kind"] == "figure"
    assert b"hit" not in drawn
