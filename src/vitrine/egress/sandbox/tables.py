"""Pages of a table: its rows as they stand or sorted, and what each column holds.

A row's number is the line on which it begins in the file, as the checks name it.
"""

from __future__ import annotations

import csv
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from vitrine.egress.sandbox.asked import Asked
from vitrine.egress.sandbox.letters import visible
from vitrine.errors import InvalidInput

MAX_ROWS: Final = 1_000_000
WHOLE_ROWS: Final = 50_000
"""Rows up to which a table is read as a whole, which sorting and statistics need."""

PAGE_ROWS: Final = 100
MAX_COLUMNS: Final = 200
MAX_CELL: Final = 500

Row = tuple[int, list[str]]
"""Line of the file, from 1, and the cells."""

csv.field_size_limit(1 << 20)

_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[T ][\d:.]+(?:Z|[+-][\d:]+)?)?")
_MISSING: Final = frozenset({"", "na", "n/a", "nan", "null", "none", "nat"})
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")


def rows_of(text: str, delimiter: str) -> Iterator[Row]:
    """The rows of a delimited table, its header first.

    Raises:
        InvalidInput: when it is not one, or too large to be checked.
    """
    lines = (match[0] for match in _LINE.finditer(text))
    reader = csv.reader(lines, delimiter=delimiter)
    began = 1
    try:
        for count, row in enumerate(reader, start=1):
            if count > MAX_ROWS + 1:
                raise InvalidInput(f"the table has more than {MAX_ROWS} rows: nobody can check it")
            yield began, row
            began = reader.line_num + 1
    except csv.Error as error:
        raise InvalidInput(f"the table cannot be read at line {began}: {error}") from None


def delimited_page(text: str, delimiter: str, asked: Asked) -> dict[str, Any]:
    """A page of a delimited table; of a long plain one only that page is read."""
    count = text.count("\n") + (not text.endswith("\n")) - 1
    if count > WHOLE_ROWS and _is_plain(text):
        start = asked.row - 2 if asked.row > 1 else asked.start
        rows = _plain_rows(text, delimiter, start)
        return {**_page(rows[0], rows[1:], start, asked), "total": count, "is_whole": False}
    rows = list(rows_of(text, delimiter))
    return table_page(rows[0] if rows else (1, []), rows[1:], asked)


def _is_plain(text: str) -> bool:
    """Whether every line is a row: nothing is quoted, and no line ends in an old way."""
    return '"' not in text and text.count("\r") == text.count("\r\n")


def _plain_rows(text: str, delimiter: str, start: int) -> list[Row]:
    lines = text.split("\n", start + PAGE_ROWS + 1)
    wanted = [0, *range(start + 1, min(start + PAGE_ROWS + 1, len(lines)))]
    cells = csv.reader((lines[at].rstrip("\r") for at in wanted), delimiter=delimiter)
    return [(at + 1, row) for at, row in zip(wanted, cells, strict=True) if row or lines[at]]


def table_page(header: Row, body: Sequence[Row], asked: Asked) -> dict[str, Any]:
    """A page of a table that is read as a whole, sorted when asked, with what columns hold."""
    width = max((len(row) for _, row in (header, *body)), default=0)
    is_whole = len(body) <= WHOLE_ROWS
    shown = _sorted(body, asked.sort) if asked.sort and is_whole else body
    start = asked.start
    if asked.row and not asked.sort:
        start = bisect_left(body, asked.row, key=lambda row: row[0]) // PAGE_ROWS * PAGE_ROWS
    page = _page(header, shown[start : start + PAGE_ROWS], start, asked)
    if is_whole:
        every = range(min(width, MAX_COLUMNS))
        statistics = [_column([row[at] for _, row in body if at < len(row)]) for at in every]
        page["statistics"] = [statistics[at] for at in page["places"] if at < len(statistics)]
    return {**page, "total": len(body), "is_whole": is_whole}


def _page(header: Row, rows: Sequence[Row], start: int, asked: Asked) -> dict[str, Any]:
    width = max((len(row) for _, row in (header, *rows)), default=0)
    places = [at for at in range(min(width, MAX_COLUMNS)) if at + 1 not in asked.hide]
    names = [_cell(cell) for cell in header[1][:MAX_COLUMNS]]
    return {
        "kind": "table",
        "places": places,
        "columns": [names[at] if at < len(names) else "" for at in places],
        "numbers": [number for number, _ in rows],
        "rows": [[_cell(row[at]) for at in places if at < len(row)] for _, row in rows],
        "hidden_columns": max(0, width - MAX_COLUMNS),
        "names": names,
        "statistics": [],
        "parts": [],
        "facts": [],
        "start": start,
        "page": PAGE_ROWS,
        "unit": "rows",
    }


def _cell(cell: str) -> str:
    if len(cell) <= MAX_CELL:
        return visible(cell)
    return visible(cell[:MAX_CELL]) + f" … and {len(cell) - MAX_CELL} more characters"


def _sorted(body: Sequence[Row], column: int) -> list[Row]:
    """Numbers before words, what is missing last, equals as they stand."""
    at, is_downwards = abs(column) - 1, column < 0

    def key(row: Row) -> tuple[int, float, str]:
        cell = row[1][at].strip() if at < len(row[1]) else ""
        if cell.lower() in _MISSING:
            return (-1 if is_downwards else 2), 0.0, ""
        if _NUMBER.fullmatch(cell):
            return 0, float(cell), ""
        return (0 if is_downwards else 1), float("-inf") if is_downwards else 0.0, cell.casefold()

    return sorted(body, key=key, reverse=is_downwards)


def _column(cells: Sequence[str]) -> dict[str, Any]:
    """What one column holds, in figures of the file alone."""
    counted = Counter(map(str.strip, cells))
    present = {cell for cell in counted if cell.lower() not in _MISSING}
    numbers = {cell for cell in present if _NUMBER.fullmatch(cell)}
    dates = {cell for cell in present if _DATE.fullmatch(cell)}
    ordered = sorted(numbers, key=float) if numbers else sorted(dates)
    above_zero = next((cell for cell in ordered if cell in numbers and float(cell) > 0), "")
    return {
        "type": _type(present, numbers, dates),
        "distinct": len(present),
        "missing": counted.total() - sum(counted[cell] for cell in present),
        "least": _cell(ordered[0]) if ordered else "",
        "largest": _cell(ordered[-1]) if ordered else "",
        "above_zero": _cell(above_zero) if above_zero and above_zero != ordered[0] else "",
    }


def _type(present: set[str], numbers: set[str], dates: set[str]) -> str:
    if not present:
        return "empty"
    if numbers == present:
        return (
            "whole numbers" if all(each.lstrip("+-").isdigit() for each in numbers) else "numbers"
        )
    if dates == present:
        return "dates"
    return "numbers and words" if numbers else "words"
