"""A data folder with small real DICOM series, as a session mounts it."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

COLUMNS = [
    "PatientID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "Modality",
    "SeriesDescription",
    "BodyPartExamined",
    "n_instances",
    "Rows",
    "Columns",
    "path",
]


@dataclass
class DataFolder:
    root: Path
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add_dataset(self, name: str, clinical: str = "PatientID,age\n007,61\n") -> None:
        folder = self.root / name
        folder.mkdir()
        about = {"name": name, "title": f"Title of {name}", "version": 3, "description": "words"}
        (folder / "dataset.json").write_text(json.dumps(about))
        (folder / "clinical.csv").write_text(clinical)
        self.rows[name] = []
        self._write_table(name)

    def add_series(self, dataset: str, slices: list[Dataset], patient: str = "007") -> str:
        uid = generate_uid()
        path = f"images/{patient}/{uid}"
        (self.root / dataset / path).mkdir(parents=True)
        for number, each in enumerate(slices, start=1):
            each.SeriesInstanceUID, each.PatientID = uid, patient
            each.save_as(self.root / dataset / path / f"{number:05d}.dcm", enforce_file_format=True)
        values = (patient, generate_uid(), uid, slices[0].Modality, "NA", "CHEST", len(slices),
                  slices[0].Rows, slices[0].Columns, path)  # fmt: skip
        self.rows[dataset].append(dict(zip(COLUMNS, values, strict=True)))
        self._write_table(dataset)
        return uid

    def files(self, dataset: str, uid: str) -> list[Path]:
        return sorted((self.root / dataset).glob(f"images/*/{uid}/*.dcm"))

    def _write_table(self, dataset: str) -> None:
        with open(self.root / dataset / "series.csv", "w", newline="") as stream:
            writer = csv.DictWriter(stream, COLUMNS)
            writer.writeheader()
            writer.writerows(self.rows[dataset])


def a_slice(z_mm: float, stored: int, *, number: int = 1, **changed: Any) -> Dataset:
    """A CT slice of 4 rows and 6 columns, spacing 0.5 mm (rows) and 0.7 mm (columns)."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    ds = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID, ds.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    ds.StudyInstanceUID, ds.Modality, ds.InstanceNumber = generate_uid(), "CT", number
    ds.Rows, ds.Columns, ds.SamplesPerPixel = 4, 6, 1
    ds.PhotometricInterpretation, ds.PixelRepresentation = "MONOCHROME2", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, 16, 15
    ds.RescaleSlope, ds.RescaleIntercept = 2, -1000
    ds.PixelSpacing = [0.5, 0.7]
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.ImagePositionPatient = [10, 20, z_mm]
    for name, value in changed.items():
        if value is None:
            delattr(ds, name)
        else:
            setattr(ds, name, value)
    pixels = np.full((ds.Rows, ds.Columns), stored, dtype="<u2")
    pixels[1:2, 4] = stored + 1
    ds.PixelData = pixels.tobytes()
    return ds


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataFolder:
    """An empty data folder that the workbench looks at."""
    root = tmp_path / "data"
    root.mkdir()
    monkeypatch.setenv("VITRINE_DATA", str(root))
    return DataFolder(root)


@pytest.fixture
def slice_of() -> Any:
    return a_slice
