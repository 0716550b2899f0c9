"""Properties of patients: which values each of them has, whatever the number of rows or files.

A patient with several values of a property (visits, studies) is known by the set of them: that is
the patient's one value, and several rows never count as several patients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy
import pandas

from vitrine.deid.tables.columns import Kind
from vitrine.deid.tables.generalise import day_of
from vitrine.risk.measure import Codes, Sensitive


@dataclass(frozen=True, slots=True)
class Property:
    """One property: pairs of patient and value, each once, in the order of patients."""

    patients: Codes = field(repr=False)
    """Which patient, by number from 0; each patient has at least one pair."""

    codes: Codes = field(repr=False)
    """Which value, by its place in `values`."""

    values: tuple[str, ...] = field(repr=False)
    """Every value, as text; the empty text, a missing value, is a value of its own."""

    signatures: Codes = field(repr=False)
    """One code for each patient; equal where all their values are equal."""

    def mapped(self, change: Callable[[str], str]) -> Property:
        """The property with each value changed; values that become equal are one."""
        codes, values = pandas.factorize(numpy.asarray([change(v) for v in self.values], object))
        return of_pairs(self.patients, codes.astype(numpy.int64)[self.codes], values)

    def counts(self) -> Codes:
        """How many patients have each value."""
        return numpy.bincount(self.codes, minlength=len(self.values)).astype(numpy.int64)

    def sensitive(self) -> Sensitive:
        """The property as what an attacker wants to learn.

        In the order of numbers when each patient has one and all are numbers; a missing one is
        the last. Otherwise as categories.
        """
        numbers = pandas.to_numeric(pandas.Series(self.values, dtype=object), errors="coerce")
        is_missing = numpy.asarray([not each for each in self.values])
        codes = self.signatures
        if len(self.patients) != len(codes) or not bool((numbers.notna() | is_missing).all()):
            return Sensitive(codes, int(codes.max(initial=-1)) + 1, is_numeric=False)
        ordered, found = pandas.factorize(numbers, sort=True, use_na_sentinel=False)
        return Sensitive(ordered.astype(numpy.int64)[self.codes], len(found), is_numeric=True)


def of_pairs(patients: Codes, codes: Codes, values: Iterable[Any]) -> Property:
    """A property of pairs in any order, at least one for each patient; equal pairs count once."""
    texts = tuple(map(str, values))
    width = max(1, len(texts))
    pairs = numpy.sort(patients * width + codes)  # numpy's unique hashes, which is far slower
    pairs = pairs[numpy.concatenate([[True], pairs[1:] != pairs[:-1]])] if len(pairs) else pairs
    people, held = pairs // width, pairs % width
    return Property(people, held, texts, _signatures(people, held))


def _signatures(patients: Codes, codes: Codes) -> Codes:
    count = int(patients.max(initial=-1)) + 1
    if len(patients) == count:
        return codes
    starts = numpy.searchsorted(patients, numpy.arange(count + 1))
    ids: dict[bytes, int] = {}
    found = [
        ids.setdefault(codes[first:last].tobytes(), len(ids))
        for first, last in pairwise(starts.tolist())
    ]
    return numpy.asarray(found, dtype=numpy.int64)


def of_rows(patients: Codes, values: Sequence[str] | pandas.Series[Any]) -> Property:
    """A property of rows: the patient of each, and its value."""
    codes, found = pandas.factorize(numpy.asarray(values, dtype=object))
    return of_pairs(patients, codes.astype(numpy.int64), found)


@dataclass(frozen=True, slots=True)
class Side:
    """What one source, a table or headers, tells of its patients."""

    patients: pandas.Index[Any] = field(repr=False)
    properties: Mapping[str, Property]
    kinds: Mapping[str, str]
    """What each property is: what attackers know is said by kind."""

    def changed(self, name: str, change: Callable[[str], str] | None) -> Side:
        """The same with the values of one property changed, or without it."""
        kept = {each: found for each, found in self.properties.items() if each != name}
        if change is not None:
            kept[name] = self.properties[name].mapped(change)
        return Side(self.patients, {n: kept[n] for n in self.properties if n in kept}, self.kinds)


RECORDS = "number of records"


def of_table(table: pandas.DataFrame, id_column: str, kinds: Mapping[str, Kind]) -> Side:
    """The side of a table; identifiers and free text, which nothing can group, are left out.

    Rows without an id are patients of their own: nobody hides behind a missing number. Several
    rows for a patient are a property, too, and dates that were shifted only by their intervals.
    """
    ids = numpy.asarray(table[id_column], dtype=object).copy()
    missing = numpy.flatnonzero(ids == "")
    ids[missing] = [f"\1row {number}" for number in missing]
    codes, names = pandas.factorize(ids)
    patients = codes.astype(numpy.int64)
    found: dict[str, Property] = {}
    told: dict[str, str] = {}
    for column, kind in kinds.items():
        if kind in (Kind.IDENTIFIER, Kind.FREE_TEXT):
            continue
        made = of_rows(patients, table[column])
        if kind is Kind.SHIFTED_DATE:
            made = _of_intervals(made, len(names))
        found[column], told[column] = made, str(kind)
    if len(names) < len(table):
        counts = numpy.bincount(patients, minlength=len(names))
        found[RECORDS] = of_rows(numpy.arange(len(names)), list(map(str, counts.tolist())))
        told[RECORDS] = "history"
    return Side(pandas.Index(names), found, told)


def _of_intervals(dates: Property, count: int) -> Property:
    days: list[list[int]] = [[] for _ in range(count)]
    ordinals = [ordinal_of(each) for each in dates.values]
    for patient, code in zip(dates.patients.tolist(), dates.codes.tolist(), strict=True):
        if (day := ordinals[code]) is not None:
            days[patient].append(day)
    return of_rows(numpy.arange(count), [intervals_of(each) for each in days])


def intervals_of(days: Sequence[int]) -> str:
    """The days between dates, in their order."""
    return " ".join(str(later - earlier) for earlier, later in pairwise(sorted(days)))


def ordinal_of(value: str) -> int | None:
    """The number of the day that a date names; None for what is no date."""
    day = day_of(value)
    return None if day is None else day.toordinal()
