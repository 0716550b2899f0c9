"""A de-identification profile: the Basic Profile of PS3.15 with chosen options, as data."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from vitrine.errors import InvalidInput

PROFILES: Final = Path(__file__).parents[1] / "profiles"
DEFAULT: Final = "research"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One version of a profile."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: str
    version: Annotated[int, Field(ge=1)]
    title: str
    retains: tuple[str, ...]
    """In words, what is kept besides what the Basic Profile keeps."""

    characteristics: frozenset[str]
    """Keywords of patient characteristics (Retain Patient Characteristics Option) that stay."""

    age_cap_years: Annotated[int, Field(ge=18)]
    """Ages above become this many years and more: HIPAA 164.514(b)(2)(i)(C) names 89."""

    dates: Literal["shift", "generalise", "remove"]
    """`shift`: whole days, one amount per patient; `generalise`: to the first of the year;
    `remove`: as the Basic Profile says."""

    shift_days: tuple[int, int] = (365, 3650)
    """Fewest and most days by which dates move into the past."""

    structured_content: bool
    """Whether content items of reports stay with their codes and numbers, without free text."""

    private_numbers: bool
    """Whether private numbers that images need stay (b-values, SUV factors)."""

    burned_in: Literal["quarantine", "ocr", "keep"]
    """What becomes of objects that may show text in their pixels."""

    @property
    def label(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}"

    @property
    def codes(self) -> tuple[tuple[str, str], ...]:
        """Code value and meaning of the profile and its options (PS3.16 CID 7050)."""
        found = [("113100", "Basic Application Confidentiality Profile")]
        found.append(("113103", "Clean Graphics Option"))
        if self.structured_content:
            found.append(("113104", "Clean Structured Content Option"))
        found.append(("113105", "Clean Descriptors Option"))
        if self.dates == "shift":
            found.append(
                ("113107", "Retain Longitudinal Temporal Information Modified Dates Option")
            )
        if self.characteristics:
            found.append(("113108", "Retain Patient Characteristics Option"))
        if self.private_numbers:
            found.append(("113111", "Retain Safe Private Option"))
        return tuple(found)


def available() -> tuple[str, ...]:
    """Names of the profiles that come with Vitrine."""
    return tuple(sorted(path.stem for path in PROFILES.glob("*.json")))


def load(name: str = DEFAULT) -> tuple[Profile, str]:
    """A profile by its name, or from a file of the same form, and the SHA-256 of its text.

    Raises:
        InvalidInput: when there is none, or a value is missing, unknown or of the wrong kind.
    """
    path = PROFILES / f"{name}.json" if name in available() else Path(name)
    if not path.is_file():
        raise InvalidInput(
            f"there is no de-identification profile {name}",
            hint=f"use one of {', '.join(available())}, or the path of a JSON file of that form",
        )
    text = path.read_bytes()
    try:
        profile = _reader().validate_json(text)
    except ValidationError as error:
        said = [f"{'.'.join(map(str, e['loc'])) or 'it'}: {e['msg']}" for e in error.errors()[:5]]
        raise InvalidInput(f"{path.name} is no profile: {'; '.join(said)}") from None
    return profile, hashlib.sha256(text).hexdigest()


@lru_cache(maxsize=1)
def _reader() -> TypeAdapter[Profile]:
    return TypeAdapter(Profile)
