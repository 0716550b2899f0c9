"""Make the values of a column coarser: bands, codes for extremes, months, years, prefixes, others.

The same changes are proposed by the risk analysis, tried there, and applied to a table here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from vitrine.errors import InvalidInput

Change = Callable[[str], str]


class Action(StrEnum):
    """What is done to a column."""

    KEEP = "keep"
    BAND = "band"
    """Numbers become the lower end of their band; the parameter is its width."""

    TOP = "top"
    """Numbers at or above the parameter become one value."""

    BOTTOM = "bottom"
    """Numbers below the parameter become one value."""

    MONTH = "month"
    YEAR = "year"
    PREFIX = "prefix"
    """Only the first characters stay; the parameter says how many."""

    RARE = "rare"
    """Values that fewer patients have than the parameter become one value."""

    DROP = "drop"
    """The column goes."""


OTHERS: Final = "other"
_NUMBERED: Final = frozenset(
    {Action.BAND, Action.TOP, Action.BOTTOM, Action.PREFIX, Action.RARE}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One change of one column."""

    column: str
    action: Action
    parameter: float | None = None

    def __str__(self) -> str:
        number = "" if self.parameter is None else f" {self.parameter:g}"
        return f"{self.column}: {self.action}{number}"

    def as_json(self) -> dict[str, Any]:
        """The step as proposals and decisions hold it."""
        said: dict[str, Any] = {"column": self.column, "action": self.action.value}
        return said if self.parameter is None else said | {"parameter": self.parameter}


def step_of(said: Mapping[str, Any]) -> Step:
    """The step that `as_json` made.

    Raises:
        InvalidInput: when it is none, or its action lacks its parameter.
    """
    try:
        column, action = str(said["column"]), Action(said["action"])
        parameter = None if said.get("parameter") is None else float(said["parameter"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InvalidInput(
            "a step needs a column and an action", hint=f"actions are {', '.join(Action)}"
        ) from None
    if (action in _NUMBERED) != (parameter is not None) or (parameter or 0) < 0:
        raise InvalidInput(f"the step {action} of column {column} has a wrong parameter")
    if action in (Action.BAND, Action.PREFIX) and not parameter:
        raise InvalidInput(f"the step {action} of column {column} needs a parameter above 0")
    return Step(column, action, parameter)


def change_of(step: Step, patients: Mapping[str, int]) -> Change | None:
    """What the step makes of a value; None when the column goes. A missing value stays missing.

    Args:
        patients: how many patients have each value of the column.
    """
    least = step.parameter or 0.0
    match step.action:
        case Action.DROP:
            return None
        case Action.KEEP:
            return lambda value: value
        case Action.BAND:
            return lambda value: band(value, least)
        case Action.TOP:
            return lambda value: f"{least:g}+" if _at_least(value, least) else value
        case Action.BOTTOM:
            return lambda value: f"<{least:g}" if _below(value, least) else value
        case Action.MONTH:
            return lambda value: _cut(value, "%Y-%m")
        case Action.YEAR:
            return lambda value: _cut(value, "%Y")
        case Action.PREFIX:
            return lambda value: value[: int(least)]
        case Action.RARE:
            return lambda value: OTHERS if value and patients.get(value, 0) < least else value


def number_of(value: str) -> float | None:
    """The number of a value, or the lower end of a band; None for others."""
    try:
        number = float(value.removesuffix("-"))
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None


def band(value: str, width: float) -> str:
    """The lower end of the band of `width` that a number lies in, and `-`; others stay."""
    number = number_of(value)
    if number is None:
        return value
    return f"{round(number / width, 6) // 1 * width:g}-"


def day_of(value: str) -> date | None:
    """The day of `YYYY-MM-DD`, `YYYYMMDD` or `DD.MM.YYYY`, with or without a time behind it."""
    day = f"{value[6:10]}{value[3:5]}{value[:2]}" if value[2:3] in (".", "/") else value
    try:
        return date.fromisoformat(day[:10] if "-" in day else day[:8])
    except ValueError:
        return None


def _at_least(value: str, least: float) -> bool:
    number = number_of(value)
    return number is not None and number >= least


def _below(value: str, least: float) -> bool:
    number = number_of(value)
    return number is not None and number < least


def _cut(value: str, form: str) -> str:
    day = day_of(value)
    if day is not None:
        return day.strftime(form)
    is_month = len(value) == 7 and value[4] == "-" and value[:4].isdigit()
    return value[:4] if is_month and form == "%Y" else value
