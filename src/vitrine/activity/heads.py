"""Heads of journals in the audit log: what was noted out of the gate's reach."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from vitrine.activity.record import Head
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock, utc_now


def note_head(
    tx: Connection,
    session_id: str,
    head: Head,
    *,
    actor: str,
    is_final: bool = False,
    clock: Clock = utc_now,
) -> bool:
    """Note the head of a session's journal; False when it is the one that was noted last.

    Args:
        is_final: whether the session is over. Noted once, even when the head is not new.
    """
    newest = _newest(tx, session_id)
    noted = newest.detail if newest is not None else {}
    if noted and _head(noted) == head and ("final" in noted or not is_final):
        return False
    detail: dict[str, str | int | None] = {"seq": head.seq, "digest": head.digest}
    if is_final:
        detail["final"] = "yes"
    log.record(
        tx,
        Event.JOURNAL_HEAD,
        actor=actor,
        subject=f"session:{session_id}",
        detail=detail,
        clock=clock,
    )
    return True


def last_noted(tx: Connection, session_id: str) -> Head | None:
    """The head of this session's journal that was noted last."""
    newest = _newest(tx, session_id)
    return None if newest is None else _head(newest.detail)


def noted_heads(tx: Connection) -> dict[str, dict[int, str]]:
    """Every noted digest by session and record number.

    When one record was noted with two digests, the first stands: it was nearer to the fact.
    """
    heads: dict[str, dict[int, str]] = {}
    for entry in log.find(tx, event=Event.JOURNAL_HEAD):
        head = _head(entry.detail)
        heads.setdefault(entry.subject.partition(":")[2], {}).setdefault(head.seq, head.digest)
    return heads


def _newest(tx: Connection, session_id: str) -> log.Entry | None:
    subject = f"session:{session_id}"
    found = log.find(tx, event=Event.JOURNAL_HEAD, subject=subject, limit=1, newest_first=True)
    return next(iter(found), None)


def _head(detail: Mapping[str, str | int | None]) -> Head:
    return Head(int(detail.get("seq") or 0), str(detail.get("digest")))
