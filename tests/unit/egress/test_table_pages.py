"""Pages of a table: nothing lost between them, sorting, hiding, and what columns hold."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitrine.egress.sandbox import tables
from vitrine.egress.sandbox.asked import Asked, asked_of
from vitrine.egress.sandbox.tables import delimited_page, rows_of

MIXED = "site,n,when\nb,10,2024-01-02\na,<5,\nc,9,2023-05-01\nd,NA,2024-01-01\ne,0,2024-01-01\n"


def column(page, at):
    return [row[at] for row in page["rows"]]


def test_columns_say_what_they_hold():
    site, n, when = delimited_page(MIXED, ",", Asked())["statistics"]
    assert (site["type"], site["distinct"], site["missing"]) == ("words", 5, 0)
    assert (n["type"], n["distinct"], n["missing"]) == ("numbers and words", 4, 1)
    assert (n["least"], n["above_zero"], n["largest"]) == ("0", "9", "10")
    assert (when["type"], when["least"], when["largest"]) == ("dates", "2023-05-01", "2024-01-02")
    assert when["missing"] == 1


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        pytest.param(2, ["0", "9", "10", "<5", "NA"], id="numbers by value, then words, then none"),
        pytest.param(-2, ["10", "9", "0", "<5", "NA"], id="largest first, what is missing last"),
        pytest.param(99, ["10", "<5", "9", "NA", "0"], id="no such column: as it stands"),
    ],
)
def test_a_table_is_sorted_and_keeps_the_numbers_of_its_rows(sort, expected):
    page = delimited_page(MIXED, ",", Asked(sort=sort))
    assert column(page, 1) == expected
    lines = MIXED.splitlines()
    for number, row in zip(page["numbers"], page["rows"], strict=True):
        assert lines[number - 1] == ",".join(row)


def test_hidden_columns_are_left_out_of_names_cells_and_statistics():
    page = delimited_page(MIXED, ",", Asked(hide=(2,)))
    assert page["columns"] == ["site", "when"]
    assert [len(row) for row in page["rows"]] == [2] * 5
    assert [each["type"] for each in page["statistics"]] == ["words", "dates"]
    assert page["names"] == ["site", "n", "when"]


def test_rows_are_numbered_by_the_line_on_which_they_begin():
    text = 'a,b\n1,"x\ny\nz"\n\n2,w\n'
    assert [number for number, _ in rows_of(text, ",")] == [1, 2, 5, 6]
    assert delimited_page(text, ",", Asked())["numbers"] == [2, 5, 6]


def test_the_page_of_a_row_is_found():
    text = "a\n" + "".join(f"{n}\n" for n in range(1000))
    page = delimited_page(text, ",", Asked(row=777))
    assert 777 in page["numbers"]
    assert page["start"] == 700


@pytest.mark.parametrize("start", [0, 100, 950, 1000, 5000])
def test_of_a_long_table_a_page_is_the_same_without_reading_the_rest(monkeypatch, start):
    text = "a,b\r\n" + "".join(f"{n},x\r\n" for n in range(1000))
    whole = delimited_page(text, ",", Asked(start=start))
    monkeypatch.setattr(tables, "WHOLE_ROWS", 10)
    fast = delimited_page(text, ",", Asked(start=start))
    for key in ("columns", "rows", "numbers", "total", "start"):
        assert fast[key] == whole[key], key
    assert not fast["is_whole"]
    assert not fast["statistics"]


@given(st.lists(st.lists(st.text(max_size=5), min_size=1, max_size=4), max_size=8))
@settings(max_examples=100, deadline=None)
def test_any_cells_give_a_page(rows):
    text = "\n".join(",".join(row) for row in rows)
    try:
        page = delimited_page(text, ",", Asked(sort=1))
    except tables.InvalidInput:
        return
    assert len(page["rows"]) == len(page["numbers"]) == page["total"]


@pytest.mark.parametrize("bad", [None, "x", -1, 1 << 40, [], {}, True])
def test_an_address_that_makes_no_sense_asks_for_the_first_page(bad):
    asked = asked_of({"start": bad, "row": bad, "part": bad, "sort": "x", "hide": bad})
    assert asked.start in (0, True)
    assert asked.sort == 0
    assert asked.hide == ()


def test_an_address_says_what_differs_from_the_first_page():
    asked = Asked(start=100, hide=(1, 3), sort=-2)
    assert asked.query() == "?start=100&sort=-2&hide=1&hide=3"
    assert asked.query(start=0, hide=()) == "?sort=-2"
