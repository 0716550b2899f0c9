"""Outputs of a notebook with the source that made them, and the words that tell what they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from vitrine.egress.checks.document import Document, Role, Text
from vitrine.egress.checks.rules.tables_words import word_set

STRONG: Final = word_set(
    "age sex gender dob bmi ethnicity race smoker smoking smoked diagnosis psa stage grade "
    "histology mutation birads pirads died dead death alive diabetes hypertension ecog admission "
    "discharge egfr creatinine outcome lesion biopsy gleason side laterality pack_years tnm "
    "comorbidity relapse recurrence treatment finding findings birthdate"
)
"""Headers that only a table about persons has."""

WEAK: Final = word_set(
    "weight height volume time days months years dose suv date label target patient case subject "
    "scanner site hospital surgeon pathology report event status los cost size"
)
"""Headers that a table about persons may have, beside strong ones."""

METRIC: Final = re.compile(
    r"auc|roc|accurac|\bacc\b|precision|recall|sensitiv|specific|f1|dice|iou|jaccard|hausdorff"
    r"|score|loss|kappa|brier|mse|mae|rmse|r2|ssim|psnr|error|lr\b|learning|grad|epoch|fold|seed"
    r"|p_?val|statistic|likelihood|coef|importanc|shap|weights?\b|bias\b|\bcv\b|trial",
    re.IGNORECASE,
)
"""Words beside numbers that measure a model, not persons."""

_THINGS: Final = re.compile(
    r"feat\w*|radiomic\w*|protein|marker|probe|region|voxel|topic|var|variable|variant|split|sim"
    r"|boot\w*|draw|point|time|slice|scenario|item|code|parcel|edge|coef|component|word|ckpt|job"
    r"|task|layer|epoch|exp|run|trial|fold|model|step|token|gene|roi|channel|dim|emb|class|config"
    r"|conv|block|bn|fc|week|year|month|day|bin|rs|icd|cluster|seed|version|snp|original|wavelet"
    r"|node|unit|stage|head|site|centre|center|resnet|densenet|vgg|vit|efficientnet|unet|iter"
    r"|batch|checkpoint|table|figure|fig|phase|arm|group|section|page|gh|pr|issue|cve|rfc|iso|pep"
    r"|ensg|ensp|enst|nm|np|chr|go|hp|doid|omim|loc|loinc|snomed|hsa|mir|mni|sha|md5|utf|int"
    r"|float|uint|complex|cuda|gpu|cpu|port|http|rgb|step|level|scale|kernel|bootstrap|gse|gsm"
    r"|egfr|cd|hu|px|mm|mb|gb|q|v|x|f|t|n|m|c|j|i",
    re.IGNORECASE,
)
"""Stems of numbered names that are no persons."""

PERSONS: Final = frozenset(
    {"p", "pt", "pat", "patient", "sub", "subj", "subject", "case", "id", "pid", "mrn", "eid"}
)
CODE: Final = r"(?:[A-Za-z]{1,10}\d{0,2}[-_]?\d{2,12}[A-Za-z]?(?:[-_][A-Za-z\d]{1,8}){0,2})"
"""A code such as `HN0121` or `LUNG1-012`."""

_SPLIT: Final = re.compile(r"([A-Za-z]{1,10})(\d{0,2}(?=[-_])|)([-_]?)(\d{2,12})")
_OUTPUT: Final = re.compile(r"^cell \d+ output \d+")
_SHOWING: Final = re.compile(r"(?:print|display|show)\b")
_LINE: Final = 400
_ASKED: Final = 2_000
_CELL: Final = re.compile(r"cell \d+")


@dataclass(frozen=True, slots=True)
class Shown:
    """A text of an output, and the source of its cell."""

    source: str
    text: Text


def shown_in(document: Document) -> Iterator[Shown]:
    """Every text that an output shows; nothing of a file that is no notebook."""
    if document.kind != "notebook":
        return
    sources = sources_of(document)
    for text in document.texts:
        if text.role in (Role.OUTPUT, Role.PROSE) and is_output(text.at):
            yield Shown(sources.get(cell_of(text.at), ""), text)


def sources_of(document: Document) -> dict[str, str]:
    """The source of each code cell by its place, such as `cell 3`."""
    return {
        each.at: each.text
        for each in document.texts
        if each.role is Role.CODE and _CELL.fullmatch(each.at)
    }


def is_output(at: str) -> bool:
    """Whether a place is one in an output of a cell."""
    return bool(_OUTPUT.match(at))


def cell_of(at: str) -> str:
    """The cell of a place in it."""
    found = _CELL.match(at)
    return found.group() if found else ""


def asked(source: str) -> str:
    """The lines of a source that show something: the last one, and those that print."""
    lines = [line.strip() for line in source.splitlines() if line.split("#")[0].strip()]
    shown = (line for line in lines if line is lines[-1] or _SHOWING.match(line))
    return "\n".join(line[:_LINE] for line in shown)[:_ASKED]


def stem_of(code: str) -> str:
    """The letters before the number of a code of a person; empty when it names a thing."""
    found = _SPLIT.match(code)
    if found is None:
        return ""
    stem, within, mark, number = found.groups()
    known = stem.lower() in PERSONS
    is_long = len(stem) == 1 and len(number) >= 4 and not number.startswith(("19", "20"))
    if _THINGS.fullmatch(stem) and not is_long:
        return ""
    if len(number) + len(within) < 3 and not (known and mark):
        return ""
    return stem.lower()


def is_keyed(number: str) -> bool:
    """Whether digits look like a key: five to ten of them, no round number, no date, no size."""
    if not 5 <= len(number) <= 10 or number.endswith("00") or len(set(number)) < 3:
        return False
    if len(number) in (8, 10) and number.startswith(("19", "20", "16", "17")):
        return False
    return not _is_power_of_two(int(number))


def _is_power_of_two(number: int) -> bool:
    return number > 0 and number & (number - 1) == 0
