"""Marks of a vector figure that stand for one thing each: points, and lines over time.

A point for every patient shows every patient. Ticks, legends, letters and the markers of one
connected or evenly spaced series are not counted.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from vitrine.egress.checks.readers.bars import Box, are_of_persons

POINTS: Final = 20
"""Like marks from which on each may be a patient."""
LINES: Final = 25
_VERTICES: Final = 6

_NOT_DATA: Final = re.compile(
    r"tick|axis_|legend|grid|glyph|^text_|colorbar|\baxis\b|-axis|error", re.IGNORECASE
)
_TRANSLATED: Final = re.compile(
    r"(?:translate\(|matrix\((?:[^,\s]+[,\s]+){4})([-\d.e]+)[,\s]+([-\d.e]+)"
)
_MARKS: Final = frozenset({"circle", "ellipse", "use", "path", "polyline", "rect"})

_BARS_LIMIT: Final = 1_000
_TICK: Final = re.compile(r"[xy]tick_\d+$")
_COORDINATE: Final = re.compile(r"-?[\d.]+(?:e-?\d+)?")
_CORNERS: Final = re.compile(
    r"\s*M\s*[-\d.e]+[ ,][-\d.e]+\s*(?:L\s*[-\d.e]+[ ,][-\d.e]+\s*){3,4}[zZ]?\s*"
)

Attributes = Mapping[str, str]


@dataclass(slots=True)
class _Series:
    first: int
    points: list[tuple[float, float]] = field(default_factory=list)


@dataclass(slots=True)
class Marks:
    """A collector of the marks of one figure."""

    series: dict[tuple[str, ...], _Series] = field(default_factory=dict)
    connected: set[str] = field(default_factory=set)
    lines: dict[str, list[int]] = field(default_factory=dict)
    bars: dict[str, list[tuple[int, Box]]] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)

    def see(self, tag: str, attributes: Attributes, groups: Sequence[str], number: int) -> None:
        """Take note of one element.

        Args:
            groups: ids and classes of the groups around it, outermost first.
            number: of the element, counted from 1.
        """
        self.named |= {group for group in groups if _TICK.match(group)}
        if tag not in _MARKS or any(map(_NOT_DATA.search, groups)):
            return
        self._see_bar(tag, attributes, groups, number)
        group = groups[-1] if groups else ""
        if tag == "polyline":
            if attributes.get("points", "").replace(",", " ").count(" ") >= 2 * _VERTICES:
                self.lines.setdefault(_axes(groups), []).append(number)
            return
        if tag == "path" and _is_line(attributes, group):
            self.connected.add(group)
            self.lines.setdefault(_axes(groups), []).append(number)
            return
        key = _key(tag, attributes, group)
        if key:
            self.series.setdefault(key, _Series(number)).points.append(_point(attributes))

    def _see_bar(
        self, tag: str, attributes: Attributes, groups: Sequence[str], number: int
    ) -> None:
        box = _box(tag, attributes)
        bars = self.bars.setdefault(_axes(groups), [])
        if box is not None and len(bars) < _BARS_LIMIT:
            bars.append((number, box))

    def places(self) -> list[int]:
        """Numbers of the first element of every series with one mark for each of many things."""
        points = [
            series.first
            for key, series in self.series.items()
            if len(series.points) >= POINTS
            and not (key[0] in self.connected and key[0])
            and not is_even(series.points)
            and not (key[0].startswith("PolyCollection") and is_lattice(series.points))
            and (key[1] != "rect" or _is_scattered(series.points))
        ]
        points += [
            bars[0][0]
            for bars in self.bars.values()
            if are_of_persons([box for _, box in bars], self._names())
        ]
        return points + [numbers[0] for numbers in self.lines.values() if len(numbers) >= LINES]

    def _names(self) -> int:
        """How many labels the axis with the most of them has."""
        across = sum(name.startswith("x") for name in self.named)
        return max(across, len(self.named) - across)


def _axes(groups: Sequence[str]) -> str:
    return next((name for name in reversed(groups) if name.startswith("axes")), "")


def _key(tag: str, attributes: Attributes, group: str) -> tuple[str, ...]:
    if group.startswith("PathCollection"):
        return (group, "collection")
    looks = attributes.get("class", "")
    if tag == "use":
        target = attributes.get("xlink:href") or attributes.get("href", "")
        return (group, target) if "glyph" not in target else ()
    if tag == "rect":
        return ("", "rect", attributes.get("width", ""), attributes.get("height", ""))
    if tag == "path":
        if not re.search(r"point|dot|marker|mark|symbol|circle|scatter|observation", looks + group):
            shape = attributes.get("d", "")
            return ("", "path", shape) if "transform" in attributes and len(shape) < 200 else ()
        return ("", "path", looks)
    return ("", tag, looks, attributes.get("r", attributes.get("rx", "")))


def _is_line(attributes: Attributes, group: str) -> bool:
    if group.startswith(("PathCollection", "patch")):
        return False
    unfilled = "fill:none" in attributes.get("style", "").replace(" ", "")
    if not (unfilled or attributes.get("fill") == "none"):
        return False
    return len(re.findall(r"[LlHhVv,]", attributes.get("d", "")[:4000])) >= _VERTICES


def _point(attributes: Attributes) -> tuple[float, float]:
    match = _TRANSLATED.search(attributes.get("transform", "")[:300])
    moved = match.groups() if match else ("0", "0")
    across = attributes.get("cx", attributes.get("x", "0"))
    down = attributes.get("cy", attributes.get("y", "0"))
    try:
        return float(across) + float(moved[0]), float(down) + float(moved[1])
    except ValueError:
        return 0.0, 0.0


def _is_scattered(points: Sequence[tuple[float, float]]) -> bool:
    """Whether they lie neither in a row nor in a grid, as bars and cells do."""
    return min(len({x for x, _ in points}), len({y for _, y in points})) >= POINTS


def _box(tag: str, attributes: Attributes) -> Box | None:
    """Left, top, right and bottom of a rectangle, however it is drawn."""
    try:
        if tag == "rect":
            left, top, width, height = (
                float(attributes.get(key, "0")) for key in ("x", "y", "width", "height")
            )
            return left, top, left + width, top + height
        found = _CORNERS.fullmatch(attributes.get("d", "")[:300]) if tag == "path" else None
        if found is None:
            return None
        numbers = [float(each) for each in _COORDINATE.findall(found.group())]
    except ValueError:
        return None
    across, down = numbers[0::2], numbers[1::2]
    if len(set(across)) != 2 or len(set(down)) != 2:
        return None
    return min(across), min(down), max(across), max(down)


def is_lattice(points: Sequence[tuple[float, float]]) -> bool:
    """Whether marks stand on the even rows and columns of a raster, no two in one place."""
    if len({(round(x, 1), round(y, 1)) for x, y in points}) < len(points):
        return False
    return all(_is_raster({round(point[axis], 2) for point in points}) for axis in (0, 1))


def _is_raster(values: set[float]) -> bool:
    steps = [after - before for before, after in itertools.pairwise(sorted(values))]
    if len(steps) < 2 or len(values) < 3:
        return False
    least = min(steps)
    return all(abs(step / least - round(step / least)) < 0.05 for step in steps)


def is_even(points: Sequence[tuple[float, float]]) -> bool:
    """Whether the marks are one series: one for each of evenly spaced positions."""
    across = sorted({round(x, 3) for x, _ in points})
    if len(across) < len(points) or len(across) < 3:
        return False
    steps = [after - before for before, after in itertools.pairwise(across)]
    mean = sum(steps) / len(steps)
    return all(abs(step - mean) <= 0.05 * mean for step in steps)
