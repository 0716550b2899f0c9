"""What stands beside a request: exceptions, accepted warnings, openings, reported disclosures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Acceptance(StrEnum):
    """Why a checker lets a warning stand."""

    FALSE_ALARM = "false_alarm"
    """It is not what the check takes it for."""

    NOT_DISCLOSIVE = "not_disclosive"
    """It is, and nobody can be recognised by it."""

    EXPLAINED = "explained"
    """The context or a supporting file answers it."""

    PERMITTED = "permitted"
    """The permit of the project allows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionRequest:
    """An author's plea that one file be judged by people although checks block it."""

    request_id: str
    file_id: str
    sha256: str
    """The copy that it is about: other bytes need another one."""

    checks: tuple[str, ...]
    """The checks that block that copy."""

    reason: str
    """The author's words."""

    asked_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    is_granted: bool | None = None
    """None until a senior checker has decided."""

    answer: str = ""
    """The senior checker's words, which the author reads."""

    audit_sequence: int | None = None
    """Where the audit log says what was decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedWarning:
    """One checker's word, in one turn, on all equal warnings of a request."""

    request_id: str
    turn: int
    reviewer: str
    key: str
    """Of the group of equal warnings, see `warned.Group`."""

    code: Acceptance
    accepted_at: datetime
    audit_sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """That a checker was shown the content of a cleaned copy, the first time."""

    request_id: str
    reviewer: str
    sha256: str
    """The copy: whoever opened it has opened every file with the same bytes."""

    file_id: str
    opened_at: datetime
    audit_sequence: int
    """Where the audit log says the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One report of a disclosure."""

    id: str
    request_id: str
    file_id: str | None
    place: str
    """Within the file, by number: `row 4, column 2`; empty for the whole of it."""

    reported_by: str
    reported_at: datetime
    closed_by: str | None = None
    closed_at: datetime | None = None
    outcome: str = ""
    """What the administrator found and did."""
