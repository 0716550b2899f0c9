"""One line of a checkup."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, what was found, and how to mend it."""

    check: str
    level: Level
    found: str
    fix: str = ""


def ok(check: str, found: str) -> Finding:
    """A finding that needs nothing."""
    return Finding(check, Level.OK, found)


def warn(check: str, found: str, fix: str = "") -> Finding:
    """A finding that somebody should look at."""
    return Finding(check, Level.WARN, found, fix)


def fail(check: str, found: str, fix: str) -> Finding:
    """A finding with which this node does not work as it should."""
    return Finding(check, Level.FAIL, found, fix)
