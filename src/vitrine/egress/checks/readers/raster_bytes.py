"""What the bytes of a picture carry besides its pixels: metadata, and bytes nobody is shown."""

from __future__ import annotations

import re
import struct
import zlib
from typing import Final

from PIL import Image

from vitrine.egress.checks.document import Remark

METADATA: Final = "image metadata"
APPENDED: Final = "image appended bytes"

_PNG_START: Final = b"\x89PNG\r\n\x1a\n"
_PNG_PLAIN: Final = frozenset(
    {"IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "cHRM", "sRGB", "cICP", "pHYs"}
    | {"bKGD", "sBIT", "tIME", "hIST", "acTL", "fcTL", "fdAT"}
)
_PNG_TEXT: Final = frozenset({"tEXt", "zTXt", "iTXt"})
_PROFILE_LIMIT: Final = 65_536
_KNOWN_SOFTWARE: Final = re.compile(
    rb"Software\x00(Matplotlib version ?\d+(\.\w+){1,3}, ?https://matplotlib\.org/"
    rb"|gnuplot|www\.inkscape\.org|R|ggplot2|Plotly|Adobe ImageReady|Paint|gnome-screenshot)"
)

_PLAIN_TAGS: Final = frozenset(
    {254, 256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 282, 283, 284, 296, 317, 318}
    | {319, 320, 322, 323, 324, 325, 338, 339, 347, 529, 530, 531, 532, 34665, 34675}
)
"""EXIF and TIFF tags that say only how the pixels are stored."""
_PLAIN_EXIF: Final = frozenset({36864, 37121, 40960, 40961, 40962, 40963})
_EXIF_IFD: Final = 0x8769
_GPS_IFD: Final = 0x8825
_THUMBNAIL_OFFSET: Final = 513


def remarks_of(image: Image.Image, content: bytes, at: str) -> list[Remark]:
    """Remarks on metadata and on appended bytes of an opened picture; no detail has content."""
    found, end = _walk(content)
    found += _exif(image)
    remarks = [Remark(what=METADATA, at=at, detail=each) for each in dict.fromkeys(found) if each]
    if end < len(content) and content[end:].strip(b"\x00\r\n"):
        detail = f"{len(content) - end:,} bytes after the end of the picture"
        remarks.append(Remark(what=APPENDED, at=at, detail=detail))
    if content.startswith(_PNG_START) and _has_hidden_rows(content):
        remarks.append(Remark(what=APPENDED, at=at, detail="image data beyond the last row"))
    return remarks


def is_deep(content: bytes) -> bool:
    """Whether a PNG has 16 bits for each value, which decoding to RGB does not show."""
    return (
        content.startswith(_PNG_START) and content[12:16] == b"IHDR" and content[24:25] == b"\x10"
    )


def _walk(content: bytes) -> tuple[list[str], int]:
    """Kinds of metadata in the order of the file, and where the picture ends."""
    if content.startswith(_PNG_START):
        return _png(content)
    if content.startswith(b"\xff\xd8"):
        return _jpeg(content)
    if content.startswith(b"GIF8"):
        return _gif(content)
    if content[:4] == b"RIFF":
        return _webp(content)
    return [], len(content)


def _png(content: bytes) -> tuple[list[str], int]:
    found: list[str] = []
    place = len(_PNG_START)
    while place + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, place)
        name = content[place + 4 : place + 8].decode("latin-1")
        body = content[place + 8 : place + 8 + length]
        found.append(_png_chunk(name, body))
        place += length + 12
        if name == "IEND":
            if length:
                found.append("data in the end mark")
            break
    return found, min(place, len(content))


def _png_chunk(name: str, body: bytes) -> str:
    if name in _PNG_TEXT:
        keyword, _, text = body.partition(b"\x00")
        is_plain = not text.strip(b"\x00 ") or _KNOWN_SOFTWARE.fullmatch(body)
        return "" if is_plain and len(keyword) < 80 else "text"
    if name == "eXIf":
        return ""
    if name == "iCCP":
        return "large colour profile" if len(body) > _PROFILE_LIMIT else ""
    return "" if name in _PNG_PLAIN else "private data"


