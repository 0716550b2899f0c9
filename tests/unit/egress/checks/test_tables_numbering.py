"""What numbers rows or sets limits counts nobody; what scores cases and what checks as a number."""

from __future__ import annotations

import random

import pytest

from vitrine.egress import disclosure
from vitrine.egress.checks import engine

POLICY = disclosure.load("acro")
CHOICE = random.Random(7)


def serious(text: str, name: str = "t.csv") -> set[str]:
    report, _ = engine.look(name, text.encode(), POLICY)
    return {each.check for each in report.findings if str(each.severity) != "info"}


def lines(head: str, rows: list[str]) -> str:
    return "\n".join([head, *rows, ""])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            lines("band,from,to", [f"{n},{n * 10},{n * 10 + 9}" for n in range(1, 8)]), id="bands"
        ),
        pytest.param(
            lines("bootstrap of 900 patients,AUC", [f"{n},0.8{n % 10}1" for n in range(200)]),
            id="bootstrap",
        ),
        pytest.param(
            'criterion,"lesions, at most","per organ, at most"\nA,10,5\nB,5,2\n', id="limits"
        ),
    ],
)  # fmt: skip
def test_numbers_of_rows_and_limits_raise_nothing(text):
    assert not serious(text)


def test_a_class_and_a_score_in_each_row_are_records():
    rows = [f"{CHOICE.randrange(2)},{CHOICE.random():.4f}" for _ in range(60)]
    assert "row-level-data" in serious(lines("y,p", rows))


def test_a_column_of_valid_nhs_numbers_is_found_under_any_header():
    found: list[str] = []
    while len(found) < 12:
        digits = [9, 9, 9, *(CHOICE.randrange(10) for _ in range(6))]
        check = (11 - sum((10 - k) * each for k, each in enumerate(digits)) % 11) % 11
        if check < 10:
            found.append("".join(map(str, [*digits, check])))
    assert "identifiers" in serious(lines("number,stage", [f"{each},II" for each in found]))
    others = [str(int(each) + 1) for each in found]
    assert "identifiers" not in serious(lines("total,site", [f"{each},A" for each in others]))


def test_counts_under_words_of_other_languages_are_counts():
    assert "small-cells" in serious("Gruppe;Anzahl;Anteil\nT1;184;53,2\nT2;155;44,8\nT3;7;2,0\n")


@pytest.mark.parametrize(
    ("sentence", "is_found"),
    [
        ("In the high-risk group 5 of 88 patients were alive.", True),
        ("patients with both CT and PET: 4", True),
        ("Three were excluded because of artefacts.", True),
        ("More than 5 of 88 patients would be needed.", False),
        ("patients per batch: 4", False),
        ("Three were trained from scratch.", False),
        ("patients with both CT and PET: 48", False),
    ],
)
def test_few_people_in_a_sentence(sentence, is_found):
    assert ("small-cells" in serious(sentence + "\n", "a.txt")) is is_found
