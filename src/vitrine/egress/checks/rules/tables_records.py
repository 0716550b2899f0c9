"""Tables with one row for each person or image, however blandly they are headed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

import numpy

from vitrine.egress.checks.document import Document, Table
from vitrine.egress.checks.finding import Severity
from vitrine.egress.checks.rule import Rule
from vitrine.egress.checks.rules.prose_records import listed_in
from vitrine.egress.checks.rules.tables_disguised import is_disguised
from vitrine.egress.checks.rules.tables_profile import Profile, profiles
from vitrine.egress.checks.rules.tables_words import Kind, word_set
from vitrine.egress.disclosure import DisclosurePolicy

Answer = Iterable[tuple[Severity, str, Sequence[str]]]

_SUBJECTS: Final = word_set(
    "patient subject case participant person individual image img scan study series file "
    "filename filepath path volume exam examination slide lesion nodule sample record "
    "specimen donor key child infant woman man accession pid mrn uid subjectid patientid "
    "imageid caseid"
)
_SHORT: Final = frozenset({"sub", "id", "pt", "pat", "subj"})
_STEMS: Final = word_set(
    "p pt pat patient sub subj subject s id img case ct mr scan image participant"
)
_ENTRY: Final = re.compile(r"[A-Za-z_./\\: #-]*\d[\w./\\:-]*")
_STUDY: Final = re.compile(r".*\b(?:19|20)\d\d[a-z]?\)?")
_CODED: Final = re.compile(r"([A-Za-z][\w\- ]*?)[_\- ]?(\d{2,})(?:[_\-.]\w+)*")
_NOT_SUBJECTS: Final = re.compile(
    r"feat(?:ure)?s?|radiomics?|proteins?|markers?|metabolites?|probes?|regions?|areas?|voxels?|topics?|"
    r"variables?|variants?|splits?|simulations?|sims?|iterations?|permutations?|boot(?:strap)?s?|draws?|"
    r"points?|times?|slices?|scenarios?|items?|codes?|parcels?|networks?|edges?|labels?|coefs?|"
    r"components?|words?|ckpts?|jobs?|tasks?|variable|genes|annotators?|readers?|raters?|scanners?|hospitals?|wards?|"
    r"f|var|x|layer|epoch|exp|run|trial|fold|model|step|token|gene|roi|channel|dim|emb|class|"
    r"config|conv|block|week|year|month|day|q|question|bin|rs|icd|cluster|seed|v|version|snp|"
    r"original|wavelet|node|unit|stage|head|site|centre|center|resnet|densenet|vgg|vit|efficientnet|"
    r"unet|iter|batch|checkpoint|table|figure|phase|arm|group|t|n|m|c|j|i",
    re.IGNORECASE,
)
_COORDINATES: Final = re.compile(
    r"(?:umap|t-?sne|pca?|pacmap|phate|mds|dim|latent|z)[ _-]*(?:\d+|x|y)", re.IGNORECASE
)
_AGGREGATES: Final = frozenset({Kind.COUNT, Kind.STATISTIC, Kind.PERCENT})
_SURVIVAL: Final = frozenset({"survival", "km", "kaplan", "surv"})
_FEW, _SOME, _CURVE, _MANY = 3, 10, 15, 30
_NO_CASES: Final = word_set("feature gene threshold fpr tpr epoch step fold seed loss run trial lr")
_RESAMPLED: Final = re.compile(r"bootstrap|permutation|resampl", re.IGNORECASE)
_NO_RECORDS: Final = re.compile(
    r"bootstrap|permutation|resampl|history|log|loss|curve", re.IGNORECASE
)


def _row_level(document: Document, policy: DisclosurePolicy) -> Answer:
    sure, likely = [], []
    for table in document.tables:
        columns = profiles(table)
        place = table.at or "all rows"
        named = _names_people_across(table) or _has_a_name_per_row(columns)
        if named or _has_people(table, columns) or _has_points(columns):
            sure.append(place)
        elif (
            _is_like_records(table, columns)
            or _is_a_value_per_case(table, columns)
            or _is_a_score_per_case(table, columns)
            or _has_event_times(columns)
            or _falls_by_one(columns)
            or is_disguised(table, columns)
        ):
            likely.append(place)
        likely += [place for place in _packed(table) if place not in sure]
    likely += dict.fromkeys(listed_in(document))
    if sure:
        yield Severity.BLOCK, "one row for each person or image", (*sure, *likely)
    elif likely:
        yield Severity.WARN, "what may be one row for each person or image", likely


def _has_a_name_per_row(columns: Sequence[Profile]) -> bool:
    """Whether a column names the subjects or images: entries with a number, once or few times."""
    if len(columns) < 2 or any(each.kind is Kind.COUNT and each.is_numeric for each in columns):
        return False
    for each in columns:
        if len(each.filled) < _FEW or each.levels < _FEW:
            continue
        if each.distinct >= 0.9 and (_is_named(each) or _is_coded(each)):
            return True
        repeated = each.levels >= 5 and each.distinct > 0.1 and not each.is_numeric
        if repeated and _is_coded(each) and (_is_named(each) or each.words & _SHORT):
            return True
    return False


def _names_people_across(table: Table) -> bool:
    """Whether columns, not rows, are named by codes of subjects."""
    names = [each for each in table.columns[1:] if not each.startswith("column ")]
    if len(names) < 5 or not table.rows:
        return False
    found = _codes(names)
    return len(found) * 5 >= len(names) * 4 or _is_numbered(names)


_NUMBERED: Final = re.compile(r"([A-Za-z]+)[ _-]?(\d{1,4})")


def _is_numbered(names: Sequence[str]) -> bool:
    """Whether names are one stem for subjects with the numbers one after the other."""
    parts = [_NUMBERED.fullmatch(name.strip()) for name in names]
    found = [each for each in parts if each]
    if len(found) < len(names) or len(names) < _SOME:
        return False
    stems, numbers = {each[1].lower() for each in found}, [int(each[2]) for each in found]
    return (
        len(stems) == 1
        and stems <= _STEMS - {"s", "id"} | {"s"}
        and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    )


def _codes(names: Sequence[str]) -> list[str]:
    """Those of the names that are codes of subjects."""
    if len({name.strip() for name in names}) < len(names):
        return []
    found = []
    for name in names:
        code = _CODED.fullmatch(name.strip())
        stem = re.sub(r"[\d_\- ]+$", "", code[1].lower()) if code else ""
        if code and not _NOT_SUBJECTS.fullmatch(stem) and (stem in _STEMS or len(code[2]) >= 4):
            found.append(name)
    return found


def _is_named(column: Profile) -> bool:
    if _RESAMPLED.search(column.name):
        return False
    if not column.words & _SUBJECTS or column.kind in (Kind.COUNT, Kind.MEASURE, Kind.SETTING):
        return False
    entries = [c for c in column.filled if _ENTRY.fullmatch(c) and not _STUDY.fullmatch(c)]
    named = len(entries) * 5 >= len(column.filled) * 4 and not column.has_decimals
    if column.is_numeric:
        return named and len(column.filled) >= 5
    return named


def _is_coded(column: Profile) -> bool:
    """Whether entries are codes such as `P001` or `sub-12` under whatever header."""
    found = [_CODED.fullmatch(cell) for cell in column.filled[:500]]
    stems = {each[1].lower() for each in found if each}
    full = sum(each is not None for each in found) * 5 >= len(found) * 4
    stems = {re.sub(r"[\d_\- ]+$", "", stem) for stem in stems}
    if not full or len(stems) > 3 or len(found) < 5:
        return False
    lengths = {len(each[2]) for each in found if each}
    return not any(_NOT_SUBJECTS.fullmatch(stem.rstrip("_- ")) for stem in stems) and (
        min(lengths) >= 3 or bool(stems & _STEMS)
    )


def _has_people(table: Table, columns: Sequence[Profile]) -> bool:
    """Whether columns are properties of persons and no row sums several of them up."""
    if len(table.rows) < _SOME or any(each.kind in _AGGREGATES for each in columns):
        return False
    if any(
        each.words
        & {"n", "count", "hr", "coef", "fpr", "tpr", "epoch", "loss", "fold", "seed", "run"}
        for each in columns
    ):
        return False
    personal = [
        each for each in columns
        if each.is_personal and not _is_label_only(each) and (each.is_numeric or each.distinct < 1)
    ]  # fmt: skip
    spread = [
        each for each in personal
        if each.is_numeric and each.levels >= 8 and not each.is_ordered()
    ]  # fmt: skip
    settings = [each for each in columns if each.kind is Kind.SETTING or "model" in each.words]
    return len(personal) > 1 and bool(spread) and not settings


def _is_label_only(column: Profile) -> bool:
    return not column.filled or column.words <= {"auc", "years", "months"}


def _has_points(columns: Sequence[Profile]) -> bool:
    """Whether rows are points of an embedding in two or three dimensions."""
    points = [each for each in columns if _COORDINATES.fullmatch(each.name) and each.is_numeric]
    if len(points) < 2 or len(points[0].filled) < _SOME:
        return False
    named = any(not e.is_numeric and e.distinct > 0.9 and "feature" in e.words for e in columns)
    return not named and not all(each.is_ordered() for each in points)


def _is_like_records(table: Table, columns: Sequence[Profile]) -> bool:
    """Whether bland columns have the mixture of records: measured values beside few categories."""
    if len(table.rows) < _MANY or not 3 <= len(columns) <= 200:
        return False
    if any(each.is_result or each.kind in _AGGREGATES for each in columns):
        return False
    if any(each.kind in (Kind.SETTING, Kind.MEASURE) and not each.is_personal for each in columns):
        return False
    measured = [
        each for each in columns
        if each.is_numeric and each.distinct > 0.6 and each.levels > 20 and not each.is_ordered()
    ]  # fmt: skip
    categories = [each for each in columns if 2 <= each.levels <= 10]
    return bool(measured) and bool(categories)


def _is_a_value_per_case(table: Table, columns: Sequence[Profile]) -> bool:
    """Whether unnamed rows hold measures in no order, as one value of each image would be."""
    if (
        len(table.rows) < _MANY
        or len(columns) > 12
        or _NO_RECORDS.search(f"{table.caption} {' '.join(table.columns)}")
    ):
        return False
    if any(
        each.words & {"epoch", "step", "fold", "seed", "loss", "lr", "trial"} for each in columns
    ):
        return False
    numeric = [each for each in columns if each.is_numeric]
    measured = [each for each in numeric if _is_spread(each)]
    return (
        len(numeric) == len(columns)
        and len(measured) * 2 > len(columns)
        and not any(each.is_ordered() for each in columns)
        and not any(each.kind in (Kind.SETTING, Kind.COUNT) for each in columns)
        and (len(columns) > 1 or measured[0].kind is Kind.MEASURE or measured[0].is_personal)
    )


def _is_a_score_per_case(table: Table, columns: Sequence[Profile]) -> bool:
    """Whether each row is what a model said of one case and what was true: a class, a score."""
    columns = [each for each in columns if not each.words & {"fold", "index"}]
    if len(table.rows) < _MANY or not 2 <= len(columns) <= 3:
        return False
    if any(each.kind is Kind.COUNT or each.words & _NO_CASES for each in columns):
        return False
    truths = [each for each in columns if each.is_numeric and each.levels == 2]
    scores = [
        each for each in columns
        if each.is_numeric and each.has_decimals and each.distinct > 0.6 and not each.is_ordered()
        and bool((each.numbers >= 0).all() and (each.numbers <= 1).all())
    ]  # fmt: skip
    return bool(truths) and bool(scores) and not any(each.is_ordered() for each in truths)


def _is_spread(column: Profile) -> bool:
    """Whether values are nearly all different, or those of a property of persons."""
    return column.distinct > 0.4 or (column.is_personal and column.levels >= 8)


def _has_event_times(columns: Sequence[Profile]) -> bool:
    """Whether a survival curve steps at every single event: many times, none of a raster."""
    if len(columns) < 2 or not any(each.words & _SURVIVAL for each in columns):
        return False
    times = columns[0].numbers
    if times.size < _CURVE or columns[0].levels < times.size:
        return False
    steps = numpy.diff(times)
    return bool((steps > 0).all()) and len(set(steps.round(6).tolist())) > times.size / 5


_LIST_IN_CELL: Final = re.compile(
    r"\s*\[?\s*-?\d+(?:\.\d+)?(?:\s*[;,|]\s*-?\d+(?:\.\d+)?){9,}\s*\]?\s*"
)


def _packed(table: Table) -> Iterable[str]:
    """Columns with cells that each hold ten values or more, in no order: of as many persons."""
    for column, name in enumerate(table.columns):
        for row in table.rows[:_PACKED_ROWS]:
            if len(row[column]) < 20 or not _LIST_IN_CELL.fullmatch(row[column]):
                continue
            values = [float(each) for each in re.findall(r"-?\d+(?:\.\d+)?", row[column])]
            steps = numpy.diff(values)
            ordered = bool((steps >= 0).all() or (steps <= 0).all())
            if not ordered and len(set(values)) * 3 > len(values):
                yield f"{table.at}, column {name}" if table.at else f"column {name}"
                break


_PACKED_ROWS: Final = 400


def _falls_by_one(columns: Sequence[Profile]) -> bool:
    """Whether a share of all falls or rises by the same least step at times of no raster.

    That step is one person: each row is the time of an event, whatever the columns are called.
    """
    found = [each for each in columns if each.is_numeric and not each.words & _NO_CASES]
    for share in found:
        values = share.numbers
        if values.size < _STEPS or values.min() < 0 or values.max() > 1 or share.levels < _STEPS:
            continue
        steps = numpy.abs(numpy.diff(values))
        taken = steps[steps > 1e-9]
        if not share.is_ordered() or taken.size < _STEPS - 1:
            continue
        one = float(taken.min())
        times = taken / one
        is_whole = bool((numpy.abs(times - times.round()) < 0.06 * times.round()).all())
        if one < _LEAST_STEP or not is_whole or float((times.round() == 1).mean()) < 0.6:
            continue
        if any(_is_irregular(each) for each in found if each.index < share.index):
            return True
    return False


def _is_irregular(column: Profile) -> bool:
    """Whether values rise, by steps that are seldom the same."""
    steps = numpy.diff(column.numbers)
    rising = bool((steps >= 0).all()) and column.levels > column.numbers.size / 2
    return rising and len(set(steps.round(6).tolist())) > column.numbers.size / 3


_STEPS: Final = 8
_LEAST_STEP: Final = 1e-4
RULES: Final = (Rule("row-level-data", 3, _row_level),)
