"""Whether a clinical table and a folder of images speak of the same patients.

Ids are compared exactly, without spaces around, because that is what the key makes pseudonyms of.
Ids that differ only in how they are written are shown as variants and never linked by themselves:
`7` and `007` may be two people.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pandas

from vitrine.deid.tables.decisions import Decisions
from vitrine.dicom.headers import Outcome, headers_below, text_of
from vitrine.errors import InvalidInput

_FORMS: Final[tuple[tuple[str, Callable[[str], str]], ...]] = (
    ("spaces", lambda each: re.sub(r"\s+", "", each)),
    ("case", lambda each: re.sub(r"\s+", "", each).casefold()),
    ("punctuation", lambda each: re.sub(r"[\W_]+", "", each).casefold()),
    ("leading zeros", lambda each: _unpadded(re.sub(r"[\W_]+", "", each).casefold())),
    ("issuer", lambda each: _unpadded(_local(each).casefold())),
)
"""Ways of writing that may hide that two ids are one, the least doubtful first."""


@dataclass(frozen=True, slots=True)
class Variant:
    """An id of the table and one of the images that may mean the same person."""

    table: str = field(repr=False)
    images: str = field(repr=False)
    because: str
    """What they differ in."""

    is_ambiguous: bool
    """Whether either may be one with another id, too."""


@dataclass(frozen=True, slots=True)
class Pixels:
    """The ids of a folder of images, and what has none."""

    ids: frozenset[str] = field(repr=False)
    without_id: int = 0
    unreadable: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinReport:
    """Who is in the table, in the images, in both, and what nobody has decided. Shows no id."""

    both: int
    """Patients in both, linked ones included."""

    only_in_table: tuple[str, ...] = field(repr=False)
    only_in_images: tuple[str, ...] = field(repr=False)
    variants: tuple[Variant, ...] = field(repr=False)
    undecided: tuple[str, ...] = field(repr=False)
    """Ids of either side that are neither linked, dropped nor waived."""

    rows_without_patient: int
    images_without_patient: int
    unreadable: int
    open: tuple[str, ...]
    """What has to be answered, a sentence each, without an id; none when all is."""

    def as_json(self) -> dict[str, Any]:
        """The report as the command line prints it, with the ids for whoever has to decide."""
        return {
            "both": self.both,
            "only_in_table": list(self.only_in_table),
            "only_in_images": list(self.only_in_images),
            "variants": [
                {"table": each.table, "images": each.images, "because": each.because,
                 "is_ambiguous": each.is_ambiguous}
                for each in self.variants
            ],
            "undecided": list(self.undecided),
            "rows_without_patient": self.rows_without_patient,
            "images_without_patient": self.images_without_patient,
            "unreadable": self.unreadable,
            "open": list(self.open),
        }  # fmt: skip


def ids_of(root: Path) -> Pixels:
    """The PatientIDs of the images below `root`; links are not followed.

    Raises:
        InvalidInput: when there is no such folder.
    """
    if not root.is_dir():
        raise InvalidInput(f"there is no folder {root}")
    found, nameless, unreadable = set(), set(), 0
    for header, outcome in headers_below(root, ["PatientID", "StudyInstanceUID"]):
        unreadable += outcome is Outcome.UNREADABLE
        if header is None:
            continue
        try:
            patient, study = text_of(header, "PatientID"), text_of(header, "StudyInstanceUID")
        except Exception:  # a damaged element
            unreadable += 1
            continue
        found |= {patient} - {""}
        nameless |= set() if patient else {study}
    return Pixels(frozenset(found), len(nameless), unreadable)


def compared(
    table: pandas.DataFrame, id_column: str, pixels: Pixels, decisions: Decisions
) -> JoinReport:
    """The report on a table that was read and the ids of its images.

    Raises:
        InvalidInput: when a link leads to no image.
    """
    said = decisions.patients
    rows = table[id_column]
    ids = frozenset(rows) - {""}
    linked = {own: other for own, other in said.link.items() if own in ids}
    if any(other not in pixels.ids for other in linked.values()):
        raise InvalidInput("the decisions link an id of the table to one that no image has")
    meant = {linked.get(each, each) for each in ids}
    only_table = sorted(each for each in ids if linked.get(each, each) not in pixels.ids)
    only_images = sorted(pixels.ids - meant)
    undecided = [e for e in (*only_table, *only_images) if e not in said.drop | said.waive]
    return JoinReport(
        both=len(meant & pixels.ids),
        only_in_table=tuple(only_table),
        only_in_images=tuple(only_images),
        variants=_variants(only_table, only_images),
        undecided=tuple(undecided),
        rows_without_patient=int((rows == "").sum()),
        images_without_patient=pixels.without_id,
        unreadable=pixels.unreadable,
        open=(
            *_open(undecided, only_table, pixels),
            *nameless(table, id_column, decisions),
        ),
    )


def nameless(table: pandas.DataFrame, id_column: str, decisions: Decisions) -> tuple[str, ...]:
    """What has to be answered about rows that name no patient."""
    count = int((table[id_column] == "").sum())
    if not count or decisions.rows_without_patient == "drop":
        return ()
    return (f"{count} rows name no patient: correct them, or say rows_without_patient: drop",)


def _open(undecided: list[str], only_table: Iterable[str], pixels: Pixels) -> tuple[str, ...]:
    of_table = len(set(undecided) & set(only_table))
    found = {
        "patients of the table have no images: link, drop or waive them": of_table,
        "patients of the images are not in the table: link, drop or waive them":
            len(undecided) - of_table,
        "files of the images cannot be read: repair or remove them": pixels.unreadable,
    }  # fmt: skip
    return tuple(f"{count} {what}" for what, count in found.items() if count)


def _variants(table: Iterable[str], images: Iterable[str]) -> tuple[Variant, ...]:
    """Pairs that are equal in some way of writing; each pair by the least doubtful way."""
    pairs: dict[tuple[str, str], str] = {}
    for because, form in _FORMS:
        by_form: Mapping[str, list[str]] = defaultdict(list)
        for each in images:
            by_form[form(each)].append(each)
        for own in table:
            for other in by_form.get(form(own), []) if form(own) else []:
                pairs.setdefault((own, other), because)
    times: Counter[tuple[str, str]] = Counter()
    for own, other in pairs:
        times["table", own] += 1
        times["images", other] += 1
    return tuple(
        Variant(own, other, because, max(times["table", own], times["images", other]) > 1)
        for (own, other), because in sorted(pairs.items())
    )


def _unpadded(value: str) -> str:
    """Without zeros before the first other digit of each run of digits."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", value)


def _local(value: str) -> str:
    """The longest part of an id between marks: without the issuer before or behind it."""
    parts = [each for each in re.split(r"[\W_]+", value) if any(map(str.isdigit, each))]
    return max(parts, key=len, default=value)
