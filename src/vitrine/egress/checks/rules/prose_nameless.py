"""Counts of people that no noun names: parallel lists, arms against each other, parts of a whole.

`34/28/12/2`, `A 124, B 61, C 3`, `in 3 versus 1`, `7 of 512`: what they count is said by the words
around them, in the same sentence or in those just before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from vitrine.egress.checks.document import Document, Role
from vitrine.egress.checks.rules.prose_sentences import Sentence, sentences
from vitrine.egress.checks.rules.prose_words import (
    COMPARED,
    DIGITS,
    FREE,
    NOT_PEOPLE,
    OUTCOME,
    PERSONS,
    SUPPOSED,
    THINGS,
    WRITTEN,
    whole,
)
from vitrine.egress.checks.rules.tables_words import Kind, kind_of

PLENTY: Final = 10
"""A list with no number as large as this counts no cohort."""

_BEFORE: Final = 3
"""Sentences before one that say what it is about."""

_UNIT: Final = (
    r"(?!\s*(?:%|°|percent|mm|cm|m\b|µm|ml|mg|kg|g\b|ms|s\b|sec|min|h\b|hours?|days?|weeks?|months?"
    r"|years?|yrs?|y\b|gy\b|mgy|hu\b|kv|ma\b|t\b|tesla|hz|mb|gb|mib|gib|px"
    r"|pixels?|voxels?|x\b|×|fps"
    r"|fold\b|bit|d\b|points?|times\b|gpus?|slices?|frames?|cycles?|fractions?|doses?|channels?"
    rf"|{NOT_PEOPLE[3:-1]})(?![a-z]))"
)
_AROUND: Final = re.compile(
    rf"\b(?:{PERSONS}|{THINGS}|cohorts?|centres?|centers?|arms?|randomi[sz]ed|enrolled|recruited"
    r"|screened|fisher|mcnemar|chi-?squared?|cohorte|coorte|kohorte|kollektiv)\b",
    re.IGNORECASE,
)
_ITEM: Final = re.compile(
    r"\W*(?:the\s+)?([^\W\d](?:[\w\s/+'\u2019.-]|\((?!\d)[^()]{0,20}\)){0,45}?)"
    r"\s*(?:[:=(]|\bin\b|\.{2,})?\s*(?:n\s*=\s*)?(\d{1,6})\s*(?:\(\s*[\d.,]+\s*%\s*\))?\s*\)?[\s.]*"
)
_TURNED: Final = re.compile(
    r"\W*(\d{1,6})\s+(?:\(\s*[\d.,]+\s*%\s*\)\s*)?([^\W\d](?:[\w\s/'\u2019-]){0,40}?)[\s.]*"
)
_SPLIT: Final = re.compile(r";|,(?!\d{3})|\b(?:and|und|et)\b|\s[ye]\s(?=\S+\s*\d|\d)")
_SLASHED: Final = re.compile(r"(?<![\w/.,-])((?:\d{1,5}\s*/\s*){2,9}\d{1,5})(?![\w/]|[.,]\d)")
_PAIRED: Final = re.compile(
    r"(?<![\w/])([A-Za-z0-9]{1,12}\+?(?:\s*/\s*[A-Za-z0-9]{1,12}\+?){1,6})\s*\)?"
    r"\s*(?:[:=]|were|was)?\s"
    r"*"
    r"(\d{1,5}(?:\s*/\s*\d{1,5}){1,6})(?![\w/]|[.,]\d)"
)
_BY_YEAR: Final = re.compile(
    r"(?<![\w.])(?:19|20)\d\d\s*[:=(]\s*(?:n\s*=\s*)?(\d{1,5})(?!\d|\.\d|\s*%)"
)
_LABELS: Final = re.compile(
    r"[A-Za-z]\w*\s*/\s*\w+|\b(?:stage|grade|ecog|asa|bi-?rads|pi-?rads|gleason|status|level)s?\b",
    re.I,
)
_ENUMERATED: Final = re.compile(
    rf"(?<![\w.,–-])(\d{{1,6}}(?:\s*,\s*\d{{1,6}})*(?:\s*,)?\s*(?:,|and|und|et|y|e)\s*\d{{1,6}})\b"
    rf"(?![.,]?\d){_UNIT}",
    re.IGNORECASE,
)
_RESPECTIVE: Final = re.compile(
    r"\brespective(?:ly)?\b|\bat risk\b|\b(?:per|by|each) (?:site|cent(?:re"
    r"|er)|hospital|group|arm|stage"
    r"|grade|year)\b|\bbeziehungsweise\b|\bbzw\b|\brespectivamente\b|\brispettivamente\b"
    r"|\brespectivement\b",
    re.IGNORECASE,
)
_AGAINST: Final = re.compile(
    rf"(?:\b(?:in|had|by|of|were|was|are|only|occurred)|[:(,=])\s*({DIGITS}){_UNIT}"
    rf"\s*(?:\(\s*[\d.]+\s*%\s*\)\s*)?(?:versus|vs\.?|against"
    rf"|compared (?:with|to)|gegenüber|contre)"
    rf"\s*({DIGITS}){_UNIT}(?!\s*(?:[-–]|to\b))",
    re.IGNORECASE,
)
_PART: Final = re.compile(
    rf"{FREE}({DIGITS})\s*(/|of|out of|von|sur|su|de|van)\s*(?:the\s+|den\s+|les\s+)?({DIGITS})"
    rf"(?!\s*/|\w){_UNIT}",
    re.IGNORECASE,
)
_RATES: Final = re.compile(
    r"\b(?:sensitivity|specificity|ppv|npv|accuracy|recall)\b", re.IGNORECASE
)
_PROGRESS: Final = re.compile(
    r"(?:epoch|step|iter\w*|batch|it|page|slice|frame|chunk|file|fold|part"
    r"|figure|table|section|line|cell"
    r"|pressure|bp|score|rated?|rating|vision|version|chapter|image|scan"
    r"|series|seed|run|trial|item)s?"
    r"\W{0,3}$",
    re.IGNORECASE,
)
_STAGED: Final = re.compile(
    r"\b(?:stage|grade|ecog|asa|bi-?rads|pi-?rads|gleason|nodal|histolog\w*"
    r"|subtypes?|mutations?)\b",
    re.IGNORECASE,
)
_OF_GROUP: Final = re.compile(
    rf"(?<![\w.,/–-])({WRITTEN})\s+(?:of|from|in)\s+(?:the|our"
    rf"|this)\s+(?:\w+\s+)?(?:cohort|group|sample"
    r"|series|remainder|arm|population|controls|former|latter|survivors|collective)\b",
    re.IGNORECASE,
)
_KEYED: Final = re.compile(
    r"\b(?:n|num|number|count|no|total)[_ ](?:of[_ ])?(?:pos\w*|neg\w*"
    r"|events?|deaths?|malignan\w*|benign"
    r"|cases?|controls?|progress\w*|respon\w*|relaps\w*|recurr\w*|died|dead"
    r"|alive|cancers?|tp|fp|fn|tn"
    r"|tumou?rs?|missed|excluded|censored)\w*['\"]?\s*[:=]\s*(\d{1,6})\b(?!\.\d)",
    re.IGNORECASE,
)
_YEARS: Final = range(1900, 2101)


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence, and whether it or those before it speak of people."""

    sentence: Sentence
    before: str
    is_about_people: bool
    is_about_outcomes: bool
    is_about_rates: bool


