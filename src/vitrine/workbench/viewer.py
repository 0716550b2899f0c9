"""An interactive slice viewer that needs no network and no front-end extension of its own."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import ipywidgets
import numpy as np
import SimpleITK as sitk
from PIL import Image as Picture

from vitrine.errors import InvalidInput

Array = np.ndarray[Any, np.dtype[Any]]

PRESETS: Final[Mapping[str, tuple[float, float]]] = {
    "soft tissue": (400.0, 40.0),
    "lung": (1500.0, -600.0),
    "bone": (1800.0, 400.0),
    "brain": (80.0, 40.0),
    "liver": (150.0, 30.0),
    "mediastinum": (350.0, 50.0),
}
"""Window width and level in HU for CT."""

PLANES: Final = ("axial", "coronal", "sagittal")
MASK_COLOURS: Final = np.array(
    [[230, 25, 75], [60, 180, 75], [255, 225, 25], [0, 130, 200], [245, 130, 48], [145, 30, 180]],
    dtype=np.float32,
)
"""Red, green and blue of the labels 1, 2, 3 …; they repeat after the sixth."""
LONGEST_SIDE_PX: Final = 512


@dataclass(frozen=True, slots=True)
class Volume:
    """What is drawn: voxels and mask in the order slices × rows × columns, LPS."""

    voxels: Array
    mask: Array | None
    spacing_mm: tuple[float, float, float]
    """Distance of voxels along slices, rows, columns."""
    unit: str

    def n_slices(self, plane: str) -> int:
        """How many slices a plane has."""
        return int(self.voxels.shape[PLANES.index(plane)])

    def slice_of(self, array: Array, plane: str, index: int) -> Array:
        """One slice as people look at it: head up, the patient's right on the left."""
        if plane == "axial":
            found: Array = array[index]
        elif plane == "coronal":
            found = array[::-1, index]
        else:
            found = array[::-1, :, index]
        return found

    def pixel_mm(self, plane: str) -> tuple[float, float]:
        """Height and width of a pixel of a slice."""
        along, row, column = self.spacing_mm
        return {"axial": (row, column), "coronal": (along, column)}.get(plane, (along, row))


def viewer(
    image: sitk.Image | Array,
    mask: sitk.Image | Array | None = None,
    *,
    window: float | None = None,
    level: float | None = None,
) -> Viewer:
    """An interactive view of `image`, with `mask` drawn over it.

    Drag the slice slider, or click it and use the arrow keys, to scroll; choose the plane; set
    window and level with the sliders or a preset. Presets in HU are offered for CT. Slices are
    shown in the patient's directions: head up, the patient's right on the left of the screen.

    >>> workbench.viewer(image, mask=image > 300)

    Args:
        image: what `load_series` gives, or an array in the order slices × rows × columns with
            voxels of equal sides.
        mask: same size; 0 is not drawn, each other label has its own colour.
        window: width of the range of values that is shown; from the image when left out.
        level: middle of that range.

    Raises:
        InvalidInput: when the image has no slices, or the mask another size.
    """
    shown = _volume(image, mask)
    return Viewer(shown, window=window, level=level)


