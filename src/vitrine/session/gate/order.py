"""What the Hub orders the gate to open, and where a session's things lie. Records, no I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from vitrine.errors import InvalidInput

KINDS: Final = ("drf", "shr", "rcv")
"""What the spool holds for the steward: drafts of exports, shares, receipts of shares."""

_SESSION_ID: Final = re.compile(r"[a-z0-9-]{4,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOrder:
    """A session to be opened. Sizes in MiB."""

    session_id: str
    person: str
    project: str
    kernel_uid: int
    lab_uid: int
    memory_mb: int = 4096
    journal_limit_mb: int = 1024
    agent_buffer_mb: int = 16
    export_file_mb: int = 16
    export_request_mb: int = 64
    share_project_mb: int = 1024

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> SessionOrder:
        """The order in `fields`; unknown fields are refused.

        Raises:
            InvalidInput: when a field is missing, unknown or of the wrong kind.
        """
        try:
            order = cls(**fields)
        except TypeError:
            raise InvalidInput("an order with fields missing or unknown") from None
        for name, value in asdict(order).items():
            expected = str if name in ("session_id", "person", "project") else int
            if not isinstance(value, expected) or isinstance(value, bool):
                raise InvalidInput(f"{name} of an order is of the wrong kind")
        if not _SESSION_ID.fullmatch(order.session_id):
            raise InvalidInput("a session id of an unknown form")
        return order

    def fields(self) -> dict[str, Any]:
        """The order as `of` takes it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Places:
    """The directories that a gate works in."""

    sessions: Path
    """Per session `lab/` and `kernel/`, made by the host helper."""
    state: Path
    """Open sessions and their kernels' keys; the gate's own, gone with a reboot."""
    journal: Path
    drafts: Path
    """What was frozen for export or sharing, until the steward takes it."""
    shares: Path
    """Per project what its members share; the steward's, the gate only reads."""

    def lab(self, session_id: str) -> Path:
        """Where the gate's sockets for the lab are."""
        return self.sessions / session_id / "lab"

    def kernel(self, session_id: str) -> Path:
        """Where the gate's socket for the agent is."""
        return self.sessions / session_id / "kernel"

    def memory(self, session_id: str) -> Path:
        """What a new worker must know about a session."""
        return self.state / session_id
