"""What is assessed, and the scopes of it: the table, the headers, and their join."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy

from vitrine.deid.tables.columns import Kind
from vitrine.risk import measure, properties
from vitrine.risk.attackers import Attacker
from vitrine.risk.headers import Files
from vitrine.risk.measure import Codes
from vitrine.risk.properties import Property, Side

TABLE, HEADERS, JOIN = "table", "headers", "join"


@dataclass(frozen=True, slots=True)
class Material:
    """What is assessed: one side or both."""

    table: Side | None = None
    images: Side | None = None
    columns: Mapping[str, Kind] | None = None
    files: Files | None = None
    """How the files of images were read."""

    @property
    def sides(self) -> tuple[Side, ...]:
        """The sides that there are."""
        return tuple(each for each in (self.table, self.images) if each is not None)


@dataclass(frozen=True, slots=True)
class Scope:
    """Patients of one scope, and where each side keeps them."""

    count: int
    sides: tuple[tuple[Side, Codes], ...]
    """Each side, and the number in it of each patient of the scope."""

    def known(self, attacker: Attacker) -> dict[str, Codes]:
        """By property that the attacker knows, a code for each patient."""
        return {
            name: as_known(side, name, attacker).signatures[places]
            for side, places in self.sides
            for name in side.properties
            if attacker.knows(side.kinds[name])
        }

    def hidden(self, known: Mapping[str, Codes]) -> dict[str, measure.Sensitive]:
        """What this attacker would learn: sensitive properties, and a diagnosis not known."""
        return {
            name: _of(side.properties[name], places)
            for side, places in self.sides
            for name in side.properties
            if side.kinds[name] in (Kind.SENSITIVE, Kind.DIAGNOSIS) and name not in known
        }


def scopes_of(material: Material) -> dict[str, Scope]:
    """The scopes that the material has."""
    found = {}
    for name, side in ((TABLE, material.table), (HEADERS, material.images)):
        if side is not None:
            count = len(side.patients)
            found[name] = Scope(count, ((side, numpy.arange(count, dtype=numpy.int64)),))
    if material.table is not None and material.images is not None:
        places = material.images.patients.get_indexer(material.table.patients)
        own = numpy.flatnonzero(places >= 0).astype(numpy.int64)
        others = places[own].astype(numpy.int64)
        found[JOIN] = Scope(len(own), ((material.table, own), (material.images, others)))
    return found


def as_known(side: Side, name: str, attacker: Attacker) -> Property:
    """A property as exactly as the attacker knows it."""
    found = side.properties[name]
    if side.kinds[name] == Kind.DATE and attacker.dates == "month":
        return found.mapped(month_of)
    return found


def month_of(value: str) -> str:
    """The month of a date, as `YYYY-MM`; a value that is no date stays as it is."""
    ordinal = properties.ordinal_of(value)
    return f"{date.fromordinal(ordinal):%Y-%m}" if ordinal else value


def _of(found: Property, places: Codes) -> measure.Sensitive:
    whole = found.sensitive()
    values, codes = numpy.unique(whole.codes[places], return_inverse=True)
    return measure.Sensitive(codes.astype(numpy.int64), len(values), whole.is_numeric)
