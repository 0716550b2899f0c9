"""Pictures as pixels: png, jpeg, gif, bmp, webp and tiff, every frame, never more than a bound.

A picture that cannot be read has no raster but a remark that says so: nothing passes unseen.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from typing import Any, Final

import numpy
from numpy.typing import NDArray
from PIL import Image

from vitrine.egress.checks.document import Document, Raster, Remark
from vitrine.egress.checks.readers import raster_bytes
from vitrine.errors import InvalidInput

MAX_PIXELS: Final = 25_000_000
"""Pixels of all frames together."""
MAX_FRAMES: Final = 200

UNREADABLE: Final = "unreadable image"
FRAMES: Final = "image frames"
DEEP: Final = "deep pixels"

_FORMATS: Final = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF")
_WIDE: Final = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")


def read(name: str, content: bytes, kind: str) -> Document:
    """A file that is one picture, or the frames of one.

    Raises:
        InvalidInput: when it is damaged, or has too many pixels.
    """
    rasters, remarks = raster_of(content, "")
    for remark in remarks:
        if remark.what == UNREADABLE:
            raise InvalidInput(remark.detail)
    return Document(
        path=name,
        kind=kind,
        size_bytes=len(content),
        rasters=tuple(rasters),
        remarks=tuple(remarks),
        content=content,
    )


def raster_of(content: bytes, at: str, caption: str = "") -> tuple[list[Raster], list[Remark]]:
    """The frames of a picture that stands at `at`, and what else its bytes carry.

    Never raises for what the bytes are: a picture that is damaged or too large has no raster but
    the remark `unreadable image`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.simplefilter("ignore", UserWarning)
            with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
                return _opened(image, content, at, caption)
    except InvalidInput as problem:
        why = str(problem)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        why = f"the picture has more than {MAX_PIXELS:,} pixels"
    except (MemoryError, RecursionError):
        raise
    except Exception:
        why = "the picture is damaged or cut short"
    return [], [Remark(what=UNREADABLE, at=at, detail=why)]


def _opened(
    image: Image.Image, content: bytes, at: str, caption: str
) -> tuple[list[Raster], list[Remark]]:
    remarks = raster_bytes.remarks_of(image, content, at)
    count = getattr(image, "n_frames", 1)
    if count > 1:
        remarks.append(Remark(what=FRAMES, at=at, detail=f"{count} frames"))
    rasters = []
    for number, pixels in enumerate(_frames(image, count), start=1):
        spot = ", ".join(part for part in (at, f"frame {number}" if count > 1 else "") if part)
        rasters.append(Raster(pixels=pixels, at=spot, caption=caption))
    if any(each.pixels.dtype == numpy.uint16 for each in rasters) or raster_bytes.is_deep(content):
        remarks.append(Remark(what=DEEP, at=at, detail="more than 8 bits for each value"))
    return rasters, remarks


def _frames(image: Image.Image, count: int) -> Iterator[NDArray[Any]]:
    if count > MAX_FRAMES:
        raise InvalidInput(f"the picture has more than {MAX_FRAMES} frames")
    left = MAX_PIXELS
    for number in range(count):
        if count > 1:
            image.seek(number)
        left -= image.size[0] * image.size[1]
        if left < 0:
            raise InvalidInput(f"the picture has more than {MAX_PIXELS:,} pixels")
        yield pixels_of(image)


def pixels_of(image: Image.Image) -> NDArray[Any]:
    """The pixels of a picture as `document.Raster` has them."""
    if image.mode in _WIDE:
        return _two_bytes(numpy.asarray(image))
    if image.mode in ("LA", "La", "PA", "RGBa") or "transparency" in image.info:
        return numpy.asarray(image.convert("RGBA"))
    if image.mode in ("1", "L"):
        return numpy.asarray(image.convert("L"))
    if image.mode != "RGBA":
        return numpy.asarray(image.convert("RGB"))
    return numpy.asarray(image)


def _two_bytes(values: NDArray[Any]) -> NDArray[Any]:
    """Wide values as uint16: as they are where they fit, else stretched from least to largest."""
    wide = numpy.nan_to_num(values.astype(numpy.float64))
    least, largest = float(wide.min(initial=0)), float(wide.max(initial=0))
    if least < 0 or largest > 65535 or values.dtype.kind == "f":
        wide = (wide - least) * (65535 / max(largest - least, 1e-12))
    return wide.astype(numpy.uint16)
