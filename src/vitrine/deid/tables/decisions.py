"""Decisions of a steward about a clinical table: its columns, texts, and whose rows they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from vitrine.deid.tables.generalise import Step, step_of
from vitrine.errors import InvalidInput

_FORBID: Final = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patients:
    """What becomes of patients who are not in both the table and the images."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    link: Mapping[str, str] = field(repr=False, default_factory=dict)
    """By id of the table, the id of the images that means the same person."""

    drop: frozenset[str] = field(repr=False, default=frozenset())
    """Ids that are left out: their rows here, their images by whoever runs the batch."""

    waive: frozenset[str] = field(repr=False, default=frozenset())
    """Ids that stay although the other side lacks them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What becomes of one value of free text."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    decision: Literal["keep", "replace", "drop"]
    replacement: str = field(repr=False, default="")

    def of(self, value: str) -> str:
        """What stands for `value`."""
        return {"keep": value, "replace": self.replacement.strip()}.get(self.decision, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """Everything a steward decided about a table; what is not decided is the cautious way."""

    __pydantic_config__: ClassVar[ConfigDict] = _FORBID

    kinds: Mapping[str, str] = field(default_factory=dict)
    """What columns are, where their headers tell it wrongly."""

    steps: tuple[Mapping[str, Any], ...] = ()
    """Changes of columns, in their order, as `vitrine risk propose` prints them."""

    texts: Mapping[str, Mapping[str, Text]] = field(repr=False, default_factory=dict)
    """By column of free text and value; what is not decided becomes empty."""

    patients: Patients = field(default_factory=Patients)
    rows_without_patient: Literal["ask", "drop"] = "ask"
    baseline: str = ""
    """A date column: all dates become days from it."""

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps."""
        return tuple(step_of(each) for each in self.steps)


def read(path: Path) -> Decisions:
    """The decisions in a JSON file.

    Raises:
        InvalidInput: when it is missing or says something else; no value of it is repeated.
    """
    try:
        found = TypeAdapter(Decisions).validate_json(path.read_bytes())
    except OSError as problem:
        why = (problem.strerror or "").lower()
        raise InvalidInput(f"the decisions {path} cannot be read: {why}") from None
    except ValidationError as error:
        places = sorted({str(each["loc"][0]) if each["loc"] else "it" for each in error.errors()})
        known = set(Decisions.__dataclass_fields__)
        said = ", ".join(each if each in known else "an unknown name" for each in places)
        raise InvalidInput(
            f"{path.name} holds no decisions about a table: {said}",
            hint=f"it may hold {', '.join(sorted(known))}",
        ) from None
    _ = found.changes  # a step that is none is said at once
    return found
