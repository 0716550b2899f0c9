"""Where pictures come from: scans under open licences, phantoms made here, everyday photographs."""

from __future__ import annotations

import importlib.util
import os
import warnings
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy import ndimage

BESIDE = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "dicom"
SHARED = Path(os.environ.get("VITRINE_SHARED_DICOM", BESIDE))
"""Scans with a licence each in its `LICENSES`; see the README of this folder."""

SCANS = {
    "ct-chest": ("shared", "cornerstone3D-MIT/CTImage.dcm_RLELosslessTransferSyntax_"
                 "1.2.840.10008.1.2.5.dcm"),
    "ct-abdomen": ("shared", "dcmqi-BSD3/segmentations_ct-3slice_02.dcm"),
    "ct-abdomen-next": ("shared", "dcmqi-BSD3/segmentations_ct-3slice_03.dcm"),
    "ct-pancreas": ("shared", "pydicom-data-MIT/explicit_VR-UN.dcm"),
    "ct-burned-in": ("shared", "presidio-MIT/2_ORIGINAL.dcm"),
    "ct-enhanced": ("shared", "pydicom-data-MIT/eCT_Supplemental.dcm"),
    "cr-chest": ("shared", "presidio-MIT/0_ORIGINAL_compressed.dcm"),
    "cr-limb": ("shared", "pydicom-data-MIT/RG3_J2KR.dcm"),
    "mr-head-a": ("shared", "datalad-structural-PDDL/N2D_0150.dcm"),
    "mr-head-b": ("shared", "datalad-structural-PDDL/N2D_0182.dcm"),
    "mr-prostate": ("shared", "dcmqi-BSD3/paramaps_pm-example-slice.dcm"),
    "mr-knee": ("shared", "pydicom-data-MIT/MR2_J2KR.dcm"),
    "mr-siemens": ("shared", "nibabel-MIT/slicethickness_empty_string.dcm"),
    "us-colour": ("shared", "cornerstone3D-MIT/US-YBR_FULL_422-EVRLE.dcm"),
    "us-uncompressed": ("shared", "pydicom-data-MIT/US1_UNCR.dcm"),
    "petct-fused": ("shared", "presidio-MIT/RGB_ORIGINAL.dcm"),
    "ct-small": ("pydicom", "CT_small.dcm"),
    "ct-bundled": ("pydicom", "J2K_pixelrep_mismatch.dcm"),
    "mr-overlay": ("pydicom", "examples_overlay.dcm"),
    "us-bundled": ("pydicom", "examples_rgb_color.dcm"),
}  # fmt: skip
"""Name of a scan, where it lies, and its path there."""

PHANTOMS = ("ct", "head", "breast", "ultrasound")


def available(source: str) -> bool:
    """Whether this machine has a source: `shared-dicom`, `photographs` or `figures`."""
    if source == "shared-dicom":
        return SHARED.is_dir()
    module = {"photographs": "skimage", "figures": "matplotlib"}[source]
    return importlib.util.find_spec(module) is not None


def needs(scan: str) -> tuple[str, ...]:
    """What a machine must have for a scan."""
    return ("shared-dicom",) if scan in SCANS and SCANS[scan][0] == "shared" else ()


def dicom_path(scan: str) -> Path:
    """The DICOM file of a scan."""
    where, name = SCANS[scan]
    if where == "shared":
        return SHARED / name
    from pydicom.data import get_testdata_file

    return Path(str(get_testdata_file(name)))


@lru_cache(maxsize=8)
def pixels(scan: str) -> np.ndarray:
    """The stored pixels of a scan, in Hounsfield units where it has them."""
    import pydicom
    from pydicom.pixels import apply_modality_lut

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(dicom_path(scan), force=True)
        image = dataset.pixel_array
        if dataset.get("PhotometricInterpretation") in ("RGB", "YBR_FULL_422", "YBR_RCT"):
            return image if image.ndim == 3 else image[0]
        frame = image[0] if image.ndim == 3 else image
        values = apply_modality_lut(frame, dataset).astype(float)
    if dataset.get("PhotometricInterpretation") == "MONOCHROME1":
        values = values.max() - values
    return values


