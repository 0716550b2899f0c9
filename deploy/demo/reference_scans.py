"""A few real CT and MR series from openly licensed test files, written anew.

Only the attributes on a short list are taken over: geometry, pixel description, acquisition. Every
identifier is replaced, everything else is left behind.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import pydicom
from part10_writer import blank_patient, save, uid
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, MRImageStorage

METHOD = "Rewritten with an allow-list of attributes; new identifiers"

KEPT = (
    "Modality",
    "SOPClassUID",
    "InstanceNumber",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelSpacing",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "SliceThickness",
    "SpacingBetweenSlices",
    "SliceLocation",
    "RescaleSlope",
    "RescaleIntercept",
    "WindowCenter",
    "WindowWidth",
    "KVP",
    "RepetitionTime",
    "EchoTime",
    "FlipAngle",
    "MagneticFieldStrength",
    "PixelData",
)
"""Attributes that are taken over from a source file."""


@dataclass(frozen=True)
class Source:
    """Where one series comes from and what is said about it."""

    pattern: str
    """Files of the series below its folder."""
    description: str
    body_part: str
    origin: str
    licence: str
    most: int = 1000
    """Take at most so many files, in the order of their names."""


WHEEL = (
    Source("CT_small.dcm", "CT, one slice", "SPINE", "pydicom", "MIT"),
    Source("MR_small.dcm", "MR, one slice", "", "pydicom", "MIT"),
)
"""Files that come with pydicom itself."""

SHARED = (
    Source("dcmqi-BSD3/segmentations_ct-3slice_*.dcm", "CT abdomen", "LIVER", "dcmqi", "BSD-3"),
    Source("dcmqi-BSD3/paramaps_pm-example-slice.dcm", "MR ADC map", "PROSTATE", "dcmqi", "BSD-3"),
    Source(
        "cornerstone3D-MIT/CTImage.dcm_Deflated*.dcm", "CT chest", "CHEST", "cornerstone3D", "MIT"
    ),
    Source(
        "dcm_qa_nih-BSD2/ge/mr_0004_axial_epi_fmri_*.dcm",
        "MR EPI volume",
        "BRAIN",
        "dcm_qa_nih",
        "BSD-2",
        most=15,
    ),
)
"""Files that are used where somebody keeps a folder of them."""


def write_reference_scans(out: Path, shared: Path | None) -> dict[str, int]:
    """Write the series and their clinical table below `out`; how much was written."""
    wheel = Path(pydicom.__file__).parent / "data" / "test_files"
    found = [(wheel, source) for source in WHEEL]
    if shared is not None and shared.is_dir():
        found += [(shared, source) for source in SHARED]
    rows: list[dict[str, str]] = []
    counts = {"patients": 0, "series": 0, "instances": 0, "bytes": 0}
    for folder, source in found:
        paths = sorted(folder.glob(source.pattern))[: source.most]
        if not paths:
            continue
        patient_id = f"REF-{len(rows) + 1:03d}"
        written = _write_series(out / "images" / patient_id, patient_id, source, paths)
        first = pydicom.dcmread(paths[0], stop_before_pixels=True)
        rows.append(_row(patient_id, source, first))
        counts["instances"] += len(written)
        counts["bytes"] += sum(path.stat().st_size for path in written)
    counts["patients"] = counts["series"] = len(rows)
    with (out / "clinical.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return counts


def _write_series(folder: Path, patient_id: str, source: Source, paths: list[Path]) -> list[Path]:
    folder.mkdir(parents=True)
    written = []
    for position, path in enumerate(paths, start=1):
        target = folder / f"{position:04d}.dcm"
        save(_rewritten(pydicom.dcmread(path), patient_id, source, position), target)
        written.append(target)
    return written


def _rewritten(original: Dataset, patient_id: str, source: Source, position: int) -> Dataset:
    """`original` with new identifiers and only the attributes in `KEPT`."""
    is_image = original.SOPClassUID in (CTImageStorage, MRImageStorage)
    if not is_image or original.get("BurnedInAnnotation", "NO") == "YES":
        raise ValueError(f"{source.pattern}: only CT and MR images without burned-in text")
    if original.file_meta.TransferSyntaxUID.is_compressed and not _is_deflated(original):
        raise ValueError(f"{source.pattern}: compressed pixels are not rewritten")
    instance = Dataset()
    for keyword in KEPT:
        if keyword in original:
            setattr(instance, keyword, original[keyword].value)
    blank_patient(instance, patient_id, _sex(original), METHOD)
    instance.SOPInstanceUID = uid(patient_id, position)
    instance.SeriesInstanceUID = uid(patient_id, "series")
    instance.StudyInstanceUID = uid(patient_id, "study")
    instance.FrameOfReferenceUID = uid(patient_id, "frame")
    instance.SeriesNumber = 1
    instance.SeriesDescription = source.description
    instance.BodyPartExamined = source.body_part
    instance.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    instance.Manufacturer = ""
    return instance


def _is_deflated(original: Dataset) -> bool:
    return bool(original.file_meta.TransferSyntaxUID.is_deflated)


def _sex(original: Dataset) -> str:
    sex = str(original.get("PatientSex", ""))
    return sex if sex in ("F", "M") else "O"


def _row(patient_id: str, source: Source, first: Dataset) -> dict[str, str]:
    return {
        "PatientID": patient_id,
        "modality": str(first.Modality),
        "body_part": source.body_part.lower() or "unspecified",
        "sex": {"F": "female", "M": "male"}.get(_sex(first), "unknown"),
        "description": source.description,
        "origin": source.origin,
        "licence": source.licence,
    }
