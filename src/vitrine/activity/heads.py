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
    """Note the head of a session's journal, unless it is the one noted last.

    A head that goes back behind the noted one, or differs from it, is noted too: `verify`
    names the record from then on.
    """
    last = last_noted(tx, session_id)
    if last == head and not is_final:
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
    found = log.find(
        tx,
        event=Event.JOURNAL_HEAD,
        subject=f"session:{session_id}",
        limit=1,
        newest_first=True,
    )
    return next((_head(entry.detail) for entry in found), None)


def noted_heads(tx: Connection) -> dict[str, dict[int, str]]:
    """Every noted digest by session and record number.

    When one record was noted with two digests, the first stands: it was nearer to the fact.
    """
    heads: dict[str, dict[int, str]] = {}
    for entry in log.find(tx, event=Event.JOURNAL_HEAD):
        head = _head(entry.detail)
        heads.setdefault(entry.subject.partition(":")[2], {}).setdefault(head.seq, head.digest)
    return heads


def _head(detail: Mapping[str, str | int | None]) -> Head:
    return Head(int(detail.get("seq") or 0), str(detail.get("digest")))
