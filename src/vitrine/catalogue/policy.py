"""What may be published: pure rules, each with its reason."""

from __future__ import annotations

from collections.abc import Set

from vitrine.access.verdict import ALLOWED, Verdict
from vitrine.catalogue.clinical import ClinicalTable
from vitrine.dicom.inventory import Inventory
from vitrine.ids import is_name


def may_be_named(name: str, title: str) -> Verdict:
    """Whether a dataset may have this name and title."""
    if not is_name(name):
        return Verdict(
            "a dataset name is 2 to 32 lower-case letters, digits and hyphens, "
            "starting with a letter and not ending with a hyphen"
        )
    if not title.strip() or len(title) > 200 or not title.isprintable():
        return Verdict("a dataset needs a title of one line, at most 200 characters")
    return ALLOWED


def may_publish(
    inventory: Inventory, clinical: ClinicalTable, *, with_names: bool = True
) -> Verdict:
    """Whether these images and this table may become a version; lists every reason against it.

    Patients are counted, never named.

    Args:
        with_names: whether files are named; the audit log takes only their number.
    """
    problems = inventory.problems(with_names=with_names)
    reasons = [*problems, *_unmatched(inventory.patients, clinical.patients)]
    return Verdict("; ".join(reasons)) if reasons else ALLOWED


def _unmatched(in_images: Set[str], in_table: Set[str]) -> list[str]:
    """Sentences about patients who are on one side only."""
    reasons = []
    if only_table := len(in_table - in_images):
        reasons.append(f"{_patients(only_table)} of the clinical table without images")
    if only_images := len(in_images - in_table):
        reasons.append(f"{_patients(only_images)} of the images not in the clinical table")
    return reasons


def _patients(number: int) -> str:
    return "1 patient" if number == 1 else f"{number} patients"
