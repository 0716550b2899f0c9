"""De-identify a clinical table with the key of its images: the same pseudonyms, the same shift."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

import pandas

from vitrine.deid.keys import Key
from vitrine.deid.rules.profile import Profile
from vitrine.deid.tables import columns
from vitrine.deid.tables.columns import Kind
from vitrine.deid.tables.decisions import Decisions
from vitrine.deid.tables.generalise import Action, Step, change_of, day_of, number_of
from vitrine.errors import InvalidInput

PATIENT: Final = "PatientID"
"""The column of pseudonyms, named as in the images."""

_DAY: Final = re.compile(
    r"(?<!\d)(?:(?:18|19|20)\d\d-?[01]\d-?[0-3]\d|\d\d?[./]\d\d?[./]\d{4})(?!\d)"
)
_TOKEN: Final = re.compile(r"[^\W_]+")
_SHORTEST: Final = 3
_SHORTEST_NUMBER: Final = 5
_FIRST_YEAR: Final = 1800

Cells = list[str]


@dataclass(frozen=True, slots=True)
class Column:
    """What became of one column. Holds no value."""

    name: str
    kind: str
    outcome: str
    """`pseudonyms`, `kept`, `changed`, `shifted`, `days from …`, `dropped`."""

    emptied: int = 0
    """Cells that had a value and have none: not decided, no date, or naming their patient."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A table that was de-identified, and what was done."""

    table: pandas.DataFrame = field(repr=False)
    columns: tuple[Column, ...]
    rows_dropped: int


@dataclass(frozen=True, slots=True)
class _Rows:
    """What every column needs: whose the rows are, and words that name them."""

    patients: Cells = field(repr=False)
    """By row, the PatientID of the images, in clear."""

    names: list[frozenset[str]] = field(repr=False)
    days: list[int] = field(repr=False)
    """By row, how far its dates move into the past."""

    baseline: Mapping[str, date] = field(repr=False)


def deidentify(
    table: pandas.DataFrame, id_column: str, key: Key, profile: Profile, decisions: Decisions
) -> Outcome:
    """The table under pseudonyms, its rows in their order; `table` is left as it was.

    Identifiers go; free text goes unless its value is decided; dates move with the images', or
    become days from a baseline; ages are capped as in the images; a cell that names its own
    patient or holds a day is emptied.

    Raises:
        InvalidInput: when decisions name no column, or want to keep what identifies.
    """
    kinds = columns.kinds_of(table, id_column, decisions.kinds)
    _check(kinds, id_column, decisions)
    said = decisions.patients
    is_kept = (table[id_column] != "") & ~table[id_column].isin(said.drop)
    kept = table[is_kept].reset_index(drop=True)
    if not len(kept):
        raise InvalidInput("no row of the table is left")
    patients = [said.link.get(each, each) for each in kept[id_column]]
    rows = _rows(kept, kinds, patients, key, profile, decisions)
    made: dict[str, Cells] = {PATIENT: [key.pseudonym(each) for each in patients]}
    report = [Column(id_column, Kind.IDENTIFIER, "pseudonyms")]
    for name, kind in kinds.items():
        if name == id_column:
            continue
        cells = [str(each) for each in kept[name]]
        outcome, changed = _column(name, kind, cells, rows, profile, decisions)
        for step in decisions.changes:
            if step.column == name and changed is not None and step.action is not Action.KEEP:
                changed, outcome = _stepped(step, changed, patients), "changed"
        if changed is None:
            report.append(Column(name, kind, "dropped"))
            continue
        lost = sum(bool(a) and not b for a, b in zip(cells, changed, strict=True))
        made[f"{name}_days" if outcome.startswith("days") else name] = changed
        report.append(Column(name, kind, outcome, lost))
    # The order of rows of a delivery, by name or by admission, is information itself.
    result = pandas.DataFrame(made).sort_values(PATIENT, kind="stable", ignore_index=True)
    return Outcome(result, tuple(report), len(table) - len(kept))


def _check(kinds: Mapping[str, Kind], id_column: str, decisions: Decisions) -> None:
    named = {each.column for each in decisions.changes} | set(decisions.texts)
    named |= {decisions.baseline} - {""}
    unknown = sorted(each for each in named if each not in kinds and not _of_images(each))
    if unknown:
        raise InvalidInput(f"the decisions name columns that are not there: {', '.join(unknown)}")
    for step in decisions.changes:
        is_drop = step.action is Action.DROP
        if kinds.get(step.column) is Kind.IDENTIFIER and not is_drop:
            raise InvalidInput(
                f"the column {step.column} is taken for an identifier and cannot be kept",
                hint="say under kinds what else it is, if it is",
            )
    if decisions.baseline and kinds[decisions.baseline] is not Kind.DATE:
        raise InvalidInput(f"the baseline {decisions.baseline} is not taken for a date")
    if PATIENT in kinds and id_column != PATIENT and kinds[PATIENT] is not Kind.IDENTIFIER:
        raise InvalidInput(f"the table has another column {PATIENT}")


