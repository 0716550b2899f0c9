"""Assess how identifiable patients are: in the table, in the headers, and in their join."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from vitrine.deid.tables import columns, reading
from vitrine.deid.tables.columns import Kind
from vitrine.errors import InvalidInput
from vitrine.risk import headers, measure, properties
from vitrine.risk.attackers import Attacker, Purpose, RiskPolicy
from vitrine.risk.measure import Codes
from vitrine.risk.policy import reasons
from vitrine.risk.report import Detail, Measures, RiskReport
from vitrine.risk.scopes import Material, Scope, scopes_of

_CAUSES: Final = 3


def gather(
    policy: RiskPolicy,
    *,
    table: Path | None = None,
    id_column: str = "",
    images: Path | None = None,
    kinds: Mapping[str, str] | None = None,
) -> Material:
    """Read a table, a folder of images, or both.

    Args:
        kinds: what columns are, where the caller knows better than their headers tell.

    Raises:
        InvalidInput: when there is nothing to assess or it cannot be read.
    """
    if table is None and images is None:
        raise InvalidInput("there is nothing to assess", hint="give a table, images or both")
    material = Material()
    if table is not None:
        read = reading.read(table, id_column)
        found = columns.kinds_of(read, id_column, kinds)
        found = {id_column: found.pop(id_column)} | found
        people = properties.of_table(read, id_column, found)
        material = replace(material, table=people, columns=found)
    if images is not None:
        pixels, files = headers.read(images, asdict(policy.bands))
        material = replace(material, images=pixels, files=files)
    return material


def assess(policy: RiskPolicy, material: Material, purpose: Purpose) -> RiskReport:
    """The report on what was read, with the gate's answer."""
    least = policy.least(purpose)
    frames = scopes_of(material)
    filled = {name: each for name, each in frames.items() if each.count}
    measures: dict[str, dict[str, Measures]] = {}
    details: dict[str, dict[str, Detail]] = {}
    for name, scope in filled.items():
        both = {each.name: _measured(scope, each, policy, least) for each in policy.profiles}
        measures[name] = {each: found[0] for each, found in both.items()}
        details[name] = {each: found[1] for each, found in both.items()}
    report = RiskReport(
        policy=policy.label,
        purpose=purpose.value,
        patients=_patients(material),
        scopes=measures,
        empty=tuple(name for name in frames if name not in filled),
        details=details,
        unmatched=_unmatched(material),
        columns={name: str(kind) for name, kind in (material.columns or {}).items()},
        files=asdict(material.files) if material.files else {},
        rare=_rare(material, least),
        population={each.name: {"method": "not estimated"} for each in policy.profiles},
        controls=policy.controls,
        is_passed=False,
        because=(),
    )
    return decided(report, policy, purpose)


def decided(report: RiskReport, policy: RiskPolicy, purpose: Purpose) -> RiskReport:
    """The report with the gate's answer."""
    because = reasons(report, policy, purpose)
    return replace(report, is_passed=not because, because=because)


def _measured(
    scope: Scope, attacker: Attacker, policy: RiskPolicy, least: int
) -> tuple[Measures, Detail]:
    known = scope.known(attacker)
    classes = measure.classes_of(list(known.values()), scope.count)
    sizes = measure.sizes_of(classes)
    own = sizes[classes]
    hidden = scope.hidden(known)
    edges = [1, policy.k - 1, policy.k_download - 1, scope.count]
    within = [int((own <= edge).sum()) for edge in edges]
    measures = Measures(
        k=int(sizes.min()),
        l=min((measure.l_of(classes, each) for each in hidden.values()), default=None),
        t=max((measure.t_of(classes, each) for each in hidden.values()), default=None),
        unique=int((own == 1).sum()),
        share_below_k=round(float((own < least).mean()), 6),
    )
    detail = Detail(
        known=tuple(known),
        hidden=tuple(hidden),
        causes=_causes(known, scope.count, least) if measures.k < least else (),
        groups=tuple(max(0, b - a) for a, b in zip([0, *within], within, strict=False)),
    )
    return measures, detail


def _causes(known: Mapping[str, Codes], count: int, least: int) -> tuple[str, ...]:
    """Properties without which fewest patients would stand out, the worst first.

    When no single one would help, those with the most values.
    """

    def apart(names: list[str]) -> int:
        classes = measure.classes_of([known[name] for name in names], count)
        return int((measure.sizes_of(classes)[classes] < least).sum())

    every = apart(list(known))
    gained = {name: every - apart([each for each in known if each != name]) for name in known}
    ranked = sorted((each for each in known if gained[each] > 0), key=lambda each: -gained[each])
    if not ranked:
        ranked = sorted(known, key=lambda each: -int(known[each].max(initial=0)))
    return tuple(ranked[:_CAUSES])


def _patients(material: Material) -> int:
    return len(set().union(*(each.patients for each in material.sides)))


def _unmatched(material: Material) -> dict[str, int]:
    if material.table is None or material.images is None:
        return {"table": 0, "images": 0}
    table, images = set(material.table.patients), set(material.images.patients)
    return {"table": len(table - images), "images": len(images - table)}


def _rare(material: Material, least: int) -> dict[str, int]:
    """Properties with values that fewer than `least` patients have, and how many values."""
    few = {
        name: int((each.counts() < least).sum())
        for side in material.sides
        for name, each in side.properties.items()
        if side.kinds[name] != Kind.MEASURE
    }
    return {name: count for name, count in few.items() if count}
