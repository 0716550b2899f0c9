"""Whether pictures show a patient's scan: bare, in a figure, a montage or a viewer, or coloured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import numpy
from numpy.typing import NDArray

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

CLEAR: Final = "this shows what looks like a patient's scan: leave the picture out"
UNSURE: Final = "this may show a patient's scan, or a photograph: a person must look at it"


def _scan(
    document: Document, policy: DisclosurePolicy
) -> Iterable[tuple[Severity, str, Sequence[str]]]:
    worst, places = -numpy.inf, []
    for raster in document.rasters:
        for picture in pictures_of(raster.pixels):
            flagged = [each for each in scores_of(picture) if each[0] >= _MODEL.warn]
            worst = max([worst, *(score for score, _ in flagged)])
            places += [_place(raster.at, box, picture) for box in outermost(b for _, b in flagged)]
    named = tuple(dict.fromkeys(place for place in places if place))
    if worst >= _MODEL.block:
        yield Severity.BLOCK, CLEAR, named
    elif worst >= _MODEL.warn:
        yield Severity.WARN, UNSURE, named


def scores_of(picture: NDArray[Any]) -> Iterator[tuple[float, Box]]:
    """Log odds of every region of an RGB picture of 8 bits."""
    for box in regions_of(picture):
        yield _MODEL.score(features_of(box.of(picture))), box


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
