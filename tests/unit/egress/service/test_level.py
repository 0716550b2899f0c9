"""The clock: working time, which stands at weekends, on holidays and in the author's turn."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.egress.service.level import ServiceLevel

LEVEL = ServiceLevel()
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))
HOURS = st.integers(0, 2000).map(lambda hours: timedelta(hours=hours))


def at(day: int, hour: int = 0) -> datetime:
    """A moment of March 2026, of which the 2nd is a Monday."""
    return datetime(2026, 3, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "due"),
    [
        pytest.param(at(2, 9), at(4, 9), id="in the week"),
        pytest.param(at(6, 15), at(10, 15), id="over a weekend"),
        pytest.param(at(7, 15), at(11), id="from a Saturday"),
    ],
)
def test_two_working_days_do_not_count_the_weekend(since, due):
    assert LEVEL.due(since) == due


def test_the_clock_stands_on_a_holiday():
    assert ServiceLevel(2, frozenset({date(2026, 3, 3)})).due(at(2, 9)) == at(5, 9)


def test_the_clock_goes_on_from_where_it_stood_when_the_request_comes_back():
    earlier = [(at(2, 9), at(3, 15))]  # thirty hours of forty-eight
    assert LEVEL.due(at(16, 6), earlier) == at(17, 0)


def test_a_request_whose_time_is_used_up_is_due_at_once():
    assert LEVEL.due(at(16), [(at(2), at(9))]) == at(16)


@given(since=MOMENTS, passed=HOURS)
def test_how_long_the_author_takes_changes_nothing(since, passed):
    back = since + passed
    due = LEVEL.due(back, [(since - timedelta(days=7), since - timedelta(days=7))])
    assert due == LEVEL.due(back)


@given(since=MOMENTS, days=st.integers(1, 30))
def test_what_is_due_is_due_after_exactly_that_much_working_time(since, days):
    level = ServiceLevel(days)
    assert level.working(since, level.due(since)) == timedelta(days=days)


@given(begin=MOMENTS, first=HOURS, second=HOURS)
def test_working_time_adds_up(begin, first, second):
    middle, end = begin + first, begin + first + second
    assert LEVEL.working(begin, end) == LEVEL.working(begin, middle) + LEVEL.working(middle, end)
