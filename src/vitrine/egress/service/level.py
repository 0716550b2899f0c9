"""The clock of a request: working time until it should be decided. Pure.

Working time runs all day on working days, in UTC. It runs while the checkers have the turn, stands
while the author has it, and goes on from where it stood when the request comes back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """Within how many working days a request should be decided, and which days are none."""

    days: int = 2
    holidays: frozenset[date] = frozenset()
    """Days on which the clock stands, as it does on Saturdays and Sundays."""

    def is_working(self, day: date) -> bool:
        """Whether the clock runs on `day`."""
        return day.weekday() < 5 and day not in self.holidays

    def working(self, begin: datetime, end: datetime) -> timedelta:
        """The working time between two moments; nothing when `end` is not the later one."""
        total, moment = timedelta(), begin
        while moment < end:
            midnight = min(_next_midnight(moment), end)
            if self.is_working(moment.astimezone(UTC).date()):
                total += midnight - moment
            moment = midnight
        return total

    def due(self, since: datetime, earlier: Iterable[tuple[datetime, datetime]] = ()) -> datetime:
        """When a request that came to the checkers at `since` should be decided.

        Args:
            earlier: from when to when the checkers had it before; all of that time counts.
        """
        left = self.days * _DAY
        left -= sum((self.working(begin, end) for begin, end in earlier), timedelta())
        moment = since
        while left > timedelta():
            midnight = _next_midnight(moment)
            if self.is_working(moment.astimezone(UTC).date()):
                if midnight - moment >= left:
                    return moment + left
                left -= midnight - moment
            moment = midnight
        return moment


def _next_midnight(moment: datetime) -> datetime:
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day + _DAY
