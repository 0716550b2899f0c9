"""The bytes of a Part 10 file by a walker of its own: envelope, body, pixels, what follows."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from typing import Final

_LONG: Final = frozenset({b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"UN", b"SQ", b"UT", b"UC",
                          b"UR", b"SV", b"UV"})  # fmt: skip
_IMPLICIT: Final = "1.2.840.10008.1.2"
_BIG: Final = "1.2.840.10008.1.2.2"
_DEFLATED: Final = "1.2.840.10008.1.2.1.99"
_UNDEFINED: Final = 0xFFFFFFFF
_DEPTH: Final = 200
_INFLATED: Final = 4 << 30


class Damaged(Exception):
    """The bytes are no data set that can be walked to its end."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Parts of one file."""

    preamble: bytes = field(repr=False)
    meta: bytes = field(repr=False)
    body: bytes = field(repr=False)
    """The data set, inflated, without its pixel data."""

    pixels: bytes = field(repr=False)
    """The values of group 7FE0, one after the other."""

    syntax: str
    has_more: bool
    """Whether anything stands behind the pixel data: padding, signatures, appended bytes."""


def layout_of(content: bytes) -> Layout:
    """The parts of a file.

    Raises:
        Damaged: when it is no Part 10 file, or an element ends beyond it.
    """
    if content[128:132] != b"DICM":
        raise Damaged
    end, syntax = _meta_end(content)
    body = content[end:]
    if syntax == _DEFLATED:
        body = _inflated(body)
    little = syntax != _BIG
    at, has_pixels, values = 0, False, []
    before = len(body)
    while at + 8 <= len(body):
        group, element, value, length = _head(body, at, implicit=syntax == _IMPLICIT, little=little)
        if group > 0x7FE0:
            break
        after = _after(body, at, implicit=syntax == _IMPLICIT, little=little, depth=0)
        if group == 0x7FE0:
            before = before if has_pixels else at
            has_pixels = True
        if group == 0x7FE0 and element:  # a group length is no pixel
            values.append(body[value:after] if length != _UNDEFINED else _fragments(body, value))
        at = after
    return Layout(
        content[:128],
        content[132:end],
        body[: before if has_pixels else at],
        b"".join(values),
        syntax,
        bool(body[at:].strip(b"\0")),
    )


def _meta_end(content: bytes) -> tuple[int, str]:
    at, syntax = 132, ""
    while at + 8 <= len(content):
        group, element, value, length = _head(content, at, implicit=False, little=True)
        if group != 2:
            break
        if value + length > len(content):
            raise Damaged
        if element == 0x10:
            syntax = content[value : value + length].decode("ascii", "replace").strip(" \0")
        at = value + length
    return at, syntax


def _inflated(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, _INFLATED)
    except zlib.error:
        raise Damaged from None


def _head(body: bytes, at: int, *, implicit: bool, little: bool) -> tuple[int, int, int, int]:
    """Group, element, where the value begins, and its length."""
    order = "<" if little else ">"
    group, element = struct.unpack_from(order + "HH", body, at)
    if implicit or group == 0xFFFE:
        return group, element, at + 8, struct.unpack_from(order + "L", body, at + 4)[0]
    if body[at + 4 : at + 6] in _LONG:
        if at + 12 > len(body):
            raise Damaged
        return group, element, at + 12, struct.unpack_from(order + "L", body, at + 8)[0]
    return group, element, at + 8, struct.unpack_from(order + "H", body, at + 6)[0]


def _after(body: bytes, at: int, *, implicit: bool, little: bool, depth: int) -> int:
    """Where the element at `at` ends."""
    if depth > _DEPTH:
        raise Damaged
    group, _, value, length = _head(body, at, implicit=implicit, little=little)
    if length != _UNDEFINED:
        if value + length > len(body):
            raise Damaged
        return value + length
    if group == 0x7FE0:
        return _end_of_fragments(body, value)
    vr = b"" if implicit else body[at + 4 : at + 6]
    return _end_of_items(body, value, implicit=implicit or vr == b"UN", little=little, depth=depth)


def _end_of_items(body: bytes, at: int, *, implicit: bool, little: bool, depth: int) -> int:
    """Where a sequence of undefined length ends whose first item begins at `at`."""
    while at + 8 <= len(body):
        group, element, value, length = _head(body, at, implicit=implicit, little=little)
        if (group, element) == (0xFFFE, 0xE0DD):
            return value
        if (group, element) != (0xFFFE, 0xE000):
            raise Damaged
        at = value + length
        if length == _UNDEFINED:
            at = _end_of_item(body, value, implicit=implicit, little=little, depth=depth)
    raise Damaged


def _end_of_item(body: bytes, at: int, *, implicit: bool, little: bool, depth: int) -> int:
    while at + 8 <= len(body):
        group, element, value, _ = _head(body, at, implicit=implicit, little=little)
        if (group, element) == (0xFFFE, 0xE00D):
            return value
        at = _after(body, at, implicit=implicit, little=little, depth=depth + 1)
    raise Damaged


def _end_of_fragments(body: bytes, at: int) -> int:
    while at + 8 <= len(body):
        group, element, length = struct.unpack_from("<HHL", body, at)
        at += 8
        if (group, element) == (0xFFFE, 0xE0DD):
            return at
        if (group, element) != (0xFFFE, 0xE000):
            raise Damaged
        at += length
    raise Damaged


def _fragments(body: bytes, at: int) -> bytes:
    return body[at : _end_of_fragments(body, at)]
