"""What each column of a clinical table is, by its header and values; and one row per patient."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pandas

from vitrine.errors import InvalidInput
from vitrine.risk.policy import RiskPolicy

IDENTIFIER, FREE_TEXT, SENSITIVE, MEASURE = "identifier", "free text", "sensitive", "measure"
_ROWS_LIMIT: Final = 20_000_000
_BYTES_LIMIT: Final = 4 << 30
_LONG_TEXT: Final = 40
_MANY: Final = 0.9
_NAMES: Final = re.compile(
    r"\b(?:name|surname|forename|mrn|nhs|ssn|phone|email|address|accession|uid|patient ?id|id)\b"
)


def read(path: Path, id_column: str) -> pandas.DataFrame:
    """A table of CSV, Excel or Parquet; values of the id column as texts.

    Raises:
        InvalidInput: when it cannot be read or has no such column.
    """
    try:
        if path.stat().st_size > _BYTES_LIMIT:
            raise InvalidInput(f"the table {path.name} is larger than 4 GiB")
        table = _read(path)
    except OSError as problem:
        why = (problem.strerror or "").lower()
        raise InvalidInput(f"the table {path} cannot be read: {why}") from None
    except InvalidInput:
        raise
    except Exception as problem:  # whatever a damaged file does to its reader
        raise InvalidInput(
            f"the table {path.name} cannot be read ({type(problem).__name__})",
            hint="give CSV in UTF-8, Excel or Parquet",
        ) from None
    if id_column not in table.columns:
        raise InvalidInput(
            f"the table {path.name} has no column {id_column}",
            hint=f"it has {', '.join(map(str, table.columns[:20]))}",
        )
    if len(table) > _ROWS_LIMIT or not len(table):
        raise InvalidInput(f"the table {path.name} has {len(table)} rows")
    table[id_column] = table[id_column].astype("string").str.strip()
    return table


def _read(path: Path) -> pandas.DataFrame:
    match path.suffix.lower():
        case ".parquet":
            return pandas.read_parquet(path)
        case ".xlsx":
            return pandas.read_excel(path)
        case ".tsv":
            return pandas.read_csv(path, sep="\t")
        case _:
            return pandas.read_csv(path, sep=None, engine="python") if _odd(path) else (
                pandas.read_csv(path)
            )  # fmt: skip


def _odd(path: Path) -> bool:
    with open(path, "rb") as stream:
        head = stream.readline(65_536)
    return head.count(b";") > head.count(b",")


def kinds_of(
    table: pandas.DataFrame, id_column: str, policy: RiskPolicy, said: Mapping[str, str]
) -> dict[str, str]:
    """The kind of each column: those of the policy's words, or identifier, free text, measure.

    What no word tells is `other` and counts as known to a register: nothing is harmless because
    its header is bland. Numbers with decimals of their own for nearly each row are measures.

    Args:
        said: kinds that the caller names; they decide.
    """
    words = {kind: set(each.split()) for kind, each in policy.words.items()}
    found = {}
    for column in map(str, table.columns):
        if column == id_column:
            found[column] = IDENTIFIER
        else:
            found[column] = said.get(column) or _kind_of(column, table[column], words)
    return found


def _kind_of(name: str, column: pandas.Series[Any], words: Mapping[str, set[str]]) -> str:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|[_\W]+", " ", name).lower().strip()
    said = set(spaced.split())
    distinct = column.nunique(dropna=True) / max(1, column.notna().sum())
    is_number = pandas.api.types.is_numeric_dtype(column)
    for kind in ("sensitive", "sex", "age", "region", "body", "social", "diagnosis", "month"):
        if said & words[kind]:
            return kind
    if _NAMES.search(spaced) and distinct > 0.5:
        return IDENTIFIER
    if not is_number:
        texts = column.dropna().astype(str).head(1000)
        if len(texts) and float(texts.str.len().mean()) > _LONG_TEXT:
            return FREE_TEXT
        return IDENTIFIER if distinct > _MANY and len(column) > 50 else "other"
    is_whole = bool((column.dropna() % 1 == 0).all())
    return MEASURE if distinct > _MANY / 2 and not is_whole else "other"


def by_month(table: pandas.DataFrame, kinds: Mapping[str, str]) -> pandas.DataFrame:
    """The table with its days cut to months: nobody knows another person's dates better.

    What is no date stays as it is.
    """
    changed = {}
    for column, kind in kinds.items():
        if kind == "month" and not pandas.api.types.is_numeric_dtype(table[column]):
            texts = table[column].astype("string")
            changed[column] = texts.str.replace(_DAY, r"\1", regex=True)
    return table.assign(**changed)


_DAY: Final = r"^(\d{4}-\d{2})-\d{2}.*$"


def per_patient(
    table: pandas.DataFrame, id_column: str, kinds: Mapping[str, str]
) -> pandas.DataFrame:
    """One row for each patient; of several rows, the set of their values is the patient's value.

    Rows without an id are patients of their own: nobody hides behind a missing number.
    """
    known = table.assign(**{id_column: _filled(table[id_column])})
    columns = [c for c in kinds if kinds[c] not in (IDENTIFIER, FREE_TEXT)]
    if known[id_column].is_unique:
        return known.set_index(id_column)[columns]
    grouped = known.groupby(id_column, sort=True)
    return pandas.DataFrame({column: grouped[column].agg(_together) for column in columns})


def _filled(ids: pandas.Series[Any]) -> pandas.Series[Any]:
    missing = ids.isna() | (ids == "")
    names = pandas.Series([f"\0row {n}" for n in range(len(ids))], index=ids.index, dtype="string")
    return ids.mask(missing, names)


def _together(values: pandas.Series[Any]) -> Any:
    found = sorted({str(each) for each in values})
    return found[0] if len(found) == 1 else "|".join(found)
