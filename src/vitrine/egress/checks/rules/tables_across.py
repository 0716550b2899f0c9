"""Several tables of one request: other cut points, a part beside its whole, a sum with a gap."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import Final

from vitrine.egress.checks.document import Document, Table
from vitrine.egress.checks.rules.prose_nearly import numbers_in, says_taken_out
from vitrine.egress.checks.rules.tables_cells import Form
from vitrine.egress.checks.rules.tables_view import ANY_TOTAL, View, view_of
from vitrine.egress.checks.rules.tables_words import Kind, tokens_of, word_set
from vitrine.egress.disclosure import DisclosurePolicy

_LISTS_LIMIT: Final = 60
_ROWS_LIMIT: Final = 60
_FEW_ROWS: Final = 3
_NESTED: Final = 0.5
_BELOW: Final = re.compile(
    r"(?:([<\u2264]=?)|(under|below|up to|younger than|less than))\s*(\d+(?:\.\d+)?)\s*\w*", re.I
)
_ABOVE: Final = re.compile(
    r"(?:[>\u2265]=?|over|above|older than|more than|from)\s*(\d+(?:\.\d+)?)\s*\w*"
    r"|(\d+(?:\.\d+)?)\s*(?:\+|(?:and|or) (?:over|older|more|above))", re.I,
)  # fmt: skip
_BETWEEN: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(?:-|\u2013|to)\s*(\d+(?:\.\d+)?)\s*\w*", re.I)
_NO_COUNTS: Final = (Kind.SETTING, Kind.MEASURE, Kind.STATISTIC)
_WHOLE: Final = word_set(
    "all total overall full whole entire complete everyone everybody cohort main population first "
    "initial original final revised version"
)
_PART: Final = word_set(
    "without with excluding subset subgroup sub ever never smokers smoker women men female male "
    "girls boys only except excl minus less no withdrawn nonsmokers filtered restricted "
    "sensitivity diabetics diabetic carriers responders young old elderly"
)


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """One column of whole numbers by its row labels; None for what was taken out."""

    path: str
    table: Table
    spots: dict[str, tuple[int, int]]
    """Row and column of each, from 0."""

    about: frozenset[str]
    """Words of the file's name, the caption and the place, and the column's header."""

    values: dict[str, int | None]

    def place(self, label: str) -> str:
        """Where the number of a label stands."""
        return self.table.place(*self.spots[label])


def lists_of(documents: Sequence[Document]) -> list[Counts]:
    """Every column of whole numbers of tables with few rows, unless it is something else."""
    found: list[Counts] = []
    for document in documents:
        for table in document.tables:
            if 0 < len(table.rows) <= _ROWS_LIMIT and len(table.columns) <= _ROWS_LIMIT:
                found += _columns(document.path, view_of(table))
                found += _single_rows(document.path, view_of(table))
    return found[:_LISTS_LIMIT]


def _columns(path: str, view: View) -> Iterator[Counts]:
    labels = [" ".join(name.lower().split()) for name in view.names]
    if not view.labels or len(set(labels)) < len(labels) or view.caption is Kind.MEASURE:
        return
    for column, kind in enumerate(view.columns):
        cells = [line[column] for line in view.cells]
        whole = all(c.form in (Form.COUNT, Form.SHARE, Form.MARKER) for c in cells)
        telling = not view.table.columns[column].lower().startswith("value")
        if column in view.labels or not whole or kind in (Kind.SETTING, Kind.MEASURE, Kind.INDEX):
            continue
        if kind not in (Kind.COUNT, Kind.PEOPLE) and any(row in _NO_COUNTS for row in view.rows):
            continue
        about = f"{path} {view.table.caption} {view.table.at} " + (
            view.table.columns[column] if telling else ""
        )
        yield Counts(
            path,
            view.table,
            {name: (number, column) for number, name in enumerate(labels)},
            frozenset(tokens_of(about.replace(".", " "))),
            {name: cell.count for name, cell in zip(labels, cells, strict=True)},
        )


def _single_rows(path: str, view: View) -> Iterator[Counts]:
    """Rows of whole numbers of a table with few rows, as JSON has them, by the columns' names."""
    columns = [k for k in range(len(view.columns)) if k not in view.labels]
    if len(view.cells) > _FEW_ROWS or len(columns) < 2:
        return
    for number, line in enumerate(view.cells):
        cells = [line[k] for k in columns]
        if any(c.form not in (Form.COUNT, Form.SHARE, Form.MARKER) for c in cells) or any(
            view.columns[k] in (Kind.SETTING, Kind.MEASURE, Kind.INDEX, Kind.STATISTIC)
            for k in columns
        ):
            continue
        names = [" ".join(view.table.columns[k].lower().split()) for k in columns]
        yield Counts(
            path,
            view.table,
            {name: (number, k) for name, k in zip(names, columns, strict=True)},
            frozenset(tokens_of(f"{path} {view.names[number]}".replace(".", " "))),
            {name: cell.count for name, cell in zip(names, cells, strict=True)},
        )


