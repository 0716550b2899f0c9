"""Readers: the bytes of one kind of file as parts with their places.

A reader takes a name and bytes and returns a `Document`. It raises `Unreadable` when the content
is damaged or beyond a limit; whatever else it raises is reported as "not checked" too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from PIL import Image

from vitrine.egress.checks.document import Document
from vitrine.egress.checks.readers import plain, raster

Reader = Callable[[str, bytes, str], Document]
"""Name, bytes and kind."""

READERS: Final[Mapping[str, Reader]] = {
    **dict.fromkeys(("text", "markdown", "latex", "code", "yaml", "toml"), plain.read),
    **dict.fromkeys(("png", "jpeg", "gif", "bmp", "webp", "tiff"), raster.read),
}


def read(name: str, content: bytes, kind: str) -> Document:
    """The parts of a file; of a kind without a reader only the bytes."""
    reader = READERS.get(kind)
    if reader is None:
        return Document(path=name, kind=kind, size_bytes=len(content), content=content)
    return reader(name, content, kind)


def prepare() -> None:
    """Load what readers and rules would otherwise import late: a confined child cannot."""
    Image.init()
