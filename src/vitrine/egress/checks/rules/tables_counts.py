"""Counts of people in tables: small ones, unrounded ones, ones that a percentage gives away."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from vitrine.egress.checks.document import Document
from vitrine.egress.checks.finding import Severity
from vitrine.egress.checks.rule import Rule
from vitrine.egress.checks.rules.prose_claims import uniform_in
from vitrine.egress.checks.rules.tables_cells import Form, stated_counts
from vitrine.egress.checks.rules.tables_counted import (
    Certainty,
    Counted,
    counted,
    denominators,
    headed_counts,
)
from vitrine.egress.checks.rules.tables_implied import (
    count_columns,
    fitting,
    is_proportion,
    number_beside,
)
from vitrine.egress.checks.rules.tables_paired import paired_counts
from vitrine.egress.checks.rules.tables_prose import counts_in
from vitrine.egress.checks.rules.tables_rest import pairs_of_counts
from vitrine.egress.checks.rules.tables_view import View, view_of
from vitrine.egress.checks.rules.tables_words import Kind, tokens_of
from vitrine.egress.disclosure import DisclosurePolicy

Answer = Iterable[tuple[Severity, str, Sequence[str]]]
_Placed = tuple[str, Certainty]


def _small(document: Document, policy: DisclosurePolicy) -> Answer:
    def is_small(count: int) -> bool:
        return 0 < count < policy.threshold

    found: list[_Placed] = []
    for view in map(view_of, document.tables):
        found += _places(view, is_small)
    found += [(place, sure) for place, count, sure in counts_in(document) if is_small(count)]
    said = f"counts of people from 1 to {policy.threshold - 1}"
    return _answer(found, said, f"what may be {said}")


def _unrounded(document: Document, policy: DisclosurePolicy) -> Answer:
    base = policy.rounding_base
    if base <= 1:
        return ()

    def is_unrounded(count: int) -> bool:
        return count >= policy.threshold and count % base != 0

    found: list[_Placed] = []
    for view in map(view_of, document.tables):
        found += _places(view, is_unrounded)
        found += _telling_percentages(view, base)
    found += [(p, Certainty.LIKELY) for p, count, _ in counts_in(document) if is_unrounded(count)]
    said = f"counts of people that are not rounded to {base}"
    return _answer(found, said, f"what may be {said}")


def _places(view: View, is_wrong: Callable[[int], bool]) -> Iterator[_Placed]:
    """Every count of a table that `is_wrong` says yes to: cells, headers, caption, row labels."""
    for each in counted(view):
        parts = (each.count, each.cell.total) if each.cell.total is not None else (each.count,)
        if any(is_wrong(part) for part in parts):
            yield view.table.place(each.row, each.column), each.certainty
    for number, spot_at, paired in paired_counts(view):
        if is_wrong(paired):
            yield view.table.place(number, spot_at), Certainty.LIKELY
    for column, count in headed_counts(view):
        if is_wrong(count):
            spot = f"column {view.table.columns[column]}" if column is not None else "caption"
            at = view.table.at
            certainty = Certainty.LIKELY if column is None else Certainty.SURE
            yield f"{at}, {spot}" if at else spot, certainty
    for number, row in enumerate(view.table.rows):
        for column in view.labels:
            if "=" in row[column] and any(map(is_wrong, stated_counts(row[column]))):
                yield view.table.place(number, column), Certainty.SURE


def _telling_percentages(view: View, base: int) -> Iterator[_Placed]:
    """Cells whose percentage is none of any rounded count: it was computed before rounding."""
    totals = denominators(view)
    for each in counted(view):
        cell, total = each.cell, each.cell.total or totals.get(each.column)
        if cell.value is None or cell.form is Form.COUNT or not total or cell.decimals == 0:
            continue
        if each.count % base or total % base:
            continue
        low, high = fitting(cell.value, cell.decimals, total)
        if not any(count % base == 0 for count in range(low, high + 1)):
            yield view.table.place(each.row, each.column), Certainty.LIKELY


def _classes(document: Document, policy: DisclosurePolicy) -> Answer:
    if not policy.zeros_are_disclosive:
        return
    places: list[str] = []
    for view in map(view_of, document.tables):
        places += _uniform_cells(view)
        places += _uniform_rows(view)
        places += _uniform_shares(view)
    places += uniform_in(document)
    if places:
        yield (
            Severity.WARN,
            "groups of which all or none are in one category",
            tuple(dict.fromkeys(places)),
        )


def _uniform_cells(view: View) -> Iterator[str]:
    for each in counted(view):
        if each.cell.form not in (Form.SHARE, Form.FRACTION) or _is_whole(view, each):
            continue
        total = each.cell.total
        full = each.cell.value == 100 or (total is not None and each.count == total)
        if full or (each.count == 0 and (each.cell.value == 0 or total)):
            yield view.table.place(each.row, each.column)


def _uniform_shares(view: View) -> Iterator[str]:
    """Percentages of 0 or 100, and counts as large as all, beside how many people they are of."""
    down = count_columns(view)
    for column, kind in enumerate(view.columns):
        whole = 1 if is_proportion(view, column) and not _says_percent(view, column) else 100
        for number, line in enumerate(view.cells):
            cell = line[column]
            if kind is not Kind.PERCENT or cell.value not in (0, whole) or not down:
                continue
            if number_beside(view, number, down) and not _WHOLE & set(
                tokens_of(view.names[number])
            ):
                yield view.table.place(number, column)
    for total, part in pairs_of_counts(view):
        for number, line in enumerate(view.cells):
            if line[part].count and line[part].count == line[total].count:
                yield view.table.place(number, part)


def _says_percent(view: View, column: int) -> bool:
    return bool(re.search(r"%|percent|pct", view.table.columns[column], re.IGNORECASE))


def _is_whole(view: View, each: Counted) -> bool:
    """Whether a cell is about everybody, or about what is not known of them."""
    words = {*tokens_of(view.names[each.row]), *tokens_of(view.table.columns[each.column])}
    return bool(words & _WHOLE)


_WHOLE: Final = frozenset(
    {
        "total",
        "all",
        "overall",
        "missing",
        "unknown",
        "screened",
        "enrolled",
        "included",
        "baseline",
    }
)
_CLASSES: Final = (Kind.GROUP, Kind.OTHER, Kind.PEOPLE)


def _uniform_rows(view: View) -> Iterator[str]:
    """Rows of a cross table of people in which one category has everybody."""
    sure: dict[int, list[Counted]] = {}
    for each in counted(view):
        is_class = each.cell.form is Form.COUNT and view.columns[each.column] in _CLASSES
        if is_class and not _is_whole(view, each):
            sure.setdefault(each.row, []).append(each)
    names = {_plain(view.table.columns[each.column]) for row in sure.values() for each in row}
    if names & {_plain(name) for name in view.names}:
        return
    for row, cells in sure.items():
        if len(cells) > 1 and sum(cell.count > 0 for cell in cells) == 1:
            yield view.table.place(row)


def _plain(label: str) -> str:
    return " ".join(tokens_of(label)[-1:])


def _answer(found: Sequence[_Placed], surely: str, perhaps: str) -> Answer:
    """One finding with all places: it blocks when one of them is sure."""
    places = tuple(dict.fromkeys(place for place, _ in found))
    if any(certainty is Certainty.SURE for _, certainty in found):
        yield Severity.BLOCK, surely, places
    elif places:
        yield Severity.WARN, perhaps, places


RULES: Final = (
    Rule("small-cells", 3, _small),
    Rule("unrounded-counts", 3, _unrounded),
    Rule("class-disclosure", 2, _classes),
)
