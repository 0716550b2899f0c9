"""Whether the lowest bits of pixels look like a message.

Two tests. Where a drawing is flat, a message leaves two neighbouring values, 2k and 2k + 1, in
about equal numbers and without order, while all higher bits stay the same. Where a picture is not
flat, a message makes the numbers of pixels with 2k and with 2k + 1 more equal than chance, while
those with 2k + 1 and 2k + 2 differ (the chi-square attack of Westfeld and Pfitzmann, 1999).
"""

from __future__ import annotations

from typing import Any, Final

import numpy
from numpy.typing import NDArray
from scipy import special

_STRETCH: Final = 64
_STRETCHES: Final = 4
"""Flat stretches of one colour that a message must fill: 256 pixels."""
_LEAST_ODD: Final = 0.2
_LEAST_TURNS: Final = 0.3

_LEAST_PIXELS: Final = 16_384
_LEAST_PAIRS: Final = 16
_EQUAL: Final = 0.98
_UNEQUAL: Final = 1e-6


def has_payload(pixels: NDArray[Any]) -> bool:
    """Whether the lowest bits of a picture's pixels look like a message."""
    if pixels.dtype == numpy.uint16:
        pixels = (pixels & 0xFF).astype(numpy.uint8)
    flat = pixels.reshape(pixels.shape[0] * pixels.shape[1], -1)
    return _fills_flat_areas(flat) or any(_pairs_are_equal(channel) for channel in flat.T)


def _fills_flat_areas(values: NDArray[Any]) -> bool:
    """Whether stretches of one colour hold their lowest bit without order.

    Sensor noise does the same around 2k + 1 and 2k + 2; a message cannot.

    Args:
        values: pixels × channels.
    """
    noisy = _noisy_stretches(values)
    return noisy >= _STRETCHES and _noisy_stretches(values.astype(numpy.int16) + 1) < noisy / 8


def _noisy_stretches(values: NDArray[Any]) -> int:
    """How many stretches of the commonest colour differ only in their lowest bit, unordered."""
    count = len(values) // _STRETCH
    stretches = values[: count * _STRETCH].reshape(count, _STRETCH, -1)
    is_flat = ((stretches >> 1) == (stretches[:, :1] >> 1)).all(axis=(1, 2))
    flat = stretches[is_flat]
    low = flat & 1
    odd = low.mean(axis=1)
    turns = (low[:, 1:] != low[:, :-1]).mean(axis=1)
    has_noise = (numpy.abs(odd - 0.5) < 0.5 - _LEAST_ODD) & (
        numpy.abs(turns - 0.5) < 0.5 - _LEAST_TURNS
    )
    noisy = flat[has_noise.any(axis=1), 0] >> 1
    return int(numpy.unique(noisy, axis=0, return_counts=True)[1].max(initial=0))


def _pairs_are_equal(values: NDArray[Any]) -> bool:
    """Whether a message fills a channel of `values`, or its first quarter or sixteenth."""
    for part in (1, 4, 16):
        counts = numpy.bincount(values[: len(values) // part], minlength=256)
        if counts.sum() < _LEAST_PIXELS:
            return False
        if _chance(counts) > _EQUAL and _chance(counts[1:255]) < _UNEQUAL:
            return True
    return False


def _chance(counts: NDArray[Any]) -> float:
    """How likely counts of neighbouring values differ at least so much when they are equal."""
    pairs = counts.reshape(-1, 2).astype(float)
    mean = pairs.mean(axis=1)
    is_used = mean >= 5
    used = int(is_used.sum())
    if used < _LEAST_PAIRS:
        return 0.0
    square = ((pairs[is_used, 0] - mean[is_used]) ** 2 / mean[is_used]).sum()
    return float(special.gammaincc((used - 1) / 2, square / 2))
