"""The time, as one value that can be handed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the present moment, always with the UTC time zone."""


def utc_now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


def timestamp(moment: datetime) -> str:
    """`moment` as RFC 3339 in UTC with microseconds, the one form used in every record."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_timestamp(text: str) -> datetime:
    """The moment that `timestamp` wrote.

    Raises:
        ValueError: when the text has another form.
    """
    moment = datetime.fromisoformat(text)  # ten times as fast as strptime, and less strict
    if timestamp(moment) != text:
        raise ValueError(f"{text!r} is not a timestamp in UTC with microseconds")
    return moment
