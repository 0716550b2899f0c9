"""Where things are inside a session."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

DATA: Final = "VITRINE_DATA"
WORKSPACE: Final = "VITRINE_WORKSPACE"
AGENT_SOCKET: Final = "VITRINE_AGENT_SOCKET"


def data_root() -> Path:
    """The folder with one read-only folder for each dataset."""
    return Path(os.environ.get(DATA, "/data"))


def workspace_root() -> Path:
    """The researcher's own folder."""
    return Path(os.environ.get(WORKSPACE, "/workspace"))


def agent_socket() -> Path:
    """Where the session's agent takes what is asked of the gate."""
    return Path(os.environ.get(AGENT_SOCKET, "/tmp/vitrine-agent.sock"))  # noqa: S108
