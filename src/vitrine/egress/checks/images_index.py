"""Prints of a project's own images, to find whose scan a picture shows.

A print is a small picture, 16 × 16, of the ranks of what a slice shows, so that it stays the same
under another window, another size and JPEG. Each slice has prints of all of it, of its body and of
its middle. The index holds prints and the number of a folder, no name and no image.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy
import pydicom
import SimpleITK
from numpy.typing import NDArray
from PIL import Image

SIDE: Final = 16
SLICES_LIMIT: Final = 40_000
_CROPS: Final = (0.0, 0.05, 0.1)
_LEAST_SIDE: Final = 24
_PLAIN: Final = 0.9
"""Share of a print that is one row plus one column, beyond which it is a ramp or stripes."""
_WINDOWS: Final = ((-1350.0, 150.0), (-160.0, 240.0), (-500.0, 1300.0), (-5.0, 85.0))
"""Lung, soft tissue, bone and brain, in Hounsfield units."""


@dataclass(frozen=True, slots=True)
class Index:
    """Prints of the slices in a folder of images."""

    prints: NDArray[Any] = field(repr=False)
    """float32, prints × 256, each of mean 0 and length 1."""

    folders: NDArray[Any] = field(repr=False)
    """Of each print, the number of its folder, from 1."""

    count: int
    """How many folders there are."""

    def nearest(self, values: NDArray[Any]) -> tuple[int, float]:
        """The folder with the print most like a picture, and how like it is, at most 1.

        Args:
            values: one value for each pixel.
        """
        if not len(self.prints):
            return 0, 0.0
        asked = numpy.array(list(_turned_prints(values)))
        products = numpy.einsum("pk,ak->pa", self.prints, asked)  # "@" would start threads
        likeness = numpy.abs(products).max(axis=1)
        best = int(likeness.argmax())
        return int(self.folders[best]), float(likeness[best])


def index_of(root: Path) -> Index:
    """Prints of every DICOM and NIfTI file below `root`; other files are passed over."""
    files = [path for path in sorted(root.rglob("*")) if path.is_file()]
    parents = {parent: n for n, parent in enumerate(dict.fromkeys(f.parent for f in files), 1)}
    prints: list[NDArray[Any]] = []
    folders: list[int] = []
    for path in files:
        for values in _slices(path):
            found = list(prints_of(values))
            prints += found
            folders += [parents[path.parent]] * len(found)
        if len(folders) > SLICES_LIMIT * len(_CROPS):
            break
    table = numpy.array(prints, dtype=numpy.float32).reshape(-1, SIDE * SIDE)
    return Index(table, numpy.array(folders, dtype=numpy.int64), len(parents))


def prints_of(values: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """The prints of one slice: of all of it, of its body, and of the middles of both."""
    for view in (values, _body(values)):
        for crop in _CROPS:
            top, left = int(view.shape[0] * crop), int(view.shape[1] * crop)
            part = view[top : view.shape[0] - top, left : view.shape[1] - left]
            found = _print(part) if min(part.shape) >= _LEAST_SIDE else None
            if found is not None:
                yield found


def _turned_prints(values: NDArray[Any]) -> Iterator[NDArray[Any]]:
    for view in (values, _body(values), _body(values.max() - values)):
        found = _print(view)
        if found is not None:
            square = found.reshape(SIDE, SIDE)
            for mirrored in (square, square[:, ::-1]):
                yield from (numpy.rot90(mirrored, turns).ravel() for turns in range(4))
    yield numpy.zeros(SIDE * SIDE, dtype=numpy.float32)


def _print(values: NDArray[Any]) -> NDArray[Any] | None:
    """The ranks of a view of 16 × 16; none where there is nothing to see."""
    picture = Image.fromarray(values.astype(numpy.float32))
    small = numpy.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BOX)).ravel()
    low, high = float(small.min()), float(small.max())
    steps = numpy.round((small - low) * (255 / max(high - low, 1e-9)))
    levels, places, counts = numpy.unique(steps, return_inverse=True, return_counts=True)
    if len(levels) < SIDE:
        return None
    ranks = (numpy.cumsum(counts) - (counts + 1) / 2)[places]
    centred = (ranks - ranks.mean()).reshape(SIDE, SIDE)
    centred /= numpy.sqrt((centred**2).sum())
    rows, columns = centred.mean(axis=1), centred.mean(axis=0)
    if SIDE * float((rows**2).sum() + (columns**2).sum()) > _PLAIN:
        return None
    return numpy.asarray(centred.ravel(), dtype=numpy.float32)


def _body(values: NDArray[Any]) -> NDArray[Any]:
    """What is brighter than the air around it."""
    low, high = numpy.quantile(values, [0.01, 0.995])
    marks = values > low + 0.15 * (high - low)
    rows = numpy.flatnonzero(marks.mean(axis=1) > 0.04)
    columns = numpy.flatnonzero(marks.mean(axis=0) > 0.04)
    if rows.size < _LEAST_SIDE or columns.size < _LEAST_SIDE:
        return values
    return values[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _slices(path: Path) -> Iterator[NDArray[Any]]:
    """The slices of a file as they may be shown; nothing for a file that is no image."""
    volume, is_ct = _volume(path)
    if volume is None:
        return
    axes = (0, 1, 2) if min(volume.shape) >= _LEAST_SIDE else (0,)
    for axis in axes:
        for values in numpy.moveaxis(volume, axis, 0):
            if float(values.max()) == float(values.min()):
                continue
            if is_ct:
                yield from (numpy.clip(values, low, high) for low, high in _WINDOWS)
            else:
                low, high = numpy.quantile(values, [0.01, 0.995])
                yield numpy.clip(values, low, high)


def _volume(path: Path) -> tuple[NDArray[Any] | None, bool]:
    """Values as slices × rows × columns, and whether they are Hounsfield units."""
    try:
        if path.name.endswith((".nii", ".nii.gz", ".nrrd", ".mha")):
            values = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))
            values = values.reshape(-1, *values.shape[-3:])[0]
            return values.astype(numpy.float32), float(values.min()) < -500
        dataset = pydicom.dcmread(path)
        values = dataset.pixel_array.astype(numpy.float32)
        if dataset.get("SamplesPerPixel", 1) > 1:
            values = values.mean(axis=-1)
        slope, intercept = dataset.get("RescaleSlope", 1), dataset.get("RescaleIntercept", 0)
        values = values * float(slope) + float(intercept)
        return values.reshape(-1, *values.shape[-2:]), dataset.get("Modality") == "CT"
    except Exception:
        return None, False
