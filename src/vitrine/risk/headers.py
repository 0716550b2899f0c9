"""What the headers of images tell of each patient, as far as an attacker may know it beforehand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy
import pandas

from vitrine.dicom.headers import Outcome, headers_below, text_of
from vitrine.errors import InvalidInput
from vitrine.risk.properties import Property, Side, intervals_of, of_pairs, of_rows, ordinal_of

PROPERTIES: Final = (
    "age_band", "sex", "size_band", "weight_band", "body_part", "modality", "device", "month",
    "study_count", "series_count", "slice_count", "intervals",
)  # fmt: skip
TEXTS: Final = (
    "StudyDescription", "SeriesDescription", "ProtocolName", "InstitutionName", "StationName",
    "SequenceName", "ContrastBolusAgent", "ImageComments",
)  # fmt: skip
"""Attributes of free or makers' text that are searched for rare values."""

_TAGS: Final = [
    "PatientID", "PatientSex", "PatientAge", "PatientSize", "PatientWeight", "PatientBirthDate",
    "StudyDate", "StudyInstanceUID", "SeriesInstanceUID", "Modality",
    "BodyPartExamined", "Manufacturer", "ManufacturerModelName", *TEXTS,
]  # fmt: skip
_TEXT: Final = "text"
_YEARS: Final = {"Y": 1.0, "M": 12.0, "W": 52.18, "D": 365.25}


@dataclass(frozen=True, slots=True)
class Files:
    """How the files of a folder were read."""

    read: int = 0
    unreadable: int = 0
    """That are DICOM by their name or first bytes, and cannot be read: they may hold anybody."""

    not_dicom: int = 0


@dataclass(slots=True)
class _Patient:
    said: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    studies: dict[str, str] = field(default_factory=dict)
    series: set[str] = field(default_factory=set)
    instances: set[str] = field(default_factory=set)


def read(root: Path, bands: Mapping[str, float]) -> tuple[Side, Files]:
    """The side of the images below `root`, and how its files were read.

    Images without a PatientID are one patient for each study; an instance that is there twice
    counts once. Links are not followed.

    Args:
        bands: widths of `age_years`, `size_m` and `weight_kg`: how well attackers know them.

    Raises:
        InvalidInput: when there is no such folder.
    """
    if not root.is_dir():
        raise InvalidInput(f"there is no folder {root}")
    patients: dict[str, _Patient] = defaultdict(_Patient)
    counts = {"read": 0, "unreadable": 0, "not_dicom": 0}
    for header, outcome in headers_below(root, _TAGS):
        if header is not None:
            try:
                told = dict(_told(header, bands))
                _add(patients[_patient_of(header)], header, told)
            except Exception:  # a damaged element: counted, and none of its words repeated
                outcome = Outcome.UNREADABLE
        counts[outcome.value] += 1
    return _side({name: each for name, each in sorted(patients.items()) if each.instances}), Files(
        **counts
    )


def _patient_of(header: Any) -> str:
    named = text_of(header, "PatientID")
    return named or f"\1study {text_of(header, 'StudyInstanceUID')}"


def _add(patient: _Patient, header: Any, told: Mapping[str, str]) -> None:
    for name, value in told.items():
        patient.said[name].add(value)
    for keyword in TEXTS:
        if text := text_of(header, keyword):
            patient.said[keyword].add(text)
    patient.studies[text_of(header, "StudyInstanceUID")] = text_of(header, "StudyDate")
    patient.series.add(text_of(header, "SeriesInstanceUID"))
    patient.instances.add(text_of(header, "SOPInstanceUID"))


def _told(header: Any, bands: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    yield "sex", text_of(header, "PatientSex").upper()
    yield "age_band", band(_age_years(header), bands["age_years"])
    yield "size_band", band(text_of(header, "PatientSize"), bands["size_m"])
    yield "weight_band", band(text_of(header, "PatientWeight"), bands["weight_kg"])
    yield "body_part", text_of(header, "BodyPartExamined").upper()
    yield "modality", text_of(header, "Modality")
    device = (text_of(header, "Manufacturer"), text_of(header, "ManufacturerModelName"))
    yield "device", " ".join(filter(None, device))
    yield "month", text_of(header, "StudyDate")[:6]


def _age_years(header: Any) -> str:
    age = text_of(header, "PatientAge")
    if len(age) == 4 and age[:3].isdigit() and age[3] in _YEARS:
        return str(int(age[:3]) / _YEARS[age[3]])
    born, done = (ordinal_of(text_of(header, key)) for key in ("PatientBirthDate", "StudyDate"))
    if born is None or done is None:
        return ""
    return str((done - born) / _YEARS["D"])


def band(value: str, width: float) -> str:
    """The lower end of the band of `width` that a number lies in, and `-`; empty for others."""
    try:
        low = int(round(float(value) / width, 6) // 1)
    except (ValueError, OverflowError):
        return ""
    return f"{low * width:g}-"


def _side(patients: Mapping[str, _Patient]) -> Side:
    properties: dict[str, Property] = {}
    people = list(patients.values())
    numbers = numpy.arange(len(people))
    counted = {
        "study_count": [str(len(each.studies)) for each in people],
        "series_count": [str(len(each.series)) for each in people],
        "slice_count": [str(len(each.instances)) for each in people],
        "intervals": [_intervals(each) for each in people],
    }
    for name in (*PROPERTIES, *TEXTS):
        if name in counted:
            properties[prefixed(name)] = of_rows(numbers, counted[name])
            continue
        pairs = [
            (n, value) for n, each in enumerate(people) for value in sorted(each.said[name]) or [""]
        ]
        if any(value for _, value in pairs) or name in PROPERTIES:
            codes, values = pandas.factorize(numpy.asarray([v for _, v in pairs], object))
            places = numpy.asarray([n for n, _ in pairs], dtype=numpy.int64)
            properties[prefixed(name)] = of_pairs(places, codes.astype(numpy.int64), values)
    kinds = {prefixed(n): prefixed(n) for n in PROPERTIES} | {prefixed(n): _TEXT for n in TEXTS}
    return Side(pandas.Index(list(patients), dtype=object), properties, kinds)


def _intervals(patient: _Patient) -> str:
    days = (ordinal_of(each) for each in patient.studies.values())
    return intervals_of([each for each in days if each is not None])


def prefixed(name: str) -> str:
    """The name of a property of images, apart from those of columns."""
    return f"images.{name}"
