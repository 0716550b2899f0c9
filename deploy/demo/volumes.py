"""Volumetric phantoms: a thorax in Hounsfield units and a pelvis in three MR contrasts.

Arrays are indexed [slice, row, column]; coordinates are millimetres in the patient system of
DICOM (x to the left, y to the back, z to the head), with the origin in the middle of the volume.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

Array = npt.NDArray[np.float32]
Point = tuple[float, float, float]
"""x, y, z in mm."""


@dataclass(frozen=True)
class Grid:
    """Voxels of a volume: how many and how large."""

    slices: int
    rows: int
    columns: int
    pixel_mm: float
    slice_mm: float

    @property
    def shape(self) -> tuple[int, int, int]:
        """Slices, rows and columns."""
        return self.slices, self.rows, self.columns

    @property
    def first(self) -> Point:
        """Centre of the first voxel."""
        return (
            -(self.columns - 1) / 2 * self.pixel_mm,
            -(self.rows - 1) / 2 * self.pixel_mm,
            -(self.slices - 1) / 2 * self.slice_mm,
        )

    def axes(self) -> tuple[Array, Array, Array]:
        """x, y and z of every voxel, as arrays that broadcast to the volume."""
        x0, y0, z0 = self.first
        x = np.float32(x0) + np.arange(self.columns, dtype=np.float32) * self.pixel_mm
        y = np.float32(y0) + np.arange(self.rows, dtype=np.float32) * self.pixel_mm
        z = np.float32(z0) + np.arange(self.slices, dtype=np.float32) * self.slice_mm
        return x[None, None, :], y[None, :, None], z[:, None, None]

    def image(self, volume: npt.NDArray[np.generic]) -> sitk.Image:
        """`volume` with its geometry."""
        image = sitk.GetImageFromArray(volume)
        image.SetSpacing((self.pixel_mm, self.pixel_mm, self.slice_mm))
        image.SetOrigin(self.first)
        return image


@dataclass(frozen=True)
class Lesion:
    """A sphere of known place, size and mean value."""

    centre_mm: Point
    diameter_mm: float
    value: float

    @property
    def volume_ml(self) -> float:
        """Volume of the sphere."""
        return float(np.pi / 6 * self.diameter_mm**3 / 1000)


def ellipsoid(grid: Grid, centre: Point, radii: Point) -> Array:
    """How much of each voxel lies inside, from 0 to 1; an infinite radius makes a cylinder."""
    x, y, z = grid.axes()
    (cx, cy, cz), (rx, ry, rz) = centre, radii
    rho = np.sqrt(((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 + ((z - cz) / rz) ** 2)
    smallest = min(rx, ry, rz)
    inside = 0.5 + (1 - rho) * smallest / grid.pixel_mm
    return np.broadcast_to(np.clip(inside, 0, 1), grid.shape).astype(np.float32)


def blend(volume: Array, part: Array, value: Array | float) -> None:
    """Put `value` where `part` is 1, and a mixture at its border."""
    volume += part * (np.asarray(value, dtype=np.float32) - volume)


def smooth_noise(grid: Grid, rng: np.random.Generator, sigma_mm: float) -> Array:
    """Correlated noise with mean 0 and standard deviation 1."""
    white = rng.standard_normal(grid.shape, dtype=np.float32)
    field = sitk.GetArrayFromImage(sitk.SmoothingRecursiveGaussian(grid.image(white), sigma_mm))
    return ((field - field.mean()) / field.std()).astype(np.float32)


def place(
    grid: Grid, inside: npt.NDArray[np.bool_], diameters_mm: list[float], rng: np.random.Generator
) -> list[Point]:
    """A centre for each sphere so that all lie within `inside` and apart from each other."""
    mask = grid.image(inside.astype(np.uint8))
    depth = -sitk.GetArrayFromImage(
        sitk.SignedMaurerDistanceMap(mask, squaredDistance=False, useImageSpacing=True)
    )
    x, y, z = (np.broadcast_to(axis, grid.shape) for axis in grid.axes())
    centres: list[Point] = []
    for diameter in diameters_mm:
        free = depth > diameter / 2 + 4
        for (cx, cy, cz), other in zip(centres, diameters_mm, strict=False):
            apart = np.sqrt((x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2)
            free &= apart > (diameter + other) / 2 + 8
        candidates = np.flatnonzero(free)
        if not candidates.size:
            raise ValueError(f"a lesion of {diameter} mm does not fit")
        chosen = int(rng.choice(candidates))
        centres.append((float(x.flat[chosen]), float(y.flat[chosen]), float(z.flat[chosen])))
    return centres


def thorax(
    grid: Grid, diameters_mm: list[float], rng: np.random.Generator
) -> tuple[npt.NDArray[np.int16], list[Lesion]]:
    """A chest CT in Hounsfield units and the nodules in its lungs."""
    inf = float("inf")
    size = float(rng.uniform(0.93, 1.05))
    volume = np.full(grid.shape, -1000, dtype=np.float32)
    blend(volume, ellipsoid(grid, (0, 0, 0), (168 * size, 118 * size, inf)), -95)  # fat
    blend(volume, ellipsoid(grid, (0, 0, 0), (158 * size, 108 * size, inf)), 48)  # muscle
    blend(volume, _ribs(grid, size), 420)
    lungs = np.maximum(
        ellipsoid(grid, (-74 * size, 4, -6), (56 * size, 80 * size, 104)),
        ellipsoid(grid, (74 * size, 4, -6), (54 * size, 80 * size, 104)),
    )
    blend(volume, lungs, -855 + 22 * smooth_noise(grid, rng, 9))
    organs = (
        (ellipsoid(grid, (24, -30, -34), (56, 44, 52)), 44.0),  # heart
        (ellipsoid(grid, (16, -12, 40), (26, 28, 44)), 52.0),  # great vessels
        (ellipsoid(grid, (22, 40, 0), (13, 13, inf)), 170.0),  # descending aorta, contrast
        (ellipsoid(grid, (0, 0, 92), (9, 8, 60)), -990.0),  # trachea
        (ellipsoid(grid, (-60, 0, -128), (92, 92, 44)), 62.0),  # liver dome
    )
    for part, value in organs:
        blend(volume, part, value)
    _spine(grid, volume, size)
    lung_only = volume < -700
    lung_only &= lungs > 0.99
    lesions = [
        Lesion(centre, diameter, round(float(rng.uniform(18, 58)), 1))
        for centre, diameter in zip(
            place(grid, lung_only, diameters_mm, rng), diameters_mm, strict=True
        )
    ]
    vessels = _vessels(grid, lung_only, rng)
    for lesion in lesions:  # apart from vessels, so that a threshold finds its size
        around = lesion.diameter_mm / 2 + 5
        vessels *= 1 - ellipsoid(grid, lesion.centre_mm, (around,) * 3)
    blend(volume, vessels, 35)
    for lesion in lesions:
        radius = lesion.diameter_mm / 2
        blend(volume, ellipsoid(grid, lesion.centre_mm, (radius,) * 3), lesion.value)
    volume += 13 * smooth_noise(grid, rng, grid.pixel_mm * 0.6)
    return np.clip(np.rint(volume), -1024, 3071).astype(np.int16), lesions


def _ribs(grid: Grid, size: float) -> Array:
    """Obliquely falling rings in the chest wall."""
    x, y, z = grid.axes()
    rho = np.sqrt((x / (150 * size)) ** 2 + (y / (101 * size)) ** 2)
    shell = np.clip(4 - np.abs(rho - 0.985) * 180, 0, 1)
    rows = np.clip(4 * np.cos(2 * np.pi * (z + 0.35 * y) / 32) - 2.2, 0, 1)
    return np.broadcast_to(shell * rows, grid.shape).astype(np.float32)


def _spine(grid: Grid, volume: Array, size: float) -> None:
    """Vertebral bodies with discs between them, an arch and the canal, in place."""
    inf = float("inf")
    back = 74 * size
    _, _, z = grid.axes()
    discs = np.clip(3 * np.cos(2 * np.pi * z / 26) - 2, 0, 1).astype(np.float32)
    body = ellipsoid(grid, (0, back, 0), (19, 15, inf))
    blend(volume, ellipsoid(grid, (0, back + 18, 0), (24, 12, inf)), 330)
    blend(volume, body, 240)
    blend(volume, body * discs, 90)
    blend(volume, ellipsoid(grid, (0, back + 17, 0), (8, 7, inf)), 20)


def _vessels(grid: Grid, lungs: npt.NDArray[np.bool_], rng: np.random.Generator) -> Array:
    """Branches that wander from each hilum into the lungs and become thin."""
    drawn = np.zeros(grid.shape, dtype=np.float32)
    steps, walkers = 34, 70
    for side in (-1.0, 1.0):
        position = np.tile(np.array([side * 30, 8.0, 0.0]), (walkers, 1))
        heading = rng.normal(size=(walkers, 3)) * (0.7, 1.0, 1.2) + (side * 0.9, 0, 0)
        for step in range(steps):
            heading += rng.normal(scale=0.25, size=heading.shape)
            heading /= np.linalg.norm(heading, axis=1, keepdims=True)
            position += heading * 2.6
            offset = (position - grid.first) / (grid.pixel_mm, grid.pixel_mm, grid.slice_mm)
            index = np.rint(offset).astype(int)[:, ::-1]
            valid = np.all((index >= 0) & (index < grid.shape), axis=1)
            np.add.at(drawn, tuple(index[valid].T), 3.2 * (1 - step / steps) + 0.7)
    spread = sitk.GetArrayFromImage(sitk.SmoothingRecursiveGaussian(grid.image(drawn), 2.2))
    return (np.clip(spread, 0, 0.85) * lungs).astype(np.float32)


@dataclass(frozen=True)
class Pelvis:
    """Three contrasts of one pelvis on the same grid."""

    t2: npt.NDArray[np.int16]
    dwi_b800: npt.NDArray[np.int16]
    adc: npt.NDArray[np.int16]
    """Apparent diffusion coefficient in 10⁻⁶ mm²/s."""
    prostate_ml: float
    lesion: Lesion | None
    """`value` is its ADC."""


def pelvis(grid: Grid, lesion_mm: float, *, in_peripheral_zone: bool, seed: int) -> Pelvis:
    """A prostate between bladder and rectum, with one lesion unless `lesion_mm` is 0."""
    rng = np.random.default_rng(seed)
    inf = float("inf")
    radii = (float(rng.uniform(23, 29)), float(rng.uniform(16, 21)), float(rng.uniform(19, 25)))
    prostate = ellipsoid(grid, (0, 0, -4), radii)
    inner = ellipsoid(grid, (0, -0.22 * radii[1], -4), tuple(0.74 * each for each in radii))  # type: ignore[arg-type]
    lesion = _prostate_lesion(grid, prostate, inner, lesion_mm, in_peripheral_zone, rng)
    knots = 1 + 0.22 * smooth_noise(grid, rng, 3)
    # part, then its T2 signal, b800 signal and ADC
    tissues: list[tuple[Array, Array | float, float, float]] = [
        (np.ones(grid.shape, np.float32), 620, 22, 300),  # fat
        (ellipsoid(grid, (-66, 2, 0), (22, 52, inf)), 150, 46, 1150),  # obturator muscles
        (ellipsoid(grid, (66, 2, 0), (22, 52, inf)), 150, 46, 1150),
        (ellipsoid(grid, (0, -52, -6), (30, 13, 24)), 210, 20, 420),  # symphysis
        (ellipsoid(grid, (0, -12, 44), (36, 26, 24)), 1180, 26, 2900),  # bladder
        (ellipsoid(grid, (0, 38, 0), (17, 14, inf)), 240, 60, 1250),  # rectum wall
        (ellipsoid(grid, (0, 38, 0), (12, 9, inf)), 18, 4, 60),  # its lumen
        (prostate, 760, 96, 1720),  # peripheral zone
        (inner, 400 * knots, 88, 1380),  # transition zone
        (ellipsoid(grid, (0, -2, -4), (3, 3, 22)), 880, 60, 2000),  # urethra
    ]
    if lesion is not None:
        radius = lesion.diameter_mm / 2
        part = ellipsoid(grid, lesion.centre_mm, (radius,) * 3)
        tissues.append((part, 235, 330, lesion.value))
    t2, dwi, adc = (np.zeros(grid.shape, np.float32) for _ in range(3))
    for part, t2_signal, dwi_signal, adc_value in tissues:
        blend(t2, part, t2_signal)
        blend(dwi, part, dwi_signal)
        blend(adc, part, adc_value)
    return Pelvis(
        t2=_rician(t2 * _coil(grid), 16, rng),
        dwi_b800=_rician(dwi * _coil(grid), 9, rng),
        adc=_rician(adc, 45, rng),
        prostate_ml=float(4 / 3 * np.pi * np.prod(radii) / 1000),
        lesion=lesion,
    )


def _prostate_lesion(
    grid: Grid,
    prostate: Array,
    inner: Array,
    diameter_mm: float,
    in_peripheral_zone: bool,
    rng: np.random.Generator,
) -> Lesion | None:
    """A lesion of that size inside the gland, its centre in the zone asked for."""
    if diameter_mm == 0:
        return None
    _, y, _ = (np.broadcast_to(axis, grid.shape) for axis in grid.axes())
    zone = (inner < 0.5) & (y > 0) if in_peripheral_zone else inner > 0.5
    shrunk = sitk.GetArrayFromImage(
        sitk.SignedMaurerDistanceMap(
            grid.image((prostate > 0.5).astype(np.uint8)),
            squaredDistance=False,
            useImageSpacing=True,
        )
    )
    candidates = np.flatnonzero(zone & (shrunk < -(diameter_mm / 2 + 0.5)))
    if not candidates.size:
        raise ValueError(f"a lesion of {diameter_mm} mm does not fit")
    chosen = int(rng.choice(candidates))
    x, y, z = (np.broadcast_to(axis, grid.shape).flat[chosen] for axis in grid.axes())
    adc = round(float(rng.uniform(560, 820)), 0)
    return Lesion((float(x), float(y), float(z)), diameter_mm, adc)


def _coil(grid: Grid) -> Array:
    """The brighter rim that a surface coil leaves, around 1 in the middle."""
    x, y, _ = grid.axes()
    return (0.94 + 0.2 * ((x / 80) ** 2 + (y / 80) ** 2)).astype(np.float32)


def _rician(signal: Array, sigma: float, rng: np.random.Generator) -> npt.NDArray[np.int16]:
    """Magnitude of `signal` with noise in both receiver channels."""
    real = signal + sigma * rng.standard_normal(signal.shape, dtype=np.float32)
    imaginary = sigma * rng.standard_normal(signal.shape, dtype=np.float32)
    return np.clip(np.rint(np.hypot(real, imaginary)), 0, 4095).astype(np.int16)
