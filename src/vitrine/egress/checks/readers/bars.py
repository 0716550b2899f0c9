"""Bars of a figure that stand for one person each: waterfall and swimmer plots.

They are sorted, of one thickness, apart from each other and not named one by one; bars of a
histogram touch, and bars of groups have names.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

FEWEST: Final = 20
_SORTED: Final = 0.95
_NAMED: Final = 0.8

Box = tuple[float, float, float, float]
"""Left, one edge, right, the other edge, in whatever direction the figure counts."""


def are_of_persons(boxes: Sequence[Box], names: int = 0) -> bool:
    """Whether boxes are such bars.

    Args:
        names: labels of the axis that they stand on.
    """
    if names >= _NAMED * FEWEST:
        return False
    turned = [(low, left, high, right) for left, low, right, high in boxes]
    return _are_sorted(turned, is_lying=True) or _are_sorted(boxes, is_lying=False)


def _are_sorted(boxes: Sequence[Box], *, is_lying: bool) -> bool:
    """Whether many of the boxes, which stand upright, are bars from one line, sorted by length."""
    for width in {round(right - left, 2) for left, _, right, _ in boxes}:
        alike = sorted(each for each in boxes if abs(each[2] - each[0] - width) <= 0.02 * width)
        if len(alike) < FEWEST or width <= 0:
            continue
        edges = [round(edge, 1) for _, low, _, high in alike for edge in (low, high)]
        base = max(set(edges), key=edges.count)
        bars = [each for each in alike if base in (round(each[1], 1), round(each[3], 1))]
        ends = [low + high - base for _, low, _, high in bars]
        crosses = min(ends, default=base) < base - 1 and max(ends, default=base) > base + 1
        if len(bars) >= FEWEST and (is_lying or crosses) and _is_row(bars) and _is_ordered(ends):
            return True
    return False


def _is_row(bars: Sequence[Box]) -> bool:
    """Whether bars stand one beside another with a gap between them."""
    gaps = [after[0] - before[2] for before, after in pairwise(bars)]
    width = bars[0][2] - bars[0][0]
    return min(gaps) > 0.02 * width and max(gaps) < 3 * width


def _is_ordered(ends: Sequence[float]) -> bool:
    steps = [after - before for before, after in pairwise(ends)]
    rising, falling = sum(step >= 0 for step in steps), sum(step <= 0 for step in steps)
    is_varied = len({round(end, 1) for end in ends}) * 5 >= len(ends) * 4
    return is_varied and max(rising, falling) >= _SORTED * len(steps)
