"""What a reader has found so far; a `Document` once it has read everything."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field, replace
from typing import Any, Final

from numpy.typing import NDArray

from vitrine.egress.checks import kinds
from vitrine.egress.checks.document import Document, Raster, Remark, Role, Table, Text
from vitrine.egress.checks.readers import embedded

PICTURES_LIMIT: Final = 400
"""Pictures of one file that are looked at; more are said to be unread."""
REMARKS_LIMIT: Final = 20_000


@dataclass(slots=True)
class Parts:
    """A collector that one reader fills while it walks through one file."""

    tables: list[Table] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    rasters: list[Raster] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    def text(self, text: str, role: Role, at: str = "", first_line: int = 1) -> None:
        """Keep a text that is not blank."""
        if text.strip():
            self.texts.append(Text(text=text, role=role, at=at, first_line=first_line))

    def remark(self, what: str, at: str = "", detail: str = "") -> None:
        """Keep a remark, up to a limit that no honest file reaches."""
        if len(self.remarks) < REMARKS_LIMIT:
            self.remarks.append(Remark(what=what, at=at, detail=detail))

    def picture(self, content: bytes, at: str, caption: str = "") -> None:
        """Keep the picture in `content`; one that cannot be read is remarked."""
        if len(self.rasters) >= PICTURES_LIMIT:
            self.remark("unread part", at, f"more than {PICTURES_LIMIT} pictures")
            return
        try:
            rasters, remarks = embedded.raster_of(content, at, caption)
        except Exception:
            self.remark("unread part", at, "a picture that cannot be read")
            return
        self.rasters += rasters
        self.remarks += remarks

    def pixels(self, pixels: NDArray[Any], at: str) -> None:
        """Keep a picture that is decoded already."""
        if len(self.rasters) >= PICTURES_LIMIT:
            self.remark("unread part", at, f"more than {PICTURES_LIMIT} pictures")
            return
        self.rasters.append(Raster(pixels=pixels, at=at))

    def opaque(self, content: bytes, at: str, caption: str = "") -> str:
        """Keep a picture, remark anything else by its kind, and say what it is."""
        kind = kinds.kind_of("", content)
        if kind in kinds.PICTURES:
            self.picture(content, at, caption)
        else:
            self.remark("embedded file", at, kind)
        return kind

    def add(self, document: Document, at: str = "") -> None:
        """Keep the parts of a document that lies at `at` in this one."""
        self.tables += [replace(each, at=joined(at, each.at)) for each in document.tables]
        self.texts += [replace(each, at=joined(at, each.at)) for each in document.texts]
        self.rasters += [replace(each, at=joined(at, each.at)) for each in document.rasters]
        self.remarks += [replace(each, at=joined(at, each.at)) for each in document.remarks]

    def document(self, name: str, kind: str, content: bytes) -> Document:
        """Everything that was found."""
        return Document(
            path=name,
            kind=kind,
            size_bytes=len(content),
            tables=tuple(self.tables),
            texts=tuple(self.texts),
            rasters=tuple(self.rasters),
            remarks=tuple(self.remarks),
            content=content,
        )


def joined(*places: str) -> str:
    """Places one in the other, outermost first."""
    return ", ".join(place for place in places if place)


def from_base64(text: str) -> bytes:
    """The bytes that `text` stands for; empty when it is no base64."""
    compact = "".join(text.split()).rstrip("=")
    try:
        padded = compact.replace("-", "+").replace("_", "/") + "=" * (-len(compact) % 4)
        return base64.b64decode(padded, validate=True)
    except (binascii.Error, ValueError):
        return b""
