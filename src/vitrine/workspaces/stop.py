"""Ask for a session's end, and know which sessions must end now."""

from __future__ import annotations

from vitrine.access import store as access
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock, utc_now
from vitrine.errors import Conflict, InvalidInput
from vitrine.permits import store as permits
from vitrine.storage.database import Database
from vitrine.workspaces import policy, store
from vitrine.workspaces.session import Session


def request_stop(
    db: Database, session_id: str, reason: str, *, actor: str, clock: Clock = utc_now
) -> Session:
    """Ask the Hub to end the session; it does so at its next poll, within seconds.

    Args:
        reason: what its user reads, such as `an administrator stopped this session`.

    Raises:
        NotFound: when there never was such a session.
        Conflict: when it has ended.
    """
    if not reason.strip() or len(reason) > 200 or not reason.isprintable():
        raise InvalidInput("a reason is one printable line of at most 200 characters")
    with db.begin() as tx:
        session = store.session(tx, session_id)
        if not session.is_open:
            raise Conflict(f"session {session_id} ended already: {session.reason}", hint="")
        store.request_stop(tx, session_id, reason)
        log.record(
            tx,
            Event.SESSION_STOP_ASKED,
            actor=actor,
            subject=f"session:{session_id}",
            detail={"reason": reason},
            clock=clock,
        )
    return session


def sessions_to_end(db: Database, clock: Clock = utc_now) -> list[tuple[str, str]]:
    """The id of each open session that may not go on, with the reason that its user reads."""
    now = clock()
    with db.read() as tx:
        judged = [
            (
                session.id,
                policy.may_continue(
                    session,
                    access.account(tx, session.person),
                    permits.project(tx, session.project),
                    now,
                ),
            )
            for session in store.open_sessions(tx)
        ]
    return [(session_id, verdict.reason) for session_id, verdict in judged if not verdict]
