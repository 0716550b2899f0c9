"""Dates, times and ages of DICOM, moved by whole days or made coarse."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

_DA: Final = re.compile(r"(\d{4})([.]?)(\d{2})\2(\d{2})")
_DT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})(\d{0,6}(?:\.\d{1,6})?)([+-]\d{4})?")
_AS: Final = re.compile(r"(\d{3})([DWMY])")
_YEARS: Final = {"D": 365.25, "W": 52.18, "M": 12.0, "Y": 1.0}
DUMMY_DATE: Final = "19000101"
DUMMY_TIME: Final = "000000"


def shifted_date(value: str, days: int) -> str:
    """A DA value `days` earlier; empty when it is no date (PS3.5 6.2)."""
    found = _DA.fullmatch(value.strip())
    moved = _moved(found[1], found[3], found[4], days) if found else None
    return f"{moved:%Y%m%d}" if moved else ""


def shifted_datetime(value: str, days: int) -> str:
    """A DT value `days` earlier, its time and offset as they were; empty without a full date."""
    found = _DT.fullmatch(value.strip())
    moved = _moved(found[1], found[2], found[3], days) if found else None
    return f"{moved:%Y%m%d}{found[4]}{found[5] or ''}" if moved and found else ""


def _moved(year: str, month: str, day: str, days: int) -> date | None:
    try:
        moved = date(int(year), int(month), int(day)) - timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    return moved if moved.year >= 1000 else None


def first_of_year(value: str) -> str:
    """A DA or DT value made coarse to the first of its year; empty when it has none."""
    year = value.strip()[:4]
    return f"{year}0101" if year.isdigit() and len(year) == 4 and year > "1000" else ""


def is_time(value: str) -> bool:
    """Whether a TM value is one."""
    return re.fullmatch(r"\d{2}(?::?\d{2}(?::?\d{2}(?:\.\d{1,6})?)?)?\s*", value) is not None


def capped_age(value: str, cap_years: int) -> str:
    """An AS value, `cap_years` for everybody who is older; empty when it is no age."""
    found = _AS.fullmatch(value.strip())
    if not found:
        return ""
    is_older = int(found[1]) / _YEARS[found[2]] >= cap_years
    return f"{cap_years:03d}Y" if is_older else found[0]