def other_cuts(
    lists: Sequence[Counts], policy: DisclosurePolicy
) -> Iterator[tuple[Counts, str, str]]:
    """The list, the other's path and the place, where two lists cut one property differently."""
    cut = [(each, points) for each in lists if (points := _points(each))]
    for (one, first), (other, second) in combinations(cut, 2):
        if one.table is other.table or _header(one) != _header(other):
            continue
        for label, (point, below) in second.items():
            near = [n for p, n in first.values() if p != point and _is_small(n, below, policy)]
            if near:
                yield other, one.path, other.place(label)


def _header(counts: Counts) -> tuple[str, ...]:
    return tuple(tokens_of(counts.table.columns[0]))[:1]


def _points(counts: Counts) -> dict[str, tuple[float, int]]:
    """For each band that ends below others, its upper end and how many are below that."""
    bands: list[tuple[float, str, int]] = []
    last = False
    for label, count in counts.values.items():
        bare = label.strip()
        if count is None:
            return {}
        if found := _BELOW.fullmatch(bare):
            bands.append((_end(found), label, count))
        elif found := _BETWEEN.fullmatch(bare):
            bands.append((float(found[2]) + 0.5, label, count))
        elif _ABOVE.fullmatch(bare):
            last = True
        elif not ANY_TOTAL.search(bare):
            return {}
    points, below = {}, 0
    for end, label, count in sorted(bands) if last else ():
        below += count
        points[label] = (end, below)
    return points


def _end(found: re.Match[str]) -> float:
    """The upper end of a band such as `<=64` or `under 65`: both are the same for whole years."""
    is_inclusive = found[1] in ("<=", "\u2264", "\u2264=") or (found[2] or "").lower() == "up to"
    return float(found[3]) + (0.5 if is_inclusive else -0.5)


def part_beside_whole(
    lists: Sequence[Counts], policy: DisclosurePolicy
) -> Iterator[tuple[Counts, str, str]]:
    """The part, the path of its whole and the place, where the rest of the whole is small."""
    for whole, part in permutations(lists, 2):
        labels = list(part.values)
        if whole.table is part.table or set(labels) != set(whole.values) or len(labels) < 2:
            continue
        pairs = [(whole.values[label] or 0, part.values[label] or 0) for label in labels]
        if not all(a >= b > 0 for a, b in pairs) or not _is_part(part, whole):
            continue
        if sum(b for _, b in pairs) < _NESTED * sum(a for a, _ in pairs):
            continue
        for label, (a, b) in zip(labels, pairs, strict=True):
            if _is_small(a, b, policy):
                yield part, whole.path, part.place(label)


def _is_part(part: Counts, whole: Counts) -> bool:
    if whole.about & _PART and not whole.about & _WHOLE:
        return False
    return bool((whole.about & _WHOLE) - part.about or (part.about & _PART) - whole.about)


def gaps_in_sums(
    lists: Sequence[Counts], policy: DisclosurePolicy
) -> Iterator[tuple[Counts, str, str]]:
    """The list with a gap, another's path and the place, where other lists fill the gap."""
    for whole in lists:
        yield from _filled_by_sum(whole, lists, policy)
    for gap in lists:
        hidden = [label for label, count in gap.values.items() if count is None]
        if len(hidden) != 1 or any(ANY_TOTAL.search(label) for label in gap.values):
            continue
        known = sum(count or 0 for count in gap.values.values())
        yield from (
            (gap, other.path, gap.place(hidden[0]))
            for other in lists
            if other.table is not gap.table
            and _is_small(_sum_of(other) or known, known, policy)
            and _is_same_population(gap, other)
        )


