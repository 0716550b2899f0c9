"""Slices of real studies by patient, as uint8 pictures in the windows people look at them in."""

import gzip
import io
import logging
import os
import warnings
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK
from matplotlib import cbook
from pydicom.data import get_testdata_file

SHARED = Path(os.environ.get("VITRINE_EXAMPLE_SCANS", "var/example-scans"))
"""A folder with one folder of DICOM or NIfTI files for each source named below; what is missing
there is left out."""

_WINDOWS = {"lung": (-600, 1500), "soft": (40, 400), "bone": (400, 1800), "brain": (40, 90)}

_DICOM = {
    "ct-abdomen": (
        ["cornerstone3D-MIT/CTImage.dcm_JPEG2000TransferSyntax_1.2.840.10008.1.2.4.91.dcm"],
        ["soft", "lung", "bone"],
    ),
    "ct-three": (
        [f"dcmqi-BSD3/segmentations_ct-3slice_0{n}.dcm" for n in (1, 2, 3)],
        ["soft", "lung", "bone"],
    ),
    "ct-small": (["highdicom-MIT/ct_image.dcm"], ["soft", "bone"]),
    "ct-burned": (["presidio-MIT/2_ORIGINAL.dcm"], ["soft"]),
    "ct-enhanced": (["pydicom-data-MIT/eCT_Supplemental.dcm"], ["spread"]),
    "ct-pancreas": (["pydicom-data-MIT/explicit_VR-UN.dcm"], ["soft", "lung", "bone"]),
    "ct-head-500": (["pydicom:693_J2KI.dcm"], ["brain", "soft", "bone"]),
    "ct-head": (["pydicom:J2K_pixelrep_mismatch.dcm"], ["brain", "soft", "bone"]),
    "mr-7t": (
        [f"datalad-structural-PDDL/N2D_{n}.dcm" for n in ("0150", "0166", "0182", "0198")],
        ["spread", "bright"],
    ),
    "mr-ge-epi": (
        [
            f"dcm_qa_nih-BSD2/ge/mr_0004_axial_epi_fmri_interleaved_i_to_s-{n:05}.dcm"
            for n in (3, 6, 9, 12)
        ],
        ["spread"],
    ),
    "mr-prostate": (["dcmqi-BSD3/paramaps_pm-example-slice.dcm"], ["spread", "bright"]),
    "mr-brain": (["nibabel-MIT/slicethickness_empty_string.dcm"], ["spread", "bright"]),
    "mr-abdomen": (["pydicom-data-MIT/MR-SIEMENS-DICOM-WithOverlays.dcm"], ["spread", "bright"]),
    "mr-five": (["pydicom-data-MIT/MR2_J2KR.dcm"], ["spread", "bright"]),
    "mr-emri": (["pydicom-data-MIT/emri_small.dcm"], ["spread"]),
    "mr-small": (["pydicom:MR_small.dcm"], ["spread"]),
    "dx-thorax": (["highdicom-MIT/dx_image.dcm"], ["spread"]),
    "cr-burned": (["presidio-MIT/0_ORIGINAL_compressed.dcm"], ["spread"]),
    "cr-chest": (["pydicom-data-MIT/RG1_J2KI.dcm"], ["spread"]),
    "cr-limb": (["pydicom-data-MIT/RG3_J2KR.dcm"], ["spread"]),
    "pet-fusion": (["presidio-MIT/RGB_ORIGINAL.dcm"], ["asis"]),
    "nm-body": (["pydicom:JPEG2000.dcm"], ["spread", "bright"]),
    "us-colour": (["cornerstone3D-MIT/US-YBR_FULL_422-EVRLE.dcm"], ["asis"]),
    "us-grey": (["pydicom-data-MIT/JPGLosslessP14SV1_1s_1f_8b.dcm"], ["asis"]),
    "us-palette": (["pydicom-data-MIT/OBXXXX1A_2frame.dcm"], ["asis"]),
    "us-thirteen": (["pydicom:examples_rgb_color.dcm"], ["asis"]),
    "us-clip": (["pydicom:examples_ybr_color.dcm"], ["asis"]),
    "us-aloka": (["pydicom-data-MIT/gdcm-US-ALOKA-16.dcm"], ["asis"]),
}
_VOLUMES = {
    "mr-example4d": "nibabel-MIT/example4d.nii.gz",
    "mr-breast": "pyradiomics-BSD3/breast1_image.nrrd",
}


def slices():
    """Pictures by patient: uint8 of shape (height, width) or (height, width, 3)."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    found = {}
    for patient, (files, windows) in _DICOM.items():
        pictures = []
        for name in files:
            path = get_testdata_file(name[8:]) if name.startswith("pydicom:") else SHARED / name
            if path and Path(path).exists():
                for values in _frames(Path(path)):
                    pictures += [_shown(values, window) for window in windows]
        found[patient] = pictures
    for patient, name in _VOLUMES.items():
        if (SHARED / name).exists():
            found[patient] = [_shown(each, "spread") for each in _cuts(SHARED / name)]
    found["mr-sagittal"] = [_shown(_from_matplotlib(), window) for window in ("spread", "bright")]
    return {patient: pictures for patient, pictures in found.items() if pictures}


def _from_matplotlib():
    """The head that comes with matplotlib's examples."""
    with cbook.get_sample_data("s1045.ima.gz") as stream:
        return np.frombuffer(stream.read(), np.uint16).reshape(256, 256).astype(float)


def _frames(path):
    content = path.read_bytes()
    dataset = pydicom.dcmread(
        io.BytesIO(gzip.decompress(content) if path.suffix == ".gz" else content), force=True
    )
    try:
        values = dataset.pixel_array
        if dataset.get("PhotometricInterpretation", "") == "PALETTE COLOR":
            values = pydicom.pixels.apply_color_lut(values, dataset) / 257
    except Exception:
        values = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))
    values = values.astype(float)
    if dataset.get("Modality") == "CT":
        values = values * float(dataset.get("RescaleSlope", 1)) + float(
            dataset.get("RescaleIntercept", 0)
        )
    if dataset.get("PhotometricInterpretation") == "MONOCHROME1":
        values = -values
    has_colour = values.shape[-1] == 3
    frames = values if values.ndim == 3 + has_colour else values[None]
    return [frames[n] for n in np.unique(np.linspace(0, len(frames) - 1, 4).astype(int))]


def _cuts(path):
    volume = SimpleITK.ReadImage(str(path))
    if volume.GetDimension() == 4:
        volume = volume[..., 0]
    values = SimpleITK.GetArrayFromImage(volume).astype(float)
    for axis in (0, 1, 2):
        if min(np.delete(values.shape, axis)) >= 24:
            for part in (0.35, 0.5, 0.65):
                yield np.flipud(values.take(int(values.shape[axis] * part), axis))


def _shown(values, window):
    if values.ndim == 3 or (window == "asis" and values.max() <= 255):
        return np.clip(values, 0, 255).astype(np.uint8)
    if window in _WINDOWS:
        centre, width = _WINDOWS[window]
        low, high = centre - width / 2, centre + width / 2
    else:
        low, high = np.percentile(values, [1, 97 if window == "bright" else 99.8])
    return (np.clip((values - low) / max(high - low, 1e-9), 0, 1) * 255).astype(np.uint8)
