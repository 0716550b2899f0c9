"""Arrays of a model that are no weights: pictures, volumes, and rows of records.

Weights look like noise with one scale. Neighbours in a picture are alike, and columns of records
hold whole numbers; both survive inside a model file and nobody sees them there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

import numpy
from numpy.typing import NDArray

from vitrine.egress.checks.readers.parts import Parts

ALIKE: Final = 0.8
"""Correlation of neighbours along both axes from which on an array is a picture."""
SIDE: Final = 24
ROWS: Final = 10
WHOLE: Final = 0.25
_PLANE: Final = 512
_PLACES: Final = re.compile(r"grid|anchor|coord|position|stride|shape|size|index", re.IGNORECASE)
_LOOKED_AT: Final = 4 << 20

_STATE: Final = re.compile(
    r"optim|exp_avg|momentum_buf|max_exp_avg|_adam|adam_|\bm_t\b|grad_scaler|lr_scheduler"
    r"|accumulator|slot_variable|moment[12]|square_avg",
    re.IGNORECASE,
)
_RECORDS: Final = re.compile(
    r"(?<![a-z])_?fit_?x(?![a-z])|support_?vec|dual_coef|(?<![a-z])[xy]_?train|train_?x(?![a-z])"
    r"|train(?:ing)?_(?:data|set|images?|samples|records|labels|features)|memory_?bank"
    r"|feature_?bank|_fit_x|kneigh|neighbors?_(?:data|index)|exemplars?|replay_?buffer"
    r"|patient|subject_?id|\bmrn|latent_?codes|coreset|_tree\.data|inducing_points"
    r"|instance_?bank|sample_?embed|stored_(?:data|samples)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Tensor:
    """One array of a model."""

    name: str
    shape: tuple[int, ...]
    values: NDArray[Any] | None = field(repr=False)
    """As many as could be read; None when they lie elsewhere or have no known type."""


def is_state(name: str) -> bool:
    """Whether a name is one of an optimiser's."""
    return bool(_STATE.search(name))


def is_records(name: str) -> bool:
    """Whether a name is one under which models keep what they were trained on."""
    return bool(_RECORDS.search(name))


def inspect(tensor: Tensor, parts: Parts) -> None:
    """Remark what is known of a tensor by its name and by its values."""
    at = f"tensor {tensor.name[:120]}"
    if is_state(tensor.name):
        parts.remark("optimiser state", at)
    elif is_records(tensor.name):
        parts.remark("training records", at)
    elif tensor.values is not None and tensor.values.size == count(tensor.shape):
        values = tensor.values.reshape(tensor.shape)
        if looks_like_pictures(values):
            parts.remark("pixels", at)
        elif not _PLACES.search(tensor.name) and looks_like_records(values):
            parts.remark("training records", at, "by values")


def count(shape: tuple[int, ...]) -> int:
    """How many values an array of this shape has."""
    total = 1
    for each in shape:
        total *= each
    return total


def looks_like_pictures(values: NDArray[Any]) -> bool:
    """Whether two of the axes span pictures: neighbours along both are alike."""
    if values.ndim < 2 or values.size < SIDE * SIDE:
        return False
    for first, second in ((-2, -1), (0, 1), (-3, -2)):
        if values.ndim < max(abs(first), abs(second), 2 if first == 0 else 0):
            continue
        plane = _plane(values, first, second)
        if min(plane.shape) >= SIDE and _likeness(plane) > ALIKE:
            return True
    return False


def _plane(values: NDArray[Any], first: int, second: int) -> NDArray[Any]:
    """A slice through the middle along two axes."""
    moved = numpy.moveaxis(values, (first, second), (-2, -1))
    flat = moved.reshape(-1, *moved.shape[-2:])
    middle: NDArray[Any] = flat[len(flat) // 2][:_PLANE, :_PLANE].astype(numpy.float64)
    return middle


def _likeness(plane: NDArray[Any]) -> float:
    if not numpy.isfinite(plane).all() or plane.std() == 0:
        return 0.0
    if len(numpy.unique(plane[:256, :256])) < 8:  # masks of attention, not pictures
        return 0.0
    if _is_pattern(plane):
        return 0.0
    down = _correlation(plane[1:], plane[:-1])
    across = _correlation(plane[:, 1:], plane[:, :-1])
    return min(down, across)


def _is_pattern(plane: NDArray[Any]) -> bool:
    """Whether a formula made it: tables of relative positions, sines of positions."""
    norms = numpy.linalg.norm(plane, axis=1)
    if norms.std() < 1e-3 * norms.mean():
        return True
    strengths = numpy.linalg.svd(plane, compute_uv=False)
    return bool(strengths[4] < 1e-5 * strengths[0])


def _correlation(one: NDArray[Any], other: NDArray[Any]) -> float:
    left, right = one - one.mean(), other - other.mean()
    scale = float(numpy.sqrt((left**2).sum() * (right**2).sum()))
    return float((left * right).sum()) / scale if scale else 0.0


def looks_like_records(values: NDArray[Any]) -> bool:
    """Whether rows hold measured things: columns of whole numbers, each with its own scale."""
    if values.ndim != 2 or values.dtype.kind != "f" or values.shape[0] < ROWS:
        return False
    rows, columns = values.shape
    if not 2 <= columns <= 2_000 or rows * columns > _LOOKED_AT:
        return False
    wide = values.astype(numpy.float64)
    if not numpy.isfinite(wide).all():
        return False
    whole = (wide == numpy.round(wide)).all(axis=0) & (numpy.abs(wide).max(axis=0) > 1)
    varied = numpy.array([len(numpy.unique(wide[:500, at])) > 2 for at in range(columns)])
    return bool((whole & varied).mean() >= WHOLE)
