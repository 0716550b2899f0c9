"""What is known of the people of an object before any rule runs, to be searched in the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

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
    """Names, numbers, addresses and days of every level of `dataset`."""
    words: set[str] = set()
    ids: set[str] = set()
    _collect(dataset, words, ids, 0)
    return Known(frozenset(words), frozenset(ids))


def _collect(dataset: Dataset, words: set[str], ids: set[str], depth: int) -> None:
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value or ():
                _collect(item, words, ids, depth + 1)
        elif element.VR == "PN":
            for value in _texts(element.value):
                words.update(
                    word.lower()
                    for word in re.findall(r"[^\W\d_]+", value)
                    if len(word) >= _LEAST_WORD
                )
        elif element.keyword in _IDENTIFYING:
            for value in _texts(element.value):
                _add(value, words, ids)
        elif element.VR == "DA" and element.value:
            ids.update(value for value in _texts(element.value) if len(value) == 8)


def _add(value: str, words: set[str], ids: set[str]) -> None:
    bare = value.strip().lower()
    if len(bare) >= _LEAST_ID and any(map(str.isdigit, bare)):
        ids.add(bare)
        ids.update(each for each in re.findall(r"\d{5,}", bare))
    words.update(word for word in re.findall(r"[^\W\d_]+", bare) if len(word) > 3)


def _texts(value: object) -> list[str]:
    if value is None:
        return []
    if isinstance(value, (MultiValue, list, tuple)):
        return [str(each) for each in value]
    return [str(value)]  # a name can be iterated, too: letter by letter
