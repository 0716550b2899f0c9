from __future__ import annotations

import itertools
import random
import time
from dataclasses import replace

import pytest

from vitrine.egress import disclosure
from vitrine.egress.checks.finding import Finding
from vitrine.egress.checks.readers.delimited import read
from vitrine.egress.checks.rules import tables_margins
from vitrine.egress.checks.rules.tables_bounds import NotDecided, Sums, given_away

THRESHOLD = 5
POLICY = replace(disclosure.load("acro"), threshold=THRESHOLD)
Counts = dict[tuple[str, ...], int]


def found(text: str) -> list[Finding]:
    return tables_margins.RULES[0].findings(read("t.csv", text.encode(), "csv"), POLICY)


def places(text: str) -> set[str]:
    return {place for finding in found(text) for place in finding.locations}


def _wide(counts: list[list[int]], shown: list[list[bool]]) -> str:
    """Rows × columns with both totals; a hidden count below the threshold is `<5`."""
    width = len(counts[0])
    lines = [",".join(["stage", *(f"ward {k}" for k in range(width)), "total"])]
    for number, row in enumerate([*counts, [sum(column) for column in zip(*counts, strict=True)]]):
        name = f"kind {number}" if number < len(counts) else "total"
        cells = [*map(str, row), str(sum(row))]
        if number < len(counts):
            cells = [c if s else "<5" for c, s in zip(cells, [*shown[number], True], strict=True)]
        lines.append(",".join([name, *cells]))
    return "\n".join(lines) + "\n"


def _truth(counts: list[list[int]], shown: list[list[bool]]) -> set[tuple[int, int]]:
    """By trying every combination: hidden cells within 1 and 4 in all, in fewer than 4 values."""
    hidden = [(r, c) for r, row in enumerate(shown) for c, said in enumerate(row) if not said]
    rows = [sum(row) for row in counts]
    columns = [sum(column) for column in zip(*counts, strict=True)]
    possible: dict[tuple[int, int], set[int]] = {spot: set() for spot in hidden}
    for guess in itertools.product(range(THRESHOLD), repeat=len(hidden)):
        table = [list(row) for row in counts]
        for (row, column), value in zip(hidden, guess, strict=True):
            table[row][column] = value
        sums = [sum(column) for column in zip(*table, strict=True)]
        if [sum(row) for row in table] == rows and sums == columns:
            for spot, value in zip(hidden, guess, strict=True):
                possible[spot].add(value)
    return {
        spot
        for spot, values in possible.items()
        if min(values) >= 1 and max(values) < THRESHOLD and max(values) - min(values) < 3
    }


@pytest.mark.parametrize("part", range(10))
def test_what_totals_give_away_is_what_trying_everything_finds(part: int) -> None:
    chance = random.Random(part)
    for _ in range(25):
        height, width = chance.randrange(2, 5), chance.randrange(2, 5)
        counts = [[chance.choice([*range(6), 12, 30]) for _ in range(width)] for _ in range(height)]
        counts[0][0] = 25
        small = [(r, c) for r, row in enumerate(counts) for c, n in enumerate(row) if n < THRESHOLD]
        chosen = set(chance.sample(small, min(len(small), 5)))
        shown = [[(r, c) not in chosen for c in range(width)] for r in range(height)]
        expected = {f"row {r + 2}, column ward {c}" for r, c in _truth(counts, shown)}
        assert places(_wide(counts, shown)) == expected


def _cube(chance: random.Random) -> tuple[Counts, set[tuple[str, ...]]]:
    counts = {
        key: chance.choice([*range(5), 11])
        for key in itertools.product(("male", "female"), ("north", "south"), ("old", "young"))
    }
    small = [key for key, count in counts.items() if count < THRESHOLD]
    return counts, set(chance.sample(small, min(len(small), 5)))


def _with_totals(counts: Counts) -> Counts:
    whole: Counts = {}
    for key, count in counts.items():
        for mask in itertools.product((False, True), repeat=3):
            summed = tuple("all" if m else k for m, k in zip(mask, key, strict=True))
            whole[summed] = whole.get(summed, 0) + count
    return whole


@pytest.mark.parametrize("seed", range(25))
def test_three_properties_in_long_form_are_bounded_over_whole_numbers(seed: int) -> None:
    counts, hidden = _cube(random.Random(seed))
    whole = _with_totals(counts)
    order = list(whole)
    lines = [",".join([*key, "<5" if key in hidden else str(whole[key])]) for key in order]
    text = "sex,region,band,n\n" + "\n".join(lines) + "\n"
    possible: dict[tuple[str, ...], set[int]] = {key: set() for key in hidden}
    for guess in itertools.product(range(THRESHOLD), repeat=len(hidden)):
        tried = counts | dict(zip(hidden, guess, strict=True))
        if _with_totals(tried) == whole | dict(zip(hidden, guess, strict=True)):
            for key in hidden:
                possible[key].add(tried[key])
    expected = {
        f"row {order.index(key) + 2}, column n"
        for key, values in possible.items()
        if min(values) >= 1 and max(values) - min(values) < 3
    }
    assert places(text) == expected


def test_a_mark_without_range_is_given_away_by_one_total() -> None:
    assert places("stage,male,female,total\nI,45,*,48\nII,60,40,100\n") == {"row 2, column female"}


def test_a_mark_beside_a_second_mark_is_not() -> None:
    assert not found("stage,male,female,total\nI,45,*,*\nII,60,*,*\nTotal,105,48,153\n")


def test_rounded_totals_give_nothing_away() -> None:
    policy = disclosure.load("nhs-sde")
    text = "stage,male,female,total\nI,45,<10,50\nII,60,40,100\n"
    document = read("t.csv", text.encode(), "csv")
    assert not tables_margins.RULES[0].findings(document, policy)


def test_what_is_called_a_total_and_is_none_is_left_alone() -> None:
    assert not found("stage,male,female,total\nI,45,<5,900\nII,60,40,7\n")


def test_thirty_by_thirty_with_150_hidden_takes_two_seconds() -> None:
    chance = random.Random(1)
    counts = [[chance.randrange(0, 40) for _ in range(30)] for _ in range(30)]
    hidden = set(chance.sample(range(900), 150))
    for spot in hidden:
        counts[spot // 30][spot % 30] = chance.randrange(0, 5)
    shown = [[30 * r + c not in hidden for c in range(30)] for r in range(30)]
    start = time.process_time()
    found(_wide(counts, shown))
    assert time.process_time() - start < 4  # two, on a machine that does nothing else


def test_more_than_a_thousand_hidden_numbers_are_not_decided() -> None:
    sums = Sums((0.0,) * 1002, (4.0,) * 1001 + (9.0,), ((tuple(range(1001)), 1001),))
    with pytest.raises(NotDecided):
        given_away(sums, range(1001), THRESHOLD)
