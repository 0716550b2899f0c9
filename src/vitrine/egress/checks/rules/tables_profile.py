"""How the values of a table's columns are spread, and which of them are about one person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy
from numpy.typing import NDArray

from vitrine.egress.checks.document import Table
from vitrine.egress.checks.rules.tables_cells import Form, read_cell
from vitrine.egress.checks.rules.tables_words import Kind, kind_of, tokens_of, word_set

SAMPLE_ROWS: Final = 3000
_UNNAMED: Final = re.compile(
    r"column \d+|unnamed:? ?\d+|\d+(?:\.\d+)?|v\d+|x\d*|[a-z]", re.IGNORECASE
)
_PERSONAL: Final = word_set(
    "age sex gender dob bmi ethnicity race smoker smoking diagnosis outcome death died dead "
    "event status label target truth gt y pred prediction predicted prob probability score "
    "risk survival os pfs followup weight height volume scanner stage grade treatment psa "
    "mutation tumour tumor lesion histology finding findings diabetes hypertension "
    "comorbidity relapse recurrence response time months days years date admission discharge "
    "insurance manufacturer site birads pirads creatinine egfr haemoglobin hemoglobin sbp dbp "
    "readmitted ground dead alive charlson ecog mmse "
)
_RESULTS: Final = word_set(
    "loss lr epoch epochs step iteration fold fpr tpr threshold thresholds mean std sd ci "
    "lower upper median auc auroc accuracy precision recall sensitivity specificity f1 coef "
    "importance shap batch dropout pvalue layer kernel fps gpu model method parameter "
    "hyperparameter trial optimizer config frequency wavelength bin quantile percentile n "
    "count observed expected train val test estimate hr correlation rank"
)
_DATE: Final = re.compile(
    r"(?:(?:19|20)\d\d[-/.]?(?:0[1-9]|1[0-2])[-/.]?(?:0[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|1[0-2]|[A-Za-z]{3})[-/.](?:19|20)?\d\d"
    r"|(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01])/(?:19|20)?\d\d)(?:[T ]\d\d:?\d\d.*)?"
)


@dataclass(frozen=True, slots=True)
class Profile:
    """One column: its header and how its values are spread."""

    index: int
    name: str
    kind: Kind
    words: frozenset[str]
    filled: tuple[str, ...]
    numbers: NDArray[numpy.float64]
    """Its values where nearly all are numbers; else empty."""

    distinct: float
    """Share of values that are different from all before them."""

    levels: int
    has_decimals: bool

    @property
    def is_numeric(self) -> bool:
        """Whether nearly all values are numbers."""
        return bool(self.numbers.size)

    @property
    def is_unnamed(self) -> bool:
        """Whether the header says nothing."""
        return bool(_UNNAMED.fullmatch(self.name.strip()))

    @property
    def is_personal(self) -> bool:
        """Whether the header is that of a property of one person."""
        words = self.words | {word.removesuffix("s") for word in self.words}
        return bool(words & _PERSONAL) and not words & _STATISTICAL

    @property
    def is_result(self) -> bool:
        """Whether the header is that of a measure, a setting or an order."""
        return bool(self.words & _RESULTS)

    def is_ordered(self) -> bool:
        """Whether values only rise or only fall, or follow each other closely: a curve."""
        if self.numbers.size < 4:
            return False
        steps = numpy.diff(self.numbers)
        if bool((steps >= 0).all() or (steps <= 0).all()):
            return True
        centred = self.numbers - self.numbers.mean()
        spread = float((centred**2).sum())
        return spread > 0 and float((centred[1:] * centred[:-1]).sum()) / spread > 0.5

    def are_dates(self) -> bool:
        """Whether nearly all values are days of a calendar."""
        dates = sum(bool(_DATE.fullmatch(cell)) for cell in self.filled)
        plain = all(cell.isdecimal() and len(cell) != 8 for cell in self.filled[:50])
        return bool(self.filled) and not plain and dates * 5 >= len(self.filled) * 4


_STATISTICAL: Final = word_set(
    "mean std sd median ci lower upper n count min max iqr avg average se p rate percent"
)


def profiles(table: Table) -> list[Profile]:
    """Every column of a table, by its first rows."""
    rows = [row for row in table.rows[:SAMPLE_ROWS] if any(row)]
    return [
        _profile(table, index, [row[index] for row in rows]) for index in range(len(table.columns))
    ]


def _profile(table: Table, index: int, cells: Sequence[str]) -> Profile:
    filled = tuple(cell for cell in cells if cell)
    read = [read_cell(cell) for cell in filled]
    numeric = [c for c in read if c.form in (Form.COUNT, Form.NUMBER, Form.PERCENT)]
    values = [c.value for c in numeric if c.value is not None]
    enough = len(values) * 20 >= len(filled) * 19 and values
    name = table.columns[index]
    words = tokens_of(name)
    return Profile(
        index=index,
        name=name,
        kind=kind_of(name),
        words=frozenset(words),
        filled=filled,
        numbers=numpy.array(values if enough else [], dtype=numpy.float64),
        distinct=len(set(filled)) / max(1, len(filled)),
        levels=len(set(filled)),
        has_decimals=sum(c.decimals > 0 for c in numeric) * 2 > len(numeric),
    )
