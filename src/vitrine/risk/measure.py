"""k-anonymity, l-diversity and t-closeness of many rows at once.

k: Sweeney 2002; l, distinct: Machanavajjhala et al. 2007; t, with the ordered distance for numbers
and the equal distance for categories: Li et al. 2007. A row is one patient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy
import pandas
from numpy.typing import NDArray

Codes = NDArray[numpy.int64]


@dataclass(frozen=True, slots=True)
class Sensitive:
    """One sensitive property: the value of each row as a code in the order of the values."""

    codes: Codes = field(repr=False)
    count: int
    """How many different values there are."""

    is_numeric: bool


def classes_of(columns: Sequence[Codes], rows: int) -> Codes:
    """The equivalence class of each row, numbered from 0."""
    combined = numpy.zeros(rows, dtype=numpy.int64)
    width = 1
    for codes in columns:
        size = int(codes.max(initial=0)) + 1
        if width * size >= 1 << 62:
            combined, width = _dense(combined)
        combined = combined * size + codes
        width *= size
    return _dense(combined)[0]


def _dense(combined: Codes) -> tuple[Codes, int]:
    codes, values = pandas.factorize(combined)
    return codes.astype(numpy.int64), max(1, len(values))


def sizes_of(classes: Codes) -> Codes:
    """How many rows each class has."""
    return numpy.bincount(classes).astype(numpy.int64)


def l_of(classes: Codes, sensitive: Sensitive) -> int:
    """Fewest different sensitive values in a class."""
    pairs = pandas.unique(classes * sensitive.count + sensitive.codes)
    return int(numpy.bincount(pairs // sensitive.count).min())


def t_of(classes: Codes, sensitive: Sensitive) -> float:
    """Largest distance of a class's distribution of sensitive values from that of all rows."""
    if sensitive.count < 2:
        return 0.0
    pairs, counts = numpy.unique(classes * sensitive.count + sensitive.codes, return_counts=True)
    of_class, value = pairs // sensitive.count, pairs % sensitive.count
    sizes = sizes_of(classes)
    share = counts / sizes[of_class]
    overall = numpy.bincount(sensitive.codes, minlength=sensitive.count) / len(classes)
    if sensitive.is_numeric:
        return _ordered(of_class, value, share, overall, len(sizes))
    apart = numpy.abs(share - overall[value]) - overall[value]
    return float(0.5 * (1 + numpy.bincount(of_class, apart)).max())


def _ordered(
    of_class: Codes, value: Codes, share: NDArray[Any], overall: NDArray[Any], count: int
) -> float:
    """Ordered distance: the mean gap between the two cumulative distributions.

    Between two values that a class has, its cumulative share stands still while that of all rows
    grows, so that the gaps of a whole stretch are a difference of two prefix sums.
    """
    total = numpy.cumsum(overall)
    prefix = numpy.concatenate([[0.0], numpy.cumsum(total)])
    size = len(overall)
    first = numpy.concatenate([[True], of_class[1:] != of_class[:-1]])
    running = numpy.cumsum(share)
    start = numpy.maximum.accumulate(numpy.where(first, running - share, -1.0))
    level = running - start
    following = numpy.concatenate([value[1:], [size]])
    last = numpy.concatenate([first[1:], [True]])
    stop = numpy.where(last, size, following)
    gaps = _stretch(level, value, stop, total, prefix)
    lead = prefix[value[first]]
    sums = numpy.bincount(of_class, gaps, minlength=count)
    sums[of_class[first]] += lead
    return float(sums.max() / (size - 1))


def _stretch(
    level: NDArray[Any], start: Codes, stop: Codes, total: NDArray[Any], prefix: NDArray[Any]
) -> NDArray[Any]:
    """Sum of |level - total[i]| for i from start to stop - 1, where total never falls."""
    turn = numpy.clip(numpy.searchsorted(total, level, side="right"), start, stop)
    below = level * (turn - start) - (prefix[turn] - prefix[start])
    above = (prefix[stop] - prefix[turn]) - level * (stop - turn)
    return numpy.asarray(below + above)
