"""Counts of people in sentences, captions and printed lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vitrine.egress.checks.document import Document, Role
from vitrine.egress.checks.rules.prose_nameless import nameless_counts
from vitrine.egress.checks.rules.prose_sentences import sentences
from vitrine.egress.checks.rules.prose_words import (
    ADJECTIVES,
    COMPARED,
    DIGITS,
    FREE,
    NOT_PEOPLE,
    PERSONS,
    SPELLED,
    SUPPOSED,
    THINGS,
    WRITTEN,
    whole,
)
from vitrine.egress.checks.rules.tables_counted import Certainty

_TITLE: Final = 2000
_NUMBER: Final = rf"{FREE}({DIGITS})"
_SHARE: Final = r"(?:\(\s*\d+(?:\.\d+)?\s*%\s*\)\s*)?"
_OUT: Final = (
    r"(?:excluded?|exclusions?|withdrew|withdrawn|declined|refused|no consent|ineligible"
    r"|not eligible"
    r"|lost to follow-?up|dropped out|dropouts?|died|screen(?:ing)? failures?|relapsed?|missed"
    r"|false[ -](?:positive|negative)s?|misclassified)"
)
_DID: Final = (
    r"(?:had|were|was|underwent|died|relapsed|progressed|responded|recurred|declined|refused"
    r"|withdrew|dropped out|developed|received|completed|attended|missed|did not|could not|showed"
    r"|needed|required|remained|took part|left|with(?:out)?|relapsing)\b"
)
_TELLING: Final = (
    r"(?:died|relapsed|progressed|recurred|declined|refused|withdrew|dropped out|lost to follow-?up"
    r"|histology|consent|relapse|recurrence|metasta\w*|diagnos\w*|biops\w*|symptom\w*|imaging)"
)
_KEYED: Final = re.compile(
    rf"\b(?:n|num|number|no|count)[_ ](?:of[_ ])?(?:[a-z]+[_ ])?(?:{PERSONS}|{THINGS})"
    rf"(?:_[a-z]+)?['\"]?\s*[:=]\s*({DIGITS})",
    re.IGNORECASE,
)
_PART: Final = re.compile(
    rf"{FREE}({WRITTEN})\s*(?:/|of|out of)\s*(?:the\s+|all\s+|these\s+|our\s+)?(?:{WRITTEN})"
    rf"\s+{ADJECTIVES}(?:{PERSONS}|{THINGS})\b",
    re.IGNORECASE,
)
_ONE_IN: Final = re.compile(r"\b(?:one|\d+) in\s*$", re.IGNORECASE)
_STATED_SHARE: Final = re.compile(r"\bn\s*\(\s*%\s*\)\s*[=:]?\s*(\d{1,6})\s*\(", re.IGNORECASE)
_THE_REST: Final = re.compile(rf"\b(?:remaining|other)\s+({WRITTEN})\s+{_DID}", re.IGNORECASE)
_MACRO: Final = re.compile(
    r"\\(?:re)?newcommand\*?\{?\\(?:n|num|no)?(?:relaps|death|died|event|patient|case|respon|excl|progress"
    r"|recur|surviv|malig|pos|neg)[A-Za-z]*\}?\{(\d{1,6})\}",
    re.IGNORECASE,
)
_PRINTED: Final = re.compile(
    rf"\b{PERSONS}\b(?:(?!\b(?:per|batch|folds?|min\w*|max\w*|mean|median|average|age|ids?|threshold)"
    r"\b)[^.:=\n\d]){0,60}[:=]\s*(\d{1,9})\s*[.;]?\s*$",
    re.IGNORECASE,
)
_FLOW: Final = re.compile(
    rf"(?:^|->|→|⇒|[;,(\[{{\"|])[\W\d]{{0,12}}{_OUT}\b[^\n\d.:=]{{0,60}}[:=(]?\s*(?:n\s*=\s*)?({DIGITS})"
    r"(?=\s*(?:$|[);,.\]}\"]|->|→|⇒))",
    re.IGNORECASE,
)
_CONFUSED: Final = re.compile(r"(?<![A-Za-z])(?:TP|FP|FN|TN)\b\s*[:=]?\s*(\d+)\b(?!\.\d)", re.I)
_WHOM: Final = re.compile(
    rf"\bof (?:whom|them),?\s+(?:only\s+)?({WRITTEN})\b|{FREE}({WRITTEN})\s+of\s+(?:whom|them)\b",
    re.IGNORECASE,
)
_ACTED: Final = re.compile(
    rf"(?<![\w.,/–=-])({WRITTEN})\s+{_SHARE}(?:of (?:these|those|them)\s+)?{_DID}", re.IGNORECASE
)
_SHARED: Final = re.compile(
    rf"{FREE}({DIGITS})\s*(?:/|of|out of)\s*{DIGITS}\s*\(\s*\d+(?:\.\d+)?\s*%\s*\)"
    rf"|[:=]\s*({DIGITS})\s*(?:/|of|out of)\s*(?:n\s*=\s*)?{DIGITS}\s*(?:[.;,]|$)",
    re.IGNORECASE,
)
_NAMED: Final = re.compile(
    rf"\b(?:{PERSONS}|relapses|recurrences|withdrawals|dropouts|exclusions|cancers|complications)"
    rf"['\"]?(?:\s*[=:]\s*({DIGITS})(?!\s*(?:%|/))|,\s*({DIGITS})\s*(?=[;.]|$)"
    rf"|\s*[=:]?\s*({DIGITS})\s*(?:vs\.?|versus|/)\s*{DIGITS})",
    re.IGNORECASE,
)
_GROUPED: Final = re.compile(
    rf"{FREE}({DIGITS})\s+(?:white|black|asian|hispanic|mixed|male|female|benign|malignant)\b"
    rf"|\b(?:white|black|asian|hispanic|mixed|female|male|benign|malignant)s?\s*[:,]?\s*({DIGITS})"
    r"(?=\s*(?:[;,.)]|$))",
    re.IGNORECASE,
)
_LISTED: Final = re.compile(r"(?<=[a-z]) \((\d{1,4})\)(?=\s*(?:[,;.]|and\b|$))")
_REASONS: Final = re.compile(r"\b(?:exclu\w+|reasons?|withdr\w+|causes? of death)\b", re.IGNORECASE)
_LOST: Final = re.compile(rf"\blost\s+({WRITTEN})\s+to\s+follow", re.IGNORECASE)
_SINGLE: Final = re.compile(
    rf"\b(?:a|one|only a) (single) {ADJECTIVES}{PERSONS}\b(?! (?:institution|use))"
    rf"|\b(?:nur|lediglich) (eine?m?) {ADJECTIVES}patient(?:in|en)?\b"
    rf"|\b(half a dozen|a couple of|a pair of|a trio of) {ADJECTIVES}(?:{PERSONS}|{THINGS})\b"
    r"|\b(un solo|una sola|un seul|une seule) (?:paciente|paziente|patiente?|caso|cas)\b",
    re.IGNORECASE,
)
_COUNTED: Final = (
    (_PART, Certainty.SURE),
    (_PRINTED, Certainty.LIKELY),
    (
        re.compile(rf"{_NUMBER}\s+{_SHARE}(?:of\s+)?{ADJECTIVES}{PERSONS}\b", re.IGNORECASE),
        Certainty.SURE,
    ),
    (re.compile(rf"{_NUMBER}\s+{_SHARE}{ADJECTIVES}{THINGS}\b", re.IGNORECASE), Certainty.LIKELY),
    (re.compile(rf"{_NUMBER}\s*\(\s*\d+(?:\.\d+)?\s*%\s*\)", re.IGNORECASE), Certainty.LIKELY),
    (_KEYED, Certainty.SURE),
    (re.compile(r"(?<![\w-])[nN]\s*[=:]\s*(\d[\d,]*)(?![\d.]*\.\d)(?!\d)"), Certainty.LIKELY),
    (_FLOW, Certainty.LIKELY),
)
_SPELLED: Final = (
    (
        re.compile(
            rf"(?<![\w-])({SPELLED})\s+{_SHARE}(?:of\s+(?:the|our|these|those)\s+)?"
            rf"{ADJECTIVES}{PERSONS}\b",
            re.IGNORECASE,
        ),
        Certainty.SURE,
    ),
    (
        re.compile(
            rf"(?<![\w-])({SPELLED})\s+{_SHARE}(?:of the )?{ADJECTIVES}{THINGS}\b", re.IGNORECASE
        ),
        Certainty.LIKELY,
    ),
)
_LEFT_OUT: Final = re.compile(
    rf"(?:^|[.;]\s+)({SPELLED})\s+(?:were|was|had to be|have been)\s+"
    r"(?:excluded|removed|lost|missed|withdrawn|dropped|left out|discarded)\b",
    re.IGNORECASE,
)
_BEFORE: Final = re.compile(
    r"(?:(?<![A-Za-z])(?=[A-Za-z])|(?=[^A-Za-z]))"
    r"(?:[<>≤≥]=?|at least|at most|(?:fewer|less|more|greater|smaller|larger|other|rather) than|"
    r"minimum(?: of)?|maximum(?: of)?|(?:one|\d+) (?:in|out of)|"
    r"min\.?|max\.?|under|below|over|above|up to|every|each|any|per|"
    r"(?:stage|grade|type|phase|class|level|category|score|birads|bi-rads|pi-rads)s?"
    r"(?:\s*\d\w?\s*(?:,|or|and|to|/|-|–))*|group|week|day|month|year|table|figure|fig\.?|arm|no|"
    r"covid|version|visit|aged?|step|model|fold|cluster|size|threshold(?: of)?|rounded to|number|"
    r"nearest|multiples? of|batch(?:es)?(?: of)?|first|top|last|section|chapter|part|cell|only if|"
    r"quartile|t|question|line|row|column|epoch|seed|run|/"
    rf"|(?:\d|{SPELLED}|batch(?:es)?|sets?|groups?|blocks?|stacks?|bags?|size|out) of(?: the)?"
    rf"|(?:\d|{SPELLED}) (?:or|to)|between \w+ and)\s*$",
    re.IGNORECASE,
)
_AFTER: Final = re.compile(
    r"\s*(?:(?:sub)?(?:groups?|populations?|sets?)\b"
    r"|cohorts?\b|levels?\b|characteristics|data\b|records?\b"
    r"|arms?\b|categories|clusters|types|images|scans"
    r"|per\b|/|or (?:more|fewer|less)|each\b|at a time|at once|minimum|in each|to \d|-"
    rf"|years?\b|in (?:every |each )?(?:{WRITTEN})\b(?!\s+{ADJECTIVES}(?:{PERSONS}|{THINGS}))"
    r"|in the (?:\w+ )?panel"
    r"|(?:are|is) (?:needed|required)"
    r"|(?:[\w-]+ ){0,6}(?:may|might|can|could|would|should|must)\b)",
    re.IGNORECASE,
)
_NOT_PEOPLE: Final = re.compile(
    rf"\s*(?:(?!(?:from|at|in|by|with|on|of|for)\b)[\w-]+\s+)?{NOT_PEOPLE}\b", re.IGNORECASE
)
_OF_PEOPLE: Final = re.compile(rf"\b(?:{PERSONS}|{THINGS}|{_TELLING}|n\s*=\s*\d+)\b", re.IGNORECASE)
_YEARS: Final = range(1900, 2101)


def counts_in(document: Document) -> Iterator[tuple[str, int, Certainty]]:
    """Place, count and certainty of every count of people in the texts of a file.

    A comment of a program may count anything: of it only what names persons is taken, as likely.
    """
    for table in document.tables if document.kind == "xlsx" else ():
        for _, count, certainty in counts_of(table.caption[:_TITLE]):
            yield f"{table.at}, title", count, certainty
    for sentence in sentences(document):
        is_comment = document.kind == "code" and sentence.source.role is Role.CODE
        for offset, count, certainty in counts_of(sentence.text):
            if not is_comment:
                yield sentence.place(offset), count, certainty
            elif certainty is Certainty.SURE:
                yield sentence.place(offset), count, Certainty.LIKELY
    for place, count in nameless_counts(document):
        yield place, count, Certainty.LIKELY


def counts_of(line: str) -> Iterator[tuple[int, int, Certainty]]:
    """Where in a sentence a count of people stands, from 0, the count and how sure it is."""
    if SUPPOSED.search(line):
        return
    taken: set[int] = set()
    for start, written, certainty in (*_in_digits(line), *_in_lists(line), *_in_words(line)):
        if start not in taken:
            taken.add(start)
            yield start, whole(written) or int(not written[:1].isdigit()), certainty


_Found = tuple[int, str, Certainty]
"""Where it stands, from 0, how it is written, and how sure it is that it counts people."""


def _in_digits(line: str) -> Iterator[_Found]:
    for pattern, certainty in _COUNTED if any(map(str.isdigit, line)) else _COUNTED[:1]:
        for found in pattern.finditer(line):
            if pattern is _PART:
                before = line[: found.start()][-24:]
                named = not (COMPARED.search(before) or _ONE_IN.search(before))
            else:
                named = pattern in (_KEYED, _PRINTED, _FLOW) or _is_meant(line, found)
            if named:
                yield found.start(1), found[1], certainty


def _in_lists(line: str) -> Iterator[_Found]:
    """Cells of a confusion matrix, and what is said to be left out or lost."""
    confused = list(_CONFUSED.finditer(line))
    certain = [*confused] if len(confused) > 1 else []
    listed = list(_LISTED.finditer(line)) if _OF_PEOPLE.search(line) else []
    certain += listed if len(listed) > (1 if _REASONS.search(line) else 2) else []
    certain += [found for found in _SHARED.finditer(line) if _is_right(found)]
    certain += [*_STATED_SHARE.finditer(line), *_THE_REST.finditer(line), *_MACRO.finditer(line)]
    for found in (*certain, *_LEFT_OUT.finditer(line), *_LOST.finditer(line)):
        yield found.start(1), found[1], Certainty.LIKELY


def _in_words(line: str) -> Iterator[_Found]:
    for pattern, certainty in (*_SPELLED, (_SINGLE, Certainty.LIKELY)):
        for found in pattern.finditer(line):
            group = found.lastindex or 1
            if _is_meant(line, found):
                yield found.start(group), found[group], certainty
    for pattern in (_ACTED, _WHOM, _SHARED, _NAMED, _GROUPED) if _OF_PEOPLE.search(line) else ():
        for found in pattern.finditer(line):
            group = found.lastindex or 0
            if _is_meant(line, found) and not _is_year(found):
                yield found.start(group), found[group], Certainty.LIKELY


def _is_right(found: re.Match[str]) -> bool:
    """Whether the percentage behind `4/120` is that of the two numbers."""
    numbers = [float(each) for each in re.findall(r"\d+(?:\.\d+)?", found.group().replace(",", ""))]
    return len(numbers) == 3 and abs(100 * numbers[0] / max(1.0, numbers[1]) - numbers[2]) <= 0.51


def _is_year(found: re.Match[str]) -> bool:
    written = found[found.lastindex or 0]
    return written.isdigit() and int(written) in _YEARS


def _is_meant(line: str, found: re.Match[str]) -> bool:
    before, after = line[max(0, found.start() - 24) : found.start()], line[found.end() :][:120]
    return not (_BEFORE.search(before) or _AFTER.match(after) or _NOT_PEOPLE.match(after))
