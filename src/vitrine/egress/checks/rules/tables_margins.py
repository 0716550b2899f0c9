"""Suppressed counts that totals of the same table give away."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

from vitrine.egress.checks.document import Document
from vitrine.egress.checks.finding import Severity
from vitrine.egress.checks.rule import Rule
from vitrine.egress.checks.rules.tables_bounds import (
    Contradiction,
    NotDecided,
    Sums,
    given_away,
)
from vitrine.egress.checks.rules.tables_cells import Form, upper_bound
from vitrine.egress.checks.rules.tables_counted import counted
from vitrine.egress.checks.rules.tables_view import View, view_of
from vitrine.egress.disclosure import DisclosurePolicy

Answer = Iterable[tuple[Severity, str, Sequence[str]]]
_Key = tuple[str, ...]

_TOTAL: Final = re.compile(
    r"(?:grand |sub)?totale?s?(?: n)?|all(?: \w+){0,2}|sum|overall|any|both(?: sexes)?|margin"
    r"|combined|everyone|gesamt|insgesamt|summe|alle|totaal|todos|ensemble|tous"
)
_CELLS_LIMIT: Final = 20_000


@dataclass(frozen=True, slots=True)
class Margins:
    """The cells of one table by the properties that they are counted by."""

    view: View
    spots: dict[_Key, tuple[int, int]]
    """Row and column of each cell, by its label in each property."""

    totals: tuple[frozenset[str], ...]
    """Of each property, the labels that stand for all of it."""


def _margins(document: Document, policy: DisclosurePolicy) -> Answer:
    places: list[str] = []
    for table in document.tables:
        view = view_of(table)
        if not any(cell.form in (Form.MARKER, Form.EMPTY) for line in view.cells for cell in line):
            continue
        margins = margins_of(view)
        if margins is None:
            continue
        try:
            places += _given_away(margins, policy)
        except NotDecided as problem:
            said = f"not decided whether totals give suppressed counts away: {problem}"
            yield Severity.WARN, said, (table.at,) if table.at else ()
        except Contradiction:
            continue
    if places:
        yield Severity.BLOCK, "suppressed counts that totals of the table give away", places


def margins_of(view: View) -> Margins | None:
    """The cells by their labels; None when no property has a total or labels are repeated."""
    columns = _count_columns(view)
    if not columns or len(view.cells) * len(columns) > _CELLS_LIMIT:
        return None
    spots: dict[_Key, tuple[int, int]] = {}
    for number, row in enumerate(view.table.rows):
        names = tuple(_plain(row[k]) for k in view.labels)
        if not any(row):
            continue
        for column in columns:
            key = (*names, _plain(view.table.columns[column]))
            if key in spots:
                return None
            spots[key] = (number, column)
    width = len(view.labels) + 1
    levels = [{key[k] for key in spots} for k in range(width)]
    totals = tuple(frozenset(each for each in found if _TOTAL.fullmatch(each)) for found in levels)
    return Margins(view, spots, totals) if any(totals) else None


def _given_away(margins: Margins, policy: DisclosurePolicy) -> Iterator[str]:
    spots = list(margins.spots.values())
    index = {spot: number for number, spot in enumerate(spots)}
    ranges = [_range(margins.view, spot, policy) for spot in spots]
    equations, kinds = _equations(margins, index, ranges)
    members = {each for parts, total in equations for each in (*parts, total)}
    hidden = [
        number
        for number, (row, column) in enumerate(spots)
        if number in members and margins.view.cells[row][column].form in (Form.MARKER, Form.EMPTY)
    ]
    if not equations or not hidden:
        return
    sums = Sums(
        tuple(low for low, _ in ranges),
        tuple(high for _, high in ranges),
        tuple(equations),
        is_planar=kinds <= 2,
    )
    for number in given_away(sums, hidden, policy.threshold):
        yield margins.view.table.place(*spots[number])


def _equations(
    margins: Margins, index: dict[tuple[int, int], int], ranges: Sequence[tuple[float, float]]
) -> tuple[list[tuple[tuple[int, ...], int]], int]:
    """Every total with its parts, of those properties whose known sums are right."""
    equations: list[tuple[tuple[int, ...], int]] = []
    kinds = 0
    for axis, totals in enumerate(margins.totals):
        found = list(_sums_over(margins, axis, totals, index))
        if found and all(_fits(parts, total, ranges) for parts, total in found):
            equations += found
            kinds += 1
    return equations, kinds


def _sums_over(
    margins: Margins, axis: int, totals: frozenset[str], index: dict[tuple[int, int], int]
) -> Iterator[tuple[tuple[int, ...], int]]:
    groups: dict[_Key, list[_Key]] = {}
    for key in margins.spots:
        groups.setdefault((*key[:axis], *key[axis + 1 :]), []).append(key)
    for keys in groups.values():
        parts = tuple(index[margins.spots[key]] for key in keys if key[axis] not in totals)
        for key in keys:
            if key[axis] in totals and len(parts) > 1:
                yield parts, index[margins.spots[key]]


def _fits(parts: Sequence[int], total: int, ranges: Sequence[tuple[float, float]]) -> bool:
    low = sum(ranges[part][0] for part in parts)
    high = sum(ranges[part][1] for part in parts)
    return low <= ranges[total][1] and ranges[total][0] <= high


def _range(view: View, spot: tuple[int, int], policy: DisclosurePolicy) -> tuple[float, float]:
    """The least and most that a cell can be by itself."""
    row, column = spot
    cell = view.cells[row][column]
    if cell.count is not None:
        base = policy.rounding_base
        if base > 1 and cell.count % base == 0 and cell.count:
            return max(0, cell.count - base // 2), cell.count + base // 2
        return cell.count, cell.count
    bound = upper_bound(view.table.rows[row][column]) if cell.form is Form.MARKER else None
    least = 1.0 if view.table.rows[row][column].lstrip().startswith("1") else 0.0
    return (least, float(bound)) if bound is not None else (0.0, inf)


def _count_columns(view: View) -> list[int]:
    known: dict[int, int] = {}
    for each in counted(view):
        if each.cell.form in (Form.COUNT, Form.SHARE):
            known[each.column] = known.get(each.column, 0) + 1
    whole = (Form.COUNT, Form.SHARE, Form.MARKER, Form.EMPTY)
    return [
        column
        for column in range(len(view.columns))
        if column not in view.labels
        and all(line[column].form in whole for line in view.cells)
        and (known.get(column) or _is_suppressed(view, column))
    ]


def _is_suppressed(view: View, column: int) -> bool:
    return all(line[column].form is Form.MARKER for line in view.cells)


def _plain(label: str) -> str:
    return " ".join(label.lower().split()).strip(":*")


RULES: Final = (Rule("margins", 2, _margins),)
