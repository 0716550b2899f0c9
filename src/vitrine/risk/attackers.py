"""Who an attacker is, what they know and how many must look alike: versioned data with sources."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from vitrine.errors import InvalidInput

POLICIES: Final = Path(__file__).parent / "policies"
DEFAULT: Final = "default"
Count = Annotated[int, Field(ge=1)]
Width = Annotated[float, Field(gt=0)]


class Purpose(StrEnum):
    """What data are assessed for."""

    ENVIRONMENT = "environment"
    """For use in sessions only."""

    DOWNLOAD = "download"
    """For leaving the environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attacker:
    """One attacker profile: what somebody of that kind knows beforehand, and why."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: str
    because: str
    table: tuple[str, ...]
    """Kinds of columns that they know; see `deid.tables.columns.Kind`, and `history`."""

    headers: tuple[str, ...]
    """Properties of images that they know; see `headers.PROPERTIES`."""

    dates: Literal["day", "month"]
    """How exactly they know dates of the table."""

    decides: bool
    """Whether the gate asks for k against them; else the answer is in the controls."""

    def knows(self, kind: str) -> bool:
        """Whether they know properties of that kind; those of images begin with `images.`."""
        bare = kind.removeprefix("images.")
        return bare in (self.table if bare == kind else self.headers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """How well attackers know numbers of a person that headers hold."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    age_years: Width
    size_m: Width
    weight_kg: Width


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskPolicy:
    """One version of a policy of risk; the unit of every count is the patient."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: str
    version: Count
    k: Count
    """Fewest patients who look alike, for use within the environment."""

    k_download: Count
    """The same, for data that may be downloaded."""

    sources: tuple[str, ...]
    bands: Bands
    profiles: Annotated[tuple[Attacker, ...], Field(min_length=1)]
    controls: tuple[str, ...]
    """What answers attackers whom k does not decide about."""

    @property
    def label(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}"

    def least(self, purpose: Purpose) -> int:
        """The k that is asked for."""
        return self.k_download if purpose is Purpose.DOWNLOAD else self.k

    @property
    def deciding(self) -> tuple[str, ...]:
        """Names of the profiles that the gate decides on."""
        return tuple(each.name for each in self.profiles if each.decides)


def load(name: str = DEFAULT) -> RiskPolicy:
    """A policy by its name, or from a file of the same form.

    Raises:
        InvalidInput: when there is none, or a value is missing, unknown or of the wrong kind, or
            no profile decides.
    """
    path = POLICIES / f"{name}.json"
    path = path if path.is_file() else Path(name)
    if not path.is_file():
        raise InvalidInput(f"there is no risk policy {name}", hint="give a JSON file of that form")
    try:
        policy = TypeAdapter(RiskPolicy).validate_json(path.read_bytes())
    except ValidationError as error:
        said = [f"{'.'.join(map(str, e['loc'])) or 'it'}: {e['msg']}" for e in error.errors()[:5]]
        raise InvalidInput(f"{path.name} is no risk policy: {'; '.join(said)}") from None
    if not policy.deciding:
        raise InvalidInput(f"in the risk policy {path.name} no profile decides")
    return policy
