"""The sentences and lines of a file's texts, each letter with its place in the file."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from vitrine.egress.checks.document import Document, Role, Text

_WINDOW: Final = 2000
_OVERLAP: Final = 100
_SETTINGS: Final = frozenset({"yaml", "toml"})
_END: Final = re.compile(
    r"\n|(?<=[.!?;])(?<!\bvs\.)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bca\.)\s+(?=[A-Z])"
)
_WRAPPED: Final = re.compile(r"(?<=[^\s.:;!?|\\{}])\n(?=[a-z(]|\d[\d,.]* [a-z(])")
_LONG_LINE: Final = 60
_BLANKED: Final = re.compile(
    r"[$~]|\*\*|\\(?=%)|(?<=\s)__?(?=\w)|(?<=\w)__?(?=[\s,.;:])|\*(?=\w)|(?<=\w)\*"
)
_COMMENT: Final = re.compile(
    r"(?:(?<=\s)|^)(?:#|//|--|%(?= )|(?:print|cat|message|\w*title|\w*caption"
    r"|\w*label)\()[^\n]*|/\*.*?\*/",
    re.MULTILINE | re.DOTALL,
)
_FENCE: Final = ("```", "~~~")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, or a line that is none; of its letters only marks of formatting are blanked."""

    text: str
    start: int
    source: Text = field(repr=False)
    line_starts: tuple[int, ...] = field(repr=False)

    def place(self, offset: int = 0) -> str:
        """Where the letter `offset`, from 0, of the sentence stands in the file."""
        return self.source.place(bisect.bisect_right(self.line_starts, self.start + offset) - 1)


def sentences(document: Document) -> Iterator[Sentence]:
    """Every sentence and line with a letter, but none of tables and blocks of code.

    Of programs their comments; long ones come in parts that overlap.
    """
    for text in document.texts:
        yield from _sentences(text, document.kind)


@lru_cache(maxsize=256)
def _sentences(text: Text, kind: str) -> tuple[Sentence, ...]:
    return tuple(_of_text(text, _body(text, kind)))


def _body(text: Text, kind: str) -> str:
    """The text with everything blanked that is no prose; as many letters as before."""
    if text.role is Role.CODE and kind not in _SETTINGS:
        return _comments(text.text)
    lines, fenced = [], False
    for line in text.text.split("\n"):
        fence = line.lstrip().startswith(_FENCE)
        fenced ^= fence
        is_row = line.count("|") > 1 or (line.count("&") > 0 and "\\\\" in line)
        lines.append(" " * len(line) if fenced or fence or is_row else line)
    return "\n".join(lines)


def _comments(code: str) -> str:
    if len(code) > _CODE_READ:
        return ""
    parts, end = [], 0
    for found in _COMMENT.finditer(code):
        parts += [re.sub(r"[^\n]", " ", code[end : found.start()]), found.group()]
        end = found.end()
    return "".join([*parts, re.sub(r"[^\n]", " ", code[end:])])


_CODE_READ: Final = 100_000
"""Letters of one program whose comments are read: longer ones are libraries."""


def _of_text(text: Text, body: str) -> Iterator[Sentence]:
    starts = (0, *(found.end() for found in re.finditer("\n", text.text)))
    shown = _BLANKED.sub(lambda found: " " * len(found.group()), _unwrapped(body))
    start = 0
    for end in [*_END.finditer(shown), None]:
        stop = end.start() if end else len(shown)
        for part in range(start, stop, _WINDOW):
            said = shown[part : min(stop, part + _WINDOW + _OVERLAP)]
            if said.strip():
                yield Sentence(said, part, text, starts)
        start = end.end() if end else stop


def _unwrapped(body: str) -> str:
    """Lines of a paragraph joined where a sentence goes on in the next one."""

    def joined(found: re.Match[str]) -> str:
        begin = body.rfind("\n", 0, found.start()) + 1
        return " " if found.start() - begin >= _LONG_LINE else "\n"

    return _WRAPPED.sub(joined, body)