def shown(scan: str, centre: float | None = None, width: float | None = None) -> np.ndarray:
    """A scan as 8-bit pixels, by a window or from its 1st to its 99.5th percentile."""
    values = phantom(scan) if scan in PHANTOMS else pixels(scan)
    if values.ndim == 3:
        return values.astype(np.uint8)
    if centre is None or width is None:
        low, high = np.percentile(values, (1, 99.5))
    else:
        low, high = centre - width / 2, centre + width / 2
    return np.uint8(np.clip((values - low) / max(high - low, 1e-9), 0, 1) * 255)


@lru_cache(maxsize=8)
def phantom(kind: str, size: int = 320, seed: int = 1) -> np.ndarray:
    """A made scan with the texture of a real one: `ct`, `head`, `breast` or `ultrasound`."""
    rng = np.random.default_rng([seed, PHANTOMS.index(kind)])
    return {"ct": _ct, "head": _head, "breast": _breast, "ultrasound": _ultrasound}[kind](rng, size)


def _grid(size: int) -> tuple[np.ndarray, np.ndarray]:
    axis = np.linspace(-1, 1, size)
    return np.meshgrid(axis, axis)


def _ellipse(
    size: int, x: float, y: float, a: float, b: float, turn: float = 0.0, rough: float = 0.0,
    phase: float = 0.0,
) -> np.ndarray:  # fmt: skip
    """A blob: an ellipse whose edge wanders."""
    across, down = _grid(size)
    u = (across - x) * np.cos(turn) + (down - y) * np.sin(turn)
    v = -(across - x) * np.sin(turn) + (down - y) * np.cos(turn)
    angle = np.arctan2(v / b, u / a)
    edge = 1 + rough * (np.sin(3 * angle + phase) + 0.6 * np.sin(5 * angle + 2 * phase))
    return (u / a) ** 2 + (v / b) ** 2 < edge**2


def _smooth(rng: np.random.Generator, size: int, sigma: float) -> np.ndarray:
    noise = ndimage.gaussian_filter(rng.normal(size=(size, size)), sigma)
    return noise / noise.std()


def _recursive(image: np.ndarray, sigma: float) -> np.ndarray:
    import SimpleITK

    smooth = SimpleITK.SmoothingRecursiveGaussian(
        SimpleITK.GetImageFromArray(image.astype(np.float32)), sigma
    )
    return SimpleITK.GetArrayFromImage(smooth).astype(float)


def _ct(rng: np.random.Generator, size: int) -> np.ndarray:
    image = np.full((size, size), -1000.0)
    image[_ellipse(size, 0, 0.05, 0.86, 0.66, 0, 0.03, 1)] = -95  # fat
    image[_ellipse(size, 0, 0.05, 0.79, 0.59, 0, 0.04, 2)] = 45  # muscle
    for side in (-1, 1):
        image[_ellipse(size, 0.42 * side, 0.0, 0.27, 0.4, 0.15 * side, 0.06, 3 + side)] = -830
        for rib in np.linspace(-2.6, 2.6, 9):
            x, y = side * 0.75 * abs(np.cos(rib / 2)), 0.05 + 0.56 * np.sin(rib / 2)
            image[_ellipse(size, x, y, 0.06, 0.022, rib)] = 620
    for _ in range(70):
        side = rng.choice((-1, 1))
        x, y = 0.42 * side + rng.normal(0, 0.12), rng.normal(0, 0.17)
        vessel = _ellipse(size, x, y, *rng.uniform(0.006, 0.03, 2), rng.uniform(0, 3))
        image[vessel & (image < -600)] = rng.uniform(-200, 60)
    image[_ellipse(size, -0.06, -0.08, 0.2, 0.24, 0.4, 0.05)] = 60  # heart
    image[_ellipse(size, 0.1, 0.24, 0.075, 0.075)] = 160  # aorta
    image[_ellipse(size, 0, 0.46, 0.12, 0.1, 0, 0.12)] = 480  # vertebra
    image[_ellipse(size, 0, 0.58, 0.045, 0.045)] = 30
    image[_ellipse(size, 0.5, -0.15, 0.05, 0.06, 0.3, 0.2)] = 38  # nodule
    image += 30 * _smooth(rng, size, 6) * (image > -900) * 0.4
    return _recursive(image, 0.9) + 22 * _smooth(rng, size, 0.7)


