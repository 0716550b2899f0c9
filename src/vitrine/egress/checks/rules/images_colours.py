"""One number for each pixel: the grey of a grey picture, the value behind a colour map.

Nothing here multiplies matrices of floats: the library for that starts threads, and a confined
child that tries to start one hangs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy
from numpy.typing import NDArray
from scipy import spatial

_FILE: Final = Path(__file__).parent / "images_colormaps.json"


def _load() -> tuple[tuple[str, ...], NDArray[Any]]:
    maps = json.loads(_FILE.read_bytes())["maps"]
    return tuple(maps), numpy.array(list(maps.values()), dtype=numpy.float32)


MAPS: Final = _load()
"""Names of colour maps, and their colours: maps × steps × 3."""

_GREY_CHROMA: Final = 14.0
_SAMPLE: Final = 400
_NEAR: Final = 11.0


@dataclass(frozen=True, slots=True)
class Shades:
    """A picture as one value from 0 to 255 for each pixel."""

    values: NDArray[Any]
    """float32, height × width."""

    chroma: float
    """Mean difference between the strongest and the weakest of red, green and blue."""

    coloured: float
    """Share of pixels with a colour."""

    off_map: float
    """Mean distance of its colours from the nearest colour map."""

    is_mapped: bool
    """Whether the values were read back from a colour map."""

    is_turned: bool
    """Whether bright and dark were exchanged, so that what surrounds is dark."""


def shades_of(pixels: NDArray[Any]) -> Shades:
    """The one number behind each pixel of an RGB picture."""
    colours = pixels.astype(numpy.float32)
    spread = colours.max(axis=2) - colours.min(axis=2)
    chroma, coloured = float(spread.mean()), float((spread > 24).mean())
    grey = 0.299 * colours[..., 0] + 0.587 * colours[..., 1] + 0.114 * colours[..., 2]
    if chroma < _GREY_CHROMA and coloured < 0.1:
        return _dark_around(Shades(grey, chroma, coloured, 0.0, False, False))
    which, distance = _nearest_map(colours.reshape(-1, 3))
    if distance > _NEAR:
        return _dark_around(Shades(grey, chroma, coloured, distance, False, False))
    values = _read_back(colours, which)
    return _dark_around(Shades(values, chroma, coloured, distance, True, False))


def _dark_around(shades: Shades) -> Shades:
    """The same shades, exchanged when the border is bright: an inverted scan is a scan."""
    values = shades.values
    border = numpy.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
    low, high = numpy.quantile(values, [0.01, 0.99])
    if numpy.median(border) <= (low + high) / 2:
        return shades
    return replace(shades, values=255 - values, is_turned=True)


def _nearest_map(colours: NDArray[Any]) -> tuple[int, float]:
    sample = colours[:: max(1, len(colours) // _SAMPLE)]
    knots = MAPS[1]
    squares = (
        (sample**2).sum(axis=1)[None, :, None]
        + (knots**2).sum(axis=2)[:, None, :]
        - 2 * numpy.einsum("sc,mkc->msk", sample, knots)
    )
    nearest = numpy.sqrt(numpy.clip(squares.min(axis=2), 0, None))
    typical = numpy.quantile(nearest, 0.9, axis=1)
    which = int(typical.argmin())
    return which, float(typical[which])


def _read_back(colours: NDArray[Any], which: int) -> NDArray[Any]:
    knots = MAPS[1][which]
    steps = spatial.KDTree(knots).query(colours.reshape(-1, 3))[1]
    values = steps.astype(numpy.float32) * (255.0 / (len(knots) - 1))
    return numpy.asarray(values.reshape(colours.shape[:2]))
