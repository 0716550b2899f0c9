"""Delimited tables that stand in other text: printed by a program, or written into code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vitrine.egress.checks.document import Table
from vitrine.egress.checks.readers.delimited import table_of_csv

FEWEST_LINES: Final = 4
_SCANNED: Final = 2_000_000
_MARKS: Final = ("\t", ",", ";")
_SPACED: Final = re.compile(r"[,;] |[\[\](){}=]")
_QUOTED: Final = re.compile(r"(\"\"\"|''')(.*?)\1", re.DOTALL)


def tables_in_lines(text: str, at: str, first_line: int = 1) -> Iterator[Table]:
    """Runs of lines with the same number of fields, without blanks after the commas."""
    lines = text[:_SCANNED].splitlines()
    start = 0
    while start < len(lines):
        mark, width = _fields(lines[start])
        end = start + 1
        while end < len(lines) and width > 1 and _fields(lines[end]) == (mark, width):
            end += 1
        if end - start >= FEWEST_LINES:
            place = f"line {start + first_line}"
            block = "\n".join(lines[start:end])
            table = table_of_csv(block, f"{at}, {place}" if at else place, delimiter=mark)
            if table:
                yield table
        start = end


def tables_in_code(source: str, at: str) -> Iterator[Table]:
    """The same in the long strings of a program."""
    for match in _QUOTED.finditer(source[:_SCANNED]):
        line = source.count("\n", 0, match.start(2)) + 1
        yield from tables_in_lines(match.group(2), at, line)


def _fields(line: str) -> tuple[str, int]:
    """What divides a line and into how many parts; one part for prose and code."""
    if _SPACED.search(line):
        return "", 0
    counts = {mark: line.count(mark) for mark in _MARKS}
    mark = max(_MARKS, key=lambda each: counts[each])
    return (mark, counts[mark] + 1) if counts[mark] >= 2 else ("", 0)