class Viewer(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """The widget that `viewer` returns; its parts can be read and set from code.

    `slice`, `plane`, `window`, `level` and `opacity` are widgets; `picture` holds a PNG.
    """

    def __init__(
        self, shown: Volume, *, window: float | None = None, level: float | None = None
    ) -> None:
        self._shown = shown
        low, high = _range(shown.voxels)
        self._automatic = (max(high - low, 1e-6), (high + low) / 2)
        self.picture = ipywidgets.Image(format="png")
        self.plane = ipywidgets.ToggleButtons(options=PLANES, value="axial", description="plane")
        self.slice = ipywidgets.IntSlider(description="slice", continuous_update=True)
        self.window = _slider("window", *_window_limits(shown.voxels))
        self.level = _slider("level", *_level_limits(shown.voxels))
        self.preset = ipywidgets.Dropdown(options=_presets(shown), description="preset")
        self.opacity = ipywidgets.FloatSlider(
            value=0.4, min=0.0, max=1.0, step=0.05, description="mask"
        )
        self.value = ipywidgets.Label()
        self._set(window or self._automatic[0], self._automatic[1] if level is None else level)
        controls = [self.plane, self.slice, self.preset, self.window, self.level]
        if shown.mask is not None:
            controls.append(self.opacity)
        self._turn()
        self._connect()
        super().__init__([ipywidgets.HBox([self.picture, ipywidgets.VBox(controls)]), self.value])

    def _connect(self) -> None:
        self.plane.observe(lambda _: self._turn(), names="value")
        self.preset.observe(lambda _: self._apply_preset(), names="value")
        for widget in (self.slice, self.window, self.level, self.opacity):
            widget.observe(lambda _: self._draw(), names="value")

    def _turn(self) -> None:
        """Begin in the middle of the chosen plane."""
        count = self._shown.n_slices(self.plane.value)
        self.slice.max = count - 1
        self.slice.value = count // 2
        self._draw()

    def _apply_preset(self) -> None:
        window, level = PRESETS.get(self.preset.value, self._automatic)
        self._set(window, level)

    def _set(self, window: float, level: float) -> None:
        for slider, value in ((self.window, window), (self.level, level)):
            slider.min, slider.max = min(slider.min, value), max(slider.max, value)
            slider.value = value

    def _draw(self) -> None:
        plane, index = self.plane.value, self.slice.value
        self.picture.value = render(
            self._shown,
            plane,
            index,
            window=self.window.value,
            level=self.level.value,
            opacity=self.opacity.value,
        )
        self.value.value = (
            f"{plane} slice {index} of 0 to {self._shown.n_slices(plane) - 1}, values in "
            f"{self._shown.unit}, shown from {self.level.value - self.window.value / 2:g} "
            f"to {self.level.value + self.window.value / 2:g}"
        )


def render(
    shown: Volume, plane: str, index: int, *, window: float, level: float, opacity: float
) -> bytes:
    """One slice as a PNG whose sides have the proportions that they have in the patient."""
    voxels = shown.slice_of(shown.voxels, plane, index).astype(np.float32)
    if voxels.ndim == 2:
        grey = np.clip((voxels - (level - window / 2)) / window, 0.0, 1.0) * 255
        colour = np.repeat(grey[..., np.newaxis], 3, axis=-1)
    else:
        colour = np.clip(voxels[..., :3], 0, 255)
    if shown.mask is not None and opacity > 0:
        labels = shown.slice_of(shown.mask, plane, index)
        marked = labels > 0
        paint = MASK_COLOURS[(labels[marked].astype(np.int64) - 1) % len(MASK_COLOURS)]
        colour[marked] = (1 - opacity) * colour[marked] + opacity * paint
    picture = Picture.fromarray(colour.astype(np.uint8), mode=None)
    height_mm, width_mm = np.multiply(colour.shape[:2], shown.pixel_mm(plane))
    scale = LONGEST_SIDE_PX / max(height_mm, width_mm)
    size = (max(1, round(width_mm * scale)), max(1, round(height_mm * scale)))
    written = io.BytesIO()
    picture.resize(size, Picture.Resampling.BILINEAR).save(written, "PNG", compress_level=1)
    return written.getvalue()


def _volume(image: sitk.Image | Array, mask: sitk.Image | Array | None) -> Volume:
    voxels, spacing, unit = _voxels(image)
    if not np.isfinite(voxels).all():
        voxels = np.nan_to_num(voxels, nan=0.0, posinf=0.0, neginf=0.0)
    labels = None
    if mask is not None:
        labels = _voxels(mask)[0]
        if labels.shape != voxels.shape[:3]:
            raise InvalidInput(
                f"the mask has {_size(labels)} voxels and the image {_size(voxels)} (slices × "
                "rows × columns); resample it with SimpleITK.Resample(mask, image, "
                "SimpleITK.Transform(), SimpleITK.sitkNearestNeighbor)"
            )
    return Volume(voxels, labels, spacing, unit)


def _voxels(image: sitk.Image | Array) -> tuple[Array, tuple[float, float, float], str]:
    """Array, spacing along slices, rows and columns, and unit."""
    if isinstance(image, sitk.Image):
        if image.GetDimension() == 2:
            image = sitk.JoinSeries(image)
        if image.GetDimension() != 3:
            raise InvalidInput(f"the viewer shows 2 or 3 dimensions, not {image.GetDimension()}")
        unit = image.GetMetaData("vitrine.unit") if image.HasMetaDataKey("vitrine.unit") else ""
        upright = sitk.DICOMOrient(image, "LPS")
        column, row, along = upright.GetSpacing()
        return sitk.GetArrayViewFromImage(upright).copy(), (along, row, column), unit or "raw"
    array = np.asarray(image)
    array = array[np.newaxis] if array.ndim == 2 else array
    if array.ndim not in (3, 4) or 0 in array.shape:
        raise InvalidInput("the viewer shows an array of slices × rows × columns")
    if array.dtype == np.bool_:
        array = array.astype(np.uint8)
    return array, (1.0, 1.0, 1.0), "raw"


def _size(array: Array) -> str:
    return " × ".join(str(length) for length in array.shape[:3])


def _range(voxels: Array) -> tuple[float, float]:
    """The range that holds most values: from the 1st to the 99.5th percentile of a sample."""
    sample = voxels.reshape(-1)[:: max(1, voxels.size // 200_000)]
    low, high = np.percentile(sample, [1.0, 99.5])
    if high <= low:
        low, high = float(voxels.min()), float(voxels.max())
    return float(low), float(high)


def _window_limits(voxels: Array) -> tuple[float, float]:
    extent = float(voxels.max()) - float(voxels.min())
    return max(extent, 1.0) / 1000, max(extent, 1.0)


def _level_limits(voxels: Array) -> tuple[float, float]:
    return float(voxels.min()), max(float(voxels.max()), float(voxels.min()) + 1.0)


def _presets(shown: Volume) -> list[str]:
    return ["automatic", *(PRESETS if shown.unit == "HU" else ())]


def _slider(name: str, low: float, high: float) -> Any:
    return ipywidgets.FloatSlider(
        min=low, max=high, value=low, step=(high - low) / 500, description=name, readout_format="g"
    )
