"""What a check found: how serious it is, where, and one sentence without a patient's value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

LOCATIONS_LIMIT: Final = 50
"""Places that one finding names; how many more there are is said in words."""
PLACE_LENGTH: Final = 160
_CHECK: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
_MESSAGE_LENGTH: Final = 500
_MORE: Final = re.compile(r"and ([\d,]+) more")
_NUMBERED: Final = re.compile(r"\b(?:row|line|cell|output|page|element|frame) \d{1,7}\b")


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
        return {
            "check": self.check,
            "version": self.version,
            "severity": str(self.severity),
            "location": "; ".join(self.locations),
            "message": self.message,
        }

    def by_number(self) -> Finding:
        """The finding with places that hold numbers only, no name out of the file.

        A column's or sheet's name is content: where content must not be seen, it is not named.
        """
        places = (", ".join(_NUMBERED.findall(place)) for place in self.locations)
        return replace(self, locations=tuple(dict.fromkeys(place for place in places if place)))


def bounded(locations: Sequence[str], unnamed: int = 0) -> tuple[str, ...]:
    """Places as a finding keeps them: a file must not make its findings too large to be kept.

    Args:
        unnamed: how many places there are besides.
    """
    kept = [_plain(place) for place in locations[:LOCATIONS_LIMIT]]
    more = len(locations) - len(kept) + unnamed
    return (*kept, f"and {more:,} more") if more else tuple(kept)


def _plain(place: str) -> str:
    text = place.encode("utf-8", "replace").decode("utf-8").replace("\0", "�")
    return text if len(text) <= PLACE_LENGTH else f"{text[: PLACE_LENGTH - 1]}…"


def merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One finding for each check with all its places, the most serious severity and one message.

    What is for information only stays apart: it must not look as serious as what is not.
    """
    groups: dict[tuple[str, bool], list[Finding]] = {}
    for each in findings:
        groups.setdefault((each.check, each.severity is Severity.INFO), []).append(each)
    return tuple(_as_one(group) for group in groups.values())


def _as_one(group: Sequence[Finding]) -> Finding:
    if len(group) == 1:
        return group[0]
    ranked = sorted(group, key=lambda each: list(Severity).index(each.severity), reverse=True)
    places = [place for each in ranked for place in each.locations]
    unnamed = sum(int(each[1].replace(",", "")) for each in map(_MORE.fullmatch, places) if each)
    named = dict.fromkeys(place for place in places if not _MORE.fullmatch(place))
    return replace(
        ranked[0],
        message="; ".join(dict.fromkeys(each.message for each in ranked))[:_MESSAGE_LENGTH],
        locations=bounded(tuple(named), unnamed),
    )


def finding_of(values: Any) -> Finding:
    """A finding from plain values, which a child that a file has taken over may have made up.

    Raises:
        ValueError: when they are none.
    """
    try:
        check, locations = str(values["check"]), [str(each) for each in values["locations"]]
        version, severity = int(values["version"]), Severity(values["severity"])
        message = str(values["message"]).encode("utf-8", "replace").decode()[:_MESSAGE_LENGTH]
    except (LookupError, TypeError) as problem:
        raise ValueError("no finding") from problem
    if not _CHECK.fullmatch(check) or not 0 < version < 1 << 31:
        raise ValueError("no finding")
    return Finding(
        check=check,
        version=version,
        severity=severity,
        message=message,
        locations=bounded(locations)
        if len(locations) > LOCATIONS_LIMIT + 1
        else tuple(_plain(each) for each in locations),
    )
