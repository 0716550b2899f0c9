"""Arrays of a model that are no weights: pictures, volumes, and rows of records.

Weights look like noise with one scale. Neighbours in a picture are alike, and columns of records
hold whole numbers; both survive inside a model file and nobody sees them there.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any, Final

import numpy
from numpy.typing import NDArray

from vitrine.egress.checks.readers.parts import Parts

ALIKE: Final = 0.7
"""Correlation of neighbours along both axes from which on an array is a picture."""
ALIKE_WHOLE: Final = 0.5
"""The same for whole numbers: quantised weights have none."""
SIDE: Final = 24
ROWS: Final = 10
WHOLE: Final = 0.25
_SAMPLE: Final = 10
_SCALED: Final = 0.8
"""Share of columns that must be scaled alike."""
_VECTORS: Final = 64
_PATTERN: Final = 48
"""Rows and columns that are decomposed; for more the library may start threads and wait."""
_PLANE: Final = 512
_PLACES: Final = re.compile(r"grid|anchor|coord|position|stride|shape|size|index", re.IGNORECASE)
_FORMULA: Final = re.compile(
    r"(?:^|[._])(?:mel|fbank|filter_?bank|window|hann|dft|dct|fourier|lut|lookup|colou?rmap|basis"
    r"|freqs?|rope|alibi)",
    re.IGNORECASE,
)
"""Names of arrays that a formula made."""
_LOOKED_AT: Final = 4 << 20

_STATE: Final = re.compile(
    r"optim|opt_?state|exp_avg|momentum_buf|max_exp_avg|_adam|adam_|\bm_t\b|grad_scaler"
    r"|lr_scheduler|accumulator|slot_variable|moments?_?[12v]\b|square_avg|adagrad|rmsprop"
    r"|fisher_|preconditioner",
    re.IGNORECASE,
)
_RECORDS: Final = re.compile(
    r"(?<![a-z])_?fit_?x(?![a-z])|support_?vec|dual_coef|(?<![a-z])[xy]_?train|train_?x(?![a-z])"
    r"|train(?:ing)?_(?:data|set|images?|samples|records|labels|features)|memory_?bank"
    r"|feature_?bank|_fit_x|kneigh|neighbors?_(?:data|index)|exemplars?|replay_?buffer"
    r"|patient|subject_?id|\bmrn|latent_?codes|coreset|_tree\.data|inducing_points"
    r"|instance_?bank|sample_?embed|stored_(?:data|samples)|train_?(?:inputs|targets|feats?|emb)"
    r"|(?:^|\.)(?:queue|support_set|support_(?:x|images|features)|reference_set|case_?base)(?:$|[._])"
    r"|replay_?(?:mem|queue|set)|(?:memory|key|negative)_?queue|x_?fit(?:ted)?_?$|data_?store"
    r"|retrieval_(?:keys|values|index)|event_?times|random_?effects?|auto_?decoder"
    r"|(?:subject|case|participant|sample|instance|per_(?:case|subject))_?(?:emb|latent|code|vec)"
    r"|rehearsal|episodic_?mem|cached_(?:features|images)|landmark_points",
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
        if not _FORMULA.search(tensor.name) and looks_like_pictures(values):
            parts.remark("pixels", at)
        elif not _is_made(tensor.name) and looks_like_records(values):
            parts.remark("training records", at, "by values")
        elif looks_like_keys(values) or are_unit_vectors(values):
            parts.remark("possible records", at)
        if values.ndim == 2 and values.dtype.kind == "f" and len(values) >= ROWS:
            parts.remark("rows", at, str(len(values)))


def _is_made(name: str) -> bool:
    """Whether a name is one of arrays that nobody measured: places, and what a formula gives."""
    return bool(_PLACES.search(name) or _FORMULA.search(name))


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
    enough = ALIKE if values.dtype.kind == "f" else ALIKE_WHOLE
    for first, second in ((-2, -1), (0, 1), (-3, -2)):
        if values.ndim < max(abs(first), abs(second), 2 if first == 0 else 0):
            continue
        plane = _plane(values, first, second)
        if min(plane.shape) >= SIDE and _likeness(plane) > enough:
            return True
    return _are_flat_pictures(values)


def _are_flat_pictures(values: NDArray[Any]) -> bool:
    """Whether each row is a square picture, written as one row of its pixels."""
    side = math.isqrt(values.shape[-1])
    if values.ndim != 2 or side < SIDE or side * side != values.shape[1] or values.min() < 0:
        return False
    rows = values[:: max(1, len(values) // _SAMPLE)].astype(numpy.float64)
    return all(_likeness(row.reshape(side, side)) > ALIKE for row in rows)


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
    down, across = (-(-size // _PATTERN) for size in plane.shape)
    strengths = numpy.linalg.svd(plane[::down, ::across], compute_uv=False)
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
    levels = numpy.array([len(numpy.unique(wide[:500, at])) for at in range(columns)])
    return (
        bool((whole & (levels > 2)).mean() >= WHOLE)
        or _is_mixed(wide, levels)
        or _is_scaled(wide, levels)
    )


def _is_mixed(values: NDArray[Any], levels: NDArray[Any]) -> bool:
    """Whether columns of yes and no stand beside measured ones."""
    yes_no = (levels == 2) & numpy.isin(values, (0.0, 1.0)).all(axis=0)
    return bool(yes_no.sum() >= 2 and (levels > ROWS).sum() >= 2)


def _is_scaled(values: NDArray[Any], levels: NDArray[Any]) -> bool:
    """Whether columns have mean 0 and deviation 1, or range from 0 to 1, closer than by chance."""
    rows, columns = values.shape
    if rows < 2 * ROWS or columns < 3 or (levels <= 2).all():
        return False
    chance = 1 / numpy.sqrt(rows)
    centred = numpy.abs(values.mean(axis=0)) < 0.02 * chance
    scaled = numpy.abs(values.std(axis=0) - 1) < 0.1 * chance
    in_order = (numpy.diff(values, axis=0) >= 0).all(axis=0)
    ranged = (values.min(axis=0) == 0) & (values.max(axis=0) == 1) & ~in_order
    return bool((centred & scaled).mean() >= _SCALED or ranged.mean() >= _SCALED)


def looks_like_keys(values: NDArray[Any]) -> bool:
    """Whether whole numbers in one row are keys: long, all different, in no even order."""
    if values.ndim != 1 or values.dtype.kind not in "iu" or not 2 * ROWS <= values.size < 1 << 20:
        return False
    steps = numpy.diff(values.astype(numpy.int64))
    is_long = int(values.min()) >= 1_000 and len(numpy.unique(values)) == values.size
    return is_long and len(numpy.unique(steps)) > ROWS


def are_unit_vectors(values: NDArray[Any]) -> bool:
    """Whether rows or columns all have length 1, as features kept for comparison have."""
    if values.ndim != 2 or values.dtype.kind != "f" or min(values.shape) < 8:
        return False
    if values.size > _LOOKED_AT or max(values.shape) < _VECTORS:
        return False
    if len(numpy.unique(values[:64])) < 8:
        return False
    squares = values.astype(numpy.float64) ** 2
    for axis, kept in ((1, values.shape[0]), (0, values.shape[1])):
        if kept >= _VECTORS and bool((numpy.abs(squares.sum(axis=axis) - 1) < 1e-4).all()):
            return True
    return False