def passages(document: Document) -> Iterator[Passage]:
    """Every sentence of prose, captions and output with what the ones before it say."""
    earlier: list[Sentence] = []
    for sentence in sentences(document):
        if sentence.source.role is Role.CODE and document.kind == "code":
            continue
        if SUPPOSED.search(sentence.text):
            continue
        near = [each.text for each in earlier[-_BEFORE:] if each.source is sentence.source]
        before = " ".join(near)
        said = f"{before} {sentence.text}"
        yield Passage(
            sentence,
            before,
            bool(_AROUND.search(said)),
            bool(OUTCOME.search(sentence.text)),
            bool(_RATES.search(sentence.text)),
        )
        earlier = [*earlier[-_BEFORE:], sentence]


def nameless_counts(document: Document) -> Iterator[tuple[str, int]]:
    """Place and number of what counts people without a noun beside it."""
    lines: list[tuple[Passage, str, int]] = []
    for passage in passages(document):
        for offset, count in _in_sentence(passage):
            yield passage.sentence.place(offset), count
        item = _ITEM.fullmatch(passage.sentence.text.strip("-*•|>· \t"))
        if item and len(item[1].split()) > _WORDS:
            item = None
        if item and (not lines or _follows(passage.sentence, lines[-1][0].sentence)):
            lines.append((passage, item[1], int(item[2])))
            continue
        yield from _in_lines(lines)
        lines = [(passage, item[1], int(item[2]))] if item else []
    yield from _in_lines(lines)


