"""Numbers as exact as they were computed, from which the counts behind them can be worked out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Final

from vitrine.egress.checks.document import Document, Role
from vitrine.egress.checks.finding import Severity
from vitrine.egress.checks.rule import Rule
from vitrine.egress.disclosure import DisclosurePolicy

Answer = Iterable[tuple[Severity, str, Sequence[str]]]

_EXACT: Final = re.compile(r"[-+]?\d*\.(\d+)(?:[eE][-+]?\d+)?")
_PRINTED: Final = re.compile(r"(?<![\w.])\d{0,9}\.\d{1,20}(?![\w.])")
_MANY: Final = 5
_LARGEST: Final = 5000
"""Largest number of people that a quotient is looked for among."""
_TRIVIAL: Final = 10
_SHORT: Final = 5
_READ: Final = 500_000


def _precision(document: Document, policy: DisclosurePolicy) -> Answer:
    places: list[str] = []
    quotients: list[str] = []
    numbers = 0
    for table in document.tables:
        for number, row in enumerate(table.rows):
            for column, cell in enumerate(row):
                if found := _EXACT.fullmatch(cell):
                    numbers += 1
                    if len(found[1].lstrip("0")) > policy.max_decimals:
                        places.append(table.place(number, column))
                        if is_quotient(cell):
                            quotients.append(table.place(number, column))
    if len(places) >= max(_MANY, numbers / 5):
        said = f"numbers with more than {policy.max_decimals} decimals: round them"
        yield Severity.WARN, said, places
        return
    quotients += _printed(document, policy)
    if quotients:
        said = "numbers so exact that the counts behind them follow: round them"
        yield Severity.WARN, said, tuple(dict.fromkeys(quotients))


def _printed(document: Document, policy: DisclosurePolicy) -> Iterator[str]:
    if document.kind == "notebook":  # its rules read numbers together with what printed them
        return
    for text in document.texts:
        if text.role is Role.CODE:
            continue
        shown = text.text[:_READ]
        for found in _PRINTED.finditer(shown):
            decimals = len(found.group().partition(".")[2])
            if decimals > policy.max_decimals and is_quotient(found.group()):
                yield text.place(shown.count("\n", 0, found.start()))


def is_quotient(written: str) -> bool:
    """Whether a long decimal is, to its last digit, a small whole number of parts of another.

    Halves, thirds and what a computer makes of a short decimal say nothing of anybody.
    """
    if "e" in written.lower():
        return False
    value = Fraction(written)
    if abs(value - Fraction(round(float(value), _SHORT))) < Fraction(1, 10**12):
        return False
    near = value.limit_denominator(_LARGEST)
    decimals = len(written.partition(".")[2])
    is_near = abs(near - value) <= 2 * Fraction(1, 10 ** min(decimals, 14 - len(str(int(value)))))
    return is_near and (near.denominator >= _TRIVIAL or (value > 1 and near.denominator > 2))


RULES: Final = (Rule("excess-precision", 2, _precision),)
