"""Writes volumes as DICOM CT and MR series that never belonged to a person."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage
from volumes import Grid

SYNTHETIC = "Synthetic phantom, never belonged to a person"


def uid(*parts: object) -> str:
    """A unique identifier under 2.25 (PS3.5 B.2), always the same for the same parts."""
    text = "/".join(map(str, parts)).encode()
    number = int.from_bytes(hashlib.sha256(b"vitrine demo\n" + text).digest()[:16], "big")
    return f"2.25.{number}"


@dataclass(frozen=True)
class SeriesHeader:
    """What all instances of one series share."""

    patient_id: str
    sex: str
    study: str
    """Names the study within the patient."""
    number: int
    modality: str
    description: str
    body_part: str
    rescale_intercept: int = 0
    window: tuple[int, int] = (40, 400)
    """Centre and width."""
    extra: dict[str, object] = field(default_factory=dict)


def write_series(
    folder: Path, header: SeriesHeader, grid: Grid, volume: npt.NDArray[np.int16]
) -> int:
    """Write one file for each slice of `volume`, lowest z first; the number of bytes written."""
    folder.mkdir(parents=True)
    shared = _shared(header, grid)
    series = shared.SeriesInstanceUID
    stored = (volume.astype(np.int32) - header.rescale_intercept).astype("<u2")
    x0, y0, z0 = grid.first
    total = 0
    for position in range(grid.slices):
        z = round(z0 + position * grid.slice_mm, 4)
        shared.SOPInstanceUID = uid(series, position)
        shared.InstanceNumber = position + 1
        shared.ImagePositionPatient = [round(x0, 4), round(y0, 4), z]
        shared.SliceLocation = z
        shared.PixelData = stored[position].tobytes()
        target = folder / f"{position + 1:04d}.dcm"
        save(shared, target)
        total += target.stat().st_size
    return total


def save(instance: Dataset, target: Path) -> None:
    """Write `instance` as Part 10, explicit VR little endian."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = instance.SOPClassUID
    meta.MediaStorageSOPInstanceUID = instance.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    instance.file_meta = meta
    instance.save_as(target, enforce_file_format=True)


def blank_patient(instance: Dataset, patient_id: str, sex: str, method: str) -> None:
    """Fill the attributes of patient and study that must be there, with nothing in them."""
    instance.PatientID = patient_id
    instance.PatientSex = sex
    for keyword in (
        "PatientName",
        "PatientBirthDate",
        "StudyDate",
        "StudyTime",
        "StudyID",
        "AccessionNumber",
        "ReferringPhysicianName",
    ):
        setattr(instance, keyword, "")
    instance.PatientIdentityRemoved = "YES"
    instance.DeidentificationMethod = method
    instance.BurnedInAnnotation = "NO"


def _shared(header: SeriesHeader, grid: Grid) -> Dataset:
    instance = Dataset()
    blank_patient(instance, header.patient_id, header.sex, SYNTHETIC)
    instance.SOPClassUID = CTImageStorage if header.modality == "CT" else MRImageStorage
    instance.StudyInstanceUID = uid(header.patient_id, header.study)
    instance.SeriesInstanceUID = uid(header.patient_id, header.study, header.number)
    instance.FrameOfReferenceUID = uid(header.patient_id, header.study, "frame")
    instance.PositionReferenceIndicator = ""
    instance.SeriesNumber = header.number
    instance.Modality = header.modality
    instance.Manufacturer = "Vitrine phantom"
    instance.SeriesDescription = header.description
    instance.BodyPartExamined = header.body_part
    instance.PatientPosition = "HFS"
    instance.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    instance.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    instance.PixelSpacing = [grid.pixel_mm, grid.pixel_mm]
    instance.SliceThickness = grid.slice_mm
    instance.SpacingBetweenSlices = grid.slice_mm
    instance.SamplesPerPixel = 1
    instance.PhotometricInterpretation = "MONOCHROME2"
    instance.Rows, instance.Columns = grid.rows, grid.columns
    instance.BitsAllocated, instance.BitsStored, instance.HighBit = 16, 16, 15
    instance.PixelRepresentation = 0
    instance.RescaleIntercept, instance.RescaleSlope = header.rescale_intercept, 1
    instance.WindowCenter, instance.WindowWidth = header.window
    if header.modality == "CT":
        instance.RescaleType = "HU"
    for keyword, value in header.extra.items():
        setattr(instance, keyword, value)
    return instance
