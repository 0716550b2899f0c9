"""What the headers of images tell of each patient, as far as an attacker may know it beforehand."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pandas
import pydicom

_TAGS: Final = [
    "PatientID", "PatientSex", "PatientAge", "PatientSize", "PatientWeight", "PatientBirthDate",
    "StudyDate", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "Modality",
    "BodyPartExamined", "Manufacturer", "ManufacturerModelName",
]  # fmt: skip
PROPERTIES: Final = (
    "age_band", "sex", "size_band", "weight_band", "body_part", "modality", "device", "month",
    "study_count", "series_count", "slice_count", "intervals",
)  # fmt: skip
_AGE_YEARS, _SIZE_M, _WEIGHT_KG = 5, 0.05, 5


@dataclass(slots=True)
class _Patient:
    said: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    studies: dict[str, str] = field(default_factory=dict)
    series: set[str] = field(default_factory=set)
    instances: int = 0


def read(root: Path) -> tuple[pandas.DataFrame, int]:
    """One row of properties for each PatientID below `root`, and how many files are no images."""
    patients: dict[str, _Patient] = defaultdict(_Patient)
    others = 0
    for path in sorted(root.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.name.startswith(".vitrine"):
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=_TAGS)
                _add(patients[str(header.get("PatientID", "") or "").strip()], header)
        except Exception:  # no DICOM, or damaged: counted, and none of its words repeated
            others += 1
    rows = {name: _row(each) for name, each in sorted(patients.items()) if each.instances}
    table = pandas.DataFrame.from_dict(rows, orient="index", columns=list(PROPERTIES))
    return table, others


def _add(patient: _Patient, header: Any) -> None:
    for name, value in _told(header):
        patient.said[name].add(value)
    patient.studies[str(header.get("StudyInstanceUID", ""))] = str(
        header.get("StudyDate", "") or ""
    )
    patient.series.add(str(header.get("SeriesInstanceUID", "")))
    patient.instances += 1


def _told(header: Any) -> Iterator[tuple[str, str]]:
    yield "sex", str(header.get("PatientSex", "") or "")
    yield "age_band", _age_band(header)
    yield "size_band", _band(header.get("PatientSize"), _SIZE_M)
    yield "weight_band", _band(header.get("PatientWeight"), _WEIGHT_KG)
    yield "body_part", str(header.get("BodyPartExamined", "") or "")
    yield "modality", str(header.get("Modality", "") or "")
    device = (header.get("Manufacturer", ""), header.get("ManufacturerModelName", ""))
    yield "device", " ".join(str(each or "") for each in device).strip()
    yield "month", str(header.get("StudyDate", "") or "")[:6]


def _age_band(header: Any) -> str:
    age = str(header.get("PatientAge", "") or "")
    if len(age) == 4 and age[:3].isdigit():
        return _band(int(age[:3]) if age[3] == "Y" else 0, _AGE_YEARS)
    born, done = (str(header.get(key, "") or "") for key in ("PatientBirthDate", "StudyDate"))
    if born[:4].isdigit() and done[:4].isdigit():
        return _band(int(done[:4]) - int(born[:4]), _AGE_YEARS)
    return ""


def _band(value: Any, width: float) -> str:
    try:
        low = int(float(value) / width)
    except (TypeError, ValueError, OverflowError):
        return ""
    return f"{low * width:g}-"


def _row(patient: _Patient) -> list[str]:
    days = sorted(filter(None, map(_day, patient.studies.values())))
    known = {
        **{name: "|".join(sorted(values)) for name, values in patient.said.items()},
        "study_count": str(len(patient.studies)),
        "series_count": str(len(patient.series)),
        "slice_count": str(patient.instances),
        "intervals": " ".join(str(b - a) for a, b in pairwise(days)),
    }
    return [known.get(name, "") for name in PROPERTIES]


def _day(value: str) -> int | None:
    try:
        return date(int(value[:4]), int(value[4:6]), int(value[6:8])).toordinal()
    except ValueError:
        return None
