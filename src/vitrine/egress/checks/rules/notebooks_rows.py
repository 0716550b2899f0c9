"""Rows of patients that a notebook shows: the head of a frame, one row, a record, a report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from vitrine.egress.checks.document import Document, Table
from vitrine.egress.checks.finding import Severity
from vitrine.egress.checks.rule import Rule
from vitrine.egress.checks.rules.notebooks_cells import (
    STRONG,
    WEAK,
    Shown,
    asked,
    cell_of,
    is_output,
    shown_in,
    sources_of,
)
from vitrine.egress.checks.rules.tables_profile import Profile, profiles
from vitrine.egress.checks.rules.tables_words import Kind
from vitrine.egress.disclosure import DisclosurePolicy

Answer = Iterable[tuple[Severity, str, Sequence[str]]]

_SUMMED: Final = re.compile(
    r"groupby|mean\(|median\(|agg\(|describe|pivot|crosstab|value_counts|summar|corr\(|isna|isnull"
    r"|dtypes|nunique|results?\b|metrics?\b|scores?\b|coef|importan"
)
_PICKED: Final = re.compile(r"\.(?:head|tail|sample|nlargest|nsmallest|iloc|take)\b|\bhead\(")
_FIRST: Final = re.compile(r"column 1|index|unnamed: 0|", re.IGNORECASE)
_OF_FRAME: Final = re.compile(r"^Name: (\S+), dtype: object$", re.MULTILINE)
_OF_COLUMN: Final = re.compile(r"^Name: (\w+), (?:Length: \d+, )?dtype: (?:int|float)\d\d$", re.M)
_PAIR: Final = re.compile(
    r"['\"]?\b([A-Za-z_]\w{1,30})['\"]?\s*[:=]\s*"
    r"('[^'\n]{0,80}'|\"[^\"\n]{0,80}\"|-?\d[\d.]*|True|False|None|nan)\s*(?=[,})\]])"
)
_KIND_OF_VALUE: Final = re.compile(r"'(?:u?int|float|object|category|bool|str|datetime)\w*'")
_EACH_ROW: Final = re.compile(
    r"iterrows\(|itertuples\(|to_dict\(\s*['\"]records|for .{1,80} in \w*(?:df|frame)\b"
)
_NUMBERED_LINE: Final = re.compile(
    r"^(?=[^\n]*\d)(?:[\w.'/-]+[ ,;\t|:]+)+[\w.'/-]+\s*$", re.MULTILINE
)
_LOOPED: Final = 3
_RECORDS_LIMIT: Final = 2_000
_HEADINGS: Final = re.compile(
    r"\b(FINDINGS?|IMPRESSION|CLINICAL (?:HISTORY|INDICATION|INFORMATION|DETAILS)|INDICATION"
    r"|COMPARISON|TECHNIQUE|EXAMINATION|CONCLUSION|HISTORY|MACROSCOPY|MICROSCOPY)\s*:",
)


def _rows(document: Document, policy: DisclosurePolicy) -> Answer:
    if document.kind != "notebook":
        return
    sources = sources_of(document)
    places = [
        table.at
        for table in document.tables
        if cell_of(table.at) in sources
        and _are_rows(table, asked(sources[cell_of(table.at)]) if is_output(table.at) else "")
    ]
    places += [place for shown in shown_in(document) for place in _printed(shown)]
    if places:
        said = "outputs show rows of single persons: clear them"
        yield Severity.WARN, said, tuple(dict.fromkeys(places))


def _are_rows(table: Table, words: str) -> bool:
    """Whether rows of a printed frame are of persons, by their headers or by what was asked."""
    columns = profiles(table)
    if not table.rows or _SUMMED.search(words) or len(columns) < 2:
        return False
    has_labels = bool(_FIRST.fullmatch(columns[0].name))
    if has_labels and not columns[0].is_numeric:
        return False
    body = columns[1:] if has_labels else columns
    if any(_is_summary(each) for each in body):
        return False
    strong = [each for each in body if each.words & STRONG]
    weak = [each for each in body if each.words & WEAK]
    if len(strong) >= 2 or (strong and weak):
        return True
    return has_labels and bool(_PICKED.search(words)) and _is_mixed(body)


def _is_summary(column: Profile) -> bool:
    return column.kind in (Kind.COUNT, Kind.STATISTIC, Kind.PERCENT) or (
        column.is_result and not column.words & STRONG
    )


def _is_mixed(columns: Sequence[Profile]) -> bool:
    """Whether measured values stand beside categories, as in records."""
    measured = [each for each in columns if each.is_numeric and not each.is_ordered()]
    categories = [
        each for each in columns
        if not each.is_numeric and each.filled and max(map(len, each.filled)) <= 12
    ]  # fmt: skip
    return len(columns) >= 3 and bool(measured) and bool(categories)


def _printed(shown: Shown) -> Iterator[str]:
    text = shown.text.text[:200_000]
    for match in _OF_FRAME.finditer(text):
        block = text[: match.start()].rstrip("\n").rpartition("\n\n")[2]
        labels = {line.split()[0].lower() for line in block.splitlines() if line.split()}
        if re.search(r"\d", match.group(1)) and _is_person(labels):
            yield shown.text.place(text.count("\n", 0, match.start()))
    words = asked(shown.source)
    for match in _OF_COLUMN.finditer(text):
        if match.group(1).lower() in STRONG and _PICKED.search(words) and not _SUMMED.search(words):
            yield shown.text.place(text.count("\n", 0, match.start()))
    yield from (shown.text.place(line) for line in _records(text))
    if _EACH_ROW.search(shown.source) and len(_NUMBERED_LINE.findall(text)) >= _LOOPED:
        yield shown.text.place(0)
    if len(set(_HEADINGS.findall(text))) >= 2:
        start = _HEADINGS.search(text)
        yield shown.text.place(text.count("\n", 0, start.start() if start else 0))


def _records(text: str) -> Iterator[int]:
    """Lines of records written as `{'age': 67, 'sex': 'M'}` or `Row(age=67, sex='M')`."""
    for start in islice(re.finditer(r"[{(]", text), _RECORDS_LIMIT):
        end = re.search(r"[})]", text[start.end() : start.end() + 4_000])
        if end is None:
            continue
        pairs = _PAIR.findall(text[start.end() : start.end() + end.end()])
        keys = {key.lower() for key, _ in pairs}
        has_word = any(value[0] in "'\"" and not _KIND_OF_VALUE.fullmatch(value)
                       for _, value in pairs)  # fmt: skip
        if has_word and _is_person(keys):
            yield text.count("\n", 0, start.start())
            return


def _is_person(names: set[str]) -> bool:
    strong = names & STRONG
    return len(strong) >= 2 or (bool(strong) and bool(names & WEAK))


RULES: Final = (Rule("notebook-rows", 1, _rows),)
