"""What a picture carries besides what is seen: metadata, frames, hidden pixels, wide values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final

import numpy
from numpy.typing import NDArray

from vitrine.egress.checks.document import Document, Raster
from vitrine.egress.checks.finding import Severity
from vitrine.egress.checks.readers import raster, raster_bytes
from vitrine.egress.checks.rule import Rule
from vitrine.egress.checks.rules.images_bits import has_payload
from vitrine.egress.disclosure import DisclosurePolicy

Answer = Iterable[tuple[Severity, str, Sequence[str]]]

_HIDDEN_PIXELS: Final = 16


def _remarked(what: str, said: str, document: Document, policy: DisclosurePolicy) -> Answer:
    """One warning for all remarks of one kind, with what each of them says."""
    remarks = [each for each in document.remarks if each.what == what]
    if remarks:
        details = ", ".join(sorted({each.detail for each in remarks if each.detail})[:5])
        places = dict.fromkeys(each.at for each in remarks if each.at)
        yield Severity.WARN, f"{said}: {details}" if details else said, tuple(places)


def _about_rasters(
    is_bad: Callable[[NDArray[Any]], bool], said: str, document: Document, policy: DisclosurePolicy
) -> Answer:
    bad = [each for each in document.rasters if is_bad(each.pixels)]
    if bad:
        yield Severity.WARN, said, _places(bad)


def _low_bits(document: Document, policy: DisclosurePolicy) -> Answer:
    """JPEG is passed over: it keeps no pixel's lowest bit, and makes noise of its own."""
    if document.kind != "jpeg":
        said = "the lowest bits of its pixels look like a message"
        yield from _about_rasters(has_payload, said, document, policy)


def _places(rasters: Sequence[Raster]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.at for each in rasters if each.at))


def _hides_pixels(pixels: NDArray[Any]) -> bool:
    """Whether pixels that are wholly transparent differ from each other in colour."""
    if pixels.ndim != 3 or pixels.shape[2] != 4:
        return False
    hidden = pixels[pixels[..., 3] == 0][:, :3]
    if len(hidden) < _HIDDEN_PIXELS:
        return False
    common = numpy.median(hidden, axis=0)
    return int((numpy.abs(hidden - common) > 2).any(axis=1).sum()) >= _HIDDEN_PIXELS


def _rule(name: str, what: str, said: str) -> Rule:
    return Rule(name, 1, partial(_remarked, what, said))


RULES: Final = (
    _rule("image-metadata", raster_bytes.METADATA, "the picture carries metadata"),
    _rule(
        "appended-bytes", raster_bytes.APPENDED, "the picture's file holds more than the picture"
    ),
    _rule("image-size", raster.UNREADABLE, "a picture was not looked at"),
    _rule("deep-pixels", raster.DEEP, "the picture is as deep as measured data"),
    _rule("animation", raster.FRAMES, "the picture has several frames"),
    Rule(
        "transparent-pixels",
        1,
        partial(_about_rasters, _hides_pixels, "there are colours under transparent pixels"),
    ),
    Rule("low-bits", 1, _low_bits),
)