def _of_images(name: str) -> bool:
    """Whether a step of a proposal is for headers, where a profile makes it, not this table."""
    return name.startswith("images.")


def _rows(
    table: pandas.DataFrame, kinds: Mapping[str, Kind], patients: Cells, key: Key,
    profile: Profile, decisions: Decisions,
) -> _Rows:  # fmt: skip
    naming = [table[name] for name, kind in kinds.items() if kind is Kind.IDENTIFIER]
    names = [
        frozenset(token for cell in (*cells, patient) for token in _names_in(cell))
        for *cells, patient in zip(*naming, patients, strict=True)
    ]
    shift = {each: key.shift_days(each, *profile.shift_days) for each in set(patients)}
    baseline: dict[str, date] = {}
    if decisions.baseline:
        for patient, cell in zip(patients, table[decisions.baseline], strict=True):
            day = day_of(cell)
            if day is not None:
                baseline[patient] = min(day, baseline.get(patient, day))
    return _Rows(patients, names, [shift[each] for each in patients], baseline)


def _names_in(cell: str) -> Iterator[str]:
    """Words of an identifier that tell somebody, and the identifier as a whole."""
    words = _TOKEN.findall(cell.casefold())
    yield from (word for word in words if len(word) >= _SHORTEST)
    if len(whole := "".join(words)) >= _SHORTEST:
        yield whole


def _column(
    name: str, kind: Kind, cells: Cells, rows: _Rows, profile: Profile, decisions: Decisions
) -> tuple[str, Cells | None]:
    """What becomes of a column before its steps, in a word; None when it goes."""
    if any(each.column == name and each.action is Action.DROP for each in decisions.changes):
        return "dropped", None
    match kind:
        case Kind.IDENTIFIER:
            return "dropped", None
        case Kind.FREE_TEXT if name not in decisions.texts:
            return "dropped", None
        case Kind.FREE_TEXT:
            decided = decisions.texts[name]
            said = [decided[cell].of(cell) if cell in decided else "" for cell in cells]
            return "changed", _nameless(said, rows)
        case Kind.DATE | Kind.SHIFTED_DATE:
            return _dates(cells, rows, profile, decisions)
        case Kind.AGE if any(map(_is_birth, cells)):
            return "dropped", None  # with any age it would give the shift of the dates away
        case Kind.AGE:
            return "changed", [_capped(cell, profile.age_cap_years) for cell in cells]
        case _:
            return "kept", _nameless(cells, rows)


def _dates(
    cells: Cells, rows: _Rows, profile: Profile, decisions: Decisions
) -> tuple[str, Cells | None]:
    days = [day_of(cell) for cell in cells]
    if decisions.baseline:
        began = [rows.baseline.get(each) for each in rows.patients]
        return f"days from {decisions.baseline}", [
            str((day - start).days) if day and start else ""
            for day, start in zip(days, began, strict=True)
        ]
    match profile.dates:
        case "shift":
            return "shifted", [
                _moved(day, moved) if day else ""
                for day, moved in zip(days, rows.days, strict=True)
            ]
        case "generalise":
            return "changed", [f"{day.year}-01-01" if day else "" for day in days]
        case _:
            return "dropped", None


def _moved(day: date, by_days: int) -> str:
    try:
        return (day - timedelta(days=by_days)).isoformat()
    except OverflowError:
        return ""


def _is_birth(cell: str) -> bool:
    """Whether a cell of an age column is a day or a year."""
    return day_of(cell) is not None or (number_of(cell) or 0) >= _FIRST_YEAR


def _capped(cell: str, cap_years: int) -> str:
    number = number_of(cell)
    return f"{cap_years}" if number is not None and number >= cap_years else cell


def _nameless(cells: Cells, rows: _Rows) -> Cells:
    """Cells as they are, and those empty that name their own patient or hold a day."""
    words: dict[str, frozenset[str]] = {}
    for cell in set(cells):
        is_measure = number_of(cell) is not None and len(cell) < _SHORTEST_NUMBER
        words[cell] = frozenset() if is_measure else frozenset(_names_in(cell))
    return [
        "" if words[cell] & names or _DAY.search(cell) else cell
        for cell, names in zip(cells, rows.names, strict=True)
    ]


def _stepped(step: Step, cells: Cells, patients: Cells) -> Cells:
    counts = Counter(cell for _patient, cell in set(zip(patients, cells, strict=True)))
    change: Callable[[str], str] | None = change_of(step, counts)
    made = {cell: change(cell) if change and cell else cell for cell in set(cells)}
    return [made[cell] for cell in cells]
