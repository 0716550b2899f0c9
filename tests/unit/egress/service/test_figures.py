"""Figures of turns and of reviews, against what was done by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.egress.request import Reason, Status
from vitrine.egress.service.figures import SeatTime, by_checker, by_project, percentile
from vitrine.egress.service.level import ServiceLevel
from vitrine.egress.service.turn import Priority, ReviewTurn

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
LEVEL = ServiceLevel()


def a_turn(hours, outcome=Status.APPROVED, *, turn=1, project="lung", code=None, begin=MONDAY):
    return ReviewTurn(
        request_id="req-1",
        turn=turn,
        project=project,
        author="ann",
        submitted_at=begin,
        due_at=LEVEL.due(begin),
        priority=Priority.NORMAL,
        outputs=1,
        output_bytes=1,
        ended_at=None if hours is None else begin + timedelta(hours=hours),
        outcome=outcome,
        reason_code=code,
    )


def test_figures_are_of_one_project_and_the_month_in_which_the_turn_ended():
    (figures,) = by_project(
        [
            *(a_turn(hours) for hours in range(1, 10)),
            a_turn(60, Status.RETURNED, code=Reason.SMALL_COUNTS),
            a_turn(1, Status.RETURNED, turn=2, code=Reason.SMALL_COUNTS),
            a_turn(None),
        ],
        LEVEL,
    )
    assert (figures.project, figures.month, figures.turns) == ("lung", "2026-03", 11)
    assert (figures.p50_h, figures.p90_h, figures.late) == (5, 9, 1)
    assert (figures.first_turns, figures.first_time_passed) == (10, 9)
    assert figures.reasons == {Reason.SMALL_COUNTS: 2}


def test_newer_months_and_then_projects_in_order():
    april = datetime(2026, 4, 1, tzinfo=UTC)
    turns = [a_turn(1), a_turn(1, project="a"), a_turn(1, begin=april)]
    found = by_project(turns, LEVEL)
    assert [(each.month, each.project) for each in found] == [
        ("2026-04", "lung"),
        ("2026-03", "a"),
        ("2026-03", "lung"),
    ]


def test_a_weekend_takes_no_time():
    friday = MONDAY + timedelta(days=4, hours=23)
    (figures,) = by_project([a_turn(50, begin=friday)], LEVEL)
    assert figures.p50_h == 2


def test_a_checker_s_figures_are_from_seat_to_hand_in():
    seats = [
        SeatTime(reviewer=name, started_at=MONDAY, submitted_at=MONDAY + timedelta(hours=hours))
        for name, hours in (("cy", 3), ("bo", 1), ("bo", 2))
    ]
    found = [(each.reviewer, each.reviews, each.p50_h) for each in by_checker(seats, LEVEL)]
    assert found == [("bo", 2, 1), ("cy", 1, 3)]


@given(st.lists(st.floats(0, 1e6), min_size=1), st.sampled_from([50, 90]))
def test_a_percentile_is_a_value_that_so_many_do_not_exceed(values, percent):
    found = percentile(values, percent)
    assert found in values
    assert sum(value <= found for value in values) >= len(values) * percent / 100
    assert sum(value < found for value in values) < len(values) * percent / 100


def test_nothing_was_decided():
    assert by_project([], LEVEL) == []
    assert by_checker([], LEVEL) == []
    with pytest.raises(IndexError):
        percentile([], 50)
