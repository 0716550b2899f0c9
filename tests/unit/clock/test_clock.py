"""Timestamps: one form, there and back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.clock import parse_timestamp, timestamp


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))
def test_what_was_written_is_read(moment):
    assert parse_timestamp(timestamp(moment)) == moment
    assert parse_timestamp(timestamp(moment)).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-03-01",
        "2026-03-01T12:00:00Z",
        "2026-03-01T12:00:00.000000",
        "2026-03-01T12:00:00.000000+00:00",
        "2026-03-01T12:00:00.000000+01:00",
        "2026-03-01 12:00:00.000000Z",
        "2026-13-01T12:00:00.000000Z",
        "20260301T120000.000000Z",
    ],
)
def test_another_form_is_refused(text):
    with pytest.raises(ValueError):
        parse_timestamp(text)
