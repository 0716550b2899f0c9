"""Elements of a page: how they nest, what they are called, and where their words stood."""

from __future__ import annotations

import re
from typing import Final

VOID: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track"}
    | {"wbr", "param"}
)
"""Elements that hold nothing and are never closed."""

IMPLIED: Final = frozenset({"p", "li", "td", "th", "tr", "dt", "dd", "option", "tbody"})
"""Elements that the next one of their kind closes."""

HOLDERS: Final = frozenset({"table", "ul", "ol", "dl", "div", "select", "section", "body"})


class Lines:
    """Pieces of text at the lines where they stood."""

    def __init__(self) -> None:
        self._pieces: dict[int, list[str]] = {}

    def add(self, line: int, text: str) -> None:
        """Keep `text`, which begins on `line`, counted from 1."""
        for offset, piece in enumerate(text.split("\n")):
            if piece.strip():
                self._pieces.setdefault(line + offset, []).append(piece.strip())

    def joined(self) -> str:
        """All pieces as one text whose lines are those of the source."""
        last = max(self._pieces, default=0)
        return "\n".join(" ".join(self._pieces.get(line, ())) for line in range(1, last + 1))


class Open:
    """An element that is not closed yet."""

    __slots__ = ("groups", "is_hidden", "number", "tag", "unseen")

    def __init__(self, tag: str, number: int, groups: tuple[str, ...], is_hidden: bool) -> None:
        self.tag, self.number, self.groups, self.is_hidden = tag, number, groups, is_hidden
        self.unseen = 0


def group_of(attributes: dict[str, str], tag: str) -> str:
    """What a group is called: its id, or else its class."""
    return "defs" if tag == "defs" else attributes.get("id") or attributes.get("class", "")


def is_mostly_numbers(text: str) -> bool:
    """Whether a text is a block of data rather than words about it."""
    words = re.split(r"[\s,;|]+", text)
    numbers = sum(bool(re.fullmatch(r"-?\d+(?:\.\d+)?", word)) for word in words)
    return numbers >= 20 and numbers >= 0.4 * len(words)


def is_data(attributes: dict[str, str]) -> bool:
    """Whether a script element holds data or a template, which nothing runs."""
    kind = attributes.get("type", "").lower()
    return "json" in kind or kind.startswith(("text/x-", "text/template", "math/", "text/plain"))


def canvas_of(attributes: dict[str, str]) -> tuple[float, float, float, float] | None:
    """Left, top, width and height of what a figure shows, where it says so."""
    numbers = re.findall(r"-?\d+(?:\.\d+)?", attributes.get("viewbox", ""))
    if len(numbers) == 4:
        left, top, width, height = map(float, numbers)
        return left, top, width, height
    size = [re.match(r"\s*(\d+(?:\.\d+)?)(?:px|pt)?\s*$", attributes.get(key, ""))
            for key in ("width", "height")]  # fmt: skip
    if all(size):
        return 0.0, 0.0, *(float(each.group(1)) for each in size if each)  # type: ignore[return-value]
    return None