_HEADED: Final = re.compile(
    rf"\b(?:{PERSONS}|{THINGS}|n|number|counts?)\s+(?:per|by|in each|from each"
    rf"|at each|for each|of each)\b",
    re.IGNORECASE,
)
"""How a line ends that says what the numbers below it count."""

_WORDS: Final = 6
"""A name of more words is a sentence."""


def _follows(sentence: Sentence, other: Sentence) -> bool:
    """Whether a sentence stands in another line of the same text."""
    if sentence.source is not other.source:
        return False
    return sentence.place() != other.place() or (":" in sentence.text and ":" in other.text)


def _in_lines(lines: Sequence[tuple[Passage, str, int]]) -> Iterator[tuple[str, int]]:
    """Lines below each other, each a name with a number, that count groups of people."""
    labels = [label for _, label, _ in lines]
    headed = bool(lines) and _HEADED.search(lines[0][0].before[-80:]) is not None
    grouped = headed and not any(_kind(label) in _NO_GROUPS for label in labels)
    about = any(passage.is_about_people for passage, _, _ in lines)
    if len(lines) < 2 or not (grouped or _is_of_groups(labels, about)):
        return
    if max(count for _, _, count in lines) < PLENTY:
        return
    for passage, label, count in lines:
        yield passage.sentence.place(passage.sentence.text.find(label)), count


def _is_of_groups(labels: Sequence[str], is_about_people: bool) -> bool:
    """Whether names of numbers are groups of people: none is a setting, and some say so."""
    kinds = [_kind(label) for label in labels]
    if any(kind in _NO_GROUPS for kind in kinds):
        return False
    telling = sum(bool(OUTCOME.search(label)) or kind in _GROUPS
                  for label, kind in zip(labels, kinds, strict=True))  # fmt: skip
    return telling * 2 >= len(labels) or (is_about_people and telling > 0)


def _kind(label: str) -> Kind:
    """What a label is about; of `nodal stage N0`, an order by its name, what its last word says."""
    kind = kind_of(label)
    return kind_of(label.split()[-1]) if kind is Kind.INDEX and " " in label else kind


_NO_GROUPS: Final = (Kind.SETTING, Kind.MEASURE, Kind.STATISTIC, Kind.INDEX, Kind.PERCENT)
_GROUPS: Final = (Kind.PEOPLE, Kind.GROUP, Kind.COUNT)


def _in_sentence(passage: Passage) -> Iterator[tuple[int, int]]:
    line = passage.sentence.text
    if not any(map(str.isdigit, line)) and not _OF_GROUP.search(line):
        return
    for found in _KEYED.finditer(line):
        yield found.start(1), int(found[1])
    if passage.is_about_people or passage.is_about_outcomes or passage.is_about_rates:
        yield from _parts(line)
        yield from _slashed(line)
        years = list(_BY_YEAR.finditer(line))
        if len(years) > 2:
            yield from ((each.start(1), int(each[1])) for each in years)
    if passage.is_about_people:
        for found in _OF_GROUP.finditer(line):
            yield found.start(1), whole(found[1])
    if passage.is_about_people or _LABELS.search(line) or "at risk" in line.lower():
        yield from _enumerated(line, passage.is_about_outcomes)
    if passage.is_about_outcomes:
        for found in _AGAINST.finditer(line):
            yield from ((found.start(k), whole(found[k])) for k in (1, 2))
    yield from _paired(line)
    yield from _listed(line, passage.is_about_people or bool(_STAGED.search(line)))


