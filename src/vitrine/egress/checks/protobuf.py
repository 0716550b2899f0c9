"""The wire format of Protocol Buffers, read by hand: fields of a message, nothing interpreted."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from vitrine.errors import InvalidInput

VARINT: Final = 0
FIXED64: Final = 1
BYTES: Final = 2
FIXED32: Final = 5

_ONNX_STRINGS: Final = frozenset({2, 3, 4, 6})
_ONNX_MESSAGES: Final = frozenset({7, 8, 14, 20, 25})

Field = tuple[int, int, int, memoryview]
"""Number, wire type, value of a varint, bytes of everything else."""


def fields(message: memoryview) -> Iterator[Field]:
    """The fields of a message in their order.

    Raises:
        InvalidInput: where the message is cut short or is none.
    """
    at, end = 0, len(message)
    empty = message[:0]
    while at < end:
        tag, at = varint(message, at)
        number, wire = tag >> 3, tag & 7
        value, body = 0, empty
        if number == 0:
            raise InvalidInput("the message holds a field without a number")
        if wire == VARINT:
            value, at = varint(message, at)
        elif wire == BYTES:
            size, at = varint(message, at)
            body, at = message[at : at + size], at + size
        elif wire in (FIXED64, FIXED32):
            size = 8 if wire == FIXED64 else 4
            body, at = message[at : at + size], at + size
        else:
            raise InvalidInput("the message holds a field of an unknown type")
        if at > end:
            raise InvalidInput("the message is cut short")
        yield number, wire, value, body


def varint(message: memoryview, at: int) -> tuple[int, int]:
    """A variable-length number and where it ends.

    Raises:
        InvalidInput: when it is cut short or longer than 64 bits.
    """
    value = shift = 0
    while at < len(message) and shift < 70:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise InvalidInput("a number of the message is cut short")


def varints(body: memoryview) -> Iterator[int]:
    """The numbers of a packed field."""
    at = 0
    while at < len(body):
        value, at = varint(body, at)
        yield value


def floats(body: memoryview, size: int) -> Iterator[float]:
    """The numbers of a packed field of floats (`size` 4) or doubles (8)."""
    form = "<f" if size == 4 else "<d"
    for at in range(0, len(body) - size + 1, size):
        yield struct.unpack_from(form, body, at)[0]


def is_onnx(content: bytes) -> bool:
    """Whether `content` reads to its end as an ONNX model with a graph."""
    if content[:1] not in (b"\x08", b"\x12", b"\x3a", b"\x42"):
        return False
    seen = set()
    try:
        for number, wire, value, _ in fields(memoryview(content)):
            seen.add(number)
            if number == 1 and not (wire == VARINT and 1 <= value <= 64):
                return False
            if number in _ONNX_STRINGS | _ONNX_MESSAGES and wire != BYTES:
                return False
            if number not in _ONNX_STRINGS | _ONNX_MESSAGES | {1, 5}:
                return False
    except InvalidInput:
        return False
    return {1, 7} <= seen
