from __future__ import annotations

import io
import random
import time
import zipfile

import openpyxl
import pandas
import pytest

from vitrine.egress import disclosure
from vitrine.egress.checks import apart, engine, readers
from vitrine.egress.checks.document import Table
from vitrine.egress.checks.kinds import kind_of
from vitrine.egress.checks.readers.tabular_text import (
    table_of_csv,
    tables_in_html,
    tables_in_latex,
    tables_in_markdown,
    tables_in_plain_output,
)
from vitrine.egress.checks.readers.unreadable import Unreadable

FRAME = pandas.DataFrame({"sex": ["M", "F", "F"], "stage": ["I", "I", "II"], "n": [45, 4, 60]})


def one(tables: tuple[Table, ...]) -> Table:
    (table,) = tables
    return table


def a_workbook(**sheets: list[list[object]]) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return book


def saved(book: openpyxl.Workbook) -> bytes:
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def as_parquet(frame: pandas.DataFrame) -> bytes:
    written = io.BytesIO()
    frame.to_parquet(written)
    return written.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("t.csv", FRAME.to_csv(index=False).encode(), id="commas"),
        pytest.param("t.csv", FRAME.to_csv(index=False, sep=";").encode(), id="semicolons"),
        pytest.param("t.tsv", FRAME.to_csv(index=False, sep="\t").encode(), id="tabs"),
        pytest.param("t.txt", FRAME.to_csv(index=False).encode(), id="commas in a text"),
        pytest.param("t.csv", FRAME.to_csv(index=False).encode("utf-8-sig"), id="byte order mark"),
        pytest.param("t.csv", FRAME.to_csv(index=False).encode("utf-16"), id="UTF-16"),
        pytest.param("t.csv", ("größe;n\nä;45\nö;4\n").encode("latin-1"), id="Latin-1"),
        pytest.param("t.csv", b"# made by us\n# in 2024\nsex,n\nM,45\nF,4\n", id="comment lines"),
        pytest.param("t.csv", b"Table 1. Sexes,\n,\nsex,n\nM,45\nF,4\n", id="title row"),
        pytest.param("t.xlsx", saved(a_workbook(S=[["sex", "n"], ["M", 45], ["F", 4]])), id="xlsx"),
        pytest.param("t.parquet", as_parquet(FRAME), id="parquet"),
        pytest.param("t.json", FRAME.to_json(orient="records").encode(), id="json records"),
        pytest.param("t.json", FRAME.to_json(orient="split").encode(), id="json split"),
        pytest.param("t.json", FRAME.to_json(orient="index").encode(), id="json index"),
        pytest.param(
            "t.json", FRAME.to_json(orient="records", lines=True).encode(), id="json lines"
        ),
        pytest.param("t.md", FRAME.to_html().encode(), id="html in markdown"),
        pytest.param("t.txt", str(FRAME).encode(), id="printed"),
    ],
)
def test_the_same_small_count_is_found_in_every_form(name: str, content: bytes) -> None:
    report, _ = engine.look(name, content, disclosure.load())
    assert "small-cells" in {each.check for each in report.findings}


def test_rows_are_numbered_as_an_editor_counts_them() -> None:
    table = table_of_csv('# a\n\nname,n\n"two\nlines",3\nlast,4\n')
    assert table is not None
    assert table.first_row == 4
    filled = [number for number, row in enumerate(table.rows) if any(row)]
    assert [table.place(number, 1) for number in filled] == ["row 4, column n", "row 6, column n"]


def test_headers_of_several_rows_become_one_name() -> None:
    table = table_of_csv(",train,,test,\n,n,auc,n,auc\nA,40,0.9,20,0.8\nB,44,0.9,22,0.8\n")
    assert table is not None
    assert table.columns == ("column 1", "train n", "train auc", "test n", "test auc")


def test_merged_cells_of_html_keep_columns_in_place() -> None:
    text = (
        "<table><caption>Who</caption><tr><th rowspan=2>a</th><th colspan=2>b</th></tr>"
        "<tr><th>c</th><th>d</th></tr><tr><td>x</td><td>1</td><td>2</td></tr></table>"
    )
    table = one(tables_in_html(text, "cell 3 output 1"))
    assert table.columns == ("a", "b c", "b d")
    assert table.place(0, 2) == "cell 3 output 1, table 1, row 3, column b d"
    assert table.caption == "Who"


def test_a_hidden_element_is_read_and_said_to_be_hidden() -> None:
    text = '<div style="display: none"><table><tr><td>a</td><td>4</td></tr></table></div>'
    assert one(tables_in_html(text)).is_hidden


def test_latex_commands_are_not_part_of_a_cell() -> None:
    text = (
        r"\begin{tabular}{l|r}\hline A & \textbf{n (\%)} \\ \hline x & $4$ (12.5\%)\\\end{tabular}"
    )
    table = one(tables_in_latex(text))
    assert table.columns == ("A", "n (%)")
    assert table.rows == (("x", "4 (12.5%)"),)


def test_markdown_emphasis_is_not_part_of_a_cell() -> None:
    table = one(tables_in_markdown("| a | n |\n|---|---|\n| **x** | `4` |\n"))
    assert table.rows == (("x", "4"),)


