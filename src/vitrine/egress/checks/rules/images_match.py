"""Whether a picture shows one of the project's own images, and of which folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final

from vitrine.egress.checks.document import Document
from vitrine.egress.checks.finding import Severity
from vitrine.egress.checks.images_index import Index
from vitrine.egress.checks.rule import Rule
from vitrine.egress.checks.rules.images_colours import shades_of
from vitrine.egress.checks.rules.images_features import native_pixels
from vitrine.egress.checks.rules.images_regions import regions_of
from vitrine.egress.checks.rules.images_scan import pictures_of
from vitrine.egress.disclosure import DisclosurePolicy

LIKENESS: Final = 0.955
_SIDE: Final = 48


def rule_for(index: Index) -> Rule:
    """The check against one project's images."""
    return Rule("image-match", 1, partial(_match, index))


def _match(
    index: Index, document: Document, policy: DisclosurePolicy
) -> Iterable[tuple[Severity, str, Sequence[str]]]:
    folders: set[int] = set()
    places: list[str] = []
    for raster in document.rasters:
        for picture in pictures_of(raster.pixels):
            for box in regions_of(picture):
                native = native_pixels(box.of(picture))
                if min(native.shape[:2]) < _SIDE:
                    continue
                folder, likeness = index.nearest(shades_of(native).values)
                if likeness >= LIKENESS:
                    folders.add(folder)
                    places.append(", ".join(part for part in (raster.at, box.place()) if part))
    if folders:
        named = ", ".join(str(folder) for folder in sorted(folders))
        said = f"this shows an image of the project: folder {named} of {index.count}"
        yield Severity.BLOCK, said, tuple(dict.fromkeys(places))
