"""Rows of cells as they stand in a file, made into a `Table`: which rows are the header."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from vitrine.egress.checks.document import Table
from vitrine.egress.checks.readers.unreadable import COLUMNS_LIMIT, Unreadable

Grid = Sequence[Sequence[str]]

_NUMBER: Final = re.compile(r"[<>≤≥~]?\s*[-+\u2212]?[\d.,'\s]*\d[\d.,]*(?:[eE][-+]?\d+)?\s*%?")
_VALUE: Final = re.compile(
    r"[<>≤≥~]?\s*[-+\u2212]?\d[\d.,]*(?:\s*%)?\s*(?:[(\[±/–-].*)?|n\s*=\s*\d+|\d{4}-\d\d-\d\d.*|nan|NaN|-|–|\*"
)
_LONGEST: Final = 200
_HEADER_ROWS: Final = 3
_NAME_LENGTH: Final = 120


def table_of(
    grid: Grid,
    *,
    at: str = "",
    first_row: int = 1,
    caption: str = "",
    is_hidden: bool = False,
    has_header: bool | None = None,
) -> Table | None:
    """The table that a grid of cells shows, or None where there is nothing in it.

    Args:
        first_row: number of `grid[0]` in the file as an editor counts.
        has_header: None when it is to be seen from the cells.

    Raises:
        Unreadable: with more columns than any table has.
    """
    rows, skipped = _without_empty_ends(grid)
    if not rows:
        return None
    width = max(map(len, rows))
    if width > COLUMNS_LIMIT:
        raise Unreadable(f"a table has more than {COLUMNS_LIMIT:,} columns")
    padded = [tuple(cell.strip() for cell in row) + ("",) * (width - len(row)) for row in rows]
    titles = 0 if has_header is not None else _title_rows(padded)
    told = [row[0] for row in padded[:titles]]
    body = padded[titles:]
    height = _header_rows(body) if has_header is None else int(has_header)
    return Table(
        columns=_names(body[:height], width),
        rows=tuple(body[height:]),
        at=at,
        first_row=first_row + skipped + titles + height,
        caption=" ".join(filter(None, [caption, *told])),
        is_hidden=is_hidden,
    )


def is_number(cell: str) -> bool:
    """Whether a cell is one number, however it is written."""
    return len(cell) < _LONGEST and bool(_NUMBER.fullmatch(cell))


def _is_value(cell: str) -> bool:
    """Whether a cell begins like a value: a number, perhaps with its spread, or a date."""
    return len(cell) < _LONGEST and bool(_VALUE.fullmatch(cell))


def _without_empty_ends(grid: Grid) -> tuple[list[Sequence[str]], int]:
    filled = [k for k, row in enumerate(grid) if any(cell.strip() for cell in row)]
    if not filled:
        return [], 0
    return list(grid[filled[0] : filled[-1] + 1]), filled[0]


def _title_rows(rows: Sequence[Sequence[str]]) -> int:
    """How many rows stand above the header: one cell of words, or nothing, in each."""
    if len(rows[0]) < 2:
        return 0
    count = 0
    for row in rows[:5]:
        said = [cell for cell in row if cell]
        if len(set(said)) > 1 or (said and (not row[0] or _is_value(said[0]))):
            break
        count += 1
    return count if count < len(rows) - 1 else 0


def _header_rows(rows: Sequence[Sequence[str]]) -> int:
    if len(rows) < 2:
        return 0 if rows and all(is_number(cell) for cell in rows[0] if cell) else 1
    if not _is_header(rows):
        return 0
    height = 1
    while height < min(_HEADER_ROWS, len(rows) - 1) and _continues(rows, height):
        height += 1
    return height


def _is_header(rows: Sequence[Sequence[str]]) -> bool:
    first, below = rows[0], rows[1:40]
    if not any(first):
        return False
    values = [_is_value(cell) for cell in first]
    if not first[0] or not any(values):
        return not all(values)
    for column, cell in enumerate(first):
        if cell and not values[column] and _mostly_values(below, column):
            return not (column and values[0])
    numbers = [float(c) for c in first if re.fullmatch(r"\d+(\.\d+)?", c)]
    rising = all(low < high for low, high in pairwise(numbers))
    if all(values) or not rising or len(numbers) < 2:
        return False
    steps = {round(high - low, 6) for low, high in pairwise(numbers)}
    return numbers[0] in (0, 1) or (len(steps) == 1 and len(numbers) > 2)


def _mostly_values(rows: Sequence[Sequence[str]], column: int) -> bool:
    cells = [row[column] for row in rows if row[column]]
    return bool(cells) and sum(_is_value(c) for c in cells) > len(cells) / 2


def _continues(rows: Sequence[Sequence[str]], height: int) -> bool:
    """Whether the next row is one more of the header, under merged or repeated names."""
    above, row = rows[height - 1], rows[height]
    said = [cell for cell in above[1:] if cell]
    merged = len(said) < len(above) - 1 or len(set(said)) < len(said)
    if not merged or any(_is_value(cell) for cell in row[1:] if cell and cell[-1] != "%"):
        return False
    if sum(bool(cell) for cell in row[1:]) == 0:
        return height > 1 and bool(row[0])
    return any(_mostly_values(rows[height + 1 :], column) for column in range(1, len(row)))


def _names(header: Sequence[Sequence[str]], width: int) -> tuple[str, ...]:
    """One name for each column: the cells above each other, merged ones carried to the right."""
    carried = [_carried(row) for row in header[:-1]] + [list(row) for row in header[-1:]]
    names: list[str] = []
    used: dict[str, int] = {}
    for column in range(width):
        words = dict.fromkeys(row[column] for row in carried if row[column])
        name = " ".join(" ".join(words).split())[:_NAME_LENGTH] or f"column {column + 1}"
        used[name] = used.get(name, 0) + 1
        names.append(name if used[name] == 1 else f"{name} ({used[name]})")
    return tuple(names)


def _carried(row: Sequence[str]) -> list[str]:
    last, carried = "", []
    for cell in row:
        last = cell or last
        carried.append(last)
    return carried
