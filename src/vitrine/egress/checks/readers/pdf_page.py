"""What a page of a PDF draws, in its order: text that nobody sees, and a mark for each patient.

A small interpreter of the operators of a content stream (ISO 32000-1, annex A). It follows
positions and colours only; nothing is rendered.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from vitrine.egress.checks.readers.bars import are_of_persons
from vitrine.egress.checks.readers.marks import POINTS, is_even, is_lattice
from vitrine.errors import InvalidInput

OPERATORS_LIMIT: Final = 400_000
DEPTH_LIMIT: Final = 4
FEWEST_LETTERS: Final = 12
TINY: Final = 1.5
"""Points of type size below which nobody reads a text."""

_ROUND: Final = (13, 25)
"""Points of a circle drawn as four or as eight curves."""
_MARK_SIZE: Final = 40.0

Matrix = tuple[float, float, float, float, float, float]
Box = tuple[float, float, float, float]
"""Left, bottom, right, top."""

Drawing = tuple[str, Any, Matrix, Any]
"""An external object: subtype, operations, matrix, resources."""

_BARS_LIMIT: Final = 1_000
_HEXAGON: Final = 6
_LETTER: Final = 5.0
"""Points that a letter is wide: a name that begins left of the page may end on it."""
UNIT: Final[Matrix] = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class _State:
    """What `q` saves and `Q` brings back."""

    matrix: Matrix = UNIT
    is_white: bool = False
    is_clear: bool = False
    """Whether fills let through what is beneath them."""

    mode: int = 0
    size: float = 1.0


@dataclass(frozen=True, slots=True)
class _Shown:
    letters: int
    x: float
    y: float
    order: int
    unseen: bool


@dataclass(frozen=True, slots=True)
class _Cover:
    box: Box
    order: int
    is_white: bool


@dataclass(slots=True)
class Page:
    """A collector for one page."""

    box: Box
    forms: Callable[[str, Any], Drawing | None]
    """The drawing of a name in resources."""

    opacity: Callable[[str, Any], float] = lambda _name, _resources: 1.0
    shown: list[_Shown] = field(default_factory=list)
    covers: list[_Cover] = field(default_factory=list)
    has_marks: bool = False
    alike: dict[tuple[object, ...], list[tuple[float, float]]] = field(default_factory=dict)
    """Centres of circles, and places of one outlined letter, as R draws points."""

    order: int = 0

    def draw(
        self, operations: Iterable[Any], resources: Any, start: Matrix = UNIT, depth: int = 0
    ) -> None:
        """Follow the operations of a stream.

        Raises:
            InvalidInput: when there are more than anybody draws.
        """
        pen = _Pen(self, resources, _State(matrix=start), depth)
        for operands, operator in operations:
            self.order += 1
            if self.order > OPERATORS_LIMIT:
                raise InvalidInput("a page draws more than can be followed")
            name = operator.decode("latin-1") if isinstance(operator, bytes) else str(operator)
            act = _ACTS.get(name)
            if act is not None:
                try:
                    act(pen, operands)
                except (TypeError, ValueError, IndexError, AttributeError, OverflowError):
                    continue
        pen.end_run()

    def findings(self) -> list[str]:
        """Words of remarks about what this page draws."""
        found = []
        if self._letters(lambda each: each.unseen):
            found.append("invisible text")
        if self._letters(self._is_outside):
            found.append("text off the page")
        if self._letters(self._is_covered):
            found.append("covered text")
        scattered = any(len(each) >= POINTS and not is_even(each) for each in self.alike.values())
        boxes = [each.box for each in self.covers if not each.is_white][:_BARS_LIMIT]
        if self.has_marks or scattered or are_of_persons(boxes, self._names(boxes)):
            found.append("marks")
        return found

    def _names(self, boxes: Sequence[Box]) -> int:
        """How many texts stand in line with one of the bars that they may name."""
        centres = [((left + right) / 2, (low + high) / 2) for left, low, right, high in boxes]
        rows = {round(text.y / 4) for text in self.shown if text.letters > 3}
        return sum(bool({round(y / 4), round(y / 4) - 1} & rows) for _, y in centres)

    def _letters(self, told: Callable[[_Shown], bool]) -> bool:
        return sum(each.letters for each in self.shown if told(each)) >= FEWEST_LETTERS

    def _is_outside(self, text: _Shown) -> bool:
        begins, ends = text.x, text.x + text.letters * _LETTER
        left, bottom, _, top = self.box
        reaches_in = begins < left <= ends and bottom <= text.y <= top
        return not (reaches_in or _inside((text.x, text.y), self.box, margin=6))

    def _is_covered(self, text: _Shown) -> bool:
        return any(
            each.order > text.order and _inside((text.x + 1, text.y + 1), each.box)
            for each in self.covers
        )


@dataclass(slots=True)
class _Pen:
    """Where a stream stands."""

    page: Page
    resources: Any
    state: _State
    depth: int
    saved: list[_State] = field(default_factory=list)
    text: Matrix = UNIT
    line: Matrix = UNIT
    leading: float = 0.0
    path: list[tuple[float, float]] = field(default_factory=list)
    is_rectangle: bool = True
    last_path: int = 0
    run: list[tuple[float, float]] = field(default_factory=list)
    run_name: str = ""
    run_corners: int = 0
    """Corners of the shape that is drawn again and again."""

    def end_run(self) -> None:
        """Judge the like marks drawn since the last change of state."""
        is_regular = is_even(self.run) or (self.run_corners == _HEXAGON and is_lattice(self.run))
        if len(self.run) >= POINTS and len(self.run) != self.last_path and not is_regular:
            self.page.has_marks = True
        self.run = []

    def save(self, _operands: Sequence[Any]) -> None:
        if len(self.saved) < 256:
            self.saved.append(self.state)

    def restore(self, _operands: Sequence[Any]) -> None:
        self.end_run()
        if self.saved:
            self.state = self.saved.pop()

    def transform(self, operands: Sequence[Any]) -> None:
        self.state = replace(self.state, matrix=times(_matrix(operands), self.state.matrix))

    def grey(self, operands: Sequence[Any]) -> None:
        self.state = replace(self.state, is_white=all(float(each) >= 0.98 for each in operands))

    def ink(self, operands: Sequence[Any]) -> None:
        self.state = replace(self.state, is_white=all(float(each) <= 0.02 for each in operands))

    def colour(self, operands: Sequence[Any]) -> None:
        numbers = [each for each in operands if isinstance(each, (int, float))]
        white = len(numbers) in (1, 3) and all(float(each) >= 0.98 for each in numbers)
        self.state = replace(self.state, is_white=white)

    def graphics(self, operands: Sequence[Any]) -> None:
        clear = self.page.opacity(str(operands[0]), self.resources) < 1
        self.state = replace(self.state, is_clear=clear)

    def point(self, operands: Sequence[Any]) -> None:
        numbers = [float(each) for each in operands]
        for at in range(0, len(numbers) - 1, 2):
            self.path.append(placed(self.state.matrix, numbers[at], numbers[at + 1]))
        if len(numbers) > 2:
            self.is_rectangle = False

    def rectangle(self, operands: Sequence[Any]) -> None:
        x, y, width, height = (float(each) for each in operands)
        for corner in ((x, y), (x + width, y + height)):
            self.path.append(placed(self.state.matrix, *corner))

    def fill(self, _operands: Sequence[Any]) -> None:
        if self.path and not self.state.is_clear and self.is_rectangle and len(self.path) <= 6:
            cover = _Cover(_around(self.path), self.page.order, self.state.is_white)
            self.page.covers.append(cover)
        self.end_path(())

    def end_path(self, _operands: Sequence[Any]) -> None:
        if not self.is_rectangle and len(self.path) in _ROUND:
            left, bottom, right, top = _around(self.path)
            width, height = right - left, top - bottom
            if abs(width - height) <= 0.02 * width and width < _MARK_SIZE:
                centres = self.page.alike.setdefault((len(self.path),), [])
                centres.append((left + width / 2, bottom + height / 2))
        self.last_path = len(self.path)
        self.path, self.is_rectangle = [], True

    def begin_text(self, _operands: Sequence[Any]) -> None:
        self.text = self.line = UNIT

    def font(self, operands: Sequence[Any]) -> None:
        self.state = replace(self.state, size=float(operands[1]))

    def render_mode(self, operands: Sequence[Any]) -> None:
        self.state = replace(self.state, mode=int(operands[0]))

    def move(self, operands: Sequence[Any]) -> None:
        shift = (1.0, 0.0, 0.0, 1.0, float(operands[0]), float(operands[1]))
        self.text = self.line = times(shift, self.line)

    def move_leading(self, operands: Sequence[Any]) -> None:
        self.leading = -float(operands[1])
        self.move(operands)

    def set_leading(self, operands: Sequence[Any]) -> None:
        self.leading = float(operands[0])

    def next_line(self, _operands: Sequence[Any]) -> None:
        self.move((0, -self.leading))

    def set_text(self, operands: Sequence[Any]) -> None:
        self.text = self.line = _matrix(operands)

    def show(self, operands: Sequence[Any]) -> None:
        letters = _letters(operands[-1])
        matrix = times(self.text, self.state.matrix)
        size = abs(self.state.size) * math.sqrt(abs(matrix[0] * matrix[3] - matrix[1] * matrix[2]))
        x, y = matrix[4], matrix[5]
        if letters == 1 and self.state.mode in (1, 2):
            self.page.alike.setdefault((str(operands[-1]),), []).append((x, y))
        unseen = self.state.mode in (3, 7) or size < TINY or self._is_lost_in_white(x, y)
        self.page.shown.append(_Shown(letters, x, y, self.page.order, unseen))

    def _is_lost_in_white(self, x: float, y: float) -> bool:
        if not self.state.is_white or self.state.mode != 0:
            return False
        around = [each for each in self.page.covers if _inside((x + 1, y + 1), each.box, margin=2)]
        return not around or around[-1].is_white

    def show_next(self, operands: Sequence[Any]) -> None:
        self.next_line(())
        self.show(operands)

    def paint(self, operands: Sequence[Any]) -> None:
        """`Do`: a picture, a group of drawings, or the mark of a point."""
        name = str(operands[0])
        found = self.page.forms(name, self.resources)
        name = re.sub(r"^/P\d+$", "/P", name)  # matplotlib: one for each size of a point
        if found is None:
            return
        subtype, operations, matrix, resources = found
        if subtype == "/Image":
            corners = [placed(self.state.matrix, *each) for each in ((0, 0), (1, 1))]
            self.page.covers.append(_Cover(_around(corners), self.page.order, is_white=False))
            return
        if name != self.run_name:
            self.end_run()
            self.run_name = name
            self.run_corners = sum(operator in (b"m", b"l") for _, operator in operations)
        self.run.append((self.state.matrix[4], self.state.matrix[5]))
        if self.depth < DEPTH_LIMIT and len(self.run) == 1:
            start = times(matrix, self.state.matrix)
            self.page.draw(operations, resources, start, self.depth + 1)


_ACTS: Final[Mapping[str, Callable[[_Pen, Sequence[Any]], None]]] = {
    "q": _Pen.save,
    "Q": _Pen.restore,
    "cm": _Pen.transform,
    "g": _Pen.grey,
    "rg": _Pen.grey,
    "k": _Pen.ink,
    "sc": _Pen.colour,
    "scn": _Pen.colour,
    "gs": _Pen.graphics,
    "m": _Pen.point,
    "l": _Pen.point,
    "c": _Pen.point,
    "re": _Pen.rectangle,
    **dict.fromkeys(("f", "F", "f*", "B", "B*", "b", "b*"), _Pen.fill),
    **dict.fromkeys(("S", "s", "n"), _Pen.end_path),
    "BT": _Pen.begin_text,
    "Tf": _Pen.font,
    "Tr": _Pen.render_mode,
    "Td": _Pen.move,
    "TD": _Pen.move_leading,
    "TL": _Pen.set_leading,
    "T*": _Pen.next_line,
    "Tm": _Pen.set_text,
    "Tj": _Pen.show,
    "TJ": _Pen.show,
    "'": _Pen.show_next,
    '"': _Pen.show_next,
    "Do": _Pen.paint,
}


def times(first: Matrix, then: Matrix) -> Matrix:
    """The matrix that does `first` and then `then`."""
    a, b, c, d, e, f = first
    p, q, r, s, t, u = then
    return (
        a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s,
        e * p + f * r + t, e * q + f * s + u,
    )  # fmt: skip


def placed(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    """A point as it stands on the page."""
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _matrix(operands: Sequence[Any]) -> Matrix:
    a, b, c, d, e, f = (float(each) for each in operands)
    return a, b, c, d, e, f


def _around(points: Sequence[tuple[float, float]]) -> Box:
    across, up = [x for x, _ in points], [y for _, y in points]
    return min(across), min(up), max(across), max(up)


def _inside(point: tuple[float, float], box: Box, margin: float = 0) -> bool:
    return (
        box[0] - margin <= point[0] <= box[2] + margin
        and box[1] - margin <= point[1] <= box[3] + margin
    )


def _letters(operand: Any) -> int:
    if isinstance(operand, (list, tuple)):
        return sum(len(each) for each in operand if isinstance(each, (str, bytes)))
    return len(operand) if isinstance(operand, (str, bytes)) else 0
