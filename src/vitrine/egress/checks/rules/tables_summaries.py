"""Summaries that show one person's value, or that do not say how many people they are about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from vitrine.egress.checks.document import Document, Role
from vitrine.egress.checks.finding import Severity
from vitrine.egress.checks.rule import Rule
from vitrine.egress.checks.rules.prose_claims import extremes_in
from vitrine.egress.checks.rules.prose_sentences import sentences
from vitrine.egress.checks.rules.tables_cells import Cell, Form, stated_counts
from vitrine.egress.checks.rules.tables_counted import headed_counts, is_result
from vitrine.egress.checks.rules.tables_view import View, view_of
from vitrine.egress.checks.rules.tables_words import (
    STATISTICS,
    VARIABLES,
    Kind,
    kind_of,
    tokens_of,
    word_set,
)
from vitrine.egress.disclosure import DisclosurePolicy

Answer = Iterable[tuple[Severity, str, Sequence[str]]]

_EXTREMES: Final = word_set(
    "min max minimum maximum range smallest largest youngest oldest longest shortest heaviest"
)
_ALONE: Final = _EXTREMES - {"range"}
_CENTRES: Final = frozenset({"mean", "median", "std", "sd", "average", "avg", "p50", "q50"})
_RANGE: Final = re.compile(r"\brange\b|min\s*[-–,/]\s*max|minimum\s*[-–]\s*maximum", re.IGNORECASE)
_QUARTILES: Final = re.compile(r"interquartile|inter-quartile|\biqr\b", re.IGNORECASE)
_SPAN: Final = re.compile(
    r".*[(\[]\s*-?[\d.]+\s*(?:[-–,]|to)\s*-?[\d.]+\s*[)\]]|\s*[\d.]+\s*[-–]\s*[\d.]+\s*"
)
_EFFECTS: Final = word_set("coef coefficient coefficients beta estimate hr aor ahr or rr irr")
_TESTED: Final = frozenset({"p", "pvalue", "se", "std", "ci", "z", "t", "lower", "upper"})
_EVIDENCE: Final = word_set(
    "n nobs obs observations events cases patients subjects participants df dof support count "
    "resid deaths number scans images studies"
)
_PEOPLE: Final = VARIABLES | {"stay", "suv", "cost", "costs", "los"}
_PRINTED: Final = re.compile(r"\bdf resid\w*\s*[:=]\s*(\d{1,6})\b", re.IGNORECASE)
_PEOPLE_SAID: Final = re.compile(
    r"(?<!\d)\d{1,9}\s{1,3}(?:[a-z]{1,30}\s)?(?:patients|subjects|participants|scans|images)"
)
_RESIDUAL: Final = re.compile(
    r"resid\w*[ _.]*(?:df|d\.f\.|degrees)|(?:df|dof)[ _.]*resid", re.IGNORECASE
)


def _endpoints(document: Document, policy: DisclosurePolicy) -> Answer:
    places = [place for table in document.tables for place in _extremes(view_of(table))]
    places += extremes_in(document)
    if places:
        said = "smallest and largest values, which are those of single persons"
        yield Severity.WARN, said, tuple(dict.fromkeys(places))


def _extremes(view: View) -> Iterator[str]:
    beside = [set(tokens_of(name)) | _percentile(name) for name in view.names]
    over = [set(tokens_of(name)) | _percentile(name) for name in view.table.columns]
    schema = {"type"} & set().union(*over)
    described = any(words & _CENTRES for words in beside), any(words & _CENTRES for words in over)
    for number, line in enumerate(view.cells):
        for column, cell in enumerate(line):
            if column in view.labels or cell.form is Form.EMPTY:
                continue
            down = (
                described[0] and _is_extreme(beside[number]) and _is_of_people(view, None, column)
            )
            across = (
                described[1] and _is_extreme(over[column]) and _is_of_people(view, number, column)
            )
            named = beside[number] | over[column] | schema
            if down or across or _is_span(view, number, column) or _names_itself(named, cell):
                yield view.table.place(number, column)


def _names_itself(words: set[str], cell: Cell) -> bool:
    """Whether the labels of a number say both that it is an extreme, and of what of persons."""
    if cell.form not in (Form.COUNT, Form.NUMBER) or not words & _ALONE or words & _LIMITS:
        return False
    about = _PEOPLE - {"length", "size", "time", "score", "dose"}
    return bool(words & (about | {"youngest", "oldest", "heaviest", "lesion", "tumour", "tumor"}))


_LIMITS: Final = word_set(
    "allowed inclusion eligible eligibility criteria criterion limit range_low setting dose mean "
    "type properties schema median at most least search grid parameter hyperparameter per"
)


def _is_extreme(words: set[str]) -> bool:
    return bool(words & _EXTREMES) and len(words) <= 3


def _percentile(label: str) -> set[str]:
    return (
        {"min"}
        if re.fullmatch(r"\s*(?:(?:0|100)\s*%|[pq](?:0|100))\s*", label, re.IGNORECASE)
        else set()
    )


def _is_of_people(view: View, row: int | None, column: int) -> bool:
    """Whether what a cell describes may be measured on people: no score of few folds or runs."""
    label = view.table.columns[column] if row is None else view.names[row]
    kind = view.columns[column] if row is None else view.rows[row]
    if kind in (Kind.SETTING, Kind.INDEX):
        return False
    return not is_result(label) or _many(view, row, column)


def _many(view: View, row: int | None, column: int) -> bool:
    if row is None:
        lines = [k for k, name in enumerate(view.names) if name.strip() in ("count", "n", "N")]
        counts = [view.cells[k][column].count for k in lines]
    else:
        columns = [k for k, kind in enumerate(view.columns) if kind is Kind.COUNT]
        counts = [view.cells[row][k].count for k in columns]
    return any(count is not None and count > 10 for count in counts)


def _is_span(view: View, row: int, column: int) -> bool:
    for label in (view.names[row], view.table.columns[column]):
        if (
            _RANGE.search(label)
            and not _QUARTILES.search(label)
            and not is_result(label.split(",")[0])
        ):
            return bool(_SPAN.fullmatch(view.table.rows[row][column]))
    return False


def _missing_counts(document: Document, policy: DisclosurePolicy) -> Answer:
    if any(_states_a_number(text.text) for text in document.texts if text.role is not Role.CODE):
        return
    places = []
    for view in map(view_of, document.tables):
        if not _has_evidence(view) and (
            _is_regression(view)
            or _sums_people_up(view)
            or _compares_groups(view)
            or _averages_groups(view)
        ):
            places.append(view.table.at or "the table")
    if not document.tables:
        places += _groups_in_prose(document)
    if places:
        said = "means or effects without the number of people behind them"
        yield Severity.WARN, said, places


def _states_a_number(text: str) -> bool:
    return bool(stated_counts(text)) or bool(_PEOPLE_SAID.search(text))


def _has_evidence(view: View) -> bool:
    labels = (*view.table.columns, *view.names, view.table.caption)
    if any(True for _ in headed_counts(view)) or Kind.COUNT in (*view.rows, *view.columns):
        return True
    return any(set(tokens_of(label)) & _EVIDENCE for label in labels)


def _is_regression(view: View) -> bool:
    words = {word for name in view.table.columns for word in tokens_of(name)}
    if words & _OF_FEATURES:
        return False
    return bool(words & _EFFECTS) and bool(words & _TESTED) and len(view.table.rows) > 0


def _compares_groups(view: View) -> bool:
    """Whether rows are groups of people, and columns what was measured of each."""
    if set(tokens_of(view.table.caption)) & {"weights", "class", "classes", "labels"}:
        return False
    if view.table.columns == ("name", "value") and kind_of(view.table.caption) is Kind.MEASURE:
        return all(set(tokens_of(name)) & _GROUP_NAMES for name in view.names)
    if len(view.table.rows) < 2 or not view.labels or 0 not in view.labels:
        return False
    if not set(tokens_of(view.table.columns[0])) & _GROUPINGS and not all(
        set(tokens_of(name)) & _GROUP_NAMES for name in view.names
    ):
        return False
    said = [set(tokens_of(name)) for name in view.table.columns]
    if set().union(*said) & (_OF_FEATURES | _FIXED):
        return False
    return any(
        kind in (Kind.MEASURE, Kind.PERCENT)
        and any(
            line[column].form in _FIGURES
            or (line[column].form is Form.COUNT and _is_average(kind, said[column]))
            for line in view.cells
        )
        for column, kind in enumerate(view.columns)
        if column not in view.labels and not said[column] & _NO_OUTCOME
        if kind is Kind.MEASURE or not _is_a_whole(view, column)
    )


def _averages_groups(view: View) -> bool:
    """Whether rows are groups of people, and columns nothing but a mean and a spread."""
    if len(view.table.rows) < 2 or 0 not in view.labels:
        return False
    over = {word for name in view.table.columns[1:] for word in tokens_of(name)}
    named = all(set(tokens_of(name)) & _GROUP_NAMES for name in view.names)
    return named and bool(over & _CENTRES) and over <= STATISTICS


def _groups_in_prose(document: Document) -> Iterator[str]:
    """Sentences that give a result for each of several groups, of no known size."""
    for sentence in sentences(document):
        found = list(_RESULT_OF_GROUP.finditer(sentence.text))
        if len(found) > 1 and _RESULT.search(sentence.text):
            yield sentence.place(found[0].start())


_RESULT: Final = re.compile(
    r"\b(?:auc|auroc|dice|dsc|sensitivity|specificity|accuracy|recall|hr|hazard ratio|odds ratio"
    r"|mean|median|rate|survival|response|c-?index)\b",
    re.IGNORECASE,
)
_RESULT_OF_GROUP: Final = re.compile(
    r"(?<![\d.])(?:0?\.\d{1,4}|\d{1,3}\.\d{1,3}|\d{1,3}\s?%)\s*(?:\([^()]{0,40}\)\s*)?"
    r"(?:in|for|among)\s+(?:the\s+)?(?:wom[ae]n|men|males?|females?|girls|boys|white|black|asian"
    r"|hispanic|(?:never|ex|current)?[ -]?smokers|diabetics|responders|non-?responders|carriers"
    r"|patients (?:with|under|over|aged)|those (?:with|under|over))",
    re.IGNORECASE,
)


def _is_average(kind: Kind, words: set[str]) -> bool:
    return kind is Kind.PERCENT or bool(words & _CENTRES)


def _is_a_whole(view: View, column: int) -> bool:
    """Whether percentages are the parts of one whole, which say nothing of a group's outcome."""
    whole = sum(line[column].value or 0.0 for line in view.cells)
    return 97 < whole < 103 or 0.97 < whole < 1.03


