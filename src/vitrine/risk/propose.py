"""Propose the cheapest changes that make patients look alike, and try them without changing data.

Top-down specialisation (Fung, Wang and Yu 2005): it begins with everything dropped that attackers
know, which is always enough, and gives detail back, in each round the change that gives most, as
long as k holds. Not the optimum, which is NP-hard (Meyerson and Williams 2004).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy

from vitrine.deid.tables.columns import Kind
from vitrine.deid.tables.generalise import Action, Step
from vitrine.risk import measure
from vitrine.risk.attackers import Purpose, RiskPolicy
from vitrine.risk.measure import Codes
from vitrine.risk.properties import Property
from vitrine.risk.proposal import Proposal, applied
from vitrine.risk.scopes import Material, scopes_of
from vitrine.risk.ways import Way, ways_of


def propose(policy: RiskPolicy, material: Material, purpose: Purpose) -> tuple[Proposal, ...]:
    """Proposals, those that are enough and cost least first; none when nothing is needed.

    `detail` keeps whole what needs few bits, `balanced` a little of everything, `drop`
    keeps properties whole or not at all. Columns that identify or hold free text go in each.
    """
    least = policy.least(purpose)
    first = [
        Step(column, Action.DROP)
        for place, (column, kind) in enumerate((material.columns or {}).items())
        if place and kind in (Kind.IDENTIFIER, Kind.FREE_TEXT)
    ]
    begin = applied(material, first)
    if not first and not _is_short(begin, policy, least):
        return ()
    ways = {name: ways_of(name, found, least) for name, found in _known(begin, policy).items()}
    whole = {name: tuple(way for way in each if not way) for name, each in ways.items()}
    found = (
        _searched("balanced", begin, first, ways, policy, least),
        _searched("detail", begin, first, ways, policy, least),
        _searched("drop", begin, first, whole, policy, least),
    )
    unique = {each.steps: each for each in reversed(found)}
    return tuple(sorted(unique.values(), key=lambda each: (not each.is_enough, each.loss)))


def _searched(
    name: str, begin: Material, first: Sequence[Step], ways: Mapping[str, Sequence[Way]],
    policy: RiskPolicy, least: int,
) -> Proposal:  # fmt: skip
    """Give detail back from nothing until no more is possible.

    What breaks k once breaks it for good, because all others only gain detail: it is not tried
    again.
    """
    before = _entropies(begin, policy)
    chosen: dict[str, Way] = {each: (Step(each, Action.DROP),) for each in ways}
    reached = dict.fromkeys(ways, 0.0)
    shares = {
        (each, way): _entropies(applied(begin, way), policy)[each] / before[each]
        if before[each] else 1.0
        for each, found in ways.items() for way in found
    }  # fmt: skip
    while shares:
        shares = {key: share for key, share in shares.items() if share > reached[key[0]]}
        order = sorted(
            shares, key=lambda key: _rank(name, shares[key], reached[key[0]], before[key[0]])
        )
        for each, way in order:
            share = shares.pop((each, way))
            tried = {**chosen, each: way}
            if not _is_short(applied(begin, _together(tried)), policy, least):
                chosen, reached[each] = tried, share
                break
    after = applied(begin, _together(chosen))
    kept = {each: reached[each] for each in ways}
    loss = 1 - sum(kept.values()) / len(kept) if kept else 0.0
    steps = (*first, *_together(chosen))
    return Proposal(
        name, steps, _k_of(after, policy), loss, not _is_short(after, policy, least), kept
    )


def _rank(name: str, share: float, reached: float, bits: float) -> tuple[float, float]:
    """Which way is tried first: the lowest.

    `balanced` values the first detail of a property more than the last, as a square root does;
    the others keep whole what needs few bits.
    """
    if name != "balanced":
        return bits, -share
    return -(share**0.5 - reached**0.5) / max((share - reached) * bits, 1e-9), share


def _together(chosen: Mapping[str, Way]) -> tuple[Step, ...]:
    return tuple(step for way in chosen.values() for step in way)


def _known(material: Material, policy: RiskPolicy) -> dict[str, Property]:
    """The properties that deciding attackers know."""
    return {
        name: found
        for side in material.sides
        for name, found in side.properties.items()
        if _is_known(side.kinds[name], policy)
    }


def _is_known(kind: str, policy: RiskPolicy) -> bool:
    return any(each.decides and each.knows(kind) for each in policy.profiles)


def _groups(material: Material, policy: RiskPolicy) -> Iterator[tuple[str, str, Codes]]:
    """By scope and deciding profile, the size of the group of each patient."""
    for name, scope in scopes_of(material).items():
        for attacker in policy.profiles:
            if attacker.decides and scope.count:
                known = list(scope.known(attacker).values())
                classes = measure.classes_of(known, scope.count)
                yield name, attacker.name, measure.sizes_of(classes)[classes]


def _is_short(material: Material, policy: RiskPolicy, least: int) -> bool:
    """Whether any patient is in a group smaller than `least`."""
    return any(int(own.min()) < least for _scope, _profile, own in _groups(material, policy))


def _k_of(material: Material, policy: RiskPolicy) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for scope, profile, own in _groups(material, policy):
        found.setdefault(scope, {})[profile] = int(own.min())
    return found


def _entropies(material: Material, policy: RiskPolicy) -> dict[str, float]:
    return {n: _entropy(each.signatures) for n, each in _known(material, policy).items()}


def _entropy(codes: Codes) -> float:
    counts = numpy.bincount(codes)
    share = counts[counts > 0] / max(1, len(codes))
    return float(-(share * numpy.log2(share)).sum())
