"""Whether pictures show a patient's scan: bare, in a figure, a montage or a viewer, or coloured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import numpy
from numpy.typing import NDArray
from scipy import ndimage

from vitrine.egress.checks.document import Document
from vitrine.egress.checks.finding import Severity
from vitrine.egress.checks.rule import Rule
from vitrine.egress.checks.rules import images_model
from vitrine.egress.checks.rules.images_features import features_of
from vitrine.egress.checks.rules.images_regions import LEAST_SIDE, Box, outermost, regions_of
from vitrine.egress.disclosure import DisclosurePolicy

_MODEL: Final = images_model.load()
_WHOLE: Final = 0.9
"""Share of a picture from which a region counts as the picture itself."""

_TEXTURED: Final = 0.001
"""Share of pixels that stand to those around them in no simple way: maps of saliency have none."""
_CONTRAST: Final = 12.0
_TONES: Final = 6
_PANES: Final = 12
"""Small panes from which on one of them is not judged by itself."""
_SMALL_SIDE: Final = 48
_MIDDLE: Final = (56, 200)
_FLAT: Final = 0.2
"""Share of a picture that the grey around has at least."""
_FAINT: Final = (6.0, 64.0)
"""Tones between the darkest and the brightest of a picture that is hardly seen."""
_NEAR: Final = 4
_GREY: Final = 4.0
_BLUR: Final = 2.0
_CANCELLED: Final = 0.75
"""What is left of brighter and darker pixels that a filter of edges makes side by side."""

CLEAR: Final = "this shows what looks like a patient's scan: leave the picture out"
UNSURE: Final = "this may show a patient's scan, or a photograph: a person must look at it"


def _scan(
    document: Document, policy: DisclosurePolicy
) -> Iterable[tuple[Severity, str, Sequence[str]]]:
    worst, places = -numpy.inf, []
    for raster in document.rasters:
        for picture in pictures_of(raster.pixels):
            flagged = _flagged(picture)
            for unseen in [] if flagged else [relief_of(picture), strengthened(picture)]:
                if unseen is not None:
                    flagged += [(_MODEL.warn, box) for _, box in _flagged(unseen)]
            worst = max([worst, *(score for score, _ in flagged)])
            places += [_place(raster.at, box, picture) for box in outermost(b for _, b in flagged)]
    named = tuple(dict.fromkeys(place for place in places if place))
    if worst >= _MODEL.block:
        yield Severity.BLOCK, CLEAR, named
    elif worst >= _MODEL.warn:
        yield Severity.WARN, UNSURE, named


def _flagged(picture: NDArray[Any]) -> list[tuple[float, Box]]:
    """The regions that may show a scan; of many small panes not one that stands out by chance."""
    scored = list(scores_of(picture))
    flagged = [each for each in scored if each[0] >= _MODEL.warn]
    panes = [each for each in scored if _is_small(each[1])]
    few = [each for each in flagged if _is_small(each[1])]
    if len(panes) >= _PANES and len(few) * _PANES < len(panes):
        return [each for each in flagged if not _is_small(each[1])]
    return flagged


def _is_small(box: Box) -> bool:
    return min(box.bottom - box.top, box.right - box.left) < _SMALL_SIDE


def relief_of(picture: NDArray[Any]) -> NDArray[Any] | None:
    """How far each pixel is from the middle grey around it, as filters of edges leave it.

    None for a picture that has no such grey, or is coloured.
    """
    colours = picture.astype(numpy.float32)
    values = colours.mean(axis=2)
    if float((colours.max(axis=2) - colours.min(axis=2)).mean()) > _GREY:
        return None
    counts = numpy.bincount(values.astype(numpy.int64).ravel(), minlength=256)
    tone = int(counts.argmax())
    around = counts[max(0, tone - _NEAR) : tone + _NEAR + 1].sum()
    if not _MIDDLE[0] <= tone <= _MIDDLE[1] or around < _FLAT * values.size:
        return None
    apart = ndimage.gaussian_filter(numpy.abs(values - tone), _BLUR)
    left = numpy.abs(ndimage.gaussian_filter(values - tone, _BLUR))
    if float(left.sum()) > _CANCELLED * float(apart.sum()):
        return None
    bright = max(float(numpy.quantile(apart, 0.995)), 1.0)
    shown = numpy.clip(apart * (255 / bright), 0, 255).astype(numpy.uint8)
    return numpy.repeat(shown[..., None], 3, axis=2)


def strengthened(picture: NDArray[Any]) -> NDArray[Any] | None:
    """A faint grey picture with its tones spread out; None for one that has enough of them."""
    values = picture.astype(numpy.float32).mean(axis=2)
    low, high = (float(each) for each in numpy.quantile(values, [0.005, 0.995]))
    if not _FAINT[0] <= high - low <= _FAINT[1]:
        return None
    shown = numpy.clip((values - low) * (255 / (high - low)), 0, 255).astype(numpy.uint8)
    return numpy.repeat(shown[..., None], 3, axis=2)


def scores_of(picture: NDArray[Any]) -> Iterator[tuple[float, Box]]:
    """Log odds of every region of an RGB picture of 8 bits that has any texture."""
    for box in regions_of(picture):
        features = features_of(box.of(picture))
        is_smooth = features["spread"] >= _CONTRAST and features["tones_used"] >= _TONES
        if not is_smooth or features["fine_9"] >= _TEXTURED:
            yield _MODEL.score(features), box


def _place(at: str, box: Box, picture: NDArray[Any]) -> str:
    is_whole = box.area > _WHOLE * picture.shape[0] * picture.shape[1]
    return ", ".join(part for part in (at, "" if is_whole else box.place()) if part)


def pictures_of(pixels: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """A raster as RGB pictures of 8 bits: as it is seen on white, and what transparency hides."""
    if min(pixels.shape[:2]) < LEAST_SIDE:
        return
    if pixels.dtype != numpy.uint8:
        pixels = _narrow(pixels)
    if pixels.ndim == 2:
        yield numpy.repeat(pixels[..., None], 3, axis=2)
        return
    colours = numpy.ascontiguousarray(pixels[..., :3])
    if pixels.shape[2] == 3 or bool((pixels[..., 3] == 255).all()):
        yield colours
        return
    cover = pixels[..., 3:].astype(numpy.float32) / 255
    yield (colours * cover + 255 * (1 - cover)).astype(numpy.uint8)
    if bool((pixels[..., 3] < 128).any()):
        yield colours


def _narrow(pixels: NDArray[Any]) -> NDArray[Any]:
    low, high = numpy.quantile(pixels, [0.005, 0.995])
    shares = (pixels.astype(numpy.float32) - low) / max(float(high - low), 1.0)
    return numpy.asarray((numpy.clip(shares, 0, 1) * 255).astype(numpy.uint8))


RULES: Final = (Rule("scan-pixels", _MODEL.version, _scan),)
