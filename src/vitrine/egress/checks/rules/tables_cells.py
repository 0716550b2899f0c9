"""What one cell of a table says, by how it is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Form(StrEnum):
    """How a cell is written."""

    EMPTY = "empty"
    COUNT = "count"
    """A whole number that is not negative."""

    NUMBER = "number"
    PERCENT = "percent"
    SHARE = "share"
    """A whole number with a percentage: `4 (12.5%)`."""

    FRACTION = "fraction"
    """One whole number of another: `3/41`."""

    MARKER = "marker"
    """What stands for a number that was taken out."""

    SUMMARY = "summary"
    """A number with its spread: `61 (19-97)`, `0.91 ± 0.02`."""

    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell, understood as far as its form goes."""

    form: Form
    count: int | None = None
    value: float | None = None
    """The number, or the percentage of `PERCENT` and `SHARE`."""

    decimals: int = 0
    """Digits after the point of `value`."""

    total: int | None = None
    """The denominator of a `FRACTION`."""

    is_explicit: bool = False
    """Whether the cell itself says what it is: a percent sign, or `n =`."""


_INTEGER: Final = r"\d{1,3}(?:[, \u00a0\u202f']\d{3})+|\d+"
_DECIMAL: Final = r"\d+(?:[.,]\d+)?"
_COUNT: Final = re.compile(rf"({_INTEGER})(?:\.0+)?")
_STATED: Final = re.compile(rf"[(\[]?\s*[nN]\s*=\s*({_INTEGER})\s*[)\]]?")
_SHARE: Final = re.compile(
    rf"({_INTEGER})(?:\.0)?\s*[(\[,;]\s*({_DECIMAL})\s*(%?)\s*(?:of [\w ]+)?[)\]]?"
)
_TURNED: Final = re.compile(
    rf"({_DECIMAL})\s*%\s*[(\[]\s*(?:[nN]\s*=\s*)?({_INTEGER})\s*(?:/\s*({_INTEGER}))?\s*[)\]]"
)
_FRACTION: Final = re.compile(
    rf"({_INTEGER})\s*(?:/|of|out of)\s*({_INTEGER})\s*(?:[(\[,;]?\s*({_DECIMAL})\s*(%?)\s*[)\]]?)?"
)
_NUMBER: Final = re.compile(r"[-+\u2212]?(\d+(?:[.,](\d+))?|\.(\d+))(?:[eE]([-+]?\d+))?\s*(%?)")
_MARKER: Final = re.compile(
    r"(?:[<\u2264]\s*=?\s*\d{1,3}(?:\s*\(.*\))?|\*{1,3}|[\[(]?(?:c|x|s|z|low|redacted|suppressed|"
    r"masked|censored|withheld|confidential|hidden|removed|\*)[\])]|redacted|suppressed|masked|"
    r"withheld|secret|1\s*[-–]\s*\d)",
    re.IGNORECASE,
)
_SUMMARY: Final = re.compile(
    r"[-+\u2212<>]?\s*[\d.,]+\s*%?\s*(?:±|\+/-|[(\[])[^A-Za-z]*(?:(?:to|CI|SD|IQR|%)[^A-Za-z]*)*"
)
_FOOTNOTE: Final = re.compile(r"(?<=[\d)%])\s*(?:\*{1,3}|[†‡§¶]+|\^[a-z0-9]{1,2})$")
_NOTE_INSIDE: Final = re.compile(r"(?<=\d)[*†‡§¶]+(?=\s*[(\[])")
_ABSENT: Final = frozenset(
    {"", "-", "–", "—", "nan", "na", "n/a", "none", "null", ".", "..", "..."}
)


def read_cell(text: str) -> Cell:
    """What a cell says; `TEXT` for everything that is no number or marker."""
    bare = text.strip()
    if bare.lower() in _ABSENT:
        return Cell(Form.EMPTY)
    if not any(letter.isdigit() for letter in bare):
        return Cell(Form.MARKER) if _MARKER.fullmatch(bare) else Cell(Form.TEXT)
    if len(bare) > 60:
        return Cell(Form.TEXT)
    bare = _NOTE_INSIDE.sub("", _FOOTNOTE.sub("", bare))
    if found := _COUNT.fullmatch(bare):
        is_code = len(bare) > 1 and bare[0] == "0" and bare[1].isdigit()
        return Cell(Form.TEXT) if is_code else _plain_count(found[1])
    if found := _NUMBER.fullmatch(bare):
        return _number(bare, found)
    return _compound(bare)


def _compound(bare: str) -> Cell:
    if found := _STATED.fullmatch(bare):
        return Cell(Form.COUNT, count=_whole(found[1]), is_explicit=True)
    if found := _SHARE.fullmatch(bare):
        return _share(found[1], found[2], is_explicit=bool(found[3]))
    if found := _TURNED.fullmatch(bare):
        if found[3]:
            return _fraction(found[2], found[3], found[1])
        return _share(found[2], found[1], is_explicit=True)
    if found := _FRACTION.fullmatch(bare):
        return _fraction(found[1], found[2], found[3])
    if _MARKER.fullmatch(bare):
        return Cell(Form.MARKER)
    return Cell(Form.SUMMARY if _SUMMARY.fullmatch(bare) else Form.TEXT)


def upper_bound(text: str) -> int | None:
    """The largest count that a marker such as `<10` or `1-9` leaves open; None if it says none."""
    if found := re.match(r"\s*([<\u2264])\s*(=?)\s*(\d+)", text):
        return int(found[3]) - (found[1] == "<" and not found[2])
    found = re.fullmatch(r"\s*1\s*[-–]\s*(\d)\s*", text)
    return int(found[1]) if found else None


def stated_counts(text: str) -> list[int]:
    """Every `n = 41` in a header or caption."""
    return [_whole(each) for each in re.findall(rf"\b[nN]\s*[=:]\s*({_INTEGER})(?![.,]?\d)", text)]


def _whole(text: str) -> int:
    return int(re.sub(r"\D", "", text)[:18])


def _plain_count(text: str) -> Cell:
    value = _whole(text)
    return Cell(Form.COUNT, count=value, value=float(value))


def _number(text: str, found: re.Match[str]) -> Cell:
    digits = text.replace("\u2212", "-").replace(",", ".").rstrip("% ")
    decimals = len(found[2] or found[3] or "")
    form = Form.PERCENT if found[5] else Form.NUMBER
    return Cell(form, value=float(digits), decimals=decimals, is_explicit=bool(found[5]))


def _share(count: str, percent: str, *, is_explicit: bool) -> Cell:
    value = float(percent.replace(",", "."))
    if value > 100:
        return Cell(Form.TEXT)
    decimals = len(percent.replace(",", ".").partition(".")[2])
    return Cell(Form.SHARE, _whole(count), value, decimals, is_explicit=is_explicit)


def _fraction(count: str, total: str, percent: str | None) -> Cell:
    if _whole(count) > _whole(total):
        return Cell(Form.TEXT)
    value = float(percent.replace(",", ".")) if percent else None
    decimals = len((percent or "").replace(",", ".").partition(".")[2])
    return Cell(Form.FRACTION, _whole(count), value, decimals, total=_whole(total))
