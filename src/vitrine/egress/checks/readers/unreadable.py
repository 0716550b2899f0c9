"""What a reader raises, and how much of a table it reads at most."""

from __future__ import annotations

from typing import Final

from vitrine.errors import InvalidInput

CELLS_LIMIT: Final = 2_000_000
"""Cells of all tables of one file; more are not read but refused."""

COLUMNS_LIMIT: Final = 16_384
SPAN_LIMIT: Final = 1_000
"""Rows or columns that one merged cell is taken to cover at most."""


class Unreadable(InvalidInput):
    """The content is damaged or beyond a limit; the message says which, without any of it."""


def require_few_cells(count: int) -> None:
    """Nothing, unless there are too many cells to look at.

    Raises:
        Unreadable: beyond `CELLS_LIMIT`.
    """
    if count > CELLS_LIMIT:
        raise Unreadable(
            f"its tables have more than {CELLS_LIMIT:,} cells", hint="export a summary"
        )
