"""Write a clinical table as CSV that no spreadsheet takes for formulas, whole or not at all."""

from __future__ import annotations

import csv
import hashlib
import io
import os
from pathlib import Path
from typing import Final

import pandas

from vitrine.deid.tables.generalise import number_of
from vitrine.errors import InvalidInput

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
"""First characters that make a spreadsheet compute (OWASP, CSV injection)."""


def as_csv(table: pandas.DataFrame) -> bytes:
    """UTF-8, commas, line feeds; cells that would be formulas begin with an apostrophe."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(_inert, table.columns))
    writer.writerows(map(_inert, row) for row in table.itertuples(index=False, name=None))
    return text.getvalue().encode()


def _inert(cell: str) -> str:
    is_formula = cell.startswith(_FORMULA) and (number_of(cell) is None or cell.endswith("-"))
    return f"'{cell}" if is_formula else cell


def write(path: Path, content: bytes) -> str:
    """Write a new file, durably; gives its SHA-256. The same content again changes nothing.

    Raises:
        InvalidInput: when something else is at `path`, or it cannot be written.
    """
    digest = hashlib.sha256(content).hexdigest()
    try:
        if path.exists():
            if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == digest:
                return digest
            raise InvalidInput(f"{path} exists and holds something else", hint="give another name")
        partial = path.with_name(f".{path.name}.partial")
        partial.unlink(missing_ok=True)
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(partial, path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as problem:
        why = (problem.strerror or "").lower()
        raise InvalidInput(f"the table {path} cannot be written: {why}") from None
    return digest
