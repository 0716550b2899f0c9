"""Counts that a sentence does not name but gives away: a share of a number, what is left of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor
from typing import Final

from vitrine.egress.checks.document import Document
from vitrine.egress.checks.rules.prose_nearly import nearly_all
from vitrine.egress.checks.rules.prose_sentences import sentences
from vitrine.egress.checks.rules.prose_words import (
    ADJECTIVES,
    DIGITS,
    FRACTION,
    FREE,
    NOT_PEOPLE,
    PERSONS,
    SPELLED,
    THINGS,
    WRITTEN,
    one_in,
    whole,
)
from vitrine.egress.disclosure import DisclosurePolicy

_PEOPLE: Final = rf"(?:{PERSONS}|{THINGS})"
_THE: Final = r"(?:the\s+|all\s+|these\s+|our\s+|those\s+)?"
_TOTALS: Final = (
    re.compile(rf"{FREE}({WRITTEN})\s+{ADJECTIVES}{_PEOPLE}\b", re.IGNORECASE),
    re.compile(rf"\b(?:patients|subjects|participants|women|men|cases|n|support)['\"]?\s*[=:]\s*({DIGITS})",
               re.IGNORECASE),
    re.compile(rf"\b(?:n|num)_(?:{_PEOPLE}|test|val\w*|train)\w*['\"]?\s*[=:]\s*({DIGITS})",
               re.IGNORECASE),
    re.compile(rf"\bof\s+(?:the|our|these)\s+({WRITTEN})\s+(?!{NOT_PEOPLE}\b)[a-z]", re.IGNORECASE),
    re.compile(rf"\b(?:cohort|sample|series|group|population)\s+of\s+({DIGITS})\b", re.IGNORECASE),
)  # fmt: skip
_PERCENT: Final = re.compile(
    rf"(?:(?<![\w.,±–-])(\d{{1,3}}(?:\.\d{{1,12}})?)\s*(?:%|per\s?cent\b)"
    rf"|\b({SPELLED})\s+per\s?cent\b)"
    r"(?![\s-]*(?:CI\b|confidence|credible|prediction|interval|power|level|limits?|quantile"
    r"|percentile|points?|significance|coverage|threshold|trimmed|of (?:the )?(?:training|data)))",
    re.IGNORECASE,
)
_NO_SHARE: Final = re.compile(
    r"(?:\bby|within|margin of|(?:in|de)crease of|alpha(?: of| =)?|\bat|up to|than|power of"
    r"|at least|at most|difference of|±|\bevery|[<>≤≥])\s*$",
    re.IGNORECASE,
)
_RATES: Final = (
    r"accuracy|acc|sensitivity|specificity|recall|tpr|tnr|fpr|fnr|error(?: rate)?"
    r"|(?:detection|response|recall|survival|mortality|complication|success|cancer) rate|mortality"
)
_RATE: Final = re.compile(
    rf"\b(?:{_RATES})\b['\"]?\s*(?:[=:]|of|was|is|reached)?\s*(0?\.\d{{1,18}}"
    rf"|1\.0{{1,9}})(?![\d.%])",
    re.IGNORECASE,
)
_RATE_WORD: Final = re.compile(rf"\b(?:{_RATES})\b", re.IGNORECASE)
_DECIMAL: Final = re.compile(r"(?<![\w.,])0?\.\d{1,18}(?![\w.%])(?!\s*(?:%|mm|ml|cm))")
_NOT_SHARES: Final = re.compile(
    r"\b(?:auc|auroc|dice|dsc|icc|kappa|iou|f1|ap|correlation|cv|precision|ppv|npv|power"
    r"|overlap|agreement|confidence|probability)\b[^.;]{0,12}$",
    re.IGNORECASE,
)
_NO_RATES: Final = re.compile(
    r"\b(?:auc|auroc|dice|dsc|icc|kappa|iou|f1|ap|precision|ppv|npv|loss|p)\b", re.IGNORECASE
)
_NAMED_FRACTION: Final = re.compile(
    rf"\b(?:({SPELLED}|a|an)[ -])?({FRACTION})\s+(?:of\s+){_THE}({WRITTEN})\s+"
    rf"(?!{NOT_PEOPLE}\b)[a-z]",
    re.IGNORECASE,
)
_ONE_IN: Final = re.compile(
    rf"\b(one|two|three|\d)\s+(?:in|out of)(?:\s+every)?\s+({WRITTEN})\s+(?:of\s+){_THE}"
    rf"({WRITTEN})\b",
    re.IGNORECASE,
)
_ALL_BUT: Final = re.compile(
    rf"\b(?:all|everyone|everybody|every\w* {ADJECTIVES}{_PEOPLE})(?:\s+(?:of\s+)?(?:the\s+)?"
    rf"(?:{WRITTEN}\s+)?{ADJECTIVES}{_PEOPLE})?"
    rf"\s+(?:but|except(?: for)?|save|apart from)\s+({WRITTEN})(?!\.?\d*\s*(?:%|per\s?cent))"
    rf"(?!\s+{ADJECTIVES}{NOT_PEOPLE}\b)",
    re.IGNORECASE,
)
_EXCEPT: Final = re.compile(
    rf"\b(?:with the exception of|apart from|except(?: for)?|other than)\s+({WRITTEN})\b"
    rf"(?!\s+{ADJECTIVES}{NOT_PEOPLE}\b)(?!\.?\d*\s*(?:%|per\s?cent))",
    re.IGNORECASE,
)
_EVERY: Final = re.compile(
    rf"\b(?:all|every)\b[^.;]{{0,30}}?\b{_PEOPLE}\b|\bevery(?:body|one)\b", re.IGNORECASE
)
_PART_OF: Final = re.compile(
    rf"{FREE}({WRITTEN})\s*(?:/|of|out of)\s*{_THE}({WRITTEN})"
    rf"(?:\)?\s+{ADJECTIVES}{_PEOPLE}\b|\s*\(\s*\d+(?:\.\d+)?\s*%\s*\)\s+{ADJECTIVES}{_PEOPLE}\b)",
    re.IGNORECASE,
)
_PARTS: Final = re.compile(
    rf"(?<![\w.,/–=-])(?<!\bin )(?<!\bsince )({WRITTEN})\s+(?:\(\s*\d+(?:\.\d+)?\s*%\s*\)\s*)?"
    r"(?:of (?:them|these|whom)\s+)?"
    r"(?:had|has|have|were|was|underwent|completed|attended|received|came|responded|survived"
    r"|agreed|took part|remained|returned|needed|did|showed|with|stage|lived|could)\b",
    re.IGNORECASE,
)
_LIMITED: Final = re.compile(r"(?:\bthan|\bunder|\bup to|[<≤])\s*$", re.IGNORECASE)
_REST: Final = re.compile(r"\b(?:rest|remaining|remainder|others?)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Share:
    """A share of some people, and where it stands; `half` is half a unit of its last digit."""

    at: int
    value: float
    half: float


def implied_in(document: Document, policy: DisclosurePolicy) -> Iterator[str]:
    """Places in texts that give away a count below the threshold."""
    for sentence in sentences(document):
        for offset in implied_by(sentence.text, policy):
            yield sentence.place(offset)
    yield from nearly_all(document, policy)


def implied_by(line: str, policy: DisclosurePolicy) -> Iterator[int]:
    """Where in a sentence, from 0, a count below the threshold is given away."""
    for found in _ALL_BUT.finditer(line):
        if 0 < whole(found[1]) < policy.threshold:
            yield found.start()
    for found in _EXCEPT.finditer(line) if _EVERY.search(line) else ():
        if 0 < whole(found[1]) < policy.threshold:
            yield found.start()
    yield from _fractions(line, policy)
    yield from _left_over(line, policy)
    for found in _WITH_SHARE.finditer(line):
        if _rest_is_few(int(found[1]), found[2], policy):
            yield found.start()
    totals = _totals(line)
    for share in _shares(line) if totals else ():
        total = _total_of(line, share, totals)
        if total and _gives_away(share, total, policy):
            yield share.at


_WITH_SHARE: Final = re.compile(
    rf"{FREE}(\d{{1,6}})\s*(?:\(\s*|(?:{ADJECTIVES}|of the )?"
    rf"{_PEOPLE}\b[^.;%\d]{{0,40}},?\s*(?:which is|that is|or|i\.e\.)\s+)"
    r"(\d{1,3}(?:\.\d{1,3})?)\s*%(?!\s*(?:CI|confidence))",
    re.IGNORECASE,
)


def _rest_is_few(count: int, written: str, policy: DisclosurePolicy) -> bool:
    """Whether a count and its share leave fewer than the threshold of those who are not meant."""
    share, half = float(written), 0.5 * 10.0 ** -len(written.partition(".")[2])
    if not 50 < share < 100 or count < policy.threshold:
        return False
    rest = [count * (100 - part) / part for part in (share + half, share - half)]
    base = policy.rounding_base
    return (
        rest[1] >= 0.5 and rest[1] < policy.threshold - 0.5 and not (base > 1 and count % base == 0)
    )


def _fractions(line: str, policy: DisclosurePolicy) -> Iterator[int]:
    for found in _NAMED_FRACTION.finditer(line):
        parts = 1 if (found[1] or "a").lower() in ("a", "an") else whole(found[1])
        if _is_few(parts * whole(found[3]) / one_in(found[2]), whole(found[3]), policy):
            yield found.start()
    for found in _ONE_IN.finditer(line):
        every = max(1, whole(found[2]))
        if _is_few(whole(found[1]) * whole(found[3]) / every, whole(found[3]), policy):
            yield found.start()


def _is_few(count: float, total: int, policy: DisclosurePolicy) -> bool:
    return 0.5 <= count < policy.threshold - 0.5 and total >= count


def _left_over(line: str, policy: DisclosurePolicy) -> Iterator[int]:
    """Totals of people of whom the parts that the sentence names leave a few."""
    for found in _PART_OF.finditer(line):
        if _leaves_few(whole(found[2]), [whole(found[1])], policy):
            yield found.start()
    totals = [found for found in _TOTALS[0].finditer(line) if whole(found[1]) >= policy.threshold]
    if len(totals) != 1:
        return
    taken = totals[0].span(1)
    total = whole(totals[0][1])
    parts = [each for each in _PARTS.finditer(line) if whole(each[1]) < total]
    parts = [each for each in parts if not _LIMITED.search(line[: each.start()][-16:])]
    counts = [whole(each[1]) for each in parts]
    alone = [each for each in counts if _leaves_few(total, [each], policy)]
    if alone or (len(counts) > 1 and _leaves_few(total, counts, policy)):
        yield taken[0]
    elif _REST.search(line, taken[1]):
        named = [whole(each[0]) for each in re.finditer(rf"{FREE}{DIGITS}", line[taken[1] :])]
        if named and _leaves_few(total, named, policy):
            yield taken[0]


def _leaves_few(total: int, parts: list[int], policy: DisclosurePolicy) -> bool:
    base = policy.rounding_base
    rounded = base > 1 and all(each % base == 0 for each in (total, *parts))
    return 0 < total - sum(parts) < policy.threshold and not rounded


def _totals(line: str) -> list[tuple[int, int]]:
    """Where the numbers of people of a sentence stand, and how many."""
    found = {each.start(1): whole(each[1]) for form in _TOTALS for each in form.finditer(line)}
    return sorted(found.items())


def _shares(line: str) -> Iterator[_Share]:
    for found in _PERCENT.finditer(line):
        before = line[max(0, found.start() - 30) : found.start()]
        if not _NO_SHARE.search(before) and not _NOT_SHARES.search(before):
            written = found[1] or str(whole(found[2]))
            yield _share(found.start(), float(written) / 100, len(written.partition(".")[2]) + 2)
    rates = [(found.start(), found[1]) for found in _RATE.finditer(line)]
    decimals = [(found.start(), found.group()) for found in _DECIMAL.finditer(line)]
    named = _RATE_WORD.search(line)
    if not rates and named and len(decimals) == 1 and not _NO_RATES.search(line):
        rates = decimals
    for start, written in rates:
        yield _share(start, float(written), len(written.partition(".")[2]))


def _share(at: int, value: float, decimals: int) -> _Share:
    return _Share(at, value, 0.5 * 10.0**-decimals)


def _total_of(line: str, share: _Share, totals: list[tuple[int, int]]) -> int | None:
    """What a share is of: the number right behind its `of`, else the only one of the sentence."""
    for at, total in totals:
        if at > share.at and re.fullmatch(
            rf"\S+\s*(?:%|per\s?cent)?\s*(?:of\s+{_THE}|\(\s*(?:n\s*=\s*)?)",
            line[share.at : at],
            re.IGNORECASE,
        ):
            return total
    return totals[0][1] if len({total for _, total in totals}) == 1 else None


def _gives_away(share: _Share, total: int, policy: DisclosurePolicy) -> bool:
    """Whether only counts below the threshold, of those meant or of the rest, fit a share."""
    low = max(0, ceil((share.value - share.half) * total - 1e-9))
    high = min(total, floor((share.value + share.half) * total + 1e-9))
    if not 0 < share.value < 1 or low > high:
        return False
    few, rest = (low, high), (total - high, total - low)
    return any(least >= 1 and most < policy.threshold for least, most in (few, rest))
