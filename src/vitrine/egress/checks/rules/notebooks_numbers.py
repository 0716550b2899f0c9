"""Single numbers that a notebook shows: small counts, extremes, means with every decimal.

A mean of whole numbers that is printed with all its decimals says how many persons it is of: the
fraction with the smallest denominator that a computer would print like it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Final

from vitrine.egress.checks.document import Document
from vitrine.egress.checks.finding import Severity
from vitrine.egress.checks.rule import Rule
from vitrine.egress.checks.rules.notebooks_cells import (
    METRIC,
    STRONG,
    WEAK,
    Shown,
    asked,
    shown_in,
)
from vitrine.egress.disclosure import DisclosurePolicy

Answer = Iterable[tuple[Severity, str, Sequence[str]]]

_LONGEST_FRACTION: Final = 2_000
_SIGNIFICANT: Final = 12
_LINE: Final = 400
_SCANNED: Final = 200_000

_DECIMALS: Final = re.compile(r"(?<![\w.])-?\d{1,6}\.(\d{6,})(?![\w.])")
_AVERAGED: Final = re.compile(r"mean\(|median\(|std\(|var\(|\.agg\(|describe\(|average\(|\bSD\b")
_COUNTED: Final = re.compile(
    r"(?:len\(.*[\[.].*\)|\.shape(?:\[0\])?|\.nunique\(\)|\.count\(\)|\.sum\(\)|\.size)\W*$", re.M
)
_CHOSEN: Final = re.compile(r"[=<>!]=|[<>&]|\.query\(|\.isin\(|\.loc\[|nunique|\.isna|\.isnull")
_ALONE: Final = re.compile(
    r"\s*(?:[A-Za-z][\w ]{0,40}[:=]?\s+)?(?:np\.\w+\()?\(?(\d+)(?:, ?\d+)*\)?\)?\s*"
)
_COUNTS: Final = re.compile(
    r"(?:Counter\(\{|array\(\[[^\]]*\](?:, dtype=\w+)?\), array\(\[)([^\]}]{1,4000})[\]}]"
)
_CALLS: Final = re.compile(r"value_counts\([^)]*\)\.to_dict\(|return_counts ?= ?True|Counter\(")
_EXTREME: Final = re.compile(r"\.(?:min|max)\(\)|\b(?:min|max)\(")
_ENTRIES: Final = re.compile(r"Index: (\d+) entries")
_FILLED: Final = re.compile(r"\b(\d+) non-null")


def _numbers(document: Document, policy: DisclosurePolicy) -> Answer:
    shown = list(shown_in(document))
    precise = [place for each in shown for place in _precise(each, policy)]
    if precise:
        said = "means with so many decimals that the persons behind them can be counted: round them"
        yield Severity.WARN, said, tuple(dict.fromkeys(precise))
    small = [place for each in shown for place in _small(each, policy)]
    if small:
        yield Severity.WARN, "outputs show small numbers of persons", tuple(dict.fromkeys(small))
    extremes = [each.text.place(0) for each in shown if _is_extreme(each)]
    if extremes:
        said = "outputs show smallest or largest values, which are those of single persons"
        yield Severity.WARN, said, tuple(dict.fromkeys(extremes))


def _precise(shown: Shown, policy: DisclosurePolicy) -> Iterator[str]:
    words = asked(shown.source)
    if METRIC.search(words):
        return
    for number, line in enumerate(shown.text.text[:_SCANNED].splitlines()):
        if METRIC.search(line[:_LINE]):
            continue
        for match in _DECIMALS.finditer(line[:_LINE]):
            persons = persons_behind(match.group())
            of_persons = _AVERAGED.search(words) and _is_personal(f"{words} {line[:_LINE]}")
            long = len(match.group(1).rstrip("0")) > policy.max_decimals
            if 2 < persons < policy.threshold or (of_persons and long):
                yield shown.text.place(number)


def persons_behind(number: str) -> int:
    """How many whole numbers the mean of which is printed so; 0 when that cannot be told."""
    digits = number.lstrip("-0.").replace(".", "")
    decimals = len(number.partition(".")[2])
    if len(digits) < _SIGNIFICANT or decimals < _SIGNIFICANT - 2:
        return 0
    exact = Fraction(number)
    near = exact.limit_denominator(_LONGEST_FRACTION)
    close = abs(near - exact) < Fraction(2, 10 ** (decimals - 1))
    ends_early = 10**6 % near.denominator == 0
    return near.denominator if close and not ends_early else 0


def _is_personal(words: str) -> bool:
    return not (STRONG | WEAK).isdisjoint(re.findall(r"[a-z]+", words.lower()))


def _small(shown: Shown, policy: DisclosurePolicy) -> Iterator[str]:
    words, text = asked(shown.source), shown.text.text[:_SCANNED]
    if _COUNTED.search(words) and _CHOSEN.search(words):
        only = _ALONE.fullmatch(text[:_LINE])
        if only and 0 < int(only.group(1)) < policy.threshold:
            yield shown.text.place(0)
    if _CALLS.search(words) or "Counter({" in text:
        for match in _COUNTS.finditer(text):
            counts = re.findall(r"(?:^|[:,\s])(\d+)(?=\s*(?:,|$))", match.group(1))
            if any(0 < int(each) < policy.threshold for each in counts):
                yield shown.text.place(text.count("\n", 0, match.start()))
    if (entries := _ENTRIES.search(text)) and _FILLED.search(text):
        filled = [int(each) for each in _FILLED.findall(text)]
        total = int(entries.group(1))
        if any(0 < each < policy.threshold for each in (total, *(total - each for each in filled))):
            yield shown.text.place(text.count("\n", 0, entries.start()))


def _is_extreme(shown: Shown) -> bool:
    words = asked(shown.source)
    if not _EXTREME.search(words) or METRIC.search(words) or not _is_personal(words):
        return False
    return len(shown.text.text) < _LINE and bool(re.search(r"\d", shown.text.text))


RULES: Final = (Rule("notebook-numbers", 1, _numbers),)
