"""What the sources know of each patient, collected generously and by this module alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

_ABOUT: Final = re.compile(
    r"(?:Patient(?!Position|Orientation|Sex|Age|Size|Weight|IdentityRemoved|Support|Setup"
    r"|GantryRel)"
    r"|Physician|Operator|Institution|Address|Telephone|Accession|Admission|StationName|Insurance"
    r"|SerialNumber|OrderNumber|ProcedureID|ProcedureStepID|StudyID|TrialSubject|OtherPatient|Person"
    r"|Residence|Religious|Occupation|EpisodeID|Reviewer|Author|Observer|Requesting|Referring)"
)
_LONG_TOKEN: Final = 6
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


@dataclass(slots=True)
class Known:
    """What names one patient, or a person around them."""

    words: set[str] = field(default_factory=set, repr=False)
    """Parts of names and short numbers, folded: found as whole words of texts."""

    tokens: set[str] = field(default_factory=set, repr=False)
    """Longer values and parts of names, folded: found anywhere in the bytes."""

    dates: set[str] = field(default_factory=set, repr=False)
    """Days as `YYYYMMDD`."""


def elements(dataset: Dataset, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Every element that is no sequence, with its path, such as `XSequence[0].Y`."""
    if depth > 100:
        return
    for element in dataset:
        name = element.keyword or f"({element.tag.group:04X},{element.tag.element:04X})"
        if element.VR == "SQ":
            for number, item in enumerate(element.value or ()):
                yield from elements(item, f"{path}{name}[{number}].", depth + 1)
        else:
            yield f"{path}{name}", element


def texts_of(value: Any) -> list[str]:
    """The values of an element as texts."""
    if value is None:
        return []
    if isinstance(value, bytes):
        return [value.decode("latin-1")]
    return [str(v) for v in value] if isinstance(value, (MultiValue, list)) else [str(value)]


def learn(known: Known, dataset: Dataset) -> None:
    """Add what one source says."""
    for _, element in elements(dataset):
        if element.VR == "PN":
            for value in texts_of(element.value):
                _learn_name(known, value)
        elif element.VR in ("SH", "LO", "ST", "LT", "UT", "UC", "AE") and (
            _ABOUT.search(element.keyword or "")
        ):
            for value in texts_of(element.value):
                _learn_value(known, value)
        elif element.VR in ("DA", "DT"):
            known.dates.update(v[:8] for v in texts_of(element.value) if re.match(r"[12]\d{7}", v))


def _learn_name(known: Known, value: str) -> None:
    folded = value.casefold()
    for part in re.findall(r"[^\W\d_]+", folded):
        if len(part.encode()) >= _LONG_TOKEN:
            known.tokens.add(part)
        elif len(part) >= 2:
            known.words.add(part)
    bare = folded.strip()
    if len(bare.encode()) >= _LONG_TOKEN:
        known.tokens.add(bare)
        known.tokens.add(bare.replace("^", " ").strip())


def _learn_value(known: Known, value: str) -> None:
    bare = value.casefold().strip(" \0")
    if len(bare.encode()) >= _LONG_TOKEN:
        known.tokens.add(bare)
        stripped = re.sub(r"[^\w]", "", bare).lstrip("0")
        if len(stripped.encode()) >= _LONG_TOKEN:
            known.tokens.add(stripped)
    elif len(bare) >= 2 and any(map(str.isdigit, bare)) and not bare.isdigit():
        known.words.add(bare)


def forms_of(day: str) -> Iterator[str]:
    """How a day is written in texts, folded."""
    try:
        found = date(int(day[:4]), int(day[4:6]), int(day[6:8]))
    except ValueError:
        return
    year, month, number = found.year, found.month, found.day
    name = _MONTHS[month - 1]
    yield f"{found:%Y%m%d}"
    for sign in "-/.":
        yield f"{year}{sign}{month:02d}{sign}{number:02d}"
        yield f"{number:02d}{sign}{month:02d}{sign}{year}"
        yield f"{month:02d}{sign}{number:02d}{sign}{year}"
        yield f"{number}{sign}{month}{sign}{year}"
    for written in (name, name[:3]):
        yield f"{number} {written} {year}".casefold()
        yield f"{number:02d} {written} {year}".casefold()
        yield f"{written} {number}, {year}".casefold()
        yield f"{number:02d}-{written}-{year}".casefold()
