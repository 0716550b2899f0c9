"""Counts in tables that other numbers give away: a rate of people, a total and its parts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from math import ceil, floor
from typing import Final

from vitrine.egress.checks.document import Document
from vitrine.egress.checks.finding import Severity
from vitrine.egress.checks.rule import Rule
from vitrine.egress.checks.rules.prose_implied import implied_in
from vitrine.egress.checks.rules.tables_cells import Cell, Form
from vitrine.egress.checks.rules.tables_counted import (
    Certainty,
    counted,
    denominators,
    headed_counts,
)
from vitrine.egress.checks.rules.tables_rest import few_left
from vitrine.egress.checks.rules.tables_view import View, view_of
from vitrine.egress.checks.rules.tables_words import Kind, tokens_of, word_set
from vitrine.egress.disclosure import DisclosurePolicy

Answer = Iterable[tuple[Severity, str, Sequence[str]]]
_Placed = tuple[str, Certainty]

_TOTALS: Final = frozenset({"total", "n", "denominator", "size"})
_OF_ALL: Final = word_set(
    "accuracy acc error response survival mortality readmission complication complications "
    "recurrence relapse completion attendance uptake misclassification success failure positive "
    "positivity prevalence incidence progression malignancy toxicity anteil quote proportion"
)
_OUTCOMES_RATED: Final = word_set("event events death deaths died relapse progression infection")
_OF_CLASS: Final = word_set(
    "sensitivity specificity recall tpr tnr fpr fnr detection miss missed yield"
)
_NO_RATE: Final = word_set("auc balanced mean median average sd se std months days years weighted")


def _implied_counts(document: Document, policy: DisclosurePolicy) -> Answer:
    found: list[_Placed] = []
    for view in map(view_of, document.tables):
        found += _implied_cells(view, policy.threshold)
        found += _complements(view, policy.threshold)
        found += _implied_by_rates(view, policy.threshold)
        found += _implied_by_composition(view, policy.threshold)
        found += _implied_per_many(view, policy.threshold)
        found += [(place, Certainty.LIKELY) for place in few_left(view, policy)]
    found += [(place, Certainty.LIKELY) for place in implied_in(document, policy)]
    said = f"percentages, rates or totals that give away a count from 1 to {policy.threshold - 1}"
    places = tuple(dict.fromkeys(place for place, _ in found))
    if places:
        sure = any(certainty is Certainty.SURE for _, certainty in found)
        yield Severity.BLOCK if sure else Severity.WARN, said, places


def _implied_cells(view: View, threshold: int) -> Iterator[_Placed]:
    """Percentages of people that, with how many they are of, leave only small counts."""
    across = denominators(view)
    down = count_columns(view)
    caption = [count for column, count in headed_counts(view) if column is None]
    parts = {k for k in range(len(view.columns)) for n in down if _is_composition(view, n, k)}
    for number, line in enumerate(view.cells):
        for column, cell in enumerate(line):
            if column in parts or not _is_share_of_people(view, number, column, cell):
                continue
            total = (
                across.get(column)
                or (number_beside(view, number, down) if down else None)
                or (caption[0] if len(caption) == 1 else None)
            )
            percent = cell.value or 0.0
            is_listed = column not in down and len(view.columns) - len(view.labels) == 1
            small = is_listed and 0 < percent < 1 and not cell.is_explicit
            scale = 1 if small or not (cell.is_explicit or not is_proportion(view, column)) else 100
            shown = cell.decimals - (2 if scale == 1 else 0)
            if total and 0 < percent < scale:
                low, high = fitting(percent * 100 / scale, shown, total)
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


def fitting(percent: float, decimals: int, total: int) -> tuple[int, int]:
    """Fewest and most people of `total` whose percentage is shown so."""
    half = 0.5 * 10.0**-decimals
    low = ceil((percent - half) * total / 100 - 1e-9)
    high = floor((percent + half) * total / 100 + 1e-9)
    return max(0, low), min(total, high)


_PER: Final = re.compile(
    r"\b(?:per|/|pro|por|pour)\s*(\d[\d, ]{2,9}|thousand|hundred)\s*"
    r"(?:person[- ]?(?:years?|months?)|patients?|women|men|scans|inhabitants|examinations)?",
    re.IGNORECASE,
)
_OF_TIME: Final = re.compile(r"person[- ]?(?:years?|months?)|\bpy\b", re.IGNORECASE)


def _implied_per_many(view: View, threshold: int) -> Iterator[_Placed]:
    """Rates per hundred or thousand, beside how many people, or years of people, they are of."""
    names = view.table.columns
    for column, name in enumerate(names):
        found = _PER.search(name)
        if not found:
            continue
        written = found[1].lower().strip()
        many = {"thousand": 1000, "hundred": 100}.get(written) or int(re.sub(r"\D", "", written))
        wholes = [
            k
            for k, other in enumerate(names)
            if k != column and not _PER.search(other)
            if view.columns[k] in (Kind.COUNT, Kind.PEOPLE) or _OF_TIME.search(other)
        ]
        for number, line in enumerate(view.cells if len(wholes) == 1 else ()):
            cell, total = line[column], line[wholes[0]].value
            if cell.value is None or not total or many < 1:
                continue
            half = 0.5 * 10.0**-cell.decimals
            low, high = ((cell.value + sign * half) * total / many for sign in (-1, 1))
            if high >= 0.5 and low < threshold - 0.5 and high < threshold and cell.value > 0:
                yield view.table.place(number, column), Certainty.LIKELY


def _implied_by_composition(view: View, threshold: int) -> Iterator[_Placed]:
    """Counts that were taken out but whose share stands, where other rows tell the whole."""
    for counts in count_columns(view):
        for percents in range(len(view.columns)):
            whole = _whole_of(view, counts, percents) if percents != counts else 0
            for number, line in enumerate(view.cells if whole else ()):
                cell = line[percents]
                if line[counts].form is not Form.MARKER or not cell.value:
                    continue
                low, high = fitting(cell.value, cell.decimals, whole)
                if 1 <= low <= high < threshold:
                    yield view.table.place(number, percents), Certainty.SURE


def _whole_of(view: View, counts: int, percents: int) -> int:
    """How many people all rows are about, when two rows or more agree on it; else 0."""
    known = [
        (line[percents].value or 0.0, line[counts].count or 0, line[percents].decimals)
        for line in view.cells
        if line[counts].count and line[percents].value
    ]
    if len(known) < 2 or max(known)[0] <= 1:
        return 0
    share, count, _ = max(known)
    whole = max(1, round(100 * count / share))
    close = [abs(100 * n / whole - part) <= 0.51 * 10.0**-places for part, n, places in known]
    return whole if all(close) else 0


def _implied_by_rates(view: View, threshold: int) -> Iterator[_Placed]:
    """Rates of a model or of an outcome that, with how many they are of, leave few of a kind."""
    down, across = count_columns(view), _numbers_above(view)
    for number, line in enumerate(view.cells):
        for column, cell in enumerate(line):
            words = _rate_words(view.table.columns[column]) or _rate_words(view.names[number])
            if not words or column in view.labels or cell.value is None:
                continue
            if Kind.STATISTIC in (view.columns[column], view.rows[number]):
                continue
            if cell.form not in (Form.NUMBER, Form.PERCENT, Form.COUNT):
                continue
            known = number_beside(view, number, down) if down else across.get(column)
            if known and _leaves_few(cell, known, words, threshold, view, column):
                yield view.table.place(number, column), Certainty.LIKELY


def _rate_words(label: str) -> set[str]:
    words = set(tokens_of(label))
    if words & _NO_RATE:
        return set()
    return words & (_OF_ALL | _OF_CLASS | ({"rate"} if words & _OUTCOMES_RATED else set()))


def _numbers_above(view: View) -> dict[int, int]:
    """How many people each column is about, where one row of a list of figures says so."""
    found = dict(denominators(view))
    people = [k for k, kind in enumerate(view.rows) if kind in (Kind.PEOPLE, Kind.COUNT)]
    for column in range(len(view.columns)):
        counts = [c for k in people if (c := view.cells[k][column].count)]
        if len(counts) == 1:
            found.setdefault(column, counts[0])
    return found


def _leaves_few(
    cell: Cell, total: int, words: set[str], threshold: int, view: View, column: int
) -> bool:
    """Whether only a few, but some, have or lack what a rate is about."""
    value = cell.value or 0.0
    is_percent = cell.form is Form.PERCENT or (
        not is_proportion(view, column) and value > 1
    )  # fmt: skip
    words = words - {"rate"} or words
    decimals = cell.decimals if is_percent else cell.decimals - 2
    percent = value if is_percent else 100 * value
    exact = total * 10.0**-decimals < 100
    if not 0 < percent < 100 or (words <= _OF_CLASS and not exact):
        return False
    low, high = fitting(percent, decimals, total)
    few = low >= 1 and high < threshold
    return low <= high and (few or 1 <= total - high <= total - low < threshold)


def count_columns(view: View) -> list[int]:
    """Columns whose headers say that they count people."""
    return [
        k
        for k, kind in enumerate(view.columns)
        if kind in (Kind.COUNT, Kind.PEOPLE)
        or (
            k not in view.labels
            and set(tokens_of(view.table.columns[k])) <= _TOTALS | {"all", "overall"}
            and all(line[k].form is Form.COUNT for line in view.cells)
        )
    ]


def number_beside(view: View, row: int, columns: Sequence[int]) -> int | None:
    """How many people a row is about, where exactly one column tells."""
    known = [c.count for k in columns if (c := view.cells[row][k]).form is Form.COUNT and c.count]
    totals = [k for k in columns if _TOTALS & set(tokens_of(view.table.columns[k]))]
    if len(known) == 1:
        return known[0]
    if len(totals) == 1:
        return view.cells[row][totals[0]].count
    return None


def _is_share_of_people(view: View, row: int, column: int, cell: Cell) -> bool:
    if cell.form not in (Form.PERCENT, Form.NUMBER, Form.COUNT) or column in view.labels:
        return False
    across, down = view.columns[column], view.rows[row]
    if min(across, down) < Kind.PERCENT and Kind.COUNT not in (across, down):
        return False
    if cell.form is Form.COUNT and across in (Kind.COUNT, Kind.PEOPLE):
        return False
    if cell.form is Form.PERCENT:
        return across not in (Kind.STATISTIC, Kind.MEASURE)
    return across is Kind.PERCENT or (down is Kind.PERCENT and across >= Kind.PEOPLE)


def is_proportion(view: View, column: int) -> bool:
    """Whether no value of a column is larger than 1."""
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


RULES: Final = (Rule("implied-counts", 3, _implied_counts),)
