"""Numbers that tell a scan from a plot, a heat map, a drawing and a photograph, each with a name.

A region is first brought back to the pixels it was drawn from (enlarged pixels count once), read
as one value for each pixel, and made small; then its tones, texture and shape are measured.
"""

from __future__ import annotations

from typing import Any, Final

import numpy
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from vitrine.egress.checks.rules.images_colours import Shades, shades_of

VIEW: Final = 128
_SAMPLED: Final = 384
_ZOOM_QUIET: Final = 0.12


def features_of(pixels: NDArray[Any]) -> dict[str, float]:
    """The features of one region.

    Args:
        pixels: uint8 of shape (height, width, 3).
    """
    native = native_pixels(pixels)
    sampled = _thinned(native, _SAMPLED)
    shades = shades_of(sampled)
    view = _small(shades.values, VIEW)
    found = {
        "enlarged": numpy.log2(pixels.shape[0] * pixels.shape[1] / native[..., 0].size),
        "turned": shades.is_turned,
    }
    found |= _colour_features(sampled, shades)
    found |= _tone_features(shades.values)
    found |= _texture_features(view)
    found |= _shape_features(view)
    found |= _pattern_features(view, "fine")
    found |= _pattern_features(_small(view, VIEW // 2), "coarse")
    return {name: float(value) for name, value in found.items()}


def native_pixels(pixels: NDArray[Any]) -> NDArray[Any]:
    """The pixels before each was drawn as a block of several."""
    rows = _kept(_changes(pixels))
    columns = _kept(_changes(pixels.swapaxes(0, 1)))
    return numpy.asarray(pixels[rows][:, columns])


def _changes(pixels: NDArray[Any]) -> NDArray[Any]:
    """How much each row differs from the one before it."""
    thin = pixels[:, :: max(1, pixels.shape[1] // 300)].astype(numpy.int16)
    return numpy.asarray(numpy.abs(numpy.diff(thin, axis=0)).mean(axis=(1, 2)))


def _kept(changes: NDArray[Any]) -> NDArray[Any]:
    """Which rows stay: one of each block of equal height, all when there are no blocks."""
    count = len(changes) + 1
    every = numpy.arange(count)
    strong = numpy.quantile(changes, 0.95)
    if strong <= 0:
        return every
    starts = numpy.flatnonzero(changes > max(_ZOOM_QUIET * strong, 0.02)) + 1
    if not 2 < starts.size < 0.6 * count:
        return every
    edges = numpy.concatenate([[0], starts, [count]])
    heights = numpy.diff(edges)
    period = float(numpy.median(heights[1:-1]))
    if period < 2:
        return every
    times = numpy.maximum(1, numpy.round(heights / period)).astype(int)
    inner = heights[1:-1] / numpy.maximum(1, times[1:-1])
    if (numpy.abs(inner - period) > max(1.01, 0.2 * period)).mean() > 0.2:
        return every
    kept = [
        start + (numpy.arange(number) + 0.5) * height / number
        for start, height, number in zip(edges[:-1], heights, times, strict=True)
    ]
    return numpy.concatenate(kept).astype(int)


def _thinned(pixels: NDArray[Any], side: int) -> NDArray[Any]:
    step = -(-max(pixels.shape[:2]) // side)
    return pixels[::step, ::step]


def _small(values: NDArray[Any], side: int) -> NDArray[Any]:
    """Values with the longer side at most `side`, each the mean of what it covers."""
    height, width = values.shape
    scale = side / max(height, width)
    if scale >= 1:
        return values
    size = max(8, round(width * scale)), max(8, round(height * scale))
    picture = Image.fromarray(values.astype(numpy.float32))
    return numpy.asarray(picture.resize(size, Image.Resampling.BOX))


def _colour_features(pixels: NDArray[Any], shades: Shades) -> dict[str, Any]:
    codes = (pixels >> 2).astype(numpy.int64) @ numpy.array([4096, 64, 1])
    counts = numpy.sort(numpy.unique(codes, return_counts=True)[1])[::-1] / codes.size
    return {
        "chroma": shades.chroma,
        "coloured": shades.coloured,
        "off_map": shades.off_map,
        "is_mapped": shades.is_mapped,
        "top_colour": counts[0],
        "top_colours": counts[:8].sum(),
        "rare_colours": counts[32:].sum(),
    }


def _tone_features(values: NDArray[Any]) -> dict[str, Any]:
    counts = numpy.bincount((values / 4).astype(int).clip(0, 63).ravel(), minlength=64)
    top = int(counts.argmax())
    rest = numpy.delete(counts, top)
    share = rest[rest > 0] / max(1, rest.sum())
    steps = numpy.abs(numpy.diff(values, axis=1))
    not_top = numpy.abs(values[:, 1:] - (top * 4 + 2)) > 6
    return {
        "tones": -(share * numpy.log2(share)).sum() if share.size else 0.0,
        "top_tone": counts[top] / counts.sum(),
        "tones_used": (counts > counts.sum() / 1000).sum(),
        "unchanged": (steps[not_top] < 0.75).mean() if not_top.any() else 1.0,
        "jumps": (steps[not_top] > 60).mean() if not_top.any() else 0.0,
        "roughness": _gaps(counts),
    }


def _gaps(counts: NDArray[Any]) -> float:
    """How uneven the histogram is from one tone to the next: drawings have spikes."""
    inner = counts[1:-1].astype(float)
    return float(numpy.abs(numpy.diff(inner)).sum() / max(1.0, 2 * inner.sum()))


def _texture_features(view: NDArray[Any]) -> dict[str, Any]:
    spread = float(view.std()) + 1e-3
    down, across = numpy.gradient(view)
    slope = numpy.hypot(down, across)
    bands = _bands(view)
    angle = numpy.abs(numpy.degrees(numpy.arctan2(down, across))) % 90
    upright = (angle < 6) | (angle > 84)
    centred = view - view.mean()
    return {
        "spread": spread,
        "slope": slope.mean() / spread,
        "slope_median": numpy.median(slope) / spread,
        "slope_tail": numpy.quantile(slope, 0.98) / (slope.mean() + 1e-3),
        "still": (slope < 1).mean(),
        "curvature": numpy.median(numpy.abs(ndimage.laplace(view))) / spread,
        "upright": slope[upright].sum() / (slope.sum() + 1e-3),
        "grain": abs(
            numpy.log2((numpy.abs(down).mean() + 0.05) / (numpy.abs(across).mean() + 0.05))
        ),
        "near": _alike(centred, 1),
        "far": _alike(centred, 6),
        "very_far": _alike(centred, 20),
        **{f"band_{number}": band / spread for number, band in enumerate(bands)},
    }


def _bands(view: NDArray[Any]) -> list[float]:
    """Deviation of what is lost from one scale to the next."""
    found, before = [], view
    for number in range(5):
        after = ndimage.gaussian_filter(view, 0.8 * 2**number)
        found.append(float((before - after).std()))
        before = after
    return found


def _alike(centred: NDArray[Any], lag: int) -> float:
    """The smaller of the correlations with the pixel `lag` below and `lag` to the right."""
    if min(centred.shape) <= lag + 2:
        return 0.0
    power = float((centred**2).mean()) + 1e-3
    below = float((centred[lag:] * centred[:-lag]).mean())
    right = float((centred[:, lag:] * centred[:, :-lag]).mean())
    return min(below, right) / power


def _shape_features(view: NDArray[Any]) -> dict[str, Any]:
    low, high = numpy.quantile(view, [0.01, 0.99])
    scaled = numpy.clip((view - low) / max(high - low, 1.0), 0, 1)
    border = numpy.concatenate([scaled[0], scaled[-1], scaled[:, 0], scaled[:, -1]])
    air = _touching_border(scaled < 0.13)
    mirrored = _likeness(scaled, scaled[:, ::-1]), _likeness(scaled, scaled[::-1])
    body = ndimage.binary_fill_holes(ndimage.binary_opening(~air, iterations=1))
    return {
        "border_tone": numpy.median(border),
        "border_spread": border.std(),
        "air": air.mean(),
        "dark": (scaled < 0.13).mean(),
        "bright": (scaled > 0.87).mean(),
        "symmetry": max(mirrored),
        "symmetry_other": min(mirrored),
        **_body_features(scaled, body),
    }


def _touching_border(mask: NDArray[Any]) -> NDArray[Any]:
    labels, _ = ndimage.label(mask)
    edge = numpy.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return numpy.isin(labels, numpy.unique(edge[edge > 0]))


def _body_features(values: NDArray[Any], body: NDArray[Any]) -> dict[str, Any]:
    labels, count = ndimage.label(body)
    names = ("body", "bodies", "body_extent", "body_off", "body_tone", "body_spread",
             "body_slope", "body_still", "body_tones", "body_roundness", "body_edge")  # fmt: skip
    if count == 0:
        return dict.fromkeys(names, 0.0)
    sizes = numpy.bincount(labels.ravel())[1:]
    main = labels == int(sizes.argmax()) + 1
    rows, columns = numpy.nonzero(main)
    height, width = numpy.ptp(rows) + 1, numpy.ptp(columns) + 1
    inside = values[main]
    slope = numpy.hypot(*numpy.gradient(values))[main]
    counts = numpy.bincount((inside * 31).astype(int), minlength=32)
    share = counts[counts > 0] / counts.sum()
    rim = main & ~ndimage.binary_erosion(main, border_value=1)
    off = numpy.hypot(rows.mean() / values.shape[0] - 0.5, columns.mean() / values.shape[1] - 0.5)
    found = (
        main.mean(), numpy.log2((sizes > 0.002 * values.size).sum() + 1),
        main.sum() / (height * width), off, inside.mean(), inside.std(),
        numpy.median(slope), (slope < 0.006).mean(), -(share * numpy.log2(share)).sum(),
        rim.sum() ** 2 / (4 * numpy.pi * main.sum()), slope[rim[main]].mean() if rim.any() else 0.0,
    )  # fmt: skip
    return dict(zip(names, found, strict=True))


def _likeness(first: NDArray[Any], second: NDArray[Any]) -> float:
    one = ndimage.gaussian_filter(first, 2)
    two = ndimage.gaussian_filter(second, 2)
    one, two = one - one.mean(), two - two.mean()
    scale = float(numpy.sqrt((one**2).sum() * (two**2).sum())) + 1e-6
    return float((one * two).sum()) / scale


_AROUND: Final = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))


def _pattern_features(view: NDArray[Any], name: str) -> dict[str, Any]:
    """Shares of uniform local binary patterns: how each pixel stands to the eight around it."""
    middle = view[1:-1, 1:-1]
    height, width = view.shape
    bits = numpy.stack(
        [
            view[1 + row : height - 1 + row, 1 + column : width - 1 + column] > middle + 1.0
            for row, column in _AROUND
        ]
    )
    turns = (bits != numpy.roll(bits, 1, axis=0)).sum(axis=0)
    kinds = numpy.where(turns <= 2, bits.sum(axis=0), 9)
    shares = numpy.bincount(kinds.ravel(), minlength=10) / max(1, kinds.size)
    return {f"{name}_{number}": share for number, share in enumerate(shares)}
