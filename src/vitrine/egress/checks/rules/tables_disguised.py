"""Records in another shape: turned round, sorted, coarsened, or one value of one record a row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy
from numpy.typing import NDArray

from vitrine.egress.checks.document import Table
from vitrine.egress.checks.rules.tables_cells import Form, read_cell
from vitrine.egress.checks.rules.tables_profile import Profile, profiles
from vitrine.egress.checks.rules.tables_words import Kind, tokens_of, word_set

_WIDE: Final = 10
_TALL: Final = 40
_ROWS: Final = 20
_RANKED: Final = 15
_FIELDS: Final = 5
_MOST: Final = 3000
_BLAND: Final = re.compile(
    r"(?:column|unnamed:?|v|x|c|s|p|pt|case|patient|subject|id|n|no|nr)?[ _.-]*\d*", re.IGNORECASE
)
_AGAIN: Final = word_set(
    "fold seed run repeat epoch step iteration iter trial model method loss optimizer optimiser "
    "reader rater annotator n count counts number freq frequency lr dataset architecture network "
    "backbone visit month months week weeks day days year time timepoint bootstrap sample feature "
    "gene threshold fpr tpr config variant experiment ablation kernel layer depth slice protocol "
    "sequence scanner parameter setting auc estimator hr coef support percent weight item question "
    "version page line table figure organ structure region roi level site hospital metric measure "
    "criterion code label name colour color task start end author package file phantom estimate"
)
_ORDERED: Final = word_set(
    "importance eigenvalue variance component loss lr epoch step threshold fpr tpr sensitivity "
    "specificity precision recall frequency power wavelength quantile percentile centile degree "
    "auc cumulative p pvalue q statistic expected theoretical year date page citations rank ranks "
    "position score_threshold k radius angle dose hu bin edge shap gain coefficient weight "
    "time speed latency seed number count counts n total patients hours minutes seconds memory"
)
_PERSONAL_CELLS: Final = re.compile(
    r"m|f|w|male|female|man|woman|yes|no|y|n|i{1,3}|iv|alive|dead|white|black|asian", re.IGNORECASE
)


def is_disguised(table: Table, columns: Sequence[Profile]) -> bool:
    """Whether a table without names of subjects holds one record for each, in whatever shape."""
    return (
        _is_turned(table)
        or _is_ranked(table, columns)
        or _repeats_itself(columns)
        or _has_a_field_per_row(columns)
    )


def _is_turned(table: Table) -> bool:
    """Whether columns are persons and rows their properties: few words, many bland columns."""
    width = len(table.columns) - 1
    if width < _WIDE or not 2 <= len(table.rows) + 1 <= _TALL:
        return False
    bland = sum(bool(_BLAND.fullmatch(name.strip())) for name in table.columns[1:])
    names = [table.columns, *table.rows]
    if bland * 5 >= 4 * width:
        names = [*table.rows]
    elif not _has_values(table.columns):
        return False
    first = [row[0] for row in names]
    if len(set(first)) < len(first) or any(read_cell(cell).form is not Form.TEXT for cell in first):
        return False
    turned = Table(
        columns=tuple(first),
        rows=tuple(zip(*(row[1 : 1 + _MOST] for row in names), strict=True)),
    )
    found = [each for each in profiles(turned) if each.filled]
    if any(each.words & _AGAIN for each in found):
        return False
    scattered = [e for e in found if e.is_numeric and e.levels >= 8 and not e.is_ordered()]
    properties = [each for each in found if each.is_personal or 2 <= each.levels <= 6]
    return bool(scattered) and len(found) > 1 and len(properties) > 1


def _has_values(cells: Sequence[str]) -> bool:
    """Whether what stands as the header is a row of values: a word, then numbers that repeat."""
    forms = [read_cell(cell.split(".")[0]).form for cell in cells[1:]]
    numbers = sum(form is Form.COUNT for form in forms)
    return numbers * 5 >= 4 * len(forms) and read_cell(cells[0]).form is Form.TEXT


def _is_ranked(table: Table, columns: Sequence[Profile]) -> bool:
    """Whether sorted values, beside their rank or alone, are as uneven as those of a sample."""
    if len(table.rows) < _RANKED or not 1 <= len(columns) <= 3:
        return False
    ranks = [each for each in columns if each.is_numeric and _is_numbering(each.numbers)]
    values = [each for each in columns if each not in ranks and each.is_numeric]
    others = [each for each in columns if each not in ranks and each not in values]
    if len(values) != 1 or any(each.distinct > 0.5 for each in others):
        return False
    if any(each.words & _ORDERED for each in (*values, *others)):
        return False
    if any(each.words & _CURVES for each in ranks):
        return False
    value = values[0]
    is_named = value.is_personal or bool(ranks) or bool(value.words & _SIZES)
    is_measured = value.has_decimals or bool(value.words & _SIZES)
    return is_named and is_measured and _is_uneven(value.numbers)


_CURVES: Final = word_set("epoch step iteration component year month week day fold time k degree")
_SIZES: Final = word_set("volume volumes size diameter change value values response ml mm ratio")


def _is_numbering(numbers: NDArray[numpy.float64]) -> bool:
    return bool((numpy.diff(numbers) == 1).all()) and numbers[0] in (0, 1)


def _is_uneven(numbers: NDArray[numpy.float64]) -> bool:
    """Whether values only rise or fall, by steps that grow and shrink at random."""
    steps = numpy.diff(numbers)
    if not bool((steps >= 0).all() or (steps <= 0).all()):
        return False
    turns = numpy.diff(steps)
    signs = numpy.sign(turns[numpy.abs(turns) > 1e-9])
    return len(signs) * 2 > len(turns) and float((signs[1:] != signs[:-1]).mean()) > 0.4


def _repeats_itself(columns: Sequence[Profile]) -> bool:
    """Whether the same categories stand in several rows: an aggregate has each of them once."""
    if len(columns) < 2 or len(columns) > 30 or len(columns[0].filled) < _ROWS:
        return False
    if any(each.words & _AGAIN or each.kind in (Kind.COUNT, Kind.SETTING) for each in columns):
        return False
    full = [each for each in columns if len(each.filled) == len(columns[0].filled)]
    groups = [each for each in full if 2 <= each.levels <= 15]
    if len(full) < len(columns) or len(groups) < len(columns) - 2 or len(groups) < 1:
        return False
    rows = Counter(zip(*(each.filled for each in groups), strict=True))
    repeated = sum(count for count in rows.values() if count > 1)
    if repeated * 3 < len(columns[0].filled):
        return False
    about = [each for each in full if each.is_personal or _are_of_persons(each)]
    return len(about) > 1 and not _is_nested(groups)


def _are_of_persons(column: Profile) -> bool:
    return all(_PERSONAL_CELLS.fullmatch(cell) for cell in column.filled[:200])


def _is_nested(groups: Sequence[Profile]) -> bool:
    """Whether each column but the last is sorted in blocks of the same length: a full design."""
    for each in groups:
        sizes = Counter(each.filled)
        if len(set(sizes.values())) > 1:
            return False
    return len(groups) > 1


def _has_a_field_per_row(columns: Sequence[Profile]) -> bool:
    """Whether each row is one property of one record: a key, the name of a field, its value."""
    if len(columns) != 3 or len(columns[0].filled) < _ROWS:
        return False
    key, names, _ = columns
    fields = Counter(names.filled)
    keys = Counter(key.filled)
    if not 2 <= len(fields) <= 40 or len(keys) < _FIELDS or key.words & _AGAIN:
        return False
    personal = [field for field in fields if set(tokens_of(field)) & _PROPERTIES]
    return len(personal) > 1 and min(fields.values()) * 2 > len(keys) and _is_even(key.filled)


_PROPERTIES: Final = word_set(
    "age sex gender stage grade outcome death dead event survival bmi diagnosis volume weight "
    "height ethnicity smoker smoking psa status birth treatment score"
)


def _is_even(keys: Sequence[str]) -> bool:
    return sum(a == b for a, b in pairwise(keys)) * 3 > len(keys)
