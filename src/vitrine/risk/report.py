"""How identifiable what remains still is, per patient, for each kind of attacker."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What an attacker of one profile meets in one scope."""

    k: int
    """Size of the smallest group of patients who look alike."""

    l: int | None  # noqa: E741 - the field's own name: l-diversity
    """Fewest different values of a sensitive property in such a group; None without one."""

    t: float | None
    """Largest distance of a group's sensitive values from all patients'; None without one."""

    unique: int
    """Patients who look like nobody else."""

    share_below_k: float
    """Share of patients in groups smaller than the policy asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """What stands behind the measures of one profile in one scope."""

    known: tuple[str, ...]
    """Properties that the attacker knows."""

    hidden: tuple[str, ...]
    """Sensitive properties that l and t are about."""

    causes: tuple[str, ...]
    """Properties that make most patients stand out, the worst first."""

    groups: tuple[int, ...]
    """Patients who are alone; in smaller groups than k; than the k of downloads; in larger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskReport:
    """The record of one assessment. Holds names of columns and counts, never a value."""

    policy: str
    purpose: str
    patients: int
    scopes: Mapping[str, Mapping[str, Measures]]
    """By scope (`table`, `headers`, `join`) and attacker profile."""

    empty: tuple[str, ...]
    """Scopes that were asked for and hold no patient."""

    details: Mapping[str, Mapping[str, Detail]]
    unmatched: Mapping[str, int]
    """Patients only in the table, and only in the images."""

    columns: Mapping[str, str]
    """What each column was taken for, the one that names the patient first."""

    files: Mapping[str, int]
    """How files of images were read: `read`, `unreadable`, `not_dicom`."""

    rare: Mapping[str, int]
    """Properties with values that fewer than k patients have, and how many values."""

    population: Mapping[str, Mapping[str, int | float | str]]
    """By profile, the estimate of patients who are unique in the population, and its method."""

    controls: tuple[str, ...]
    is_passed: bool
    because: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The report as the command line prints it."""
        return {
            "policy": self.policy,
            "purpose": self.purpose,
            "patients": self.patients,
            "scopes": _nested(self.scopes),
            "unmatched": dict(self.unmatched),
            "verdict": "pass" if self.is_passed else "hold",
            "because": list(self.because),
            "columns": dict(self.columns),
            "details": _nested(self.details),
            "files": dict(self.files),
            "empty": list(self.empty),
            "rare": dict(self.rare),
            "population": {name: dict(each) for name, each in self.population.items()},
            "controls": list(self.controls),
        }

    def canonical(self) -> bytes:
        """The bytes that are stored and signed: sorted keys, no spaces, UTF-8."""
        return json.dumps(
            self.as_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ).encode()

    @property
    def sha256(self) -> str:
        """Digest of the canonical bytes: names this report."""
        return hashlib.sha256(self.canonical()).hexdigest()


def _nested(found: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        scope: {name: asdict(each) for name, each in profiles.items()}
        for scope, profiles in found.items()
    }
