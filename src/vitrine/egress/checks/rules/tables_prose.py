"""Counts of people in sentences, captions and printed lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vitrine.egress.checks.document import Document, Role, Text
from vitrine.egress.checks.rules.tables_counted import Certainty

_WINDOW: Final = 2000
_OVERLAP: Final = 100
_WORDS: Final = dict(
    one=1, two=2, three=3, four=4, five=5, six=6, seven=7, eight=8, nine=9, ten=10, eleven=11
)
_PERSONS: Final = (
    r"(?:patients?|subjects?|participants?|individuals?|persons?|people|women|men|wom[ae]n|girls?|boys?"
    r"|child(?:ren)?|infants?|neonates?|newborns?|survivors?|donors?|volunteers?|mothers?|deaths?)"
)
_OTHERS: Final = (
    r"(?:cases|controls|scans|images|examinations|exams|admissions|lesions|nodules|events)"
)
_NUMBER: Final = r"(?<![\w.,/\-–=<>≤≥#^])(\d{1,3}(?:,\d{3})+|\d+)"
_STOP: Final = (
    r"(?:years?|yrs?|days?|months?|weeks?|hours?|minutes?|mm|cm|ml|mg|kg|of|the|in|on|and|or|with|to"
    r"|for|by|at|from|per|between|folds?|readers?|radiologists?|experts?|types?|classes|groups?"
    r"|layers|epochs|times|fold|slices|sites|centres|centers|hospitals|scanners|models|datasets"
    r"|that|which|is|are|was|were|as|than|features|variables|points?|percent|stage|grade)"
)
_ADJECTIVES: Final = rf"(?:(?!{_STOP}\b)[A-Za-z][\w-]*\s+){{0,2}}"
_SHARE: Final = r"(?:\(\s*\d+(?:\.\d+)?\s*%\s*\)\s*)?"
_KEYED: Final = re.compile(
    rf"\b(?:n|num|number|no|count)[_ ](?:of[_ ])?(?:[a-z]+[_ ])?(?:{_PERSONS}|{_OTHERS})"
    r"(?:_[a-z]+)?"
    r"['\"]?\s*[:=]\s*(\d+)\b(?!\.\d)",
    re.IGNORECASE,
)
_PART: Final = re.compile(
    rf"{_NUMBER}\s*(?:/|of|out of)\s*(?:the\s+|all\s+|these\s+)?(\d[\d,]*)"
    rf"\s+{_ADJECTIVES}{_PERSONS}\b",
    re.IGNORECASE,
)
_COMPARED: Final = re.compile(
    r"(?:[<>≤≥]=?|at least|at most|(?:fewer|less|more) than|up to|first|last)\s*$", re.IGNORECASE
)
_PRINTED: Final = re.compile(
    rf"\b{_PERSONS}\b(?:(?!\b(?:per|batch|folds?|min\w*|max\w*|mean|median|average|age|ids?|threshold)"
    r"\b)[^.:=\n\d]){0,60}[:=]\s*(\d+)\s*$",
    re.IGNORECASE,
)
_COUNTED: Final = (
    (_PART, Certainty.SURE),
    (_PRINTED, Certainty.LIKELY),
    (
        re.compile(rf"{_NUMBER}\s+{_SHARE}(?:of\s+)?{_ADJECTIVES}{_PERSONS}\b", re.IGNORECASE),
        Certainty.SURE,
    ),
    (re.compile(rf"{_NUMBER}\s+{_SHARE}{_ADJECTIVES}{_OTHERS}\b", re.IGNORECASE), Certainty.LIKELY),
    (
        re.compile(rf"{_NUMBER}\s*\(\s*\d+(?:\.\d+)?\s*%\s*\)", re.IGNORECASE),
        Certainty.LIKELY,
    ),
    (_KEYED, Certainty.SURE),
    (re.compile(r"(?<![\w-])[nN]\s*[=:]\s*(\d[\d,]*)(?![\d.]*\.\d)(?!\d)"), Certainty.LIKELY),
)
_SPELLED: Final = re.compile(
    rf"(?<![\w-])({'|'.join(_WORDS)})\s+{_SHARE}(?:of\s+the\s+)?{_ADJECTIVES}{_PERSONS}\b",
    re.IGNORECASE,
)
_LEFT_OUT: Final = re.compile(
    rf"(?:^|[.;]\s+)({'|'.join(_WORDS)})\s+(?:were|was|had to be|have been)\s+"
    r"(?:excluded|removed|lost|missed|withdrawn|dropped|left out|discarded)\b",
    re.IGNORECASE,
)
_BEFORE: Final = re.compile(
    r"(?:[<>≤≥]=?|at least|at most|(?:fewer|less|more|greater|smaller|larger|other|rather) than|"
    r"minimum(?: of)?|maximum(?: of)?|"
    r"min\.?|max\.?|under|below|over|above|up to|every|each|any|per|"
    r"stage|grade|type|phase|class|level|group|week|day|month|year|table|figure|fig\.?|arm|no|"
    r"covid|version|visit|aged?|step|model|fold|cluster|size|threshold(?: of)?|rounded to|number|"
    r"nearest|multiples? of|batch(?:es)?(?: of)?|first|top|last|section|chapter|part|cell|only if|"
    r"birads|bi-rads|pi-rads|category|score|quartile|t|question|line|row|column|epoch|seed|run|of|/)\s*$",
    re.IGNORECASE,
)
_AFTER: Final = re.compile(
    r"\s*(?:(?:sub)?(?:groups?|populations?|sets?)\b"
    r"|cohorts?\b|levels?\b|characteristics|data\b|records?\b"
    r"|arms?\b|categories|clusters|types|images|scans"
    r"|per\b|/|or (?:more|fewer|less)|each\b|at a time|at once|minimum|in each|to \d|-"
    r"|years?\b)",
    re.IGNORECASE,
)
_NOT_PEOPLE: Final = re.compile(
    r"\s*(?:[\w-]+\s+)?(?:folds?|seeds?|runs?|repeats?|repetitions?|readers?|raters?|layers?|"
    r"experiments?|iterations?|epochs?|features?|models?|splits?|sites?|cent(?:er|re)s?|trees?|"
    r"radiologists?|experts?|neighbou?rs?|bootstraps?|resamples|clusters?|components?|classes)\b",
    re.IGNORECASE,
)


def counts_in(document: Document) -> Iterator[tuple[str, int, Certainty]]:
    """Place, count and certainty of every count of people in the texts of a file."""
    for table in document.tables if document.kind == "xlsx" else ():
        for count, certainty in _counts(_without_markup(table.caption[:_WINDOW])):
            yield f"{table.at}, title", count, certainty
    for text in document.texts:
        if text.role is Role.CODE and document.kind not in ("yaml", "toml"):
            continue
        for number, line in _sentences(text):
            for count, certainty in _counts(line):
                yield text.place(number), count, certainty


def _sentences(text: Text) -> Iterator[tuple[int, str]]:
    """Lines with digits or number words, but none of tables and code blocks."""
    fenced = False
    for number, line in enumerate(text.text.splitlines()):
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        is_row = line.count("|") > 1 or (line.count("&") > 0 and "\\\\" in line)
        if not fenced and not is_row:
            for start in range(0, len(line), _WINDOW):
                yield number, _without_markup(line[start : start + _WINDOW + _OVERLAP])


def _without_markup(line: str) -> str:
    return line.replace("$", "").replace("\\%", "%").replace("~", " ").replace("**", "")


def _counts(line: str) -> Iterator[tuple[int, Certainty]]:
    if any(letter.isdigit() for letter in line):
        taken: set[int] = set()
        for pattern, certainty in _COUNTED:
            for found in pattern.finditer(line):
                named = pattern in (_KEYED, _PRINTED) or _is_meant(line, found)
                if pattern is _PART:
                    named = not _COMPARED.search(line[: found.start()][-24:])
                if found.start(1) not in taken and named:
                    taken.add(found.start(1))
                    yield int(found[1].replace(",", "")[:18]), certainty
    for found in _LEFT_OUT.finditer(line):
        yield _WORDS[found[1].lower()], Certainty.LIKELY
    for found in _SPELLED.finditer(line):
        if _is_meant(line, found):
            yield _WORDS[found[1].lower()], Certainty.SURE


def _is_meant(line: str, found: re.Match[str]) -> bool:
    before, after = line[max(0, found.start() - 24) : found.start()], line[found.end() :]
    return not (_BEFORE.search(before) or _AFTER.match(after) or _NOT_PEOPLE.match(after))