@pytest.mark.parametrize(
    "printed",
    [
        str(FRAME),
        str(FRAME.groupby("sex").n.sum()),
        str(FRAME.pivot_table(index="sex", columns="stage", values="n")),
        str(FRAME.describe()),
    ],
)
def test_printed_frames_are_tables(printed: str) -> None:
    assert tables_in_plain_output(f"Here it is:\n\n{printed}\n", "cell 2 output 1")


def test_prose_is_no_table() -> None:
    text = "We took 3 of 5 models\nand trained each of them\nuntil it was good enough\n"
    assert tables_in_plain_output(text) == ()


def test_what_a_workbook_hides_is_remarked() -> None:
    book = a_workbook(Shown=[["a", "n"], ["x", 40]], Kept=[["patient_id"], ["P1"]])
    book["Kept"].sheet_state = "veryHidden"
    book["Shown"].row_dimensions[2].hidden = True
    book["Shown"].column_dimensions["B"].hidden = True
    book["Shown"]["C2"] = "=SUM(B2:B2)"
    document = readers.read("t.xlsx", saved(book), "xlsx")
    assert {remark.what for remark in document.remarks} == {
        "hidden sheet",
        "hidden rows",
        "hidden columns",
        "formula",
    }
    assert [table.is_hidden for table in document.tables] == [False, True]


def _bomb() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * (300 << 20))
    return written.getvalue()


def _entities() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("xl/workbook.xml", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]>')
    return written.getvalue()


def _far_cell() -> bytes:
    book = a_workbook(S=[["a"]])
    book["S"]["XFD1048576"] = 1
    return saved(book)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("t.xlsx", _bomb(), id="bomb"),
        pytest.param("t.xlsx", _entities(), id="entities"),
        pytest.param("t.xlsx", _far_cell(), id="one cell far away"),
        pytest.param("t.xlsx", saved(a_workbook(S=[["a"]]))[:-400], id="cut workbook"),
        pytest.param("t.parquet", as_parquet(FRAME)[:-40], id="cut parquet"),
        pytest.param("t.csv", b"a,b\n" + b"1,2\n" * 1_000_001, id="too many cells"),
        pytest.param("t.json", b"[" * 5000, id="deep"),
        pytest.param("t.json", b'{"a":' * 200 + b"1" + b"}" * 200, id="deep objects"),
    ],
)
def test_damaged_and_oversized_files_are_refused(name: str, content: bytes) -> None:
    kind = {"xlsx": "xlsx", "parquet": "parquet"}.get(name[2:], kind_of(name, content))
    with pytest.raises(Unreadable):
        readers.read(name, content, kind)


@pytest.mark.parametrize(
    "text",
    ["1" * 200_000 + "x", "a" * 200_000 + "@", "1.2.840." + "1." * 100_000, "/" * 200_000 + ".dcm"],
)
def test_a_long_cell_takes_no_long_time(text: str) -> None:
    start = time.process_time()
    engine.look("t.csv", f"a,b\n{text[:120_000]},1\n".encode(), disclosure.load())
    engine.look("t.txt", text.encode(), disclosure.load())
    assert time.process_time() - start < 10


@pytest.mark.parametrize("name", ["t.csv", "t.xlsx", "t.parquet", "t.json", "t.md", "t.tex"])
def test_damaged_bytes_never_break_a_check(name: str) -> None:
    contents = {
        "t.csv": FRAME.to_csv().encode(),
        "t.xlsx": saved(a_workbook(S=[["sex", "n"], ["M", 45], ["F", 4]])),
        "t.parquet": as_parquet(FRAME),
        "t.json": FRAME.to_json().encode(),
        "t.md": b"| a | n |\n|---|---|\n| x | 4 |\n<table><tr><td>1</td></tr></table>",
        "t.tex": rb"\begin{table}\caption{a}\begin{tabular}{lr} a & 4 \\ \end{tabular}\end{table}",
    }
    chance = random.Random(name)
    for _ in range(60):
        content = bytearray(contents[name])
        for _ in range(chance.randrange(1, 8)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        report, _facts = engine.look(name, bytes(content), disclosure.load())
        broken = [each for each in report.findings if "the check " in each.message]
        assert not broken


def test_confined_readers_read_what_free_ones_read() -> None:
    files = {
        "t.csv": FRAME.to_csv(index=False).encode(),
        "t.xlsx": saved(a_workbook(S=[["sex", "n"], ["M", 45], ["F", 4]])),
        "t.parquet": as_parquet(FRAME),
        "m.csv": b"stage,male,female,total\nI,45,<10,48\nII,60,40,100\nTotal,105,43,148\n",
        "u.csv": FRAME.to_csv(index=False).encode("utf-16"),
    }
    policy = disclosure.load()
    reports = apart.check([(name, lambda c=c: c) for name, c in files.items()], policy)  # type: ignore[misc]
    for report in reports:
        free, _ = engine.look(report.path, files[report.path], policy)
        assert report.findings == free.findings
        assert report.findings
