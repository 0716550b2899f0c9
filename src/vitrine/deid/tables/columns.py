"""What each column of a clinical table is, by its header and by its values."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import pandas

from vitrine.errors import InvalidInput


class Kind(StrEnum):
    """What a column is, which says who may know it beforehand."""

    IDENTIFIER = "identifier"
    """Names somebody by itself."""

    SEX = "sex"
    AGE = "age"
    REGION = "region"
    SOCIAL = "social"
    BODY = "body"
    DATE = "date"
    SHIFTED_DATE = "shifted date"
    """A date moved by days that nobody knows: only intervals can be recognised."""

    DIAGNOSIS = "diagnosis"
    QUASI_IDENTIFIER = "quasi-identifier"
    """Of no other kind, and everybody may know it."""

    OTHER = "other"
    """Nothing tells what it is: whoever holds a register may know it."""

    SENSITIVE = "sensitive"
    """What an attacker wants to learn."""

    MEASURE = "measure"
    """A measured number that nobody knows beforehand."""

    FREE_TEXT = "free text"


_WORDS: Final = Path(__file__).parent / "words.json"
_BY_HEADER: Final = (
    Kind.SEX, Kind.AGE, Kind.REGION, Kind.SOCIAL, Kind.BODY, Kind.DATE, Kind.DIAGNOSIS,
    Kind.SENSITIVE,
)  # fmt: skip
_LONG_TEXT: Final = 40
_MANY: Final = 0.9
_NAMING: Final = 0.2
_FEW_ROWS: Final = 50
_LEVELS: Final = 20
_STEM: Final = 5
_DATE: Final = re.compile(
    r"(?:18|19|20|21)\d\d-\d\d(?:-\d\d)?(?:[T ].*)?|(?:19|20)\d\d[01]\d[0-3]\d|"
    r"\d{1,2}[./]\d{1,2}[./](?:\d\d|\d{4})"
)


def kinds_of(
    table: pandas.DataFrame, id_column: str, said: Mapping[str, str] | None = None
) -> dict[str, Kind]:
    """The kind of each column of `table`.

    A header that tells of a person is believed before one that tells of an illness; what nothing
    tells is `other`, because nothing is harmless for a bland header.

    Args:
        said: kinds that the caller names; they decide.

    Raises:
        InvalidInput: when `said` names no column, or no kind.
    """
    named = said or {}
    unknown = sorted(set(named) - set(map(str, table.columns)))
    if unknown:
        raise InvalidInput(f"the table has no column {', '.join(unknown)}")
    try:
        known = {column: Kind(kind) for column, kind in named.items()}
    except ValueError:
        raise InvalidInput(
            "a column is said to be of an unknown kind", hint=f"kinds are {', '.join(Kind)}"
        ) from None
    return {
        column: Kind.IDENTIFIER if column == id_column
        else known.get(column) or kind_of(column, table[column])
        for column in map(str, table.columns)
    }  # fmt: skip


def role_of(kind: Kind) -> str:
    """What a kind means for de-identification, in the words of the field."""
    match kind:
        case Kind.IDENTIFIER | Kind.SENSITIVE | Kind.FREE_TEXT | Kind.MEASURE:
            return kind.value
        case Kind.DATE | Kind.SHIFTED_DATE:
            return Kind.DATE.value
        case _:
            return Kind.QUASI_IDENTIFIER.value


def kind_of(name: str, column: pandas.Series[Any]) -> Kind:
    """The kind of one column of texts."""
    said = set(re.sub(r"(?<=[a-z])(?=[A-Z])|[_\W]+", " ", name).lower().split())
    filled = column[column != ""]
    values = pandas.Series(filled.unique())
    distinct = len(values) / max(1, len(filled))
    words = _words()
    if _tells(said, words["identifier"]) or (said & words["name"] and distinct > _NAMING):
        return Kind.IDENTIFIER
    for kind in _BY_HEADER:
        if (said & words[kind]) if kind is Kind.DATE else _tells(said, words[kind]):
            return kind
    if len(values) and values.head(1000).map(lambda each: bool(_DATE.fullmatch(each))).mean() > 0.9:
        return Kind.DATE
    numbers = pandas.to_numeric(values, errors="coerce")
    if len(values) and numbers.notna().all():
        is_whole = bool((numbers % 1 == 0).all())
        return Kind.MEASURE if len(values) > _LEVELS and not is_whole else Kind.OTHER
    if _tells(said, words["free text"]) or _is_long(values):
        return Kind.FREE_TEXT
    return Kind.IDENTIFIER if distinct > _MANY and len(column) > _FEW_ROWS else Kind.OTHER


def _tells(said: set[str], words: frozenset[str]) -> bool:
    return any(
        token == word or (len(word) >= _STEM and token.startswith(word))
        for token in said
        for word in words
    )


def _is_long(values: pandas.Series[Any]) -> bool:
    return len(values) > 0 and float(values.head(1000).str.len().mean()) > _LONG_TEXT


@lru_cache(maxsize=1)
def _words() -> dict[str, frozenset[str]]:
    said = json.loads(_WORDS.read_text("utf-8"))["words"]
    return {kind: frozenset(each.split()) for kind, each in said.items()}
