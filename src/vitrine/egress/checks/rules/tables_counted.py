"""Which cells of a table count people, told by header, row label, form and shape together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from vitrine.egress.checks.rules.tables_cells import Cell, Form, stated_counts
from vitrine.egress.checks.rules.tables_view import ANY_TOTAL, SHAPE_ROWS, View
from vitrine.egress.checks.rules.tables_words import (
    PERSON_NOUNS,
    THINGS,
    VARIABLES,
    Kind,
    kind_of,
    tokens_of,
)

_NUMBERED = 5
_PLENTY = 20
_FEW_LINES = 2
_TESTS = re.compile(r"passed|failed|skipped|errors|warnings|lines|calls", re.IGNORECASE)
_LIMIT = re.compile(r"\b(?:at (?:most|least)|up to|no (?:more|fewer) than)\b", re.IGNORECASE)


class Certainty(Enum):
    """How sure it is that a cell counts people."""

    SURE = "sure"
    LIKELY = "likely"


@dataclass(frozen=True, slots=True)
class Counted:
    """A cell that counts people; zero-based row and column of its table."""

    row: int
    column: int
    count: int
    certainty: Certainty
    cell: Cell


@lru_cache(maxsize=64)
def counted(view: View) -> tuple[Counted, ...]:
    """Every cell that counts people, row by row."""
    return tuple(_counted(view))


def _counted(view: View) -> Iterator[Counted]:
    shape = _by_shape(view)
    others = {
        k
        for k in range(len(view.columns))
        if _is_numbering(view, k) or _is_of_literature(view, k) or _is_of_tnm(view, k)
    }
    for number, line in enumerate(view.cells):
        for column, cell in enumerate(line):
            if cell.count is None or column in view.labels or column in others:
                continue
            certainty = _certainty(view, number, column, cell, shape)
            if certainty:
                yield Counted(number, column, cell.count, certainty, cell)


def _is_numbering(view: View, column: int) -> bool:
    """Whether a column numbers its rows, or states a limit: neither counts anybody."""
    if _LIMIT.search(view.table.columns[column]):
        return True
    found = [line[column].count for line in view.cells]
    if len(found) < _NUMBERED or found[0] not in (0, 1):
        return False
    return found == list(range(found[0], found[0] + len(found)))


def headed_counts(view: View) -> Iterator[tuple[int | None, int]]:
    """Counts stated as `n = 41` in headers, by column, and in the caption (None)."""
    for column, name in enumerate(view.table.columns):
        for count in stated_counts(name):
            yield column, count
    if not re.search(r"fold|seed|run|repeat|epoch", view.table.caption, re.IGNORECASE):
        for count in stated_counts(view.table.caption):
            yield None, count


@lru_cache(maxsize=64)
def denominators(view: View) -> Mapping[int, int]:
    """How many people each column is about, where its header or a row `n` says so."""
    found = {column: count for column, count in headed_counts(view) if column is not None}
    for column, name in enumerate(view.table.columns):
        if stated := re.search(r"(?:%|per ?cent(?:age)?) of (\d{1,7})\b", name, re.IGNORECASE):
            found.setdefault(column, int(stated[1]))
    for number, kind in enumerate(view.rows):
        words = tokens_of(view.names[number])
        if kind is Kind.COUNT and len(words) <= 3 and "%" not in view.names[number]:
            for column, cell in enumerate(view.cells[number]):
                if cell.form is Form.COUNT and cell.count and column not in view.labels:
                    found.setdefault(column, cell.count)
    return found


def _certainty(
    view: View, row: int, column: int, cell: Cell, shape: Certainty | None
) -> Certainty | None:
    across, down = view.columns[column], view.rows[row]
    if Kind.STATISTIC in (across, down):
        return None
    if cell.form is Form.SHARE:
        return _of_share(view, row, column, cell)
    if cell.form is Form.FRACTION:
        return _of_fraction(across, down, cell)
    if Kind.COUNT in (across, down):
        return None if _counts_folds(view, row, column, cell) else Certainty.SURE
    if min(across, down) <= Kind.PERCENT:
        return Certainty.LIKELY if cell.is_explicit or _is_at_risk(view) else None
    if cell.is_explicit:
        return Certainty.SURE
    if Kind.PEOPLE in (across, down):
        return _as_sure_as_the_noun(view, row, column, _of_people(view, row, column, shape))
    if across is Kind.INDEX or _TESTS.fullmatch(view.table.columns[column].strip()):
        return None
    likely = _is_part_of_people(view, column) or _is_at_risk(view) or _is_by_place(view)
    return shape or (Certainty.LIKELY if likely else None)


@lru_cache(maxsize=64)
def _is_at_risk(view: View) -> bool:
    """Whether columns are times one after the other, and whole numbers never grow along a row."""
    body = [k for k in range(len(view.columns)) if k not in view.labels]
    times = [_TIME.fullmatch(view.table.columns[k].strip()) for k in body]
    if len(body) < 3 or not all(times):
        return False
    order = [int(each[1]) for each in times if each]
    if order != sorted(set(order)):
        return False
    rows = [[line[k] for k in body] for line in view.cells]
    if not all(cell.form in (Form.COUNT, Form.EMPTY) for row in rows for cell in row):
        return False
    counts = [[cell.count for cell in row if cell.count is not None] for row in rows]
    falling = all(row == sorted(row, reverse=True) for row in counts)
    return falling and max((max(row, default=0) for row in counts), default=0) >= _PLENTY


@lru_cache(maxsize=64)
def _is_by_place(view: View) -> bool:
    """Whether rows are places one by one, and the only numbers are whole ones without a name."""
    body = [k for k in range(len(view.columns)) if k not in view.labels]
    if len(body) != 1 or len(view.cells) < _FEW_LINES:
        return False
    if not _BLAND.fullmatch(view.table.columns[body[0]].strip()):
        return False
    whole = all(line[body[0]].form is Form.COUNT for line in view.cells)
    placed = all(_PLACE.search(name) for name in view.names)
    return whole and placed and _largest(view, body[0]) >= _PLENTY


_TIME = re.compile(r"[A-Za-z=_ ]{0,8}?(\d{1,3})\s*[A-Za-z]{0,7}\.?")
_BLAND = re.compile(r"values?|y|x|data|numbers?|column \d+|total", re.IGNORECASE)
_PLACE = re.compile(r"\b(?:cent(?:re|er)|site|hospital|clinic|ward|region|country|trust)\b", re.I)


@lru_cache(maxsize=1024)
def _is_part_of_people(view: View, column: int) -> bool:
    """Whether a column of whole numbers without a telling name is never above a count beside it."""
    if view.columns[column] is not Kind.OTHER or column == 0 or len(view.cells) < _FEW_LINES:
        return False
    if set(tokens_of(view.table.columns[column])) & THINGS:
        return False
    found = [line[column] for line in view.cells]
    if any(cell.form is not Form.COUNT for cell in found):
        return False
    return any(
        kind in (Kind.COUNT, Kind.PEOPLE)
        and all(line[k].form is Form.COUNT for line in view.cells)
        and all(
            (a.count or 0) <= (line[k].count or 0)
            for a, line in zip(found, view.cells, strict=True)
        )
        and _largest(view, k) >= _PLENTY // 2
        for k, kind in enumerate(view.columns)
        if k < column
    )


def _of_people(view: View, row: int, column: int, shape: Certainty | None) -> Certainty | None:
    """A noun for people over or beside a whole number: sure unless the column has other numbers."""
    if view.columns[column] is Kind.PEOPLE:
        return None if _has_other_numbers(view, column) else Certainty.SURE
    return shape or (Certainty.SURE if view.columns[column] >= Kind.GROUP else None)


@lru_cache(maxsize=1024)
def _has_other_numbers(view: View, column: int) -> bool:
    lines = zip(view.rows, view.cells, strict=True)
    return any(kind >= Kind.PEOPLE and line[column].form is Form.NUMBER for kind, line in lines)


def _as_sure_as_the_noun(
    view: View, row: int, column: int, certainty: Certainty | None
) -> Certainty | None:
    """Less sure where nothing but few images, events or the like are named: those may be settings.

    `scans: 3` may be a protocol; `patients: 3` and `scans: 412` count.
    """
    words = {*tokens_of(view.table.columns[column]), *tokens_of(view.names[row])}
    if certainty is not Certainty.SURE or words & PERSON_NOUNS:
        return certainty
    return Certainty.SURE if _largest(view, column) >= _PLENTY else Certainty.LIKELY


@lru_cache(maxsize=1024)
def _largest(view: View, column: int) -> int:
    return max((line[column].count or 0 for line in view.cells), default=0)


def _is_of_literature(view: View, column: int) -> bool:
    """Whether a column counts what was published, beside authors, years or databases."""
    if not set(tokens_of(view.table.columns[column])) & {"studies", "records", "references"}:
        return False
    words = {word for name in view.table.columns for word in tokens_of(name)}
    return bool(words & {"author", "authors", "database", "journal", "hits", "year", "search"})


def _is_of_tnm(view: View, column: int) -> bool:
    """Whether a column is the N of a TNM stage, not a number of people."""
    names = {name.strip() for name in view.table.columns}
    return view.table.columns[column].strip() == "N" and {"T", "M"} <= names


def _of_share(view: View, row: int, column: int, cell: Cell) -> Certainty | None:
    across, down = view.columns[column], view.rows[row]
    if cell.is_explicit or Kind.COUNT in (across, down) or "%" in view.names[row]:
        return Certainty.SURE
    if "%" in view.table.columns[column] or "(%)" in view.table.caption:
        return Certainty.SURE
    total = denominators(view).get(column)
    if not total or cell.count is None or cell.value is None or min(across, down) <= Kind.MEASURE:
        return None
    close = abs(100 * cell.count / total - cell.value) <= 0.51 * 10**-cell.decimals
    return Certainty.LIKELY if close else None


def _of_fraction(across: Kind, down: Kind, cell: Cell) -> Certainty | None:
    if Kind.SETTING in (across, down) or across is Kind.INDEX:
        return None
    if cell.value is not None or {across, down} & {
        Kind.COUNT,
        Kind.PEOPLE,
        Kind.GROUP,
        Kind.PERCENT,
    }:
        return Certainty.SURE
    return Certainty.LIKELY if (cell.total or 0) > 12 or Kind.MEASURE in (across, down) else None


def _counts_folds(view: View, row: int, column: int, cell: Cell) -> bool:
    """Whether `count` is that of a description of folds or runs: a few values of a measure."""
    if (cell.count or 0) > 10:
        return False
    if view.rows[row] is Kind.COUNT and view.names[row].strip() == "count":
        others = {tokens_of(name)[0] for name in view.names if tokens_of(name)}
        return {"mean", "std"} <= others and is_result(view.table.columns[column])
    if tokens_of(view.table.columns[column]) == ("count",):
        names = {word for name in view.table.columns for word in tokens_of(name)}
        return {"mean", "std"} <= names and is_result(view.names[row])
    return False


def is_result(label: str) -> bool:
    """Whether a label is about a measure of a model, not of a person."""
    return kind_of(label) is Kind.MEASURE and not VARIABLES & set(tokens_of(label))


def _by_shape(view: View) -> Certainty | None:
    """Whether numbers without a telling label count people: a cross table of whole numbers."""
    body = [
        k for k, kind in enumerate(view.columns) if k not in view.labels and kind >= Kind.PEOPLE
    ]
    numbered = [k for k in range(len(view.columns)) if k not in view.labels]
    grid = [[line[k] for k in body] for line in view.cells[:SHAPE_ROWS]]
    filled = [cell for line in grid for cell in line if cell.form is not Form.EMPTY]
    allowed = (Form.COUNT, Form.MARKER, Form.SHARE)
    if (
        not filled
        or any(cell.form not in allowed for cell in filled)
        or len(view.cells) > SHAPE_ROWS
    ):
        return None
    if _adds_to_100(grid) and re.search(r"%|percent|normali[sz]ed", view.table.caption):
        return None
    if view.caption is Kind.COUNT:
        return Certainty.SURE
    if view.caption is Kind.MEASURE or len(body) < len(numbered) or _adds_to_100(grid):
        return None
    banded = all(kind >= Kind.GROUP for kind in view.rows)
    naming = () if banded else tuple(view.columns[k] for k in view.labels)
    if any(kind <= Kind.PERCENT for kind in (*view.rows, *naming)):
        return None
    if _has_totals(view, body) or _is_confusion(view, body):
        return Certainty.SURE
    return _by_groups(view, body, filled)


def _by_groups(view: View, body: list[int], filled: list[Cell]) -> Certainty | None:
    largest = max((cell.count or 0 for cell in filled), default=0)
    over = [view.columns[k] is Kind.GROUP for k in body]
    beside = [kind is Kind.GROUP for kind in view.rows]
    headed = any(view.columns[k] is Kind.GROUP for k in view.labels)
    if largest < 10:
        return None
    if len(body) > 1 and sum(over) * 2 > len(over):
        return Certainty.SURE
    if sum(beside) * 2 > len(beside) or headed or any(over):
        return Certainty.LIKELY
    square = len(body) > 1 and len(view.cells) > 1
    return Certainty.LIKELY if square and largest >= 20 and view.labels else None


def _adds_to_100(grid: list[list[Cell]]) -> bool:
    sums = [sum(cell.count or 0 for cell in line) for line in grid]
    down = [sum(cell.count or 0 for cell in line) for line in zip(*grid, strict=True)]
    return all(99 <= each <= 101 for each in sums) or all(99 <= each <= 101 for each in down)


def _has_totals(view: View, body: list[int]) -> bool:
    """Whether a row or column that is called a total is about the sum of the others."""
    totals = [k for k in body if ANY_TOTAL.search(view.table.columns[k])]
    parts = [k for k in body if k not in totals]
    if totals and len(parts) > 1:
        return True
    named = [k for k, name in enumerate(view.names) if ANY_TOTAL.search(name)]
    return bool(named) and len(view.names) > 2


def _is_confusion(view: View, body: list[int]) -> bool:
    over = {_class_name(view.table.columns[k]) for k in body}
    beside = {_class_name(name) for name in view.names}
    return len(over) > 1 and len(over & beside) >= max(2, len(over) - 1)


def _class_name(label: str) -> str:
    return re.sub(
        r"\b(?:true|actual|pred|predicted|prediction|reference|truth|gt|class|label)\b|[\W_]+",
        "",
        label.lower().replace("_", " "),
    )
