"""What a killed Hub left behind, found and removed: at the start and every minute."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from vitrine.errors import VitrineError
from vitrine.hub.pair import Pairs, sessions_of
from vitrine.workspaces import store

EVERY_S: Final = 60
LEFT_OVER: Final = "the Hub was interrupted while this session started or ended"

log = logging.getLogger("vitrine.hub")


@dataclass(frozen=True, slots=True)
class LeftOver:
    """A session that no server of this Hub holds, and where something of it was found."""

    session_id: str
    workspace_id: int | None
    found: tuple[str, ...]


async def sweep(pairs: Pairs) -> list[LeftOver]:
    """End every session on this node that this Hub does not hold, and return them.

    A session is ended when anything of it is left: a container, a session of the gate, a
    directory or mount of the host helper, or a record that says it runs. A part of the node
    that does not answer now is looked at in the next sweep.
    """
    async with pairs.planning:
        # While this is held no session is planned, so whatever is found and not held is nobody's.
        found = await pairs.do(lambda: _everything(pairs))
        left_over = [each for each in found if each.session_id not in pairs.held]
    for each in left_over:
        log.warning("session %s is left over in: %s", each.session_id, ", ".join(each.found))
        await pairs.end(each.session_id, each.workspace_id, LEFT_OVER)
    return left_over


def _everything(pairs: Pairs) -> list[LeftOver]:
    """Every session of which anything exists."""
    places: dict[str, list[str]] = {}
    workspaces: dict[str, int | None] = {}

    def containers() -> list[str]:
        return [half.session_id for half in pairs.engine.halves()]

    def gate() -> list[str]:
        return sessions_of(pairs.ask_gate({"op": "list"}))

    def host() -> list[str]:
        answer = pairs.ask_host({"op": "list"})
        for each in answer["sessions"]:
            workspaces[each["session_id"]] = each["workspace_id"]
        return sessions_of(answer)

    def records() -> list[str]:
        with pairs.database.read() as tx:
            found = store.open_sessions(tx)
        workspaces.update({each.id: each.workspace_id for each in found})
        return [each.id for each in found]

    for look in (containers, gate, host, records):
        try:
            for session_id in look():
                places.setdefault(session_id, []).append(look.__name__)
        except VitrineError as error:
            log.warning("the sweep leaves out %s: %s", look.__name__, error.sentence())
    return [
        LeftOver(session_id, workspaces.get(session_id), tuple(dict.fromkeys(found)))
        for session_id, found in sorted(places.items())
    ]