_NO_OUTCOME: Final = word_set("kappa icc agreement correlation")
_FIGURES: Final = (Form.NUMBER, Form.PERCENT, Form.SUMMARY)
_GROUPINGS: Final = word_set(
    "ethnicity race sex gender age stage subgroup site hospital centre center region smoking "
    "smoker deprivation histology grade arm cohort density population bmi diagnosis country"
)
_GROUP_NAMES: Final = word_set(
    "female male women men girls boys white black asian smokers malignant benign responders "
    "nonresponders responder controls cases diabetic diabetics survivors carriers patients"
)
_OF_FEATURES: Final = word_set("feature features gene genes radiomic biomarker term")
_FIXED: Final = word_set(
    "weight points score threshold cutoff interval months_to dose scanner scanners beds page "
    "kvp slice thickness meaning definition code level minimum maximum weighting"
)


def _sums_people_up(view: View) -> bool:
    """Whether means with deviations of a property of people are shown."""
    over = [set(tokens_of(name)) for name in view.table.columns]
    beside = [set(tokens_of(name)) for name in view.names]
    said = set().union(*over, *beside) if over else set()
    spread = said & {"sd", "std", "stdev"}
    return bool(said & {"mean", "average", "avg"}) and bool(spread) and bool(said & _PEOPLE)


def _freedom(document: Document, policy: DisclosurePolicy) -> Answer:
    least = policy.degrees_of_freedom
    places = []
    for view in map(view_of, document.tables):
        for number, line in enumerate(view.cells):
            for column, cell in enumerate(line):
                if cell.count is None or cell.count >= least:
                    continue
                if _RESIDUAL.search(f"{view.table.columns[column]} / {view.names[number]}"):
                    places.append(view.table.place(number, column))
    for text in document.texts:
        for number, said in enumerate(text.text.splitlines()):
            found = _PRINTED.search(said)
            if found and text.role is not Role.CODE and int(found[1]) < least:
                places.append(text.place(number))
    if places:
        yield Severity.BLOCK, f"models with fewer than {least} residual degrees of freedom", places


RULES: Final = (
    Rule("endpoints", 2, _endpoints),
    Rule("missing-counts", 3, _missing_counts),
    Rule("degrees-of-freedom", 1, _freedom),
)
