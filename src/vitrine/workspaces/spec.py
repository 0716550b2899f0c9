"""What a session consists of, decided before anything of it exists."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Literal

from vitrine.permits.project import LimitOverrides
from vitrine.settings import Settings

View = Literal["direct", "streamed"]


@dataclass(frozen=True, slots=True)
class Mount:
    """One dataset version that the kernel sees read-only at `/data/<dataset>`."""

    dataset: str
    version: int
    source: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one session may use; sizes in MiB."""

    memory_mb: int
    cpus: float
    pids: int
    open_files: int
    tmp_mb: int
    lab_memory_mb: int
    workspace_mb: int
    """Size of a new workspace; an existing one keeps its size."""
    max_hours: int
    journal_limit_mb: int
    agent_buffer_mb: int
    export_file_mb: int
    export_request_mb: int
    share_project_mb: int

    @classmethod
    def of(cls, settings: Settings, overrides: LimitOverrides) -> Limits:
        """The node's limits, with those of a project in their place where it has its own."""
        values = {each.name: _setting(settings, each.name) for each in fields(cls)}
        return cls(**{**values, **overrides.set_values()})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceSpec:
    """Everything that the Hub needs to start a session, and nothing that a user chose."""

    session_id: str
    person: str
    project: str
    kernel_image: str
    """Name of the image; the Hub resolves it to an id when it starts the container."""
    lab_image: str
    mounts: tuple[Mount, ...]
    workspace_id: int
    """Belongs to this person in this project, for ever."""
    kernel_uid: int
    lab_uid: int
    limits: Limits
    expires_at: datetime
    view: View = "direct"


def _setting(settings: Settings, limit: str) -> int | float:
    """The node's value of `limit`: some fields of Settings begin with `session_`."""
    name = limit if hasattr(settings, limit) else f"session_{limit}"
    value: int | float = getattr(settings, name)
    return value
