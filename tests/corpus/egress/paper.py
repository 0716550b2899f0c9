"""PDF files written by hand, so that every part of them is known."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

from tests.corpus.egress import pictures

Lines = Sequence[str]


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def stream(content: bytes, entries: str = "") -> bytes:
    """A stream object."""
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (
        entries.encode(), len(content), content)  # fmt: skip


def _text(lines: Lines, before: str = "") -> bytes:
    shown = " ".join(f"({_escaped(line)}) Tj T*" for line in lines)
    return f"{before} BT /F1 11 Tf 14 TL 60 780 Td {shown} ET\n".encode()


def pdf(
    pages: Sequence[Lines],
    *,
    catalogue: str = "",
    page: Mapping[int, str] = {},
    drawn: Mapping[int, bytes] = {},
    resources: str = "",
    objects: Mapping[int, bytes] = {},
    information: str = "/Producer (pdfTeX-1.40.25)",
) -> bytes:
    """A PDF with a page of text for each entry of `pages`.

    Args:
        catalogue: further entries of the catalogue.
        page: further entries of pages, by number from 1.
        drawn: further drawing commands of pages, by number from 1.
        resources: further resources of the pages that draw, of every page when none does.
        objects: further objects by their number, from 100.
    """
    numbers = [10 + 2 * place for place in range(len(pages))]
    parts: dict[int, bytes] = {
        1: f"<< /Type /Catalog /Pages 2 0 R {catalogue} >>".encode(),
        2: f"<< /Type /Pages /Count {len(pages)} /Kids "
        f"[{' '.join(f'{n} 0 R' for n in numbers)}] >>".encode(),
        3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        4: f"<< {information} >>".encode(),
    }
    for place, (number, lines) in enumerate(zip(numbers, pages, strict=True), 1):
        parts[number] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {number + 1} 0 R "
            f"/Resources << /Font << /F1 3 0 R >> {_on(place, drawn, resources)} >> "
            f"{page.get(place, '')} >>"
        ).encode()
        parts[number + 1] = stream(_text(lines) + drawn.get(place, b""))
    return _file({**parts, **objects})


def _on(place: int, drawn: Mapping[int, bytes], resources: str) -> str:
    return resources if not drawn or place in drawn else ""


def _file(parts: Mapping[int, bytes], start: bytes = b"%PDF-1.6\n%\xe2\xe3\xcf\xd3\n") -> bytes:
    out = io.BytesIO()
    out.write(start)
    places = {}
    for number in sorted(parts):
        places[number] = out.tell()
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, parts[number]))
    table = out.tell()
    out.write(b"xref\n0 1\n0000000000 65535 f \n")
    for number, place in places.items():
        out.write(b"%d 1\n%010d 00000 n \n" % (number, place))
    out.write(b"trailer\n<< /Size %d /Root 1 0 R /Info 4 0 R >>\n" % (max(parts) + 1))
    out.write(b"startxref\n%d\n%%%%EOF\n" % table)
    return out.getvalue()


def updated(original: bytes, parts: Mapping[int, bytes]) -> bytes:
    """A PDF with objects replaced by an incremental update, the old ones still in the file."""
    out = io.BytesIO()
    out.write(original)
    places = {}
    for number, part in parts.items():
        places[number] = out.tell()
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, part))
    table = out.tell()
    out.write(b"xref\n")
    for number, place in places.items():
        out.write(b"%d 1\n%010d 00000 n \n" % (number, place))
    before = int(original.rsplit(b"startxref", 1)[1].split()[0])
    out.write(b"trailer\n<< /Size 200 /Root 1 0 R /Info 4 0 R /Prev %d >>\n" % before)
    out.write(b"startxref\n%d\n%%%%EOF\n" % table)
    return out.getvalue()


def picture(image: np.ndarray, quality: int = 85) -> bytes:
    """A grey or colour picture as an image object."""
    shown = Image.fromarray(image)
    space = "/DeviceGray" if shown.mode == "L" else "/DeviceRGB"
    return stream(
        pictures.jpeg(image, quality),
        f"/Type /XObject /Subtype /Image /Width {shown.width} /Height {shown.height} "
        f"/ColorSpace {space} /BitsPerComponent 8 /Filter /DCTDecode",
    )
