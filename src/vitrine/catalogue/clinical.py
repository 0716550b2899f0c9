"""The clinical table of a dataset: a CSV file with one PatientID column."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from vitrine.errors import InvalidInput

PATIENT_COLUMN: Final = "PatientID"
_CSV_HINT: Final = "save it as CSV: UTF-8, separated by commas, column names in the first line"
_OTHER_FORMATS: Final = frozenset(
    {".xlsx", ".xls", ".ods", ".parquet", ".sav", ".sas7bdat", ".dta"}
)


@dataclass(frozen=True, slots=True)
class ClinicalTable:
    """Columns and rows as text. Neither rows nor patients show in `repr`."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = field(repr=False)
    patients: frozenset[str] = field(repr=False)

    def as_csv(self) -> bytes:
        """The table as UTF-8 CSV with commas and line feeds: the bytes that are published."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows)
        return text.getvalue().encode()


def read_clinical(path: Path) -> ClinicalTable:
    """The clinical table at `path`.

    Raises:
        InvalidInput: when it is not a CSV table with a filled PatientID column. The message
            names lines and columns, never a value.
    """
    if path.suffix.lower() in _OTHER_FORMATS:
        raise InvalidInput(f"the clinical table {path.name} is not CSV", hint=_CSV_HINT)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput(
            f"the clinical table {path.name} is not UTF-8 text", hint=_CSV_HINT
        ) from None
    except OSError as error:
        raise InvalidInput(
            f"the clinical table {path.name} cannot be read: {error.strerror}",
            hint="give the path of a CSV file that you may read",
        ) from None
    return _table(path.name, text)


def _table(name: str, text: str) -> ClinicalTable:
    try:
        lines = [
            (reader.line_num, tuple(cell.strip() for cell in row))
            for reader in [csv.reader(io.StringIO(text, newline=""), strict=True)]
            for row in reader
        ]
    except csv.Error as error:
        raise InvalidInput(
            f"the clinical table {name} is not well-formed CSV: {error}", hint=_CSV_HINT
        ) from None
    lines = [(number, row) for number, row in lines if any(row)]
    if not lines:
        raise InvalidInput(f"the clinical table {name} is empty", hint=_CSV_HINT)
    columns = lines[0][1]
    _check_columns(name, columns)
    _check_rows(name, columns, lines[1:])
    rows = tuple(row for _, row in lines[1:])
    which = columns.index(PATIENT_COLUMN)
    return ClinicalTable(columns, rows, frozenset(row[which] for row in rows))


def _check_columns(name: str, columns: tuple[str, ...]) -> None:
    if PATIENT_COLUMN not in columns:
        hint = f"add a column named exactly {PATIENT_COLUMN} with the PatientID of the images"
        if len(columns) == 1 and (";" in columns[0] or "\t" in columns[0]):
            hint = "it seems to be separated by semicolons or tabs; save it with commas"
        raise InvalidInput(f"the clinical table {name} has no column {PATIENT_COLUMN}", hint=hint)
    if not all(columns):
        raise InvalidInput(
            f"the clinical table {name} has a column without a name", hint="name every column"
        )
    if any(times > 1 for times in Counter(columns).values()):
        raise InvalidInput(
            f"the clinical table {name} has two columns of the same name",
            hint="give every column its own name",
        )


def _check_rows(
    name: str, columns: tuple[str, ...], lines: list[tuple[int, tuple[str, ...]]]
) -> None:
    if not lines:
        raise InvalidInput(f"the clinical table {name} has no rows", hint="add one per patient")
    for number, row in lines:
        if len(row) != len(columns):
            raise InvalidInput(
                f"the clinical table {name} has {len(row)} cells in line {number} and "
                f"{len(columns)} columns",
                hint="quote cells that contain commas",
            )
        if not row[columns.index(PATIENT_COLUMN)]:
            raise InvalidInput(
                f"the clinical table {name} has no {PATIENT_COLUMN} in line {number}",
                hint="fill it in or remove the line",
            )
