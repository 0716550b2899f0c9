"""Run the gate: `python -m vitrine.session.gate`, under the gate's own account."""

from __future__ import annotations

import asyncio
import gc
import os
import pwd
import socket
import sys

from vitrine import settings
from vitrine.errors import SettingsError
from vitrine.session.gate.order import Places, SessionOrder
from vitrine.session.gate.parent import Parent
from vitrine.session.gate.worker import Worker


def main() -> int:
    """Serve until stopped; sessions go on in the next gate."""
    os.umask(0o027)
    node = settings.load()
    places = Places(
        sessions=node.session_root,
        state=node.run_root / "gate" / "sessions",
        journal=node.journal_root,
        drafts=node.draft_root,
        shares=node.share_root,
    )
    places.state.mkdir(mode=0o700, parents=True, exist_ok=True)

    def run_worker(order: SessionOrder, pipe: socket.socket) -> None:
        asyncio.run(Worker(order, places, pipe).run())

    allowed = frozenset({0, os.geteuid(), _uid(node.account_hub), _uid(node.account_steward)})
    gc.freeze()
    Parent(places, node.gate_control_socket, allowed, run_worker).serve()
    return 0


def _uid(account: str) -> int:
    try:
        return pwd.getpwnam(account).pw_uid
    except KeyError:
        raise SettingsError(f"there is no account {account} on this machine") from None


if __name__ == "__main__":
    sys.exit(main())
