"""Who an attacker is, what they know and how many must look alike: versioned data, and the gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, ClassVar, Final

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from vitrine.access.verdict import ALLOWED, Verdict
from vitrine.errors import InvalidInput
from vitrine.risk.report import RiskReport

POLICIES: Final = Path(__file__).parent / "policies"
DEFAULT: Final = "default"
Count = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attacker:
    """One attacker profile: what somebody of that kind knows beforehand, and why."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: str
    because: str
    table: tuple[str, ...]
    """Kinds of columns that they know; see `RiskPolicy.words`."""

    headers: tuple[str, ...]
    """Properties of images that they know; see `headers.PROPERTIES`."""

    decides: bool
    """Whether the gate asks for k against them; else the answer is in the controls."""


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
    profiles: tuple[Attacker, ...]
    controls: tuple[str, ...]
    """What answers attackers whom k does not decide about."""

    words: Mapping[str, str]
    """Words of headers by the kind of column that they tell."""

    def least(self, *, is_download: bool) -> int:
        """The k that is asked for."""
        return self.k_download if is_download else self.k


@lru_cache(maxsize=8)
def load(name: str = DEFAULT) -> RiskPolicy:
    """A policy by its name, or from a file of the same form.

    Raises:
        InvalidInput: when there is none, or a value is missing, unknown or of the wrong kind.
    """
    path = POLICIES / f"{name}.json"
    path = path if path.is_file() else Path(name)
    if not path.is_file():
        raise InvalidInput(f"there is no risk policy {name}", hint="give a JSON file of that form")
    try:
        return TypeAdapter(RiskPolicy).validate_json(path.read_bytes())
    except ValidationError as error:
        said = [f"{'.'.join(map(str, e['loc'])) or 'it'}: {e['msg']}" for e in error.errors()[:5]]
        raise InvalidInput(f"{path.name} is no risk policy: {'; '.join(said)}") from None


def may_publish(report: RiskReport) -> Verdict:
    """Whether a dataset with this report passes the gate; everything against it, at once."""
    if report.is_passed:
        return ALLOWED
    return Verdict("; ".join(report.because))
