"""Records of persons turned round, sorted, coarsened or spread over rows, and what is none."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

import pytest

from tests.support.checked import serious

R = random.Random(3)
AGES = [R.randint(30, 90) for _ in range(36)]
CHANGES = sorted((round(R.uniform(-80, 70), 1) for _ in range(48)), reverse=True)


def csv(*rows: Iterable[object]) -> str:
    return "".join(",".join(map(str, row)) + "\n" for row in rows)


def choices(values: Sequence[object]) -> list[object]:
    return [R.choice(values) for _ in AGES]


RECORDS = {
    "waterfall": csv(["rank", "best change %"], *enumerate(CHANGES, 1)),
    "waterfall without words": csv(["index", "value"], *enumerate(CHANGES, 1)),
    "turned round": csv(
        ["measure", *(f"v{k}" for k in range(36))], ["age", *AGES], ["sex", *choices("MF")]
    ),
    "turned round and numbered": csv(
        ["measure", *range(1, 37)], ["age", *AGES], ["dead", *choices("01")]
    ),
    "turned round without a head": csv(
        ["age", *AGES], ["sex", *choices("MF")], ["stage", *choices(["I", "II", "III"])]
    ),
    "coarse": csv(
        ["sex", "age group", "smoker"],
        *([R.choice("MF"), f"{10 * R.randint(4, 7)}s", R.choice(["yes", "no"])] for _ in range(80)),
    ),
    "coarse without words": csv(
        ["a", "b", "c"],
        *([R.choice("MF"), 10 * R.randint(4, 7), R.choice(["I", "II"])] for _ in range(80)),
    ),
    "one value in each row": csv(
        ["key", "field", "value"],
        *(
            [key, field, value]
            for key in range(1, 25)
            for field, value in (("age", R.randint(30, 90)), ("sex", R.choice("MF")))
        ),
    ),
    "score and class": csv(
        ["score", "label"], *([round(R.random(), 1), R.randint(0, 1)] for _ in range(80))
    ),
}
RESULTS = {
    "importance": csv(["rank", "importance"], *((k, round(1 / k, 3)) for k in range(1, 40))),
    "scores of folds": csv(
        ["model", "data", "fold", "dice"],
        *([m, d, f, round(R.uniform(0.8, 0.9), 3)] for m in "AB" for d in "XY" for f in range(5)),
    ),
    "a curve": csv(["dose", "response"], *((k, round(k / (k + 20), 3)) for k in range(60))),
    "epochs across": csv(
        ["metric", *(f"epoch {k}" for k in range(1, 31))],
        ["loss", *(round(1 / k, 3) for k in range(1, 31))],
        ["dice", *(round(1 - 0.5 / k, 3) for k in range(1, 31))],
    ),
    "a cross table with counts": csv(
        ["sex", "stage", "smoker", "n"],
        *([s, t, k, R.randint(40, 90)] for s in "FM" for t in ("I", "II") for k in ("yes", "no")),
    ),
    "a grid of settings": csv(
        ["loss", "optimiser", "lr", "AUC"],
        *(
            [one, other, rate, round(R.uniform(0.8, 0.9), 3)]
            for one in ("ce", "focal", "dice")
            for other in ("sgd", "adam")
            for rate in (0.1, 0.01, 0.001)
        ),
    ),
    "reads of readers": csv(
        ["reader", "session", "score"],
        *([f"reader {k}", s, R.randint(1, 5)] for k in range(1, 7) for s in range(1, 7)),
    ),
}


@pytest.mark.parametrize("name", RECORDS)
def test_records_in_another_shape_are_found(name: str) -> None:
    assert "row-level-data" in serious("figure.csv", RECORDS[name])


@pytest.mark.parametrize("name", RESULTS)
def test_results_are_no_records(name: str) -> None:
    assert "row-level-data" not in serious("figure.csv", RESULTS[name])
