"""What a check found: how serious it is, where, and one sentence without a patient's value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

LOCATIONS_LIMIT: Final = 50
"""Places that one finding names; how many more there are is said in words."""


class Severity(StrEnum):
    """What follows from a finding."""

    INFO = "info"
    """Nothing to do."""

    WARN = "warn"
    """Each reviewer accepts it with a reason code."""

    BLOCK = "block"
    """Cannot be submitted, but by an exception request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check's finding about one file, with all its places.

    Places are written as a person finds them, numbers counted from 1: `row 4, column n`,
    `sheet Results, row 2`, `cell 3`, `cell 3 output 1`, `page 2`, `line 12`, `member a/b.csv`;
    the place of a part stands before the place in it. Empty for the file as a whole.
    """

    check: str
    version: int
    severity: Severity
    message: str
    locations: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The finding as the command line and the API show it."""
        shown = self.locations[:LOCATIONS_LIMIT]
        more = len(self.locations) - len(shown)
        return {
            "check": self.check,
            "version": self.version,
            "severity": str(self.severity),
            "location": "; ".join([*shown, *([f"and {more} more"] if more else [])]),
            "message": self.message,
        }


def finding_of(values: Any) -> Finding:
    """A finding from plain values."""
    return Finding(
        check=str(values["check"]),
        version=int(values["version"]),
        severity=Severity(values["severity"]),
        message=str(values["message"]),
        locations=tuple(str(each) for each in values["locations"]),
    )
