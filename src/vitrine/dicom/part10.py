"""The header of one DICOM Part 10 file, as far as cataloguing needs it."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pydicom
from pydicom.errors import InvalidDicomError

from vitrine.errors import VitrineError

UID: Final = re.compile(r"[0-9]+(\.[0-9]+)+")
"""A unique identifier: digits and dots (PS3.5 section 9.1), at most 64 characters."""

_TAGS: Final = [
    "PatientID",
    "PatientIdentityRemoved",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SOPInstanceUID",
    "Modality",
    "SeriesDescription",
    "BodyPartExamined",
    "InstanceNumber",
    "Rows",
    "Columns",
]


class UnreadableDicom(VitrineError):
    """A file is not DICOM Part 10, or its header cannot be read."""

    hint = "remove it from the folder, or export the series again"


class NotDicom(UnreadableDicom):
    """A file lacks the DICOM Part 10 preamble."""


@dataclass(frozen=True, slots=True)
class Instance:
    """What one file's header says. Values that belong to a patient do not show in `repr`."""

    name: str
    """Path inside the inventoried folder, with forward slashes."""
    patient_id: str = field(repr=False)
    study_uid: str = field(repr=False)
    series_uid: str = field(repr=False)
    sop_uid: str = field(repr=False)
    is_identity_removed: bool
    modality: str
    series_description: str = field(repr=False)
    body_part: str
    instance_number: int
    rows: int | None
    columns: int | None

    @property
    def missing(self) -> tuple[str, ...]:
        """Keywords of the identifiers that are absent or malformed."""
        uids = {
            "StudyInstanceUID": self.study_uid,
            "SeriesInstanceUID": self.series_uid,
            "SOPInstanceUID": self.sop_uid,
        }
        bad = [keyword for keyword, uid in uids.items() if not is_uid(uid)]
        return (*(["PatientID"] if not self.patient_id else []), *bad)


def is_uid(text: str) -> bool:
    """Whether `text` is a unique identifier that is also safe as a file name."""
    return len(text) <= 64 and UID.fullmatch(text) is not None


def read_instance(path: Path, *, name: str | None = None) -> Instance:
    """The header of the file at `path`; pixels are not read.

    Args:
        name: what the record calls the file; its file name when not given.

    Raises:
        UnreadableDicom: when it is not DICOM Part 10 (`NotDicom`) or its header is damaged. The
            message never quotes its content.
    """
    name = path.name if name is None else name
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's warnings quote element values
            header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=_TAGS)
            return _instance(header, name)
    except InvalidDicomError:
        raise NotDicom(f"{name} is not a DICOM file") from None
    except OSError:
        raise
    except Exception as error:  # a hostile header may raise anything inside the parser
        kind = type(error).__name__
        raise UnreadableDicom(f"{name} has a damaged DICOM header ({kind})") from None


def _instance(header: pydicom.Dataset, name: str) -> Instance:
    return Instance(
        name=name,
        patient_id=_text(header, "PatientID"),
        study_uid=_text(header, "StudyInstanceUID"),
        series_uid=_text(header, "SeriesInstanceUID"),
        sop_uid=_text(header, "SOPInstanceUID"),
        is_identity_removed=_text(header, "PatientIdentityRemoved").upper() == "YES",
        modality=_text(header, "Modality"),
        series_description=_text(header, "SeriesDescription"),
        body_part=_text(header, "BodyPartExamined"),
        instance_number=_number(header, "InstanceNumber") or 0,
        rows=_number(header, "Rows"),
        columns=_number(header, "Columns"),
    )


def _text(header: pydicom.Dataset, keyword: str) -> str:
    """The value of `keyword` without padding; empty when absent."""
    value = header.get(keyword)
    return "" if value is None else str(value).strip(" \0")


def _number(header: pydicom.Dataset, keyword: str) -> int | None:
    """The value of `keyword` as an integer; None when absent or not a number."""
    try:
        return int(_text(header, keyword))
    except ValueError:
        return None
