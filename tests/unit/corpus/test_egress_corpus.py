"""The labels of the corpus hold together, and its files are the same at every run."""

import re

import pytest

from tests.bench.egress_corpus import wilson
from tests.corpus.egress import LANES, SPLITS, WORDS, cases, write
from tests.corpus.egress.locations import at
from tests.corpus.egress.mapping import CHECKS

LIGHT = ("text-and-captions", "models", "safe-integers")
SIZES = {"models": (20, 15), "images": (40, 40), "safe-integers": (0, 30)}
ROUNDED = {"opensafely": 8, "nhs-sde": 10}


def test_each_case_has_its_own_id_and_words_of_the_vocabulary():
    every = cases()
    assert len({case.id for case in every}) == len(every)
    used = {case.defect.word for case in every if case.defect}
    assert used == set(WORDS)
    assert set(CHECKS) == set(WORDS)


@pytest.mark.parametrize("lane", LANES)
def test_lanes_are_large_enough_and_lie_on_both_sides(lane):
    unsafe, safe = SIZES.get(lane, (40, 25))
    assert sum(case.unsafe for case in cases(lane=lane)) >= unsafe
    assert sum(not case.unsafe for case in cases(lane=lane)) >= safe
    for split in SPLITS:
        assert len(cases(split, lane)) >= len(cases(lane=lane)) // 3


def test_a_defect_lies_in_a_file_of_its_request():
    assert all(case.defect.path in case.paths for case in cases() if case.defect)


@pytest.mark.parametrize("lane", LIGHT)
def test_files_are_the_same_at_every_call(lane):
    for case in cases(lane=lane):
        assert case.contents() == case.contents(), case.id


def test_write_makes_the_files_of_a_case(tmp_path):
    (case,) = [each for each in cases() if each.id == "tables/unsafe/with-and-without"]
    paths = write(case, tmp_path / "request")
    assert [path.name for path in paths] == ["all.csv", "without_metal.csv"]
    assert paths[0].read_bytes() == case.contents()["all.csv"]


def test_safe_rounded_tables_keep_to_their_policy():
    seen = 0
    for case in cases(lane="tables"):
        if case.unsafe or case.policy not in ROUNDED:
            continue
        for name, content in case.contents().items():
            if not name.endswith((".csv", ".md", ".tex")):
                continue
            body = content.decode().partition("\n")[2]
            for number in map(int, re.findall(r"(?<![\w.-])\d+(?![\w.-])", body)):
                assert number % 5 == 0, (case.id, number)
                assert number == 0 or number >= ROUNDED[case.policy], (case.id, number)
                seen += 1
    assert seen > 30


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ("", "anything"),
        ("row 7, column n", "row 8, column n"),
        ("row 7, column n", "column N"),
        ("row 4", "line 9"),
        ("sheet Table 1, row 7", "sheet Table 1, row 7, column C"),
        ("cell 3 output 1", "cell 3, output 1, line 4"),
        ("cell 3 output 1", "cell 3"),
        ("line 12", "lines 10-14"),
    ],
)
def test_a_location_is_recognised(expected, said):
    assert at(expected, said)


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ("row 7, column n", ""),
        ("row 7, column n", "row 3, column n"),
        ("row 7, column n", "row 7, column percent"),
        ("sheet Hidden", "sheet Table 1"),
        ("page 2", "line 2"),
        ("cell 3 output 1", "cell 2"),
    ],
)
def test_another_location_is_not(expected, said):
    assert not at(expected, said)


def test_intervals_are_those_of_wilson():
    low, high = wilson(9, 10)
    assert (round(low, 3), round(high, 3)) == (0.596, 0.982)
    assert wilson(0, 0) == (0.0, 1.0)
