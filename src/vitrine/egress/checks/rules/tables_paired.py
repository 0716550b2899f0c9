"""Cells with several counts under as many names: `cases / controls` over `4 / 62`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vitrine.egress.checks.rules.tables_view import View
from vitrine.egress.checks.rules.tables_words import Kind, kind_of

_NUMBERS: Final = re.compile(r"\s*\d{1,6}(?:\s*/\s*\d{1,6}){1,5}\s*")
_UNLIKE: Final = (Kind.SETTING, Kind.MEASURE, Kind.STATISTIC, Kind.INDEX, Kind.PERCENT)
_LIKE: Final = (Kind.PEOPLE, Kind.GROUP, Kind.COUNT)
_LINES: Final = 400


def paired_counts(view: View) -> Iterator[tuple[int, int, int]]:
    """Row and column, from 0, and each count of a cell that holds several of them."""
    for column, header in enumerate(view.table.columns):
        names = [part.strip() for part in re.split(r"[(:]", header)[-1].strip(" )").split("/")]
        kinds = [kind_of(name) for name in names]
        if len(names) < 2 or any(kind in _UNLIKE for kind in kinds):
            continue
        if not any(kind in _LIKE for kind in kinds):
            continue
        for number, row in enumerate(view.table.rows[:_LINES]):
            counts = row[column].split("/") if _NUMBERS.fullmatch(row[column]) else []
            if len(counts) == len(names):
                yield from ((number, column, int(count)) for count in counts)
