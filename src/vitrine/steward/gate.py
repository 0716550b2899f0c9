"""What the gate tells the steward: refusals, and heads of journals."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Connection

from vitrine.activity import heads
from vitrine.activity.record import Head
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock, utc_now
from vitrine.ids import is_name, is_sha256
from vitrine.steward import store
from vitrine.storage.database import Database

ACTOR: Final = "system:steward"
REFUSALS_MARK: Final = "refusals"

_SESSION_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")

Ask = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Asks the gate; raises Unavailable when it does not answer or says no."""


class Refusals:
    """Brings what labs refused into the audit log, each once."""

    def __init__(self, db: Database, ask: Ask) -> None:
        self._db = db
        self._ask = ask

    def step(self) -> str | None:
        """Take over everything refused since the last step."""
        with self._db.read() as tx:
            log_id, _, offset = (store.mark(tx, REFUSALS_MARK) or " 0").partition(" ")
        after, taken = int(offset), 0
        while True:
            answer = self._ask({"op": "refusals", "after": after, "log": log_id})
            items, following = answer.get("items") or [], int(answer.get("next", after))
            if not items:
                return f"{taken} recorded" if taken else None
            log_id = str(answer.get("log", ""))
            # The entries and how far they go are one transaction: killed between, neither is.
            with self._db.begin() as tx:
                for item in items:
                    _record_refusal(tx, item)
                store.set_mark(tx, REFUSALS_MARK, f"{log_id} {following}")
            taken, after = taken + len(items), following


def _record_refusal(tx: Connection, item: Mapping[str, Any]) -> None:
    person, session_id = str(item.get("person", "")), str(item.get("session_id", ""))
    log.record(
        tx,
        Event.REQUEST_REFUSED,
        actor=f"person:{person}" if is_name(person) else "system:gate",
        subject=f"session:{session_id}" if _SESSION_ID.fullmatch(session_id) else "session:unknown",
        detail={
            "project": _printable(item.get("project"), 64),
            "method": _printable(item.get("method"), 16),
            "path": _printable(item.get("path"), 512),
            "reason": _printable(item.get("reason"), 300),
            "refused_at": _printable(item.get("at"), 40),
        },
    )


def _printable(value: object, longest: int) -> str:
    text = "" if value is None else str(value)
    return "".join(each if each.isprintable() else "�" for each in text[:longest])


class Heads:
    """Notes the heads of journals in the audit log; a closed session's last head at once."""

    def __init__(self, db: Database, ask: Ask, clock: Clock = utc_now, every_s: float = 30) -> None:
        self._db = db
        self._ask = ask
        self._clock = clock
        self._every_s = every_s
        self._seen: dict[str, Head] = {}
        self._final: set[str] = set()
        self._noted_at = float("-inf")

    def step(self) -> str | None:
        """Look at every head; note them when it is time, and those of sessions that are gone."""
        # Asked before and after: a session that opens or closes meanwhile counts as open still,
        # so a final head is only ever taken after the close.
        still_open = self._open_sessions()
        known = _heads(self._ask({"op": "heads"}).get("heads"))
        still_open |= self._open_sessions()
        self._final -= still_open
        self._seen |= known
        gone = self._seen.keys() - still_open - self._final
        now = self._clock().timestamp()
        is_due = now - self._noted_at >= self._every_s
        chosen = (self._seen.keys() - self._final) if is_due else gone
        noted = sum(self._note(each, is_final=each in gone) for each in sorted(chosen))
        if is_due:
            self._noted_at = now
        for each in gone:
            self._final.add(each)
        self._forget(known.keys())
        return f"{noted} heads noted, {len(gone)} of them final" if noted else None

    def _open_sessions(self) -> set[str]:
        return {str(each["session_id"]) for each in self._ask({"op": "list"})["sessions"]}

    def _note(self, session_id: str, *, is_final: bool) -> bool:
        head = self._seen[session_id]
        with self._db.begin() as tx:
            last = heads.last_noted(tx, session_id)
            if last is not None and head.seq < last.seq:
                self._record_loss(tx, session_id, head, last)
                return False
            return heads.note_head(
                tx, session_id, head, actor=ACTOR, is_final=is_final, clock=self._clock
            )

    def _record_loss(self, tx: Connection, session_id: str, head: Head, last: Head) -> None:
        """Say once that a journal became shorter than what was noted."""
        reason = f"the journal ends at record {head.seq}, but record {last.seq} was noted"
        subject = f"session:{session_id}"
        query = log.find(
            tx, event=Event.JOURNAL_FAILED, subject=subject, limit=1, newest_first=True
        )
        if any(entry.detail.get("reason") == reason for entry in query):
            return
        log.record(
            tx,
            Event.JOURNAL_FAILED,
            actor=ACTOR,
            subject=subject,
            detail={"reason": reason},
            clock=self._clock,
        )

    def _forget(self, known: Iterable[str]) -> None:
        """Drop sessions that are over and that the gate has forgotten, too."""
        for session_id in self._final - set(known):
            self._seen.pop(session_id, None)
        self._final &= set(self._seen)


def _heads(found: object) -> dict[str, Head]:
    heads_: dict[str, Head] = {}
    for session_id, head in (found if isinstance(found, Mapping) else {}).items():
        seq, digest = (head.get("seq"), head.get("digest")) if head else (None, None)
        if not isinstance(seq, int) or not isinstance(digest, str) or not is_sha256(digest):
            continue
        if _SESSION_ID.fullmatch(str(session_id)) and seq > 0:
            heads_[str(session_id)] = Head(seq, digest)
    return heads_
