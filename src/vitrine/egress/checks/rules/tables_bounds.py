"""The least and most that a hidden number can be when sums of it are shown.

Sums over rows and columns of one table are a transport problem, whose linear bounds are whole
numbers and so exact; sums over three or more properties are bounded over whole numbers.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, floor, inf, isinf
from typing import Any, Final

import numpy
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array

UNKNOWNS_LIMIT: Final = 1000
TIMEOUT_S: Final = 30.0
_SLACK: Final = 1e-6
_DIRECTIONS: Final = 12


class NotDecided(Exception):
    """There are too many hidden numbers, or it took too long."""


class Contradiction(Exception):
    """No numbers fit: what was taken for sums are none."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Numbers within ranges, and which of them add up to which other."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    equations: tuple[tuple[tuple[int, ...], int], ...]
    """Indices of the parts, and of their total."""

    is_planar: bool = True
    """Whether each number is in at most two kinds of sums, so that linear bounds are whole."""


@dataclass(slots=True)
class _Solver:
    sums: Sums
    low: NDArray[numpy.float64]
    high: NDArray[numpy.float64]
    deadline: float
    matrix: csr_array | None = None
    seen_low: NDArray[numpy.float64] = field(default_factory=lambda: numpy.zeros(0))
    seen_high: NDArray[numpy.float64] = field(default_factory=lambda: numpy.zeros(0))


def given_away(sums: Sums, hidden: Sequence[int], threshold: int) -> list[int]:
    """Those hidden numbers that must be within 1 and `threshold` - 1, and closer than shown.

    That a number is not 0 says nothing by itself: its mark says that, more often than not.

    Raises:
        NotDecided: when there are too many, or it takes too long.
        Contradiction: when nothing fits.
    """
    if len(hidden) > UNKNOWNS_LIMIT:
        raise NotDecided(f"more than {UNKNOWNS_LIMIT:,} numbers are hidden")
    solver = _prepared(sums)
    _look_around(solver, hidden)
    found = []
    for index in hidden:
        shown = sums.high[index] - max(1.0, sums.low[index])
        if _is_open(solver, index, threshold, shown):
            continue
        least = _extreme(solver, index, 1)
        if least < 1 or _is_open(solver, index, threshold, shown):
            continue
        most = _extreme(solver, index, -1)
        if most < threshold and most - least < shown:
            found.append(index)
    return found


def bounds_of(sums: Sums, index: int) -> tuple[int, int]:
    """The least and most that one number can be.

    Raises:
        Contradiction: when nothing fits.
    """
    solver = _prepared(sums)
    return _extreme(solver, index, 1), _extreme(solver, index, -1)


def _prepared(sums: Sums) -> _Solver:
    low = numpy.array(sums.low, dtype=numpy.float64)
    high = numpy.array(sums.high, dtype=numpy.float64)
    _propagate(sums, low, high)
    solver = _Solver(sums, low, high, time.monotonic() + TIMEOUT_S)
    solver.seen_low = numpy.full(len(low), inf)
    solver.seen_high = numpy.full(len(low), -inf)
    if sums.equations:
        solver.matrix = _matrix(sums)
    return solver


def _propagate(sums: Sums, low: NDArray[numpy.float64], high: NDArray[numpy.float64]) -> None:
    """Narrow the ranges by each sum alone until nothing changes."""
    for _ in range(50):
        before = low.copy(), high.copy()
        for parts, total in sums.equations:
            members = list(parts)
            low[total] = max(low[total], low[members].sum())
            high[total] = min(high[total], high[members].sum())
            for part in members:
                others = [each for each in members if each != part]
                low[part] = max(low[part], low[total] - high[others].sum())
                high[part] = min(high[part], high[total] - low[others].sum())
        if bool((low > high + _SLACK).any()):
            raise Contradiction("no numbers fit the sums")
        if bool((low == before[0]).all() and (high == before[1]).all()):
            return


def _matrix(sums: Sums) -> csr_array:
    rows, columns, values = [], [], []
    for number, (parts, total) in enumerate(sums.equations):
        rows += [number] * (len(parts) + 1)
        columns += [*parts, total]
        values += [1.0] * len(parts) + [-1.0]
    shape = len(sums.equations), len(sums.low)
    return csr_array((values, (rows, columns)), shape=shape)


def _is_open(solver: _Solver, index: int, threshold: int, shown: float) -> bool:
    """Whether solutions seen so far, or the range itself, already leave a number undisclosed."""
    least, most = solver.seen_low[index], solver.seen_high[index]
    return bool(least < 0.5 or most > threshold - 0.5 or most - least > shown - 0.5)


def _look_around(solver: _Solver, hidden: Sequence[int]) -> None:
    """Solve in some directions at once: what one solution leaves open needs no own answer."""
    if solver.matrix is None or not hidden:
        return
    chance = numpy.random.default_rng(0)
    for number in range(_DIRECTIONS):
        weights = numpy.zeros(len(solver.low))
        signs = chance.choice([-1.0, 1.0], len(hidden)) * chance.uniform(0.5, 1, len(hidden))
        weights[list(hidden)] = numpy.abs(signs) * (1 - 2 * number) if number < 2 else signs
        _solve(solver, weights)


def _extreme(solver: _Solver, index: int, sign: int) -> int:
    if solver.low[index] == solver.high[index] or solver.matrix is None:
        return int(solver.low[index] if sign > 0 else min(solver.high[index], 2**53))
    edge, seen = (
        (solver.low[index], solver.seen_low[index])
        if sign > 0
        else (solver.high[index], solver.seen_high[index])
    )
    if edge == seen:
        return int(edge)
    weights = numpy.zeros(len(solver.low))
    weights[index] = sign
    value = _solve(solver, weights)
    if isinf(value):
        return 2**53
    value *= sign
    return ceil(value - _SLACK) if sign > 0 else floor(value + _SLACK)


def _solve(solver: _Solver, weights: NDArray[numpy.float64]) -> float:
    left = solver.deadline - time.monotonic()
    if left <= 0:
        raise NotDecided(f"it took more than {TIMEOUT_S:g} seconds")
    answer = (
        _linear(solver, weights, left) if solver.sums.is_planar else _whole(solver, weights, left)
    )
    if answer.status == 2:
        raise Contradiction("no numbers fit the sums")
    if answer.status == 3:
        return -inf
    if answer.x is None or answer.status != 0:
        raise NotDecided("the bounds could not be computed")
    solver.seen_low = numpy.minimum(solver.seen_low, numpy.round(answer.x, 6))
    solver.seen_high = numpy.maximum(solver.seen_high, numpy.round(answer.x, 6))
    return float(answer.fun)


def _linear(solver: _Solver, weights: NDArray[numpy.float64], left: float) -> Any:
    assert solver.matrix is not None
    return linprog(
        weights,
        A_eq=solver.matrix,
        b_eq=numpy.zeros(len(solver.sums.equations)),
        bounds=numpy.column_stack([solver.low, solver.high]),
        method="highs-ds",
        options={"time_limit": left},
    )


def _whole(solver: _Solver, weights: NDArray[numpy.float64], left: float) -> Any:
    assert solver.matrix is not None
    return milp(
        weights,
        integrality=numpy.ones(len(weights)),
        bounds=Bounds(solver.low, solver.high),
        constraints=LinearConstraint(solver.matrix, 0, 0),
        options={"time_limit": left},
    )