def _is_same_population(one: Counts, other: Counts) -> bool:
    """Whether nothing that is said of one list makes it a part of the other's people."""
    words = (one.about ^ other.about) & _PART
    return not words and len(set(one.values) & set(other.values)) < len(one.values)


def _sum_of(counts: Counts) -> int | None:
    totals = [count for label, count in counts.values.items() if ANY_TOTAL.search(label)]
    if totals:
        return totals[0]
    parts = list(counts.values.values())
    return None if None in parts else sum(part or 0 for part in parts)


def _filled_by_sum(
    whole: Counts, lists: Sequence[Counts], policy: DisclosurePolicy
) -> Iterator[tuple[Counts, str, str]]:
    """Gaps of two lists that add up to a third one, label by label."""
    same = [each for each in lists if each is not whole and set(each.values) == set(whole.values)]
    for one, other in combinations(same, 2):
        sums = [(a, one.values[label], other.values[label]) for label, a in whole.values.items()]
        full = [(a, b, c) for a, b, c in sums if None not in (a, b, c)]
        if not full or any((b or 0) + (c or 0) != a for a, b, c in full):
            continue
        for label, (total, first, second) in zip(whole.values, sums, strict=True):
            for gap, hidden, shown in ((one, first, second), (other, second, first)):
                few = None not in (total, shown) and _is_small(total or 0, shown or 0, policy)
                if hidden is None and few and gap.table is not whole.table:
                    yield gap, whole.path, gap.place(label)


def nearly_same(
    lists: Sequence[Counts], policy: DisclosurePolicy
) -> Iterator[tuple[Counts, str, str]]:
    """The smaller list, the other's path and the place, where two lists of two differ little.

    Lists of three or more are compared as tables; two numbers must be much nearer to each other.
    """
    for whole, part in permutations(lists, 2):
        labels = list(part.values)
        if whole.path == part.path or set(labels) != set(whole.values) or len(labels) != _PAIR:
            continue
        pairs = [(whole.values[label] or 0, part.values[label] or 0) for label in labels]
        if (whole.about | part.about) & _APART or not all(a >= b > 0 for a, b in pairs):
            continue
        if sum(b for _, b in pairs) < _NEARLY * sum(a for a, _ in pairs):
            continue
        for label, (a, b) in zip(labels, pairs, strict=True):
            if _is_small(a, b, policy):
                yield part, whole.path, part.place(label)


def stated_apart(
    documents: Sequence[Document], lists: Sequence[Counts], policy: DisclosurePolicy
) -> Iterator[tuple[str, str, str]]:
    """Path, the other path and place, where files state numbers of people that differ little.

    One of them must say that some were taken out: two sets of about the same size are no part of
    each other.
    """
    stated = [(*each, document.path) for document in documents for each in numbers_in(document)]
    for each in lists:
        total = _sum_of(each)
        if total and each.table.columns[0]:
            label = next((n for n in each.values if ANY_TOTAL.search(n)), next(iter(each.values)))
            said = " ".join(sorted(each.about | set(tokens_of(label))))
            stated.append((total, said, each.place(label), each.path))
    for (one, first, _, path), (other, second, place, where) in permutations(stated[:_STATED], 2):
        few = one > other >= policy.threshold and _is_small(one, other, policy)
        if path != where and few and says_taken_out(second) and not says_taken_out(first):
            yield where, path, place


_PAIR: Final = 2
_NEARLY: Final = 0.95
_STATED: Final = 120
_APART: Final = word_set(
    "train training test testing val validation fold internal external holdout development arm"
)


def _is_small(one: int, other: int, policy: DisclosurePolicy) -> bool:
    base = policy.rounding_base
    rounded = base > 1 and one % base == 0 and other % base == 0
    return 0 < abs(one - other) < policy.threshold and not rounded


def found_across(
    documents: Sequence[Document], policy: DisclosurePolicy
) -> Iterable[tuple[str, str, str]]:
    """Path, the other path and place of each small count that several lists give away."""
    lists = lists_of(documents)
    yield from stated_apart(documents, lists, policy)
    for find in (other_cuts, part_beside_whole, gaps_in_sums, nearly_same):
        for counts, other, place in find(lists, policy):
            yield counts.path, other, place
