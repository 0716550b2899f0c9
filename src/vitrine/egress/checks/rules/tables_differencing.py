"""What tables of one request say together: differences of counts, and figures without counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from vitrine.egress.checks.document import Document
from vitrine.egress.checks.finding import Severity
from vitrine.egress.checks.rule import RequestRule
from vitrine.egress.checks.rules.tables_across import found_across
from vitrine.egress.checks.rules.tables_cells import Form
from vitrine.egress.checks.rules.tables_counted import Certainty, counted, headed_counts
from vitrine.egress.checks.rules.tables_view import View, view_of
from vitrine.egress.checks.rules.tables_words import Kind
from vitrine.egress.disclosure import DisclosurePolicy

Answer = Iterable[tuple[str, Severity, str, Sequence[str]]]
_Key = tuple[str, ...]

_TABLES_LIMIT: Final = 400
_CELLS_LIMIT: Final = 20_000
_SHARED: Final = 3
"""Cells that two tables must have in common before they are about the same."""

_NESTED: Final = 0.5
"""How much of the larger population the smaller one must be at least."""

_FIGURES: Final = frozenset({"png", "jpeg", "svg", "pdf"})


@dataclass(frozen=True, slots=True, eq=False)
class _Counts:
    """The counts of one table by the labels of their cells."""

    path: str
    view: View
    spots: dict[_Key, tuple[int, int]]
    counts: dict[_Key, int]


def _differencing(documents: Sequence[Document], policy: DisclosurePolicy) -> Answer:
    tables = [
        counts
        for document in documents
        for table in document.tables
        if 0 < len(table.rows) * len(table.columns) <= _CELLS_LIMIT
        if (counts := _counts_of(document.path, view_of(table)))
    ]
    places: dict[tuple[str, str], list[str]] = {}
    for one, other in combinations(tables[:_TABLES_LIMIT], 2):
        for spot in _small_differences(one, other, policy):
            places.setdefault((other.path, one.path), []).append(spot)
    for path, first, spot in found_across(documents, policy):
        places.setdefault((path, first), []).append(spot)
    for (path, first), found in places.items():
        where = "another table of this file" if path == first else first
        said = f"differences to {where} are counts from 1 to {policy.threshold - 1}"
        yield path, Severity.WARN, said, tuple(dict.fromkeys(found))


def _counts_of(path: str, view: View) -> _Counts | None:
    spots: dict[_Key, tuple[int, int]] = {}
    counts: dict[_Key, int] = {}
    for each in counted(view):
        if each.certainty is Certainty.SURE and each.cell.form in (Form.COUNT, Form.SHARE):
            row = view.table.rows[each.row]
            labels = [row[k] for k in view.labels]
            key = tuple(" ".join(label.lower().split()) for label in labels)
            key = (*key, _column(view.table.columns[each.column]))
            if key in counts:
                return None
            counts[key], spots[key] = each.count, (each.row, each.column)
    return _Counts(path, view, spots, counts) if len(counts) >= _SHARED else None


def _column(name: str) -> str:
    return " ".join(name.lower().partition("(n")[0].split())


def _small_differences(one: _Counts, other: _Counts, policy: DisclosurePolicy) -> Iterator[str]:
    """Cells of `other` that differ a little from those of `one`, one population in the other."""
    shared = [key for key in other.counts if key in one.counts]
    if len(shared) < _SHARED or len(shared) * 2 < min(len(one.counts), len(other.counts)):
        return
    pairs = [(one.counts[key], other.counts[key]) for key in shared]
    if not (all(a >= b for a, b in pairs) or all(a <= b for a, b in pairs)):
        return
    sums = sorted((sum(a for a, _ in pairs), sum(b for _, b in pairs)))
    if sums[0] < _NESTED * sums[1]:
        return
    base = policy.rounding_base
    for key, (a, b) in zip(shared, pairs, strict=True):
        rounded = base > 1 and a % base == 0 and b % base == 0
        if 0 < abs(a - b) < policy.threshold and not rounded:
            yield other.view.table.place(*other.spots[key])


def _underlying(documents: Sequence[Document], policy: DisclosurePolicy) -> Answer:
    figures = [each.path for each in documents if each.kind in _FIGURES]
    if not figures or any(_has_counts(each) for each in documents):
        return
    for path in figures:
        yield path, Severity.INFO, "no table of this request has the counts behind it", ()


def _has_counts(document: Document) -> bool:
    for view in map(view_of, document.tables):
        if Kind.COUNT in (*view.columns, *view.rows) or any(True for _ in headed_counts(view)):
            return True
    return False


REQUEST_RULES: Final = (
    RequestRule("differencing", 2, _differencing),
    RequestRule("underlying-counts", 1, _underlying),
)