def _paired(line: str) -> Iterator[tuple[int, int]]:
    """Groups and their numbers, each with the same strokes between: `M/F: 112/4`."""
    for found in _PAIRED.finditer(line):
        names = [each.strip() for each in found[1].split("/")]
        numbers = [int(each) for each in found[2].split("/")]
        named = all(any(map(str.isalpha, each)) or each[:1].isdigit() for each in names)
        if len(names) != len(numbers) or max(numbers) < PLENTY or not named:
            continue
        if any(kind_of(each) in _NO_GROUPS for each in names if each.isalpha()):
            continue
        telling = any(map(str.isalpha, found[1])) or "+" in found[1]
        if telling and not any(each in _YEARS for each in numbers):
            yield from ((found.start(2), each) for each in numbers)


def parts_of(line: str) -> Iterator[tuple[int, int, int]]:
    """Where a part of a whole stands, from 0, the part and the whole: `29/30`, `7 of 512`."""
    for found in _PART.finditer(line):
        part, total = whole(found[1]), whole(found[3])
        is_date = found[2] == "/" and total in _YEARS and part <= 12
        if part > total or total < PLENTY or is_date or line[found.end() : found.end() + 1] == "-":
            continue
        before = line[max(0, found.start() - 24) : found.start()]
        if not _PROGRESS.search(before) and not COMPARED.search(before):
            yield found.start(1), part, total


def _parts(line: str) -> Iterator[tuple[int, int]]:
    yield from ((at, part) for at, part, _ in parts_of(line))


def _slashed(line: str) -> Iterator[tuple[int, int]]:
    for found in _SLASHED.finditer(line):
        numbers = [int(each) for each in found[1].split("/")]
        is_date = len(numbers) == 3 and (max(numbers) in _YEARS or max(numbers) <= 31)
        if is_date or max(numbers) < PLENTY or not _LABELS.search(line[: found.start()][-60:]):
            continue
        yield from ((found.start(1), each) for each in numbers)


def _enumerated(line: str, is_about_outcomes: bool) -> Iterator[tuple[int, int]]:
    if not _RESPECTIVE.search(line):
        return
    for found in _ENUMERATED.finditer(line):
        numbers = [int(each) for each in re.findall(r"\d+", found[1])]
        if max(numbers) < PLENTY or any(each in _YEARS for each in numbers):
            continue
        if len(numbers) > 2 or is_about_outcomes:
            yield from ((found.start(1), each) for each in numbers)


def _listed(line: str, is_about_people: bool) -> Iterator[tuple[int, int]]:
    """Names with numbers one after the other: `A 124, B 61, C 3`."""
    head, colon, tail = line.rpartition(":") if line.count(":") == 1 else ("", "", line)
    run: list[tuple[int, str, int]] = []
    at = len(head) + len(colon)
    for segment in [*_SPLIT.split(tail), ""]:
        found = _ITEM.fullmatch(segment) or _TURNED.fullmatch(segment)
        if found:
            label, number = found.groups() if found.re is _ITEM else found.groups()[::-1]
            run.append((tail.find(segment) + at, label.strip(), int(number)))
            continue
        yield from _told(run, is_about_people)
        run = []


def _told(run: Sequence[tuple[int, str, int]], is_about_people: bool) -> Iterator[tuple[int, int]]:
    labels = [label for _, label, _ in run]
    if len(run) < 3 or max(count for _, _, count in run) < PLENTY:
        return
    short = is_about_people and all(len(label) < 3 or label[:1].isupper() for label in labels)
    settings = any(kind_of(label) in _NO_GROUPS for label in labels)
    if _is_of_groups(labels, is_about_people) or (short and not settings):
        yield from ((at, count) for at, _, count in run)
