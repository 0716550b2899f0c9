"""Pictures: drawn again from their pixels, 8 bits deep, opaque, without another byte."""

from __future__ import annotations

import io
import warnings
from typing import Final

from PIL import Image, ImageOps

from vitrine.egress.sandbox.cleaned import Cleaned
from vitrine.egress.sandbox.filetypes import PNG, Kind
from vitrine.errors import InvalidInput

MAX_PIXELS: Final = 25_000_000
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


def clean_image(content: bytes, kind: Kind) -> Cleaned:
    """The picture, drawn again from its pixels.

    Raises:
        InvalidInput: when it is damaged or has too many pixels.
    """
    notes: list[str] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=["PNG", "JPEG"]) as image:
                _refuse_huge(image)
                if getattr(image, "n_frames", 1) > 1:
                    notes.append("an animation: only the first frame is kept")
                if len(image.info) or image.getexif():
                    notes.append("metadata removed")
                image.load()
                pixels = _opaque(ImageOps.exif_transpose(image), notes)
    except InvalidInput:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise InvalidInput(f"the image has more than {MAX_PIXELS:,} pixels") from None
    except (MemoryError, RecursionError):
        raise
    except Exception:
        raise InvalidInput("the image is damaged or cut short: save the figure again") from None
    drawn = io.BytesIO()
    fresh = Image.frombytes(pixels.mode, pixels.size, pixels.tobytes())
    if kind is PNG:
        fresh.save(drawn, format="PNG", compress_level=6)
    else:
        fresh.save(drawn, format="JPEG", quality=92, subsampling=0)
    return Cleaned(drawn.getvalue(), kind, ("drawn again from its pixels", *notes))


def _refuse_huge(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise InvalidInput(f"the image has {width} by {height} pixels; {MAX_PIXELS:,} are allowed")


def _opaque(image: Image.Image, notes: list[str]) -> Image.Image:
    """`image` as 8-bit grey or RGB on white: no palette, no alpha, nothing beneath."""
    if image.mode.startswith(("I", "F")):
        notes.append("reduced to 8 bits per pixel")
        wide = image.convert("I") if image.mode != "F" else image
        return wide.point(lambda value: value * (1 / 256) + 0).convert("L")
    if image.mode in ("1", "L") and "transparency" not in image.info:
        return image.convert("L")
    if image.mode in ("RGB", "YCbCr", "CMYK", "LAB", "HSV") and "transparency" not in image.info:
        return image.convert("RGB")
    layered = image.convert("RGBA")
    if layered.getchannel("A").getextrema() != (255, 255):
        notes.append("transparency flattened on white")
    white = Image.new("RGBA", layered.size, "white")
    white.alpha_composite(layered)
    return white.convert("RGB")
