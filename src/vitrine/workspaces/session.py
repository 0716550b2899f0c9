"""A session and its life cycle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a session is in its life."""

    STARTING = "starting"
    RUNNING = "running"
    ENDED = "ended"


MOVES: Final[Mapping[State, frozenset[State]]] = {
    State.STARTING: frozenset({State.RUNNING, State.ENDED}),
    State.RUNNING: frozenset({State.ENDED}),
    State.ENDED: frozenset(),
}
"""From each state, the states that may follow."""

OPEN: Final = frozenset(state for state, following in MOVES.items() if following)
"""States in which containers may exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session as it was recorded. A row is never removed."""

    id: str
    person: str
    project: str
    workspace_id: int
    state: State
    datasets: tuple[str, ...]
    """The versions it mounts, as `lung-ct@2`."""
    requested_at: str
    running_at: str | None
    ended_at: str | None
    expires_at: datetime
    reason: str | None
    """Why it ended."""
    stop_requested: str | None
    """Why somebody asked for its end, who is named in the audit log."""

    @property
    def is_open(self) -> bool:
        """Whether containers of this session may exist."""
        return self.state in OPEN
