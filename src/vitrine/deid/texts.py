"""The distinct texts of a delivery that a steward decides about, with how many patients have each.

What is shown here may hold names: it is for the steward's screen, and goes into no record.
"""

from __future__ import annotations

import os
import warnings
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from vitrine.deid.engine import file as engine
from vitrine.deid.engine.clean import patient_of
from vitrine.deid.engine.known import known_of
from vitrine.deid.engine.values import DECIDED, Values
from vitrine.deid.rules import table
from vitrine.errors import InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One value of one attribute."""

    keyword: str
    value: str = field(repr=False)
    patients: int
    files: int
    names_somebody: bool
    """Whether it holds a name, number or day of its own patient: such a text goes, whatever is
    decided."""

    becomes: str | None = field(repr=False)
    """What stands for it in the output; None while nothing is decided, or it is dropped."""


def texts_in(source: Path, values: Values) -> list[Text]:
    """Every distinct text below `source` that is not kept by its form, the commonest first.

    Files that cannot be read are passed over: the run refuses them with the reason.

    Raises:
        InvalidInput: when there is no such folder or file.
    """
    if not source.exists():
        raise InvalidInput(f"there is no file or folder {source}")
    patients: dict[tuple[str, str], set[str]] = defaultdict(set)
    files: dict[tuple[str, str], int] = defaultdict(int)
    naming: set[tuple[str, str]] = set()
    warnings.simplefilter("ignore")  # those of pydicom quote the value that they are about
    for path in _files(source):
        try:
            with engine.opened(path) as read:
                _collect(read.header, patients, files, naming)
        except (InvalidInput, OSError):
            continue
    found = [
        Text(
            keyword=keyword,
            value=value,
            patients=len(patients[keyword, value]),
            files=files[keyword, value],
            names_somebody=(keyword, value) in naming,
            becomes=None if (keyword, value) in naming else values.of(keyword, value),
        )
        for keyword, value in files
    ]
    return sorted(found, key=lambda each: (each.keyword, -each.patients, each.value))


def _files(source: Path) -> list[Path]:
    if source.is_file():
        return [source]
    return sorted(
        Path(folder, name)
        for folder, _, names in os.walk(source)
        for name in names
        if Path(folder, name).is_file() and not Path(folder, name).is_symlink()
    )


def _collect(
    header: Dataset,
    patients: Mapping[tuple[str, str], set[str]],
    files: dict[tuple[str, str], int],
    naming: set[tuple[str, str]],
) -> None:
    known, patient = known_of(header), patient_of(header)
    for keyword in DECIDED:
        for value in _values(header.get(keyword)):
            vocabulary = table.vocabulary()
            if vocabulary.knows_text(keyword, value) or vocabulary.knows_term(keyword, value):
                continue
            patients[keyword, value].add(patient)
            files[keyword, value] += 1
            if known.is_in(value):
                naming.add((keyword, value))


def _values(value: Any) -> list[str]:
    found = value if isinstance(value, (MultiValue, list)) else [value]
    return [text for each in found if each is not None and (text := str(each).strip())]
