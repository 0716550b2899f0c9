"""Paged documents: each page drawn as a picture, and a new document made of those pictures.

The copy has no text, links, scripts, forms, attachments or earlier states: only pixels. It is the
smallest document there is (ISO 32000-1 7.5), byte for byte the same for the same pictures.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any, Final

import pypdfium2 as pdfium
from PIL import Image, ImageChops

from vitrine.egress.sandbox.asked import Asked
from vitrine.egress.sandbox.cleaned import Cleaned, some
from vitrine.egress.sandbox.filetypes import PDF
from vitrine.egress.sandbox.pictures import drawn_as_png
from vitrine.errors import InvalidInput

DPI: Final = 150
MAX_PAGES: Final = 40
MAX_PIXELS: Final = 9_000_000
"""Pixels of one page; a larger page is drawn at fewer to the inch."""

RENDERER: Final = f"pdfium {pdfium.version.PDFIUM_INFO.build}"

Size = tuple[float, float]
"""Width and height in points of 1/72 inch."""


def clean_document(content: bytes) -> Cleaned:
    """The pages of a document as pictures.

    Raises:
        InvalidInput: when it is damaged, locked, or has more pages than anybody checks.
    """
    pages = []
    reduced = 0
    for size, picture in _drawn(content):
        reduced += picture.width < int(size[0] * DPI / 72)
        pages.append((size, picture))
    notes = [f"{some(len(pages), 'page')} drawn as pictures at {DPI} dots per inch"]
    notes.append("text, links, comments, forms, attachments and metadata removed")
    if reduced:
        notes.append(f"{some(reduced, 'large page')} drawn at fewer dots per inch")
    return Cleaned(_written(pages), PDF, tuple(notes))


def document_page(content: bytes, asked: Asked) -> tuple[dict[str, Any], bytes]:
    """One page of a document as a picture."""
    document = _opened(content)
    if asked.part >= len(document):
        raise InvalidInput("the document has no such page")
    _, picture = _page(document, asked.part)
    head = {
        "kind": "page",
        "width": picture.width,
        "height": picture.height,
        "views": [],
        "facts": [],
        "histogram": [],
        "parts": [f"page {number}" for number in range(1, len(document) + 1)],
        "part": asked.part,
        "start": 0,
        "page": 1,
        "total": 1,
        "unit": "pages",
    }
    return head, drawn_as_png(picture) if asked.is_drawn else b""


def prepare() -> None:
    """Draw one page, so that everything it takes is loaded."""
    clean_document(_written([((1, 1), Image.new("L", (1, 1)))]))


def _drawn(content: bytes) -> Iterator[tuple[Size, Image.Image]]:
    document = _opened(content)
    if not 0 < len(document) <= MAX_PAGES:
        raise InvalidInput(f"the document has {len(document)} pages; {MAX_PAGES} are allowed")
    for number in range(len(document)):
        yield _page(document, number)


def _opened(content: bytes) -> Any:
    try:
        return pdfium.PdfDocument(content)
    except pdfium.PdfiumError:
        raise InvalidInput(
            "the document is damaged or locked: print it to a new file without a password"
        ) from None


def _page(document: Any, number: int) -> tuple[Size, Image.Image]:
    try:
        page = document[number]
        width, height = page.get_size()
        scale = min(DPI / 72, (MAX_PIXELS / max(1.0, width * height)) ** 0.5)
        drawn = page.render(scale=scale, may_draw_forms=False, draw_annots=False)
        picture = drawn.to_pil().convert("RGB")
    except pdfium.PdfiumError:
        raise InvalidInput(f"page {number + 1} of the document cannot be drawn") from None
    grey = picture.convert("L")
    is_grey = ImageChops.difference(picture, grey.convert("RGB")).getbbox() is None
    return (width, height), grey if is_grey else picture


def _written(pages: list[tuple[Size, Image.Image]]) -> bytes:
    """A document of pictures: catalogue, page tree, then page, drawing and picture of each."""
    kids = " ".join(f"{3 + 3 * at} 0 R" for at in range(len(pages)))
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
    ]
    for at, (size, picture) in enumerate(pages):
        first, (width, height) = 3 + 3 * at, (f"{side:.2f}" for side in size)
        space = "DeviceGray" if picture.mode == "L" else "DeviceRGB"
        bodies += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] "
            f"/Resources << /XObject << /P {first + 2} 0 R >> >> "
            f"/Contents {first + 1} 0 R >>".encode(),
            _stream("", f"{width} 0 0 {height} 0 0 cm /P Do".encode()),
            _stream(
                f"/Type /XObject /Subtype /Image /Width {picture.width} /Height {picture.height} "
                f"/ColorSpace /{space} /BitsPerComponent 8 /Filter /FlateDecode ",
                zlib.compress(picture.tobytes(), 6),
            ),
        ]
    return _file(bodies)


def _stream(entries: str, data: bytes) -> bytes:
    head = f"<< {entries}/Length {len(data)} >>\nstream\n".encode()
    return head + data + b"\nendstream"


def _file(bodies: list[bytes]) -> bytes:
    parts, places, at = [b"%PDF-1.4\n"], [], 9
    for number, body in enumerate(bodies, start=1):
        places.append(at)
        parts.append(f"{number} 0 obj\n".encode() + body + b"\nendobj\n")
        at += len(parts[-1])
    count = len(bodies) + 1
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    parts.append(f"xref\n0 {count}\n0000000000 65535 f \n{table}".encode())
    parts.append(f"trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{at}\n%%EOF\n".encode())
    return b"".join(parts)
