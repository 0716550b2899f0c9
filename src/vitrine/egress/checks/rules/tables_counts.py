"""Counts of people in tables: small ones, unrounded ones, ones that a percentage gives away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import ceil, floor
from typing import Final

from vitrine.egress.checks.document import Document
from vitrine.egress.checks.finding import Severity
from vitrine.egress.checks.rule import Rule
from vitrine.egress.checks.rules.tables_cells import Cell, Form, stated_counts
from vitrine.egress.checks.rules.tables_counted import (
    Certainty,
    Counted,
    counted,
    denominators,
    headed_counts,
)
from vitrine.egress.checks.rules.tables_prose import counts_in
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
        low, high = _implied(cell.value, cell.decimals, total)
        if not any(count % base == 0 for count in range(low, high + 1)):
            yield view.table.place(each.row, each.column), Certainty.LIKELY


def _implied_counts(document: Document, policy: DisclosurePolicy) -> Answer:
    found: list[_Placed] = []
    for view in map(view_of, document.tables):
        found += _implied_cells(view, policy.threshold)
        found += _complements(view, policy.threshold)
    said = f"percentages or totals that give away a count from 1 to {policy.threshold - 1}"
    return _answer(found, said, said)


def _implied_cells(view: View, threshold: int) -> Iterator[_Placed]:
    """Percentages of people that, with how many they are of, leave only small counts."""
    across = denominators(view)
    down = _count_columns(view)
    caption = [count for column, count in headed_counts(view) if column is None]
    parts = {k for k in range(len(view.columns)) for n in down if _is_composition(view, n, k)}
    for number, line in enumerate(view.cells):
        for column, cell in enumerate(line):
            if column in parts or not _is_share_of_people(view, number, column, cell):
                continue
            total = (
                across.get(column)
                or (_beside(view, number, down, threshold) if down else None)
                or (caption[0] if len(caption) == 1 else None)
            )
            percent = cell.value or 0.0
            scale = 100 if cell.is_explicit or not _is_proportion(view, column) else 1
            shown = cell.decimals - (2 if scale == 1 else 0)
            if total and 0 < percent < scale:
                low, high = _implied(percent * 100 / scale, shown, total)
                if 1 <= low <= high < threshold or total - threshold < low <= high <= total - 1:
                    certainty = Certainty.SURE if column in across or down else Certainty.LIKELY
                    yield view.table.place(number, column), certainty


def _is_composition(view: View, counts: int, percents: int) -> bool:
    """Whether percentages are those of the counts in their own sum, not of each row's people."""
    ratios: list[tuple[float, float]] = []
    whole = 0.0
    for line in view.cells:
        count, percent = line[counts].count, line[percents].value
        if count and percent:
            whole += percent
            half = 0.51 * 10.0 ** -line[percents].decimals
            ratios.append((count / (percent + half), count / max(1e-9, percent - half)))
    if len(ratios) < 2 or counts == percents or "rate" in tokens_of(view.table.columns[percents]):
        return False
    if len(ratios) < 4 and not (97 < whole < 103 or 0.97 < whole < 1.03):
        return False
    return max(low for low, _ in ratios) <= min(high for _, high in ratios)


def _implied(percent: float, decimals: int, total: int) -> tuple[int, int]:
    """Fewest and most people of `total` whose percentage is shown so."""
    half = 0.5 * 10.0**-decimals
    low = ceil((percent - half) * total / 100 - 1e-9)
    high = floor((percent + half) * total / 100 + 1e-9)
    return max(0, low), min(total, high)


def _count_columns(view: View) -> list[int]:
    return [k for k, kind in enumerate(view.columns) if kind in (Kind.COUNT, Kind.PEOPLE)]


def _beside(view: View, row: int, columns: Sequence[int], threshold: int) -> int | None:
    """How many people a row is about, where exactly one column tells."""
    known = [c.count for k in columns if (c := view.cells[row][k]).form is Form.COUNT and c.count]
    totals = [k for k in columns if _TOTALS & set(tokens_of(view.table.columns[k]))]
    if len(known) == 1:
        return known[0]
    if len(totals) == 1:
        return view.cells[row][totals[0]].count
    return None


_TOTALS: Final = frozenset({"total", "n", "denominator", "size"})


def _is_share_of_people(view: View, row: int, column: int, cell: Cell) -> bool:
    if cell.form not in (Form.PERCENT, Form.NUMBER, Form.COUNT) or column in view.labels:
        return False
    across, down = view.columns[column], view.rows[row]
    if min(across, down) < Kind.PERCENT and Kind.COUNT not in (across, down):
        return False
    if cell.form is Form.PERCENT:
        return across not in (Kind.STATISTIC, Kind.MEASURE)
    return across is Kind.PERCENT or (down is Kind.PERCENT and across >= Kind.PEOPLE)


def _is_proportion(view: View, column: int) -> bool:
    values = [line[column].value for line in view.cells if line[column].value is not None]
    return all(value is not None and value <= 1 for value in values)


def _complements(view: View, threshold: int) -> Iterator[_Placed]:
    """Counts so near to their total that those left out are few."""
    totals = denominators(view)
    for each in counted(view):
        if each.cell.form is Form.FRACTION:
            total, known = each.cell.total, True
        else:
            total, known = totals.get(each.column), each.cell.form is Form.SHARE
        if not total or not known or each.certainty is not Certainty.SURE:
            continue
        if 0 < total - each.count < threshold:
            yield view.table.place(each.row, each.column), Certainty.LIKELY


def _classes(document: Document, policy: DisclosurePolicy) -> Answer:
    if not policy.zeros_are_disclosive:
        return
    places: list[str] = []
    for view in map(view_of, document.tables):
        places += _uniform_cells(view)
        places += _uniform_rows(view)
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


def _is_whole(view: View, each: Counted) -> bool:
    """Whether a cell is about everybody, or about what is not known of them."""
    words = {*tokens_of(view.names[each.row]), *tokens_of(view.table.columns[each.column])}
    return bool(words & _WHOLE)


_WHOLE: Final = frozenset(
    {"total", "all", "overall", "missing", "unknown", "screened", "enrolled", "included"}
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
    Rule("small-cells", 1, _small),
    Rule("unrounded-counts", 1, _unrounded),
    Rule("implied-counts", 1, _implied_counts),
    Rule("class-disclosure", 1, _classes),
)
