"""A proposal: changes of properties, and what would be left if they were made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vitrine.deid.tables.generalise import Action, Step, change_of, step_of
from vitrine.errors import InvalidInput
from vitrine.risk.headers import PROPERTIES, prefixed
from vitrine.risk.properties import Side
from vitrine.risk.scopes import Material


@dataclass(frozen=True, slots=True)
class Proposal:
    """Changes that are enough, what they reach and what they cost."""

    name: str
    steps: tuple[Step, ...]
    k: Mapping[str, Mapping[str, int]]
    """By scope and deciding profile."""

    loss: float
    """Share of the information (entropy) in what attackers know that goes, from 0 to 1."""

    is_enough: bool
    kept: Mapping[str, float]
    """By property that attackers know, the share of its entropy that stays."""

    def as_json(self) -> dict[str, Any]:
        """The proposal as the command line prints and reads it."""
        return {
            "name": self.name,
            "steps": [each.as_json() for each in self.steps],
            "k": {scope: dict(each) for scope, each in self.k.items()},
            "loss": round(self.loss, 6),
            "is_enough": self.is_enough,
            "kept": {name: round(share, 6) for name, share in self.kept.items()},
        }


def read_steps(path: Path) -> tuple[Step, ...]:
    """The steps of a proposal in a file.

    Raises:
        InvalidInput: when the file is missing or holds none.
    """
    try:
        said = json.loads(path.read_text("utf-8"))["steps"]
        return tuple(step_of(each) for each in said)
    except OSError as problem:
        why = (problem.strerror or "").lower()
        raise InvalidInput(f"the proposal {path} cannot be read: {why}") from None
    except (ValueError, KeyError, TypeError):
        raise InvalidInput(f"{path.name} holds no proposal") from None


def applied(material: Material, steps: Sequence[Step]) -> Material:
    """The material as it would be after `steps`; nothing is written.

    Raises:
        InvalidInput: when a step names nothing that is there.
    """
    for step in steps:
        sides = [material.table, material.images]
        hits = [side is not None and step.column in side.properties for side in sides]
        known = material.columns or {}
        if not any(hits) and step.column not in known:
            raise InvalidInput(f"there is no property {step.column} to change")
        table, images = (
            _changed(side, step) if side is not None and hit else side
            for side, hit in zip(sides, hits, strict=True)
        )
        if step.action is Action.DROP:
            known = {name: kind for name, kind in known.items() if name != step.column}
        material = replace(material, table=table, images=images, columns=known)
    return material


def _changed(side: Side, step: Step) -> Side:
    found = side.properties[step.column]
    patients = dict(zip(found.values, found.counts().tolist(), strict=True))
    return side.changed(step.column, change_of(step, patients))


def images_only(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps that change headers, which only another de-identification profile can do."""
    names = {prefixed(each) for each in PROPERTIES}
    return tuple(each for each in steps if each.column in names)
