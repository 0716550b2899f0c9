"""Read a clinical table of CSV, Excel or Parquet as texts, within limits for hostile files.

Every value is a text as the file shows it, so that leading zeros of record numbers stay; what is
missing is the empty text.
"""

from __future__ import annotations

import csv
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

import openpyxl
import pandas
import pyarrow
from pyarrow import parquet

from vitrine.errors import InvalidInput

ROWS_LIMIT: Final = 5_000_000
COLUMNS_LIMIT: Final = 2_000
BYTES_LIMIT: Final = 2 << 30
"""Of the file, and of what a compressed file says that it becomes."""

_CELLS_LIMIT: Final = 200_000_000
_HEADER_BYTES: Final = 1 << 20
_SEPARATORS: Final = ",;\t"
_HINT: Final = "give one table as CSV in UTF-8, Excel (xlsx) or Parquet"


def read(path: Path, id_column: str) -> pandas.DataFrame:
    """The table at `path`: every column as texts without spaces around, missing values empty.

    Raises:
        InvalidInput: when it cannot be read, is too large, or lacks `id_column`. The message
            names the file and columns, never a value.
    """
    try:
        if path.stat().st_size > BYTES_LIMIT:
            raise InvalidInput(f"the table {path.name} is larger than {BYTES_LIMIT >> 30} GiB")
        table = _by_suffix(path)
    except InvalidInput:
        raise
    except UnicodeDecodeError:
        raise InvalidInput(f"the table {path.name} is not UTF-8 text", hint=_HINT) from None
    except OSError as problem:
        why = (problem.strerror or "it is damaged").lower()
        raise InvalidInput(f"the table {path} cannot be read: {why}", hint=_HINT) from None
    except Exception as problem:  # whatever a damaged file does to its reader
        raise InvalidInput(
            f"the table {path.name} cannot be read ({type(problem).__name__})", hint=_HINT
        ) from None
    if id_column not in table.columns:
        names = ", ".join(table.columns[:20])
        raise InvalidInput(
            f"the table {path.name} has no column {id_column}", hint=f"it has {names}"
        )
    if not len(table):
        raise InvalidInput(f"the table {path.name} has no rows")
    return table


def _by_suffix(path: Path) -> pandas.DataFrame:
    match path.suffix.lower():
        case ".parquet":
            return _parquet(path)
        case ".xlsx" | ".xlsm":
            return _excel(path)
        case ".csv" | ".tsv" | ".txt":
            return _csv(path)
        case other:
            raise InvalidInput(
                f"the table {path.name} is of an unknown kind {other or '(no suffix)'}", hint=_HINT
            )


def _csv(path: Path) -> pandas.DataFrame:
    with open(path, "rb") as raw:
        if any(b"\0" in block for block in iter(lambda: raw.read(1 << 20), b"")):
            raise InvalidInput(f"the table {path.name} holds NUL characters", hint=_HINT)
    with open(path, encoding="utf-8-sig", newline="") as stream:
        first = stream.readline(_HEADER_BYTES)
        separator = max(_SEPARATORS, key=first.count)
        stream.seek(0)
        names = next(csv.reader(stream, delimiter=separator), [])
    _check(path, names, 0)
    with warnings.catch_warnings():
        # A line longer than the header would otherwise be cut, or shift every column.
        warnings.simplefilter("error", pandas.errors.ParserWarning)
        table = pandas.read_csv(
            path, sep=separator, dtype=str, keep_default_na=False, index_col=False,
            encoding="utf-8-sig", nrows=ROWS_LIMIT + 1,
        )  # fmt: skip
    _check(path, names, len(table))
    table.columns = pandas.Index([each.strip() for each in names])
    return pandas.DataFrame({name: table[name].fillna("").str.strip() for name in table.columns})


def _excel(path: Path) -> pandas.DataFrame:
    with zipfile.ZipFile(path) as archive:
        if sum(each.file_size for each in archive.infolist()) > BYTES_LIMIT:
            raise InvalidInput(f"the workbook {path.name} unpacks to more than the limit")
    book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    try:
        filled = [sheet for sheet in book.worksheets if any(_lines(path, sheet.iter_rows()))]
        if len(filled) != 1:
            raise InvalidInput(
                f"the workbook {path.name} has {len(filled)} sheets with values",
                hint="keep the sheet with the table and remove the others",
            )
        lines = _lines(path, filled[0].iter_rows(values_only=True))
        names = [_text(each) for each in next(lines, ())]
        while names and not names[-1]:
            names.pop()
        rows = [[_text(each) for each in line] for line in lines]
    finally:
        book.close()
    _check(path, names, len(rows))
    if any(any(row[len(names) :]) for row in rows):
        raise InvalidInput(f"the workbook {path.name} has values beside its named columns")
    whole = [(row + [""] * len(names))[: len(names)] for row in rows if any(row)]
    return pandas.DataFrame(whole, columns=names, dtype=object)


def _lines(path: Path, rows: Iterable[tuple[Any, ...]]) -> Any:
    """Rows of a sheet, as long as they stay within the limits."""
    cells = 0
    for number, row in enumerate(rows):
        cells += len(row)
        if number > ROWS_LIMIT or len(row) > 16_384 or cells > _CELLS_LIMIT:
            raise InvalidInput(f"the workbook {path.name} is larger than the limit")
        yield row


def _parquet(path: Path) -> pandas.DataFrame:
    file = parquet.ParquetFile(path)
    about = file.metadata
    size = sum(about.row_group(each).total_byte_size for each in range(about.num_row_groups))
    if size > BYTES_LIMIT or about.num_rows * about.num_columns > _CELLS_LIMIT:
        raise InvalidInput(f"the table {path.name} unpacks to more than the limit")
    _check(path, file.schema_arrow.names, about.num_rows)
    if any(pyarrow.types.is_nested(each.type) for each in file.schema_arrow):
        raise InvalidInput(f"the table {path.name} has columns of lists or records", hint=_HINT)
    table = file.read()
    return pandas.DataFrame(
        {name: [_text(each) for each in table.column(name).to_pylist()] for name in
         table.column_names}, dtype=object,
    )  # fmt: skip


def _check(path: Path, names: list[str], rows: int) -> None:
    bare = [str(each).strip() for each in names]
    twice = sorted(name for name, times in Counter(bare).items() if times > 1 and name)
    if twice:
        raise InvalidInput(f"the table {path.name} has columns of one name: {', '.join(twice[:5])}")
    if not bare or not all(bare):
        raise InvalidInput(f"the table {path.name} has columns without a name")
    if len(bare) > COLUMNS_LIMIT or rows > ROWS_LIMIT:
        raise InvalidInput(
            f"the table {path.name} has more than {COLUMNS_LIMIT} columns or {ROWS_LIMIT} rows"
        )


def _text(value: Any) -> str:
    """A cell as a text: whole numbers without a point, days without a time."""
    match value:
        case None:
            return ""
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime() | date():
            return value.isoformat()
        case float() if value != value:
            return ""
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case _:
            return str(value).strip().replace("\0", "")
