"""A project: its members, its datasets, its end, and what differs from the node's limits."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitOverrides:
    """Limits of a project's sessions; None where the node's setting holds."""

    memory_mb: int | None = None
    cpus: float | None = None
    pids: int | None = None
    tmp_mb: int | None = None
    workspace_mb: int | None = None
    max_hours: int | None = None
    export_file_mb: int | None = None
    export_request_mb: int | None = None

    def set_values(self) -> dict[str, int | float]:
        """The limits that differ from the node's settings."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What one group of people may do with named datasets until a day."""

    id: str
    title: str
    members: frozenset[str]
    datasets: frozenset[str]
    expires_at: datetime
    reviewers_required: int
    allow_same_project_review: bool = False
    """Whether a member who is an output checker may review requests of other members."""
    disclosure: str = "acro"
    """Name of the disclosure policy that decides what may leave."""
    limits: LimitOverrides = LimitOverrides()
    created_at: str = ""
    created_by: str = ""

    def is_expired(self, now: datetime) -> bool:
        """Whether the project is over."""
        return now >= self.expires_at