def _has_hidden_rows(content: bytes) -> bool:
    """Whether a PNG's compressed stream holds more than its rows need."""
    width, height, bits, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", content, 16)
    if interlaced:
        return False
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour, 4)
    needed = height * (1 + (width * bits * samples + 7) // 8)
    stream = zlib.decompressobj()
    place, left = len(_PNG_START), needed + 1
    try:
        while place + 12 <= len(content) and left > 0:
            (length,) = struct.unpack_from(">I", content, place)
            if content[place + 4 : place + 8] == b"IDAT":
                part = content[place + 8 : place + 8 + length]
                left -= len(stream.decompress(part, left))
            place += length + 12
    except zlib.error:
        return False
    return left <= 0 or bool(stream.unused_data.strip(b"\x00"))


def _jpeg(content: bytes) -> tuple[list[str], int]:
    found: list[str] = []
    place = 2
    while place + 4 <= len(content):
        if content[place] != 0xFF:
            place += 1
            continue
        mark = content[place + 1]
        if mark == 0xD9:
            return found, place + 2
        if mark == 0xFF:
            place += 1
        elif mark == 0x00 or 0xD0 <= mark <= 0xD8 or mark == 0x01:
            place += 2
        else:
            (length,) = struct.unpack_from(">H", content, place + 2)
            found.append(_jpeg_segment(mark, content[place + 4 : place + 2 + length]))
            place += 2 + length
            if mark == 0xDA:
                place = _after_scan(content, place)
    return found, min(place + 2, len(content))


_SCAN_END: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)


def _after_scan(content: bytes, place: int) -> int:
    end = _SCAN_END.search(content, place)
    return end.start() if end else len(content)


def _jpeg_segment(mark: int, body: bytes) -> str:
    if mark == 0xFE:
        return "comment" if body.strip(b"\x00 ") else ""
    if not 0xE0 <= mark <= 0xEF:
        return ""
    if body.startswith(b"JFIF\x00"):
        return "thumbnail" if len(body) > 14 else ""
    if body.startswith((b"Exif\x00", b"Adobe")):
        return ""
    if body.startswith(b"ICC_PROFILE\x00"):
        return ""
    if body.startswith(b"http://ns.adobe.com/"):
        return "XMP"
    if body.startswith(b"Photoshop 3.0"):
        return "IPTC"
    return "private data" if body.strip(b"\x00") else ""


def _gif(content: bytes) -> tuple[list[str], int]:
    found: list[str] = []
    place = 13 + _colours(content[10])
    while place < len(content):
        mark = content[place]
        if mark == 0x3B:
            return found, place + 1
        if mark == 0x21:
            label, name = content[place + 1], content[place + 3 : place + 14]
            if label == 0xFE:
                found.append("comment")
            elif label == 0xFF and name not in (b"NETSCAPE2.0", b"ANIMEXTS1.0"):
                found.append("XMP" if name.startswith(b"XMP") else "private data")
            place = _after_blocks(content, place + 2)
        elif mark == 0x2C:
            place = _after_blocks(content, place + 11 + _colours(content[place + 9]))
        else:
            break
    return found, min(place, len(content))


def _colours(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(content: bytes, place: int) -> int:
    while place < len(content) and content[place]:
        place += content[place] + 1
    return place + 1


def _webp(content: bytes) -> tuple[list[str], int]:
    end = min(len(content), struct.unpack_from("<I", content, 4)[0] + 8)
    found: list[str] = []
    place = 12
    while place + 8 <= end:
        name = content[place : place + 4]
        (length,) = struct.unpack_from("<I", content, place + 4)
        if name == b"XMP ":
            found.append("XMP")
        elif name not in (b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP", b"EXIF"):
            found.append("private data")
        place += 8 + length + (length & 1)
    return found, end


def _exif(image: Image.Image) -> list[str]:
    """What EXIF, or the tags of a TIFF, say besides how pixels are stored."""
    try:
        tags = image.getexif()
        inner = set(tags.get_ifd(_EXIF_IFD)) - _PLAIN_EXIF
        found = ["EXIF"] if (set(tags) - _PLAIN_TAGS - {_GPS_IFD}) or inner else []
        if tags.get_ifd(_GPS_IFD):
            found.append("place where it was taken")
        if _THUMBNAIL_OFFSET in tags.get_ifd(1):
            found.append("thumbnail")
    except Exception:
        return ["damaged EXIF"]
    return found
