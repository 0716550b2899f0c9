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
