"""What is known of the people of one object before any rule runs, to be found in what remains."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from vitrine.deid.keys import WELL_KNOWN
from vitrine.errors import InvalidInput

DEPTH_LIMIT: Final = 64
_LEAST_WORD: Final = 2
_LEAST_ID: Final = 4
_IDENTIFYING: Final = frozenset(
    [
        "PatientID",
        "OtherPatientIDs",
        "IssuerOfPatientID",
        "AccessionNumber",
        "AdmissionID",
        "ServiceEpisodeID",
        "StudyID",
        "PatientAddress",
        "PatientTelephoneNumbers",
        "CountryOfResidence",
        "RegionOfResidence",
        "InstitutionName",
        "InstitutionAddress",
        "InstitutionalDepartmentName",
        "StationName",
        "DeviceSerialNumber",
        "PlacerOrderNumberImagingServiceRequest",
        "FillerOrderNumberImagingServiceRequest",
        "RequestedProcedureID",
        "ScheduledProcedureStepID",
        "PerformedProcedureStepID",
        "MilitaryRank",
        "ClinicalTrialSubjectID",
        "ClinicalTrialSubjectReadingID",
        "PatientInsurancePlanCodeSequence",
        "MedicalRecordLocator",
        "OtherPatientNames",
        "PatientBirthName",
        "PatientMotherBirthName",
        "ReferringPhysicianAddress",
        "ReferringPhysicianTelephoneNumbers",
        "PersonName",
        "DeviceUID",
        "PersonTelephoneNumbers",
        "PersonAddress",
        "CurrentPatientLocation",
        "PatientInstitutionResidence",
    ]
)


@dataclass(frozen=True, slots=True)
class Known:
    """Values of one object that name somebody; searched by whole words, whatever their case."""

    words: frozenset[str] = field(repr=False)
    """Parts of names and of texts, in small letters."""

    ids: frozenset[str] = field(repr=False)
    """Numbers and codes of at least four letters, in small letters, found within words too."""

    def is_in(self, text: str) -> bool:
        """Whether a text holds any of it."""
        low = text.lower()
        return any(word in self.words for word in re.findall(r"[^\W\d_]+", low)) or any(
            each in low for each in self.ids
        )


def known_of(dataset: Dataset) -> Known:
    """Names, numbers, addresses, UIDs and days of every level of `dataset`.

    Raises:
        InvalidInput: when it is nested deeper than `DEPTH_LIMIT`.
    """
    words: set[str] = set()
    ids: set[str] = set()
    _collect(dataset, words, ids, 0)
    return Known(frozenset(words), frozenset(ids))


def _collect(dataset: Dataset, words: set[str], ids: set[str], depth: int) -> None:
    if depth > DEPTH_LIMIT:
        raise InvalidInput(f"it nests sequences deeper than {DEPTH_LIMIT}")
    for tag in dataset.keys():  # noqa: SIM118 - private elements stay unread: none of them is kept
        if tag.group & 1:
            continue
        element = dataset[tag]
        if element.VR == "SQ":
            for item in element.value or ():
                _collect(item, words, ids, depth + 1)
        else:
            _note(element, words, ids)


def _note(element: DataElement, words: set[str], ids: set[str]) -> None:
    values = _texts(element.value)
    match element.VR:
        case "PN":
            found = {word.lower() for each in values for word in re.findall(r"[^\W\d_]+", each)}
            words.update(word for word in found if len(word) >= _LEAST_WORD)
        case "UI":
            ids.update(each for each in values if each and not each.startswith(WELL_KNOWN))
        case "DA" | "DT":
            for value in values:
                ids.update(_days(value))
        case _ if element.keyword in _IDENTIFYING:
            for value in values:
                _add(value, words, ids)


def _days(value: str) -> set[str]:
    """The day of a DA or DT value as it stands in texts: plain, ISO, European and American."""
    day = value.replace(".", "")[:8]
    if len(day) != 8 or not day.isdigit():
        return set()
    year, month, of_month = day[:4], day[4:6], day[6:]
    forms = {day, *(f"{year}{mark}{month}{mark}{of_month}" for mark in "-./ ")}
    forms |= {f"{of_month}{mark}{month}{mark}{year}" for mark in "-./ "}
    return forms | {f"{month}{mark}{of_month}{mark}{year}" for mark in "-./ "}


def _add(value: str, words: set[str], ids: set[str]) -> None:
    bare = value.strip().lower()
    if len(bare) >= _LEAST_ID and any(map(str.isdigit, bare)):
        ids.add(bare)
        ids.update(each for each in re.findall(r"\d{5,}", bare))
    words.update(word for word in re.findall(r"[^\W\d_]+", bare) if len(word) > 3)


def _texts(value: object) -> list[str]:
    """The values of an element; a PersonName is one, although it can be iterated over."""
    if value is None:
        return []
    if isinstance(value, MultiValue | list | tuple):
        return [str(each) for each in value]
    return [str(value)]
