"""Whether a finding points at the part of a file that a label names."""

from __future__ import annotations

import re

from tests.corpus.egress.mapping import OFF_BY

_NAMED = re.compile(r"\b(sheet|column)s?\s+['\"]?([^,;:'\"]+)", re.IGNORECASE)
_NUMBERED = re.compile(
    r"\b(cell|output|page|line|row)s?\s+(\d+)(?:\s*(?:-|to|\u2013)\s*(\d+))?", re.IGNORECASE
)
_COARSE = ("sheet", "cell", "output", "page")
_MAY_LACK = ("output",)


def parsed(text: str) -> dict[str, object]:
    """A location such as `sheet Hidden, row 4` by its parts: names, and ranges of numbers."""
    parts: dict[str, object] = {
        match[1].lower(): match[2].strip().casefold() for match in _NAMED.finditer(text)
    }
    without_names = _NAMED.sub("", text)
    for match in _NUMBERED.finditer(without_names):
        parts.setdefault(match[1].lower(), (int(match[2]), int(match[3] or match[2])))
    return parts


def at(expected: str, said: str) -> bool:
    """Whether a reported location is where the label says, as far as both go.

    What both give must agree. A sheet, cell or page of the label must be in the report; a row, line
    or column need not be when the report names another measure, but the report may not be empty.
    """
    if not expected:
        return True
    wanted, found = parsed(expected), parsed(said)
    for key, value in wanted.items():
        if key not in found:
            if key in _COARSE and key not in _MAY_LACK:
                return False
        elif not _agree(key, value, found[key]):
            return False
    return bool(said.strip())


def _agree(key: str, wanted: object, found: object) -> bool:
    if isinstance(wanted, tuple) and isinstance(found, tuple):
        slack = OFF_BY[key]
        return bool(found[0] - slack <= wanted[1] and wanted[0] <= found[1] + slack)
    return wanted == found
