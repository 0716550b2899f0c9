"""Where the pictures in a picture stand: axes of a figure, tiles of a montage, viewer panes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy
from numpy.typing import NDArray
from scipy import ndimage

LEAST_SIDE: Final = 24
REGIONS_LIMIT: Final = 32
_DEPTH: Final = 3
_WORKING_SIDE: Final = 1200
_TOLERANCE: Final = 12
_BORDER_SHARE: Final = 0.45
_PAPER: Final = 225
_PANE_SHARE: Final = 0.85


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of pixels, rows and columns from 0, the ends not included."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def area(self) -> int:
        """Pixels in it."""
        return (self.bottom - self.top) * (self.right - self.left)

    def inside(self, other: Box) -> Box:
        """This box, counted from the corner of `other`, in the pixels that `other` counts in."""
        return Box(
            self.top + other.top,
            self.left + other.left,
            self.bottom + other.top,
            self.right + other.left,
        )

    def scaled(self, step: int, height: int, width: int) -> Box:
        """The same box in a picture `step` times as large, of `height` × `width` pixels."""
        return Box(
            self.top * step,
            self.left * step,
            min(height, self.bottom * step),
            min(width, self.right * step),
        )

    def of(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """The pixels in it."""
        return pixels[self.top : self.bottom, self.left : self.right]

    def place(self) -> str:
        """Where it is, x before y, as image viewers count."""
        return f"region {self.left},{self.top} to {self.right},{self.bottom}"


def regions_of(pixels: NDArray[Any]) -> list[Box]:
    """The rectangles worth a look, largest first: those that no plain background divides.

    Args:
        pixels: uint8 of shape (height, width, 3).
    """
    height, width = pixels.shape[:2]
    step = -(-max(height, width) // _WORKING_SIDE)
    page = pixels[::step, ::step]
    whole = Box(0, 0, page.shape[0], page.shape[1])
    least = max(8, LEAST_SIDE // step)
    found = dict.fromkeys(_leaves(page, whole, least, _DEPTH))
    ranked = sorted(found, key=lambda box: -box.area)[:REGIONS_LIMIT]
    return [box.scaled(step, height, width) for box in ranked]


def _leaves(page: NDArray[Any], box: Box, least: int, depth: int) -> Iterator[Box]:
    view = box.of(page)
    if min(view.shape[:2]) < least:
        return
    background = _background(view)
    if depth == 0 or background is None:
        yield box
        return
    is_air = int(background.min()) < _PAPER
    found = [
        leaf
        for child, is_pane in _parts(view, background, least, is_air=is_air)
        for leaf in _leaves(page, child.inside(box), least, depth - 1 if is_pane else 0)
    ]
    if is_air or not found:
        yield box
    yield from found


def _parts(
    view: NDArray[Any], background: NDArray[Any], least: int, *, is_air: bool
) -> list[tuple[Box, bool]]:
    """What stands on a plain background, and whether each part is a pane or a body."""
    children = _children(view, background, least)
    parts = []
    for child in children:
        is_pane = _is_pane(view, child, background)
        wider = (_trimmed if is_pane else _padded)(view, child, background)
        if not is_pane and wider.area >= 0.9 * view.shape[0] * view.shape[1]:
            wider = Box(0, 0, view.shape[0], view.shape[1])
        if is_pane or not is_air or len(children) > 1:
            parts.append((wider, is_pane))
    return parts


def _background(view: NDArray[Any]) -> NDArray[Any] | None:
    """The one colour of most of the border; none when there is no such colour."""
    border = numpy.concatenate([view[0], view[-1], view[:, 0], view[:, -1]]).astype(numpy.int16)
    codes = (border >> 3) @ numpy.array([1024, 32, 1])
    values, counts = numpy.unique(codes, return_counts=True)
    common = border[codes == values[counts.argmax()]]
    colour = numpy.median(common, axis=0).astype(numpy.int16)
    near = numpy.abs(border - colour).max(axis=1) <= _TOLERANCE
    return colour if near.mean() >= _BORDER_SHARE else None


def _differs(view: NDArray[Any], background: NDArray[Any]) -> NDArray[Any]:
    low = numpy.clip(background - _TOLERANCE, 0, 255).astype(numpy.uint8)
    high = numpy.clip(background + _TOLERANCE, 0, 255).astype(numpy.uint8)
    return numpy.asarray(((view < low) | (view > high)).any(axis=2))


def _children(view: NDArray[Any], background: NDArray[Any], least: int) -> list[Box]:
    marks = _differs(view, background)
    labels, _ = ndimage.label(marks, numpy.ones((3, 3), dtype=int))
    boxes = []
    side = max(least, min(view.shape[:2]) // 16)
    for rows, columns in filter(None, ndimage.find_objects(labels)):
        box = Box(rows.start, columns.start, rows.stop, columns.stop)
        if min(box.bottom - box.top, box.right - box.left) >= side:
            boxes.append(box)
    boxes.sort(key=lambda each: -each.area)
    return outermost(boxes[: 8 * REGIONS_LIMIT])


def outermost(boxes: Iterable[Box]) -> list[Box]:
    """The boxes without those that lie mostly in a larger one."""
    kept: list[Box] = []
    for box in sorted(boxes, key=lambda each: -each.area):
        if all(_shared(box, other) < 0.6 * box.area for other in kept):
            kept.append(box)
    return kept


def _shared(first: Box, second: Box) -> int:
    height = min(first.bottom, second.bottom) - max(first.top, second.top)
    width = min(first.right, second.right) - max(first.left, second.left)
    return max(0, height) * max(0, width)


def _is_pane(view: NDArray[Any], box: Box, background: NDArray[Any]) -> bool:
    """Whether the box is filled to its edges, as axes and panes are and bodies are not."""
    marks = _differs(box.of(view), background)
    rows, columns = marks[:, :: max(1, marks.shape[1] // 200)], marks[:: max(1, len(marks) // 200)]
    wide = max(1, min(marks.shape) // 16)
    edges = (rows[:wide].any(axis=0), rows[-wide:].any(axis=0),
             columns[:, :wide].any(axis=1), columns[:, -wide:].any(axis=1))  # fmt: skip
    return min(float(edge.mean()) for edge in edges) > _PANE_SHARE


def _padded(view: NDArray[Any], box: Box, background: NDArray[Any]) -> Box:
    """The box with some of what surrounds it."""
    more = max(2, min(box.bottom - box.top, box.right - box.left) // 12)
    height, width = view.shape[:2]
    return Box(
        max(0, box.top - more),
        max(0, box.left - more),
        min(height, box.bottom + more),
        min(width, box.right + more),
    )


def _trimmed(view: NDArray[Any], box: Box, background: NDArray[Any]) -> Box:
    """The box without tick marks and the lines of axes around it."""
    marks = _differs(box.of(view), background)
    rows = numpy.flatnonzero(marks.mean(axis=1) > 0.3)
    columns = numpy.flatnonzero(marks.mean(axis=0) > 0.3)
    if not rows.size or not columns.size:
        return box
    top, bottom = box.top + int(rows[0]), box.top + int(rows[-1]) + 1
    left, right = box.left + int(columns[0]), box.left + int(columns[-1]) + 1
    line = 2 if min(bottom - top, right - left) > 48 else 0
    return Box(top + line, left + line, bottom - line, right - line)
