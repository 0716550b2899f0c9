"""The pixel data of a file: where they stand, whether they fit the geometry, copied as bytes.

De-identification of attributes never decodes a pixel: group 7FE0 goes from file to file as it is,
so that untouched pixels keep their bytes and gigabytes need no memory.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO, Final, Protocol

from pydicom.dataset import Dataset

from vitrine.errors import InvalidInput

_LONG: Final = frozenset(
    {b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"UN", b"SQ", b"UT", b"UC", b"UR"}
)
_GROUP: Final = 0x7FE0
_ITEM: Final = (0xFFFE, 0xE000)
_END: Final = (0xFFFE, 0xE0DD)
_UNDEFINED: Final = 0xFFFFFFFF
_KEPT: Final = frozenset({0x0001, 0x0002, 0x0008, 0x0009, 0x0010})
_PIXELS: Final = frozenset({0x0008, 0x0009, 0x0010})
_COPY: Final = 1 << 20
_FRAGMENTS_LIMIT: Final = 1_000_000


class Writable(Protocol):
    """What bytes can be written to."""

    def write(self, part: bytes, /) -> int:
        """Take bytes; answer how many."""
        ...


@dataclass(frozen=True, slots=True)
class Extent:
    """One element of group 7FE0: offsets in the file, from 0."""

    element: int
    start: int
    value: int
    """Where its value begins."""

    end: int
    is_encapsulated: bool

    @property
    def length(self) -> int:
        """Bytes of its value."""
        return self.end - self.value


def extents(stream: BinaryIO, *, is_implicit: bool, is_little: bool) -> list[Extent]:
    """The elements of group 7FE0 that begin where `stream` stands; what follows is passed over.

    Raises:
        InvalidInput: when one of them ends beyond the file.
    """
    at = stream.tell()
    size = stream.seek(0, 2)
    found: list[Extent] = []
    while at + 8 <= size:
        stream.seek(at)
        head = stream.read(12)
        group, element = struct.unpack("<HH" if is_little else ">HH", head[:4])
        if group != _GROUP:
            break
        value, length = _value_of(head, at, is_implicit=is_implicit, is_little=is_little)
        is_encapsulated = length == _UNDEFINED
        end = _end_of_fragments(stream, value, size) if is_encapsulated else value + length
        if end > size:
            raise InvalidInput("the pixel data end beyond the file")
        if element in _KEPT:
            found.append(Extent(element, at, value, end, is_encapsulated))
        at = end
    return found


def _value_of(head: bytes, at: int, *, is_implicit: bool, is_little: bool) -> tuple[int, int]:
    order = "<" if is_little else ">"
    if is_implicit:
        return at + 8, struct.unpack(order + "L", head[4:8])[0]
    if head[4:6] in _LONG:
        return at + 12, struct.unpack(order + "L", head[8:12])[0]
    return at + 8, struct.unpack(order + "H", head[6:8])[0]


def _end_of_fragments(stream: BinaryIO, at: int, size: int) -> int:
    for _ in range(_FRAGMENTS_LIMIT):
        stream.seek(at)
        head = stream.read(8)
        if len(head) < 8:
            raise InvalidInput("the pixel data end beyond the file")
        group, element, length = struct.unpack("<HHL", head)
        at += 8
        if (group, element) == _END:
            return at
        if (group, element) != _ITEM or at + length > size:
            raise InvalidInput("the fragments of the pixel data are damaged")
        at += length
    raise InvalidInput("the pixel data have too many fragments")


def check_geometry(header: Dataset, found: list[Extent]) -> None:
    """Nothing, when the pixel data fit what the header says of them.

    Raises:
        InvalidInput: when they are missing, too short, or longer than the image.
    """
    pixels = [each for each in found if each.element in _PIXELS]
    if "Rows" not in header and not pixels:
        return
    if len(pixels) != 1:
        raise InvalidInput("an image has one element of pixel data, and this one has not")
    (data,) = pixels
    if data.is_encapsulated:
        if data.length <= 24:
            raise InvalidInput("the pixel data hold no frame")
        return
    expected = _expected(header, data.element)
    if not expected <= data.length <= expected + expected % 2:
        raise InvalidInput(
            f"the pixel data have {data.length} bytes, and rows, columns and frames need {expected}"
        )


def _expected(header: Dataset, element: int) -> int:
    try:
        rows, columns = int(header.Rows), int(header.Columns)
        samples = int(header.get("SamplesPerPixel", 1) or 1)
        frames = int(header.get("NumberOfFrames", 1) or 1)
        bits = {0x0008: 32, 0x0009: 64}.get(element) or int(header.BitsAllocated)
    except (AttributeError, TypeError, ValueError):
        raise InvalidInput("rows, columns or bits of the image are missing") from None
    count = rows * columns * samples * frames
    if "422" in str(header.get("PhotometricInterpretation", "")) and samples == 3:
        count = rows * columns * 2 * frames
    return (count * bits + 7) // 8


def copy(source: BinaryIO, found: list[Extent], target: Writable) -> None:
    """Write the elements of `found` as they stand in `source` to `target`."""
    for each in found:
        source.seek(each.start)
        left = each.end - each.start
        while left:
            part = source.read(min(_COPY, left))
            if not part:
                raise InvalidInput("the pixel data end beyond the file")
            target.write(part)
            left -= len(part)
