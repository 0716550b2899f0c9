"""Removing shares that reached their end: the tombstone first, then the bytes."""

from __future__ import annotations

from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock, timestamp, utc_now
from vitrine.permits import store as permits
from vitrine.sharing import policy, store
from vitrine.sharing.publish import ACTOR
from vitrine.sharing.shelf import Shelf
from vitrine.storage.database import Database


def remove_expired(db: Database, shelf: Shelf, clock: Clock = utc_now) -> int:
    """Remove every share whose time, or whose project's time, is over; how many there were.

    Killed between tombstone and removal, `tidy` does the rest.
    """
    now = clock()
    with db.read() as tx:
        projects = {each.id: each for each in permits.projects(tx)}
        over = {
            each: reason
            for each in store.held(tx)
            if (reason := policy.why_over(each.expires_at, projects[each.project], now))
        }
    removed = sum(_bury(db, share, reason, clock) for share, reason in over.items())
    for share in over:
        shelf.remove(share.project, share.id)
    return removed


def tidy(db: Database, shelf: Shelf, waiting: frozenset[str]) -> None:
    """Remove bytes of shares that are removed, and half-made ones that nobody will complete.

    Args:
        waiting: ids of the shares that the gate still holds; theirs may be completed.
    """
    for project, share_id, is_seen in list(shelf.everything()):
        with db.read() as tx:
            found = store.known(tx, share_id)
        if found is not None and found.is_removed:
            shelf.remove(project, share_id)
        if not is_seen and share_id not in waiting:
            shelf.unstage(project, share_id)


def _bury(db: Database, share: store.Known, reason: str, clock: Clock) -> bool:
    with db.begin() as tx:
        if not store.set_removed(tx, share.id, timestamp(clock())):
            return False
        log.record(
            tx,
            Event.SHARE_REMOVED,
            actor=ACTOR,
            subject=f"share:{share.id}",
            detail={
                "sender": share.sender,
                "project": share.project,
                "reason": reason,
                "files": share.files,
                "bytes": share.size_bytes,
            },
            clock=clock,
        )
    return True
