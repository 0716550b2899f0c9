"""What the parts of a total leave over: a count that no cell shows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from vitrine.egress.checks.rules.tables_cells import Form
from vitrine.egress.checks.rules.tables_counted import counted
from vitrine.egress.checks.rules.tables_view import View
from vitrine.egress.checks.rules.tables_words import Kind, tokens_of, word_set
from vitrine.egress.disclosure import DisclosurePolicy

_Counts = list[tuple[int, int]]
"""Row and count, from the top."""

_WHOLE: Final = re.compile(
    r"(?:grand )?(?:total|all|overall|sum|n|everyone)(?: (?:n|patients|women|men|participants"
    r"|subjects|people|cases|examinations|scans))?|(?:patients|subjects|participants) \(?total\)?"
    r"|(?:assessed|screened|enrolled|invited|identified|recruited|randomi[sz]ed|included|eligible"
    r"|registered|referred)\b.*|n[_ ](?:total|all|patients|subjects|screened|enrolled)|total[_ ]n"
    r"|total number.*|number of (?:patients|participants|subjects)",
    re.IGNORECASE,
)
_STEPS: Final = word_set(
    "screened assessed eligible consented enrolled randomised randomized included analysed "
    "analyzed completed invited attended recruited started evaluable followed allocated treated "
    "registered"
)
_EVERYBODY: Final = word_set(
    "n total all number of patients subjects participants women men people invited screened "
    "eligible enrolled randomised randomized assessed"
)
_APART: Final = word_set("controls control train training validation test")


def few_left(view: View, policy: DisclosurePolicy) -> Iterator[str]:
    """Places of totals and steps whose parts leave fewer than the threshold."""
    for column, counts in _columns(view).items():
        for row in (*_left_over(view, counts, policy), *_between_steps(view, counts, policy)):
            yield view.table.place(row, column)
    for total, part in pairs_of_counts(view):
        for number, line in enumerate(view.cells):
            if _is_few(line[total].count or 0, line[part].count or 0, policy):
                yield view.table.place(number, part)


def pairs_of_counts(view: View) -> list[tuple[int, int]]:
    """Columns of how many there are, and of how many of them have something."""
    columns = [k for k, each in _columns(view).items() if len(each) == len(view.cells)]
    totals = [k for k in columns if set(tokens_of(view.table.columns[k])) <= _EVERYBODY]
    return [
        (total, part)
        for total in totals
        for part in columns
        if part not in totals[:1]
        and part != total
        and not set(tokens_of(view.table.columns[part])) & _APART
        and (part not in totals or _is_step(view, part))
        and _is_within(view, part, total)
    ]


def _is_step(view: View, column: int) -> bool:
    return bool(set(tokens_of(view.table.columns[column])) & _STEPS)


def _is_within(view: View, part: int, total: int) -> bool:
    pairs = [(line[part].count or 0, line[total].count or 0) for line in view.cells]
    return all(one <= other for one, other in pairs) and any(one < other for one, other in pairs)


def _columns(view: View) -> dict[int, _Counts]:
    """Counts of people by column; none of columns in which something was taken out."""
    found: dict[int, _Counts] = {}
    for each in counted(view):
        if each.cell.form in (Form.COUNT, Form.SHARE):
            found.setdefault(each.column, []).append((each.row, each.count))
    return {
        column: counts
        for column, counts in found.items()
        if not any(line[column].form is Form.MARKER for line in view.cells)
        and view.columns[column] not in (Kind.SETTING, Kind.MEASURE)
    }


def _left_over(view: View, counts: _Counts, policy: DisclosurePolicy) -> Iterator[int]:
    """The row of the total, when all other rows are parts of it and leave a few."""
    whole = [(row, count) for row, count in counts if _is_total(view, row)]
    whole = whole[:1] if whole and whole[0] == counts[0] else whole
    if len(whole) != 1 or whole[0] not in (counts[0], counts[-1]):
        return
    row, total = whole[0]
    groups = _groups(view, [each for each in counts if each[0] != row], total, policy)
    if groups and any(_is_few(total, sum(group), policy) for group in groups):
        yield row


def _is_total(view: View, row: int) -> bool:
    own = [view.table.rows[row][k] for k in view.labels]
    return any(_WHOLE.fullmatch(label.strip(" :*")) for label in own if label)


def _groups(view: View, parts: _Counts, total: int, policy: DisclosurePolicy) -> list[list[int]]:
    """The parts by the property that they are counted by; empty when they make no whole."""
    if len(view.labels) > 1:
        named: dict[str, list[int]] = {}
        for row, count in parts:
            named.setdefault(view.table.rows[row][view.labels[0]], []).append(count)
        return [group for group in named.values() if len(group) > 1]
    groups: list[list[int]] = [[]]
    for _, count in parts:
        groups[-1].append(count)
        if total - policy.threshold < sum(groups[-1]) <= total:
            groups.append([])
    return [] if groups.pop() else groups


def _is_few(total: int, part: int, policy: DisclosurePolicy) -> bool:
    base = policy.rounding_base
    rounded = base > 1 and total % base == 0 and part % base == 0
    return part > 0 and 0 < total - part < policy.threshold and not rounded


def _between_steps(
    view: View, counts: Sequence[tuple[int, int]], policy: DisclosurePolicy
) -> Iterator[int]:
    """Rows of a flow that follow a step with a few more people."""
    for (above, before), (row, count) in pairwise(counts):
        names = tokens_of(view.names[above]), tokens_of(view.names[row])
        if all(set(words) & _STEPS for words in names) and _is_few(before, count, policy):
            yield row
