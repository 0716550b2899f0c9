"""One DICOM series as a volume with its geometry."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pydicom
import SimpleITK as sitk

from vitrine.errors import IntegrityError, InvalidInput, NotFound
from vitrine.workbench.datasets import dataset_folder, series

SAME_POSITION_MM: Final = 1e-3
EVEN_SPACING: Final = 0.02
"""Largest deviation from the median distance of slices that counts as even."""
MOST_TILT: Final = 0.01
"""Largest shift within the plane, per unit along the normal, that counts as upright."""

_TAGS: Final = [
    "AcquisitionNumber", "Columns", "ImageOrientationPatient", "ImagePositionPatient",
    "InstanceNumber", "Modality", "NumberOfFrames", "RescaleSlope", "RescaleType", "Rows",
    "SOPInstanceUID", "Units",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Slice:
    """The header of one file, as far as it says where the image lies."""

    path: Path
    size: tuple[int, int]
    orientation: tuple[float, ...]
    position: tuple[float, ...]
    order: tuple[int, int]
    frames: int
    unit: str


def load_series(
    which: str | pd.Series[Any] | Mapping[str, Any],
    *,
    volume: int | None = None,
    accept_gaps: bool = False,
) -> sitk.Image:
    """The image of one series, with its geometry.

    Axes: `image.GetSize()` and `image[x, y, z]` count columns, rows, slices, zero-based;
    `SimpleITK.GetArrayFromImage(image)` gives an array in the order slices × rows × columns.
    Geometry: `GetSpacing()` is in mm in the order x, y, z; `GetOrigin()` and `GetDirection()`
    are in the patient's coordinates (LPS: towards left, posterior, superior), as in DICOM.
    Slices are sorted by position along the normal of their plane, not by file name.

    Values: the rescale slope and intercept of the files are applied. For CT that makes Hounsfield
    units (HU). For PET it makes the unit of the files, mostly Bq/ml. For other modalities, MR
    among them, values are raw: comparable within a series only.
    `image.GetMetaData("vitrine.unit")` says which: `HU`, the PET unit, `raw`, or `unknown` for
    multi-frame CT, which states its rescale frame by frame.

    >>> row = workbench.series("lung-ct").iloc[0]
    >>> image = workbench.load_series(row)
    >>> hounsfield = SimpleITK.GetArrayFromImage(image)

    Args:
        which: a row of `series()`, or a SeriesInstanceUID.
        volume: which of several images at the same positions (time points, echoes, b-values),
            zero-based in the order of acquisition and instance number.
        accept_gaps: load although slices are missing or unevenly spaced. Distances along z are
            then wrong somewhere.

    Raises:
        NotFound: when no dataset of this session has the series.
        InvalidInput: when it is not one regular volume; the message says how to go on.
        IntegrityError: when a file cannot be read.
    """
    dataset, uid, folder = _find(which)
    name = f"series {uid} of dataset {dataset}"
    slices = [_header(path, name) for path in sorted(folder.glob("*.dcm"))]
    if not slices:
        raise IntegrityError(
            f"{name} has no files; tell your administrator, who can check it with: "
            f"vitrine dataset verify {dataset}",
            hint="",
        )
    if not all(all(each.size) for each in slices):
        raise InvalidInput(
            f"{name} holds no images (a report or annotation?); read its files in {folder} with "
            "pydicom.dcmread(path)"
        )
    if len(slices) > 1:
        slices = _one_volume(slices, name, volume=volume, accept_gaps=accept_gaps)
    image = _read([each.path for each in slices], name)
    image.SetMetaData("vitrine.dataset", dataset)
    image.SetMetaData("vitrine.series", uid)
    image.SetMetaData("vitrine.unit", slices[0].unit)
    return image


def _find(which: str | pd.Series[Any] | Mapping[str, Any]) -> tuple[str, str, Path]:
    """Dataset, SeriesInstanceUID and folder of the series that is meant."""
    dataset: str | None = None
    if isinstance(which, str):
        uid = which
    else:
        try:
            uid = str(which["SeriesInstanceUID"])
        except (KeyError, TypeError, IndexError):
            raise InvalidInput(
                "load_series takes a row of series() or a SeriesInstanceUID; "
                "a table of one row becomes a row with .iloc[0]"
            ) from None
        given = which.get("dataset")
        dataset = None if given is None else str(given)
    table = series(dataset)
    found = table[table["SeriesInstanceUID"] == uid]
    if found.empty:
        place = f"dataset {dataset}" if dataset else "no dataset of this session"
        verb = "has no" if dataset else "has a"
        raise NotFound(f"{place} {verb} series {uid}; series() lists those there are")
    row = found.iloc[0]
    name = str(row["dataset"])
    return name, uid, dataset_folder(name) / str(row["path"])


def _header(path: Path, name: str) -> _Slice:
    try:
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=_TAGS)
        return _Slice(
            path=path,
            size=(int(header.get("Rows") or 0), int(header.get("Columns") or 0)),
            orientation=tuple(map(float, header.get("ImageOrientationPatient") or ())),
            position=tuple(map(float, header.get("ImagePositionPatient") or ())),
            order=(
                int(header.get("AcquisitionNumber") or 0),
                int(header.get("InstanceNumber") or 0),
            ),
            frames=int(header.get("NumberOfFrames") or 1),
            unit=_unit(header),
        )
    except Exception as error:  # pydicom raises many kinds on a damaged file
        raise IntegrityError(
            f"{path.name} of {name} cannot be read as DICOM; tell your administrator, who can "
            "check it with: vitrine dataset verify",
            hint="",
        ) from error


def _unit(header: pydicom.Dataset) -> str:
    modality = header.get("Modality")
    if modality == "CT" and header.get("RescaleSlope") is not None:
        stated = str(header.get("RescaleType") or "HU")
        return "HU" if stated in ("HU", "HU_MOD") else stated
    if modality == "CT" and int(header.get("NumberOfFrames") or 1) > 1:
        return "unknown"  # the rescale of enhanced CT is stated frame by frame
    if modality == "PT":
        return str(header.get("Units") or "raw")
    return "raw"


def _one_volume(
    slices: list[_Slice], name: str, *, volume: int | None, accept_gaps: bool
) -> list[_Slice]:
    """The slices of one volume from the lowest to the highest position along the normal."""
    if any(each.frames > 1 for each in slices):
        raise InvalidInput(
            f"{name} holds several multi-frame files; read one with SimpleITK.ReadImage(path)"
        )
    sizes = {each.size for each in slices}
    if len(sizes) > 1:
        raise InvalidInput(
            f"{name} holds images of {len(sizes)} different sizes, so it is not one volume; "
            "read single files with SimpleITK.ReadImage(path)"
        )
    if not all(len(each.orientation) == 6 and len(each.position) == 3 for each in slices):
        warnings.warn(
            f"{name} does not say where its images lie: "
            "they are in the order of their instance numbers, and spacing along z means nothing",
            stacklevel=3,
        )
        return sorted(slices, key=lambda each: each.order)
    normal = _normal(slices, name)
    positions = _by_position(slices, normal)
    chosen = _choose(positions, name, volume)
    _check_spacing(chosen, normal, name, accept_gaps)
    return chosen


def _normal(slices: Sequence[_Slice], name: str) -> np.ndarray[Any, Any]:
    directions = np.array([each.orientation for each in slices])
    if np.abs(directions - directions[0]).max() > 1e-3:
        raise InvalidInput(
            f"{name} holds images in several directions (a localizer?), so it is not one volume; "
            "read single files with SimpleITK.ReadImage(path)"
        )
    return np.cross(directions[0][:3], directions[0][3:])


def _by_position(slices: Sequence[_Slice], normal: np.ndarray[Any, Any]) -> list[list[_Slice]]:
    """Slices that share a position, in the order of acquisition; positions ascend."""

    def along(each: _Slice) -> float:
        return float(np.dot(each.position, normal))

    groups: list[list[_Slice]] = []
    for each in sorted(slices, key=along):
        if groups and along(each) - along(groups[-1][0]) < SAME_POSITION_MM:
            groups[-1].append(each)
        else:
            groups.append([each])
    return [sorted(group, key=lambda each: each.order) for group in groups]


def _choose(positions: list[list[_Slice]], name: str, volume: int | None) -> list[_Slice]:
    counts = {len(group) for group in positions}
    if counts == {1} and volume in (None, 0):
        return [group[0] for group in positions]
    if len(counts) > 1:
        raise InvalidInput(
            f"{name} has {min(counts)} to {max(counts)} images at one position, so it is not "
            "one volume; read single files with SimpleITK.ReadImage(path)"
        )
    available = counts.pop()
    if volume is None:
        raise InvalidInput(
            f"{name} holds {available} images at each position (time points, echoes?); "
            f"choose one with load_series(..., volume=0) to volume={available - 1}"
        )
    if not 0 <= volume < available:
        raise InvalidInput(f"{name} has volumes 0 to {available - 1}, not {volume}")
    return [group[volume] for group in positions]


def _check_spacing(
    chosen: Sequence[_Slice], normal: np.ndarray[Any, Any], name: str, accept_gaps: bool
) -> None:
    steps = [np.subtract(b.position, a.position) for a, b in pairwise(chosen)]
    if not steps:
        return
    distances = np.array([float(np.dot(step, normal)) for step in steps])
    median = float(np.median(distances))
    uneven = np.abs(distances - median) > max(EVEN_SPACING * median, 0.01)
    if uneven.any() and not accept_gaps:
        raise InvalidInput(
            f"{name} has unevenly spaced slices: most lie {median:.2f} mm apart, "
            f"{int(uneven.sum())} of {len(distances)} distances differ (up to "
            f"{distances.max():.2f} mm); load_series(..., accept_gaps=True) loads it anyway, "
            "with wrong distances along z"
        )
    shift = np.linalg.norm(np.asarray(steps) - np.outer(distances, normal), axis=1)
    if (shift > MOST_TILT * distances + 0.01).any():
        warnings.warn(
            f"{name} was acquired with a tilted gantry: its slices are shifted against each "
            "other, which SimpleITK does not represent; distances across slices are wrong",
            stacklevel=4,
        )


def _read(paths: Sequence[Path], name: str) -> sitk.Image:
    before = sitk.ProcessObject.GetGlobalWarningDisplay()
    # Uneven spacing was judged above; ITK's own notice would name it a second time.
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        if len(paths) == 1:
            return sitk.ReadImage(str(paths[0]))
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames([str(path) for path in paths])
        return reader.Execute()
    except RuntimeError as error:
        raise IntegrityError(
            f"{name} cannot be decoded by SimpleITK; look at it with pydicom.dcmread('{paths[0]}')",
            hint="",
        ) from error
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(before)
