"""RiskReport: how identifiable what remains still is, per patient, for each kind of attacker."""

from __future__ import annotations

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
class RiskReport:
    """The record of one assessment."""

    policy: str
    purpose: str
    patients: int
    scopes: Mapping[str, Mapping[str, Measures]]
    """By scope (`table`, `headers`, `join`) and attacker profile."""

    unmatched: Mapping[str, int]
    """Patients only in the table, and only in the images."""

    columns: Mapping[str, str]
    """What each column was taken for."""

    causes: Mapping[str, tuple[str, ...]]
    """By profile, the properties that make most patients unique, the worst first."""

    rare: Mapping[str, int]
    """Columns with values that fewer than k patients have, and how many values."""

    population_uniqueness: str
    controls: tuple[str, ...]
    is_passed: bool
    because: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The report as the command line prints it."""
        return {
            "policy": self.policy,
            "purpose": self.purpose,
            "patients": self.patients,
            "scopes": {
                scope: {name: asdict(each) for name, each in found.items()}
                for scope, found in self.scopes.items()
            },
            "unmatched": dict(self.unmatched),
            "columns": dict(self.columns),
            "causes": {name: list(each) for name, each in self.causes.items()},
            "rare": dict(self.rare),
            "population_uniqueness": self.population_uniqueness,
            "controls": list(self.controls),
            "verdict": "pass" if self.is_passed else "hold",
            "because": list(self.because),
        }
