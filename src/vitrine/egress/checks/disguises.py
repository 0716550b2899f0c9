"""Files that are two things at once: what else a file opens as, besides what it looks like."""

from __future__ import annotations

import struct
from typing import Final

from vitrine.egress.checks.kinds import OPAQUE, PICTURES, kind_of
from vitrine.egress.checks.signatures import structure_of

_END_OF_DIRECTORY: Final = b"PK\x05\x06"
_ZIP_TAIL: Final = 22 + 65_535
_ZIPS: Final = frozenset({"zip", "npz", "zarr", "torch", "keras", "xlsx", "office"})
_ARCHIVED: Final = _ZIPS | {"archive", "gzip"}
_TEXTS: Final = frozenset(
    {"text", "markdown", "latex", "code", "json", "yaml", "toml", "csv", "tsv", "notebook"}
)
_BEHIND: Final = OPAQUE | PICTURES | {"pdf", "html", "svg", "csv", "json"}
_ACTIVE: Final = (b"<script", b"<?php", b"<iframe", b"<!doctype html")


def also(kind: str, content: bytes) -> list[str]:
    """What a file of `kind` can be opened as besides; empty for an honest file."""
    found = [
        *_zip_at_end(kind, content),
        *_behind_picture(kind, content),
        *_pdf_further_in(kind, content),
        *_markup_in_picture(kind, content),
        *_behind_preamble(kind, content),
    ]
    return sorted(set(found) - {kind})


def after_picture(kind: str, content: bytes) -> bytes:
    """The bytes behind the end of a PNG, JPEG or GIF picture."""
    if kind == "png":
        return content[_png_end(content) :]
    if kind == "jpeg":
        end = content.rfind(b"\xff\xd9")
        first = _jpeg_end(content)
        return content[(first if first > 0 else end + 2 if end > 0 else len(content)) :]
    return b""


def _png_end(content: bytes) -> int:
    at = 8
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4])
        kind = content[at + 4 : at + 8]
        at += 12 + length
        if kind == b"IEND":
            return at
    return len(content)


def _jpeg_end(content: bytes) -> int:
    """Where the first whole picture ends, thumbnails in its segments not counted; 0 if unknown."""
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        mark = content[at + 1]
        (length,) = struct.unpack_from(">H", content, at + 2)
        at += 2 + length
        if mark == 0xDA:
            break
    end = content.find(b"\xff\xd9", at)
    return end + 2 if end > 0 else 0


def _zip_at_end(kind: str, content: bytes) -> list[str]:
    if kind in _ZIPS:
        return []
    at = content.rfind(_END_OF_DIRECTORY, max(0, len(content) - _ZIP_TAIL))
    if at < 0 or at + 22 > len(content):
        return []
    entries, size = struct.unpack_from("<HI", content, at + 10)
    directory = content[at - size : at] if size <= at else b""
    return ["zip"] if entries and directory.startswith(b"PK\x01\x02") else []


def _behind_picture(kind: str, content: bytes) -> list[str]:
    rest = after_picture(kind, content)
    if len(rest) < 16:
        return []
    found = {kind_of("", rest), kind_of("", rest.lstrip(b"\x00\r\n "))}
    return sorted(found & _BEHIND)


def _pdf_further_in(kind: str, content: bytes) -> list[str]:
    at = content.find(b"%PDF-", 0, 1024)
    if kind == "pdf" or at < 0 or kind in _TEXTS | _ARCHIVED:
        return []
    return ["pdf"] if b"startxref" in content or b" obj" in content[at:] else []


def _markup_in_picture(kind: str, content: bytes) -> list[str]:
    if kind not in PICTURES | {"pdf"}:
        return []
    lowered = content.lower() if kind != "pdf" else content[:1024].lower()
    return ["html"] if any(mark in lowered for mark in _ACTIVE) else []


def _behind_preamble(kind: str, content: bytes) -> list[str]:
    """What the 128 bytes before a DICOM data set, or before a tar mark, pretend to be."""
    if kind == "dicom" and content[128:132] == b"DICM":
        start = bytes(content[:128]) + bytes(4) + content[132:4096]
        found = structure_of(start)
        return [found] if found else []
    if content[257:263] in (b"ustar\x00", b"ustar ") and kind not in _ARCHIVED:
        return ["archive"]
    return []
