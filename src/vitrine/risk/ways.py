"""Ways to keep something of a property, although less than all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy

from vitrine.deid.tables.generalise import Action, Change, Step, change_of, number_of
from vitrine.risk.properties import Property

_PARTS: Final = (40, 20, 10, 5, 3, 2)
_NICE: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
_EXTREMES: Final = (0.01, 0.05, 0.15)
_RARE_TIMES: Final = (1, 4, 16)

Way = tuple[Step, ...]
"""One way to change one property: steps in their order; none keeps it as it is."""


def ways_of(name: str, found: Property, least: int) -> tuple[Way, ...]:
    """Ways to keep something of a property, that differ from each other in what they keep."""
    ways: list[Way] = [(), (Step(name, Action.MONTH),), (Step(name, Action.YEAR),)]
    numbers = [number_of(value) for value in found.values]
    known = sorted(number for number in numbers if number is not None)
    if len(known) > 2 and len(known) >= len(found.values) - 1:
        bands = [(Step(name, Action.BAND, width),) for width in _widths(known[-1] - known[0])]
        ends = list(_extremes(name, numbers, found))
        ways += [*bands, *ends, *((*end, *band) for band in bands for end in ends)]
    elif len({len(value) for value in found.values if value}) == 1:
        longest = max(map(len, found.values))
        ways += [(Step(name, Action.PREFIX, float(n)),) for n in range(1, longest)]
    rare = [Step(name, Action.RARE, float(least * times)) for times in _RARE_TIMES]
    ways += [(*way, each) for way in list(ways) for each in rare]
    return _different(found, ways)


def _different(found: Property, ways: Sequence[Way]) -> tuple[Way, ...]:
    kept: dict[bytes, Way] = {}
    for way in ways:
        after = found
        for step in way:
            after = after.mapped(_change(step, after))
        if len(after.values) > 1:
            kept.setdefault(after.signatures.tobytes(), way)
    return tuple(kept.values())


def _change(step: Step, found: Property) -> Change:
    patients = dict(zip(found.values, found.counts().tolist(), strict=True))
    return change_of(step, patients) or str


def _widths(spread: float) -> Iterator[float]:
    """Widths of round numbers that cut a spread into several parts."""
    for parts in _PARTS:
        raw = spread / parts
        if raw > 0:
            scale = 10.0 ** numpy.floor(numpy.log10(raw))
            yield float(min(nice * scale for nice in _NICE if nice * scale >= raw * 0.999))


def _extremes(name: str, numbers: Sequence[float | None], found: Property) -> Iterator[Way]:
    """Codes for the lowest and highest numbers."""
    rows = numpy.asarray([numpy.nan if each is None else each for each in numbers])[found.codes]
    for share in _EXTREMES:
        low, high = numpy.nanquantile(rows, [share, 1 - share])
        if low < high:
            top = Step(name, Action.TOP, float(numpy.floor(high)))
            yield (Step(name, Action.BOTTOM, float(numpy.ceil(low))), top) if low > 0 else (top,)
