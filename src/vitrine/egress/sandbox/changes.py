"""What differs between two copies of a file: lines, with the cells or words in them that do.

Notebooks are compared by the sources of their cells. What cannot be read as text has no lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, Final

from vitrine.egress.sandbox.asked import Asked
from vitrine.egress.sandbox.clean import parse_json
from vitrine.egress.sandbox.letters import visible
from vitrine.errors import InvalidInput

AROUND: Final = 3
"""Lines that are shown before and after a change."""

PAGE_CHANGES: Final = 400
LINES_LIMIT: Final = 50_000
_FOLD: Final = 1_000
_TEXTS: Final = frozenset({"table", "text", "source", "notebook"})
_PIECES: Final = re.compile(r"[,;\t]|\s+|[^,;\t\s]+")

Segment = tuple[str, bool]
"""A piece of a line, and whether it is different."""


def has_lines(kind: str) -> bool:
    """Whether two copies of this kind can be compared here."""
    return kind in _TEXTS


def changes(kind: str, before: bytes, after: bytes, asked: Asked) -> dict[str, Any]:
    """Lines of both copies around each change; `old` and `new` are numbers of lines, from 1.

    Raises:
        InvalidInput: when there are no lines to compare, or too many.
    """
    if not has_lines(kind):
        raise InvalidInput("only texts, tables and notebooks are compared line by line")
    old, new = _lines(kind, before), _lines(kind, after)
    if len(old) + len(new) > LINES_LIMIT:
        raise InvalidInput(f"the two copies have more than {LINES_LIMIT:,} lines to compare")
    found = list(_changed(old, new))
    return {
        "kind": "changes",
        "changes": found[asked.start : asked.start + PAGE_CHANGES],
        "start": asked.start,
        "page": PAGE_CHANGES,
        "total": len(found),
        "unit": "lines of the comparison",
    }


def _lines(kind: str, content: bytes) -> list[str]:
    text = content.decode("utf-8", "replace").lstrip("\ufeff")
    if kind != "notebook":
        return text.removesuffix("\n").split("\n")
    lines = []
    for number, cell in enumerate(parse_json(text)["cells"], start=1):
        lines += [f"[cell {number}, {cell['cell_type']}]", *str(cell["source"]).split("\n")]
    return lines


def _changed(old: Sequence[str], new: Sequence[str]) -> Iterator[dict[str, Any]]:
    matcher = SequenceMatcher(None, old, new, autojunk=len(old) + len(new) > 2_000)
    for number, group in enumerate(matcher.get_grouped_opcodes(AROUND)):
        if number:
            yield {"mark": "gap", "old": None, "new": None, "segments": []}
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                for i, j in zip(range(i1, i2), range(j1, j2), strict=True):
                    yield _line("same", i, j, [(old[i], False)])
            else:
                yield from _replaced(old, new, (i1, i2, j1, j2))


def _replaced(
    old: Sequence[str], new: Sequence[str], spans: tuple[int, int, int, int]
) -> Iterator[dict[str, Any]]:
    i1, i2, j1, j2 = spans
    pairs = {k: _segments(old[i1 + k], new[j1 + k]) for k in range(min(i2 - i1, j2 - j1))}
    for k in range(i2 - i1):
        yield _line("old", i1 + k, None, pairs[k][0] if k in pairs else [(old[i1 + k], True)])
    for k in range(j2 - j1):
        yield _line("new", None, j1 + k, pairs[k][1] if k in pairs else [(new[j1 + k], True)])


def _segments(old: str, new: str) -> tuple[list[Segment], list[Segment]]:
    before, after = _PIECES.findall(old[:_FOLD]), _PIECES.findall(new[:_FOLD])
    here: list[Segment] = []
    there: list[Segment] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, False).get_opcodes():
        here.append(("".join(before[i1:i2]), tag != "equal"))
        there.append(("".join(after[j1:j2]), tag != "equal"))
    if old[_FOLD:] != new[_FOLD:]:
        here.append((old[_FOLD : 2 * _FOLD], True))
        there.append((new[_FOLD : 2 * _FOLD], True))
    return here, there


def _line(
    mark: str, old: int | None, new: int | None, segments: Sequence[Segment]
) -> dict[str, Any]:
    return {
        "mark": mark,
        "old": None if old is None else old + 1,
        "new": None if new is None else new + 1,
        "segments": [(visible(text[: 2 * _FOLD]), is_new) for text, is_new in segments if text],
    }
