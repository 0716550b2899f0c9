"""What a reader finds in a file: parts with their places, and remarks about the rest.

Places are as `finding.Finding` writes them; `at` is empty for a part that is the whole file.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from numpy.typing import NDArray

_DRAWN: Final = frozenset(
    {"marks", "unread part", "unreadable image", "encrypted", "invisible text", "covered text"}
    | {"text off the page", "pixels"}
)
"""Words of remarks that are about what a page shows, or about what could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows and columns of text as they stand in the file, numbers not interpreted."""

    columns: tuple[str, ...]
    """Names; invented ones (`column 3`) where the table has none."""

    rows: tuple[tuple[str, ...], ...] = field(repr=False)
    """Each as long as `columns`, padded with empty cells."""

    at: str = ""
    first_row: int = 2
    """Number of `rows[0]` in the file as an editor counts, from 1."""

    caption: str = field(default="", repr=False)
    """Title, caption or the text just before it."""

    is_hidden: bool = False
    """A hidden sheet, row group or element."""

    def place(self, row: int, column: int | None = None) -> str:
        """Where a cell or row stands.

        Args:
            row: index into `rows`, from 0.
            column: index into `columns`, from 0.
        """
        spot = f"row {row + self.first_row}"
        if column is not None:
            spot += f", column {self.columns[column]}"
        return f"{self.at}, {spot}" if self.at else spot


class Role(StrEnum):
    """What a text is in its file."""

    PROSE = "prose"
    CAPTION = "caption"
    CODE = "code"
    OUTPUT = "output"
    COMMENT = "comment"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Lines of text."""

    text: str = field(repr=False)
    role: Role
    at: str = ""
    first_line: int = 1

    def place(self, line: int) -> str:
        """Where a line stands; `line` counts from 0 in this text."""
        spot = f"line {line + self.first_line}"
        return f"{self.at}, {spot}" if self.at else spot


@dataclass(frozen=True, slots=True, kw_only=True)
class Raster:
    """A picture: pixels of shape (height, width), or (height, width, 3 or 4) as RGB or RGBA."""

    pixels: NDArray[Any] = field(repr=False)
    """uint8, or uint16 where the file has more than 8 bits for each value."""

    at: str = ""
    caption: str = field(default="", repr=False)
    """Text that stands beside it: title, alternative text, legend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something that a reader noticed besides the parts: a script, a comment, appended bytes.

    Args of a remark are `what`, a word that rules know (`script`, `hidden sheet`, `attachment`,
    `appended bytes`, `metadata`, `macro`, …), and `detail`, a sentence without content.
    """

    what: str
    at: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Everything a file carries, as far as it could be read."""

    path: str
    kind: str
    """What it is by content: see `kinds.kind_of`."""

    size_bytes: int
    tables: tuple[Table, ...] = ()
    texts: tuple[Text, ...] = ()
    rasters: tuple[Raster, ...] = ()
    remarks: tuple[Remark, ...] = ()
    content: bytes = field(default=b"", repr=False)
    """The bytes themselves, for rules about what no part shows."""


_UNDRAWN: Final = frozenset({Role.HIDDEN, Role.CODE})


def shown(document: Document) -> Document:
    """What of a document a copy of its drawing still has: no hidden words, nothing active."""
    return replace(
        document,
        texts=tuple(text for text in document.texts if text.role not in _UNDRAWN),
        remarks=tuple(remark for remark in document.remarks if remark.what in _DRAWN),
    )
