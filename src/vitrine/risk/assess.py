"""Assess how identifiable patients are: in the table, in the headers, and in their join."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy
import pandas

from vitrine.errors import InvalidInput
from vitrine.risk import columns as profiles
from vitrine.risk import headers, measure
from vitrine.risk.policy import Attacker, RiskPolicy
from vitrine.risk.report import Measures, RiskReport

_CAUSES: Final = 3


def assess(
    policy: RiskPolicy,
    *,
    table: Path | None = None,
    id_column: str = "",
    images: Path | None = None,
    kinds: Mapping[str, str] | None = None,
    is_download: bool = False,
) -> RiskReport:
    """The report on a table, a folder of images, or both.

    Args:
        kinds: what columns are, where the caller knows better than their headers tell.

    Raises:
        InvalidInput: when there is nothing to assess or it cannot be read.
    """
    if table is None and images is None:
        raise InvalidInput("there is nothing to assess", hint="give a table, images or both")
    found: dict[str, str] = {}
    people = pixels = None
    if table is not None:
        read = profiles.read(table, id_column)
        found = profiles.kinds_of(read, id_column, policy, kinds or {})
        people = profiles.per_patient(profiles.by_month(read, found), id_column, found)
    if images is not None:
        if not images.is_dir():
            raise InvalidInput(f"there is no folder {images}")
        pixels, _ = headers.read(images)
    return _report(policy, people, pixels, found, is_download=is_download)


def _report(
    policy: RiskPolicy,
    people: pandas.DataFrame | None,
    pixels: pandas.DataFrame | None,
    kinds: Mapping[str, str],
    *,
    is_download: bool,
) -> RiskReport:
    least = policy.least(is_download=is_download)
    frames: dict[str, pandas.DataFrame] = {}
    unmatched = {"table": 0, "images": 0}
    if people is not None:
        frames["table"] = people
    if pixels is not None:
        frames["headers"] = pixels
    if people is not None and pixels is not None:
        both = people.index.intersection(pixels.index)
        unmatched = {"table": len(people) - len(both), "images": len(pixels) - len(both)}
        joined = people.loc[both].join(pixels.loc[both], rsuffix=" of images")
        frames["join"] = joined
    scopes: dict[str, dict[str, Measures]] = {}
    causes: dict[str, tuple[str, ...]] = {}
    for scope, frame in frames.items():
        if len(frame):
            scopes[scope] = {
                each.name: _measures(frame, each, kinds, least) for each in policy.profiles
            }
            for each in policy.profiles:
                causes[each.name] = _causes(frame, _known(frame, each, kinds))
    patients = len(set().union(*(frame.index for frame in frames.values())))
    because = _because(policy, scopes, frames, least, causes)
    return RiskReport(
        policy=f"{policy.name} {policy.version}",
        purpose="download" if is_download else "environment",
        patients=patients,
        scopes=scopes,
        unmatched=unmatched,
        columns=kinds,
        causes=causes,
        rare=_rare(frames, kinds, least),
        population_uniqueness="not estimated",
        controls=policy.controls,
        is_passed=not because,
        because=tuple(because),
    )


def _known(frame: pandas.DataFrame, attacker: Attacker, kinds: Mapping[str, str]) -> list[str]:
    """The columns of a frame that an attacker knows."""
    return [
        column
        for column in frame.columns
        if kinds.get(column) in attacker.table
        or (column.removesuffix(" of images") in attacker.headers and column not in kinds)
    ]


def _measures(
    frame: pandas.DataFrame, attacker: Attacker, kinds: Mapping[str, str], least: int
) -> Measures:
    known = _known(frame, attacker, kinds)
    classes = measure.classes_of([measure.codes_of(frame[c]) for c in known], len(frame))
    sizes = measure.sizes_of(classes)
    own = sizes[classes]
    hidden = [
        measure.sensitive_of(frame[c])
        for c in frame.columns
        if kinds.get(c) == profiles.SENSITIVE or (kinds.get(c) == "diagnosis" and c not in known)
    ]
    return Measures(
        k=int(sizes.min()),
        l=min((measure.l_of(classes, each) for each in hidden), default=None),
        t=max((measure.t_of(classes, each) for each in hidden), default=None),
        unique=int((own == 1).sum()),
        share_below_k=round(float((own < least).mean()), 6),
    )


def _causes(frame: pandas.DataFrame, known: list[str]) -> tuple[str, ...]:
    """The columns without which fewest patients would be alone, the worst first."""
    codes = {column: measure.codes_of(frame[column]) for column in known}

    def alone(columns: list[str]) -> int:
        classes = measure.classes_of([codes[c] for c in columns], len(frame))
        sizes = measure.sizes_of(classes)
        return int((sizes[classes] == 1).sum())

    every = alone(known)
    gained = {c: every - alone([other for other in known if other != c]) for c in known}
    ranked = sorted((c for c in known if gained[c] > 0), key=lambda c: -gained[c])
    if not ranked and every:
        ranked = sorted(known, key=lambda c: -len(numpy.unique(codes[c])))
    return tuple(ranked[:_CAUSES])


def _because(
    policy: RiskPolicy,
    scopes: Mapping[str, Mapping[str, Measures]],
    frames: Mapping[str, Any],
    least: int,
    causes: Mapping[str, tuple[str, ...]],
) -> list[str]:
    """Everything against passing, one sentence each; none when it passes."""
    said = []
    for scope, frame in frames.items():
        if not len(frame):
            what = "no patient is in both" if scope == "join" else "it holds no patient"
            said.append(f"{scope}: {what}, so nothing can be said of it")
    for scope, found in scopes.items():
        for attacker in policy.profiles:
            measures = found[attacker.name]
            if attacker.decides and measures.k < least:
                worst = ", ".join(causes.get(attacker.name, ())) or "all columns together"
                said.append(
                    f"{scope}, {attacker.name}: k is {measures.k} and must be {least}; "
                    f"{measures.unique} patients are unique, most by {worst}: "
                    "generalise or suppress these"
                )
    return said


def _rare(
    frames: Mapping[str, pandas.DataFrame], kinds: Mapping[str, str], least: int
) -> dict[str, int]:
    """Columns with values that fewer than `least` patients have, and how many values."""
    found = {}
    for frame in (frames[scope] for scope in ("table", "headers") if scope in frames):
        for column in frame.columns:
            if kinds.get(column) == profiles.MEASURE:
                continue
            counts = frame[column].value_counts(dropna=True)
            few = int((counts < least).sum())
            if few:
                found[str(column)] = few
    return found
