"""Coded concepts: kept by their code, their meaning written anew from the dictionary."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from pydicom.dataset import Dataset
from pydicom.sr._concepts_dict import concepts
from pydicom.sr._snomed_dict import mapping

_UNIT: Final = re.compile(r"[A-Za-z0-9%/*.^()\[\]{}'+-]{1,16}")
_SCHEMES: Final = frozenset({"DCM", "SCT", "SRT", "SNM3", "99SDM", "UCUM", "LN", "RADLEX", "FMA"})
UNKNOWN: Final = "code without a known meaning"


@lru_cache(maxsize=1)
def _meanings() -> dict[tuple[str, str], str]:
    """Meaning by scheme and value: DCM and SCT of PS3.16, SRT by its SNOMED CT equal."""
    found: dict[tuple[str, str], str] = {}
    for scheme, entries in concepts.items():
        for codes in entries.values():
            for value, entry in codes.items():
                found[(scheme, value)] = str(entry[0])
    for old, new in mapping["SRT"].items():
        if ("SCT", new) in found:
            found[("SRT", old)] = found[("SCT", new)]
    return found


def is_code(item: Dataset) -> bool:
    """Whether a sequence item is a coded concept (PS3.3 section 8)."""
    return "CodeValue" in item or "LongCodeValue" in item or "URNCodeValue" in item


def clean(item: Dataset) -> Dataset | None:
    """The concept with nothing but code, scheme and meaning; None when its code is nobody's.

    A meaning is never copied: it is that of the dictionary, or says that there is none.
    """
    value = str(item.get("CodeValue", "") or "").strip()
    scheme = str(item.get("CodingSchemeDesignator", "") or "").strip()
    meaning = _meanings().get((scheme, value))
    if meaning is None and scheme == "UCUM" and _UNIT.fullmatch(value):
        meaning = value if value != "1" else "no units"
    if meaning is None or scheme not in _SCHEMES:
        return None
    made = Dataset()
    made.CodeValue, made.CodingSchemeDesignator, made.CodeMeaning = value, scheme, meaning[:64]
    return made


def placeholder() -> Dataset:
    """A concept that says that its code was removed, where a sequence may not be empty."""
    made = Dataset()
    made.CodeValue, made.CodingSchemeDesignator = "removed", "99VITRINE"
    made.CodeMeaning = UNKNOWN
    return made