def _head(rng: np.random.Generator, size: int) -> np.ndarray:
    image = np.zeros((size, size))
    image[_ellipse(size, 0, 0, 0.7, 0.86, 0, 0.015)] = 520  # skin and fat
    image[_ellipse(size, 0, 0, 0.66, 0.82, 0, 0.015)] = 60  # bone
    brain = _ellipse(size, 0, 0, 0.6, 0.76, 0, 0.02)
    folds = _smooth(rng, size, 5)
    image[brain] = 300 + 45 * np.tanh(3 * folds[brain])
    image[_ellipse(size, 0, 0, 0.4, 0.52, 0, 0.06, 1)] = 390  # white matter
    for side in (-1, 1):
        image[_ellipse(size, 0.12 * side, -0.08, 0.06, 0.24, 0.25 * side, 0.1)] = 70
        image[_ellipse(size, 0.24 * side, 0.05, 0.09, 0.15, 0.2 * side, 0.1)] = 310
    across, _ = _grid(size)
    image[brain & (np.abs(across) < 0.008)] = 90
    image[_ellipse(size, 0.3, 0.33, 0.12, 0.1, 0.4, 0.15)] = 470  # lesion
    image *= 1 + 0.1 * _smooth(rng, size, 70)
    image = _recursive(image, 1.0)
    return np.hypot(image + rng.normal(0, 9, image.shape), rng.normal(0, 9, image.shape))


def _breast(rng: np.random.Generator, size: int) -> np.ndarray:
    across, _ = _grid(size)
    inside = _ellipse(size, -1, 0, 1.45, 0.82, 0, 0.02)
    tissue = sum(_smooth(rng, size, 2.0**power) * 1.6**power for power in range(1, 6))
    image = inside * (0.45 + 0.05 * tissue)
    image *= np.clip((0.6 - across) / 1.2, 0.1, 1)
    for _ in range(24):
        x, y = rng.uniform(-0.6, 0), rng.uniform(-0.3, 0.3)
        image[_ellipse(size, x, y, 0.007, 0.007) & inside] += 0.3
    image[_ellipse(size, -0.35, 0.1, 0.1, 0.08, 0.3, 0.2) & inside] += 0.15
    edge = _recursive(image, 1.2) + 0.012 * rng.normal(size=(size, size)) * inside
    return np.clip(edge, 0, None) * 4095


def _ultrasound(rng: np.random.Generator, size: int) -> np.ndarray:
    across, down = _grid(size)
    depth, angle = np.hypot(across, down + 1.15), np.arctan2(across, down + 1.15)
    echo = 0.45 + 0.12 * _smooth(rng, size, 14)
    echo[_ellipse(size, 0.1, 0.05, 0.22, 0.16, 0.2, 0.12)] = 0.14  # mass
    echo[_ellipse(size, -0.35, 0.35, 0.12, 0.1)] = 0.05  # cyst
    shade = 1 - 0.3 * (np.abs(angle - 0.09) < 0.09) * (down > 0.2)
    speckle = ndimage.gaussian_filter(rng.rayleigh(1, (size, size)), (0.8, 1.4))
    image = echo * shade * speckle * np.exp(-0.35 * depth)
    return np.where((np.abs(angle) < 0.62) & (depth > 0.3) & (depth < 2.05), image, 0) * 255


def photograph(name: str) -> np.ndarray:
    """One of the photographs that scikit-image carries, in 8 bits."""
    import skimage
    from PIL import Image

    folder = Path(skimage.__file__).parent / "data"
    path = next(folder.glob(f"{name}.*"))
    with Image.open(path) as image:
        return np.asarray(image.convert("L" if image.mode in ("L", "1", "I;16") else "RGB"))
