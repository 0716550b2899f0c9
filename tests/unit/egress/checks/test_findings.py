"""What a finding may carry: bounded, plain, and by number only where content must not be seen."""

from __future__ import annotations

import pytest

from vitrine.egress.checks.finding import (
    LOCATIONS_LIMIT,
    Finding,
    Severity,
    bounded,
    finding_of,
)

PLAIN = {
    "check": "small-cells",
    "version": 2,
    "severity": "block",
    "message": "a count of fewer than 10 people",
    "locations": ["row 3, column deaths"],
}


def test_a_finding_comes_back_from_plain_values():
    assert finding_of(PLAIN) == Finding(
        check="small-cells",
        version=2,
        severity=Severity.BLOCK,
        message="a count of fewer than 10 people",
        locations=("row 3, column deaths",),
    )


@pytest.mark.parametrize(
    "nonsense",
    [
        None,
        [],
        "finding",
        {},
        PLAIN | {"check": "<script>"},
        PLAIN | {"check": "a" * 100},
        PLAIN | {"version": 0},
        PLAIN | {"version": 1 << 40},
        PLAIN | {"version": "two"},
        PLAIN | {"severity": "safe"},
        PLAIN | {"locations": 4},
    ],
)
def test_what_is_no_finding_is_refused(nonsense):
    with pytest.raises(ValueError, match=r".+"):
        finding_of(nonsense)


def test_a_file_does_not_decide_how_large_its_findings_are():
    places = bounded([f"row {n}, column {'x' * 10_000}" for n in range(100_000)])
    assert len(places) == LOCATIONS_LIMIT + 1
    assert places[-1] == "and 99,950 more"
    assert sum(map(len, places)) < 10_000
    found = finding_of(PLAIN | {"message": "m" * 100_000, "locations": ["p"] * 100_000})
    assert len(found.message) <= 500
    assert len(found.locations) == LOCATIONS_LIMIT + 1
    assert finding_of(PLAIN | {"locations": list(places)}).locations == places, "said once"


def test_places_are_text_that_can_be_kept():
    (place,) = bounded(["column \ud800\0name"])
    place.encode()
    assert "\0" not in place


def test_by_number_no_name_out_of_the_file_is_left():
    places = (
        "row 3, column Smith",
        "sheet Jones, row 7",
        "sheet Jones",
        "cell 3 output 1",
        "member rows of Ann/line 4",
        "column row 123456789",
        "row 12, column row 5 of Ann",
    )
    found = finding_of(PLAIN | {"locations": places}).by_number()
    assert found.locations == ("row 3", "row 7", "cell 3, output 1", "line 4", "row 12, row 5")
