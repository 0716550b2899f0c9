"""What the verifier says: where something is left, of which kind, never what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What is wrong at a place."""

    NAME = "name"
    IDENTIFIER = "identifier"
    UID = "uid"
    DATE = "date"
    TEXT = "text"
    """A free text of the source that stands as it was."""

    PRIVATE = "private"
    ENVELOPE = "envelope"
    """Preamble, file meta information, padding, bytes behind the end."""

    PIXELS = "pixels"
    FLAG = "flag"
    INTERVAL = "interval"
    REFERENCE = "reference"
    FILE = "file"
    """A file that is missing, changed, unknown or cannot be read."""


class Verdict(StrEnum):
    """What all findings amount to."""

    CLEAN = "clean"
    RESIDUAL = "residual"
    UNVERIFIABLE = "unverifiable"
    """Files and report do not fit, so nothing can be said of what they hold."""


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """One place; the file is the output's path, or a number of the report where there is none."""

    file: str
    kind: Kind
    place: str


def verdict_of(findings: Sequence[Found]) -> Verdict:
    """Clean without a finding; a file that does not fit outweighs all others."""
    if any(each.kind is Kind.FILE for each in findings):
        return Verdict.UNVERIFIABLE
    return Verdict.RESIDUAL if findings else Verdict.CLEAN


def as_json(findings: Sequence[Found]) -> dict[str, Any]:
    """Verdict and findings as the command line prints them."""
    return {
        "verdict": str(verdict_of(findings)),
        "findings": [{**asdict(each), "kind": str(each.kind)} for each in findings],
    }
