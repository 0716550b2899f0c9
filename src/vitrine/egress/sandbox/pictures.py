"""What a page shows of a picture: its planes, its histogram, and everything its file holds."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any, Final

from PIL import Image

from vitrine.egress.sandbox.asked import Asked
from vitrine.errors import InvalidInput

MAX_EDGE: Final = 6_000
BINS: Final = 64
HEIGHT: Final = 100
"""Height of the tallest bar of a histogram."""

BITS: Final = {"lowest-bit": 0b1, "two-lowest-bits": 0b11, "four-lowest-bits": 0b1111}
PLANES: Final = {"red": "R", "green": "G", "blue": "B", "transparency": "A"}
VIEWS: Final = (*BITS, *PLANES)


def picture(content: bytes, asked: Asked) -> tuple[dict[str, Any], bytes]:
    """What is known of a PNG or JPEG, and the view that was asked for, drawn as PNG.

    Raises:
        InvalidInput: when there is no such view, or the picture has no such plane.
    """
    with Image.open(io.BytesIO(content), formats=["PNG", "JPEG"]) as image:
        image.load()
        head = _facts(image, content)
        drawn = drawn_as_png(_view(image, asked.view)) if asked.is_drawn else b""
    return head, drawn


def _facts(image: Image.Image, content: bytes) -> dict[str, Any]:
    bands = image.getbands()
    values = (f"{band} {_span(image.getchannel(band))}" for band in bands)
    parts = list(_parts(content))
    return {
        "kind": "image",
        "width": image.width,
        "height": image.height,
        "mode": "grey" if bands == ("L",) else "colour",
        "views": [
            *BITS,
            *(view for view, band in PLANES.items() if band in bands),
        ],
        "facts": [
            ["Format", f"{image.format}, {len(content):,} bytes"],
            ["Size", f"{image.width:,} × {image.height:,} pixels"],
            ["Planes", ", ".join(bands)],
            ["Transparency", "yes" if "A" in bands or "transparency" in image.info else "none"],
            ["Values", "; ".join(values)],
            ["Metadata", ", ".join(sorted(map(str, image.info))) or "none"],
            ["Parts of the file", ", ".join(f"{name} {size:,} B" for name, size in parts)],
        ],
        "histogram": [[band, _bars(image.getchannel(band))] for band in bands],
        "start": 0,
        "page": 1,
        "total": 1,
        "unit": "images",
    }


def _span(plane: Image.Image) -> str:
    least, largest = plane.getextrema()
    return f"{least} to {largest}"


def _bars(plane: Image.Image) -> list[int]:
    """Pixels by value, dark to bright, as heights of `BINS` bars."""
    counts = plane.convert("L").histogram()
    width = len(counts) // BINS
    bars = [sum(counts[at : at + width]) for at in range(0, len(counts), width)]
    return [-(-HEIGHT * bar // max(1, *bars)) for bar in bars]


def _view(image: Image.Image, view: str) -> Image.Image:
    shown = image.convert("L" if image.mode == "L" else "RGB")
    if not view:
        return shown
    if view in BITS:
        mask = BITS[view]
        return shown.point([(value & mask) * 255 // mask for value in range(256)] * len(shown.mode))
    if PLANES.get(view) in image.getbands():
        return image.getchannel(PLANES[view])
    raise InvalidInput("the picture has no such view")


def drawn_as_png(shown: Image.Image) -> bytes:
    """A picture for a browser, never larger than `MAX_EDGE` on a side."""
    if max(shown.size) > MAX_EDGE:
        shown.thumbnail((MAX_EDGE, MAX_EDGE), Image.Resampling.NEAREST)
    drawn = io.BytesIO()
    shown.save(drawn, format="PNG", compress_level=1)
    return drawn.getvalue()


def _parts(content: bytes) -> Iterator[tuple[str, int]]:
    """Chunks or segments by name, equal neighbours together, and what lies behind the end."""
    names: dict[str, int] = {}
    walk = _png_chunks if content.startswith(b"\x89PNG") else _jpeg_segments
    for name, size in walk(content):
        names[name] = names.get(name, 0) + size
    yield from names.items()


def _png_chunks(content: bytes) -> Iterator[tuple[str, int]]:
    at = 8
    while at + 8 <= len(content):
        length, kind = struct.unpack_from("!I4s", content, at)
        name = kind.decode("latin-1")
        yield (name if name.isalpha() and name.isascii() else "unnamed"), length
        at += 12 + length
        if kind == b"IEND":
            break
    if at < len(content):
        yield "behind the end", len(content) - at


def _jpeg_segments(content: bytes) -> Iterator[tuple[str, int]]:
    # ITU T.81 B.1.1: a marker, then a length that counts itself; SOS is followed by the scan.
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF and content[at + 1] != 0xDA:
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        yield f"FF{content[at + 1]:02X}", length
        at += 2 + length
    end = content.rfind(b"\xff\xd9") + 2
    yield "scan", max(0, end - at)
    if end < len(content):
        yield "behind the end", len(content) - end
