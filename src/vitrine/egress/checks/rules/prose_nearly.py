"""Numbers of people so near to each other that those between them are few."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vitrine.egress.checks.document import Document
from vitrine.egress.checks.rules.prose_nameless import Passage, parts_of, passages
from vitrine.egress.checks.rules.prose_sentences import Sentence
from vitrine.egress.checks.rules.prose_words import ADJECTIVES, DIGITS, FREE, PERSONS, THINGS, whole
from vitrine.egress.disclosure import DisclosurePolicy

_SENTENCES: Final = 4
"""How far apart, in sentences, two numbers of one group stand at most."""

_STATED: Final = (
    re.compile(rf"{FREE}({DIGITS})\s+{ADJECTIVES}(?:{PERSONS}|{THINGS})\b", re.IGNORECASE),
    re.compile(
        rf"{FREE}({DIGITS})\s+(?:of (?:them|these|those|whom)\s+)?(?:\w+ly\s+)?"
        r"(?:remain\w*|(?:were|was|are)\s+(?:left|included|analy[sz]ed|eligible|evaluable|available"
        r"|followed|alive|free)|left\b|completed|had\b|finished|before\b|after\b|prior\b|blieben"
        r"|verblieben|quedaron|restaient|rimasero|responded|relapsed|died|progressed|survived)",
        re.IGNORECASE,
    ),
    re.compile(rf"\bn\s*=\s*({DIGITS})", re.IGNORECASE),
    re.compile(
        rf"\b(?:has|had|leaves?|left|gives?|gave)\s+({DIGITS})(?=[,.;]|\s*$)", re.IGNORECASE
    ),
    re.compile(rf"\b(?:remaining|other|these|those)\s+({DIGITS})(?!\s*%)\b", re.IGNORECASE),
    re.compile(
        rf"\b(?:{PERSONS}|(?:with|without|after|of (?:these|whom))\b[^.:;\d]{{0,40}}|remaining"
        rf"|analy[sz]ed|included|eligible|evaluable|final\b[^.:;\d]{{0,30}}"
        rf"|excluding\b[^.:;\d]{{0,40}})"
        rf"\s*[:=]\s*({DIGITS})(?!\.\d|\s*%)",
        re.IGNORECASE,
    ),
)
_TAKEN_OUT: Final = re.compile(
    r"\b(?:after|exclu\w+|remov\w+|remain\w*|left|before|withdr\w+"
    r"|of (?:these|whom|them)|without|with"
    r"|lost|missing|available|evaluable|complet\w+|final|analy[sz]ed|dropp\w+|filter\w*|duplicates?"
    r"|ausschluss|nach|tras|después|après|dopo|blieben|verblieben|quedaron|restaient|rimasero)\b",
    re.IGNORECASE,
)


def nearly_all(document: Document, policy: DisclosurePolicy) -> Iterator[str]:
    """Places of numbers of people that leave fewer than the threshold of a larger number."""
    earlier: list[tuple[Sentence, int]] = []
    for passage in passages(document):
        yield from _rest_of_parts(passage, policy)
        stated = _stated(passage.sentence.text)
        known = [
            (sentence, count)
            for sentence, count in earlier[-12:]
            if sentence.source is passage.sentence.source
        ]
        for at, count in stated:
            others = [total for _, total in known]
            others += [other for where, other in stated if where != at]
            said = f"{passage.before[-400:]} {passage.sentence.text}"
            if any(_is_few(total, count, policy) for total in others) and _TAKEN_OUT.search(said):
                yield passage.sentence.place(at)
        earlier = [*earlier, *((passage.sentence, count) for _, count in stated)][-_SENTENCES * 3 :]


def numbers_in(document: Document) -> Iterator[tuple[int, str, str]]:
    """Every number of people that the sentences of a file state, the sentence, and its place."""
    for passage in passages(document):
        text = passage.sentence.text
        for at, count in _stated(text):
            yield count, text, passage.sentence.place(at)
        if passage.is_about_people and (found := _SUMMED.search(text)):
            yield whole(found[1]), text, passage.sentence.place(found.start(1))


def says_taken_out(text: str) -> bool:
    """Whether words say that somebody was left out."""
    return bool(_LEFT_OUT.search(text))


_SUMMED: Final = re.compile(rf"\b(?:total|sum|overall|all)\b[^.\d]{{0,80}}[:=]\s*({DIGITS})", re.I)
_LEFT_OUT: Final = re.compile(
    r"\b(?:exclu\w+|remov\w+|remain\w*|withdr\w+|without|lost|missing|complete|evaluable|dropp\w+"
    r"|filter\w*|after|except|minus|non|never|only|ausschluss|ohne|sin|sans|senza)(?![a-z])",
    re.IGNORECASE,
)


def _stated(line: str) -> list[tuple[int, int]]:
    found = {each.start(1): whole(each[1]) for form in _STATED for each in form.finditer(line)}
    return sorted(found.items())


def _rest_of_parts(passage: Passage, policy: DisclosurePolicy) -> Iterator[str]:
    if passage.is_about_people or passage.is_about_outcomes or passage.is_about_rates:
        for at, part, total in parts_of(passage.sentence.text):
            if _is_few(total, part, policy):
                yield passage.sentence.place(at)


def _is_few(total: int, part: int, policy: DisclosurePolicy) -> bool:
    base = policy.rounding_base
    rounded = base > 1 and total % base == 0 and part % base == 0
    return part >= policy.threshold and 0 < total - part < policy.threshold and not rounded
