"""Run the agent: `python -I -m vitrine.session.agent`, the main process of a kernel container."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from vitrine.session.agent.control import Agent, Surroundings


def main() -> int:
    """Serve until the container is stopped; 0 when asked to end."""
    surroundings = Surroundings(
        gate=Path(os.environ.get("VITRINE_GATE_SOCKET", "/run/gate/agent.sock")),
        workspace=Path(os.environ.get("VITRINE_WORKSPACE", "/workspace")),
        runtime=Path(os.environ.get("VITRINE_RUNTIME", "/tmp/.vitrine")),  # noqa: S108
        drafts=Path(os.environ.get("VITRINE_AGENT_SOCKET", "/tmp/vitrine-agent.sock")),  # noqa: S108
        buffer_bytes=int(os.environ.get("VITRINE_AGENT_BUFFER_MB", "16")) << 20,
    )
    asyncio.run(Agent(surroundings).run())
    return 0


if __name__ == "__main__":
    sys.exit(main())
