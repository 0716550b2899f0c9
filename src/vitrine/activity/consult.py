"""Reading a journal leaves a trace: who read which, and what for."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from vitrine.activity import heads
from vitrine.activity.reading import path_of, session_ids
from vitrine.activity.record import BrokenJournal
from vitrine.activity.verify import Report, verify
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock, utc_now
from vitrine.errors import NotFound
from vitrine.settings import Settings
from vitrine.storage.database import Database

_LOOKS: Final = 5
_PAUSE_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Finding:
    """What verification found about one journal."""

    session_id: str
    report: Report | None
    noted_to: int
    """Number of the last record whose digest is in the audit log."""
    problem: str = ""
    record: int | None = None
    """The first record that is wrong, when there is a problem."""


def consult(
    db: Database,
    settings: Settings,
    session_id: str,
    *,
    actor: str,
    event: Event = Event.JOURNAL_READ,
    clock: Clock = utc_now,
) -> Path:
    """Where the journal of `session_id` lies, once it is audited that `actor` reads it.

    Raises:
        InvalidInput: when this cannot be the id of a session.
        NotFound: when it has no journal on this node.
    """
    path = path_of(settings.journal_root, session_id)
    with db.begin() as tx:
        log.record(tx, event, actor=actor, subject=f"session:{session_id}", clock=clock)
    return path


def verify_journals(
    db: Database,
    settings: Settings,
    wanted: Iterable[str] | None = None,
    *,
    actor: str,
    clock: Clock = utc_now,
) -> list[Finding]:
    """Check journals against the heads in the audit log; the outcome is audited.

    Args:
        wanted: ids of sessions; by default all that have a journal or a noted head.

    Raises:
        NotFound: when a wanted session has neither.
    """
    with db.read() as tx:
        noted = heads.noted_heads(tx)
    known = sorted(noted.keys() | set(session_ids(settings.journal_root)))
    chosen = known if wanted is None else list(wanted)
    if unknown := [each for each in chosen if each not in known]:
        raise NotFound(f"session {unknown[0][:64]} has no journal on this node")
    findings = [_check(settings.journal_root, each, noted.get(each, {})) for each in chosen]
    with db.begin() as tx:
        for finding in findings:
            _record(tx, finding, actor, clock)
    return findings


def _check(journal_root: Path, session_id: str, noted: dict[int, str]) -> Finding:
    last = max(noted, default=0)
    try:
        path = path_of(journal_root, session_id)
        report = _verify_live(path, noted, session_id)
    except BrokenJournal as broken:
        return Finding(session_id, None, last, str(broken), broken.record)
    except NotFound:
        problem = f"the journal is gone: records 1 to {last} are missing"
        return Finding(session_id, None, last, problem, 1)
    return Finding(session_id, report, last)


def _verify_live(path: Path, noted: dict[int, str], session_id: str) -> Report:
    """Like `verify`, for a journal that may be growing: half a line is looked at once more."""
    for _ in range(_LOOKS):
        size = path.stat().st_size
        try:
            return verify(path, noted, session_id=session_id)
        except BrokenJournal:
            time.sleep(_PAUSE_S)
            if path.stat().st_size == size:
                raise
    return verify(path, noted, session_id=session_id)


def _record(tx: Connection, finding: Finding, actor: str, clock: Clock) -> None:
    detail: dict[str, str | int | None] = {"verdict": "broken" if finding.problem else "whole"}
    if finding.problem:
        detail |= {"record": finding.record, "reason": finding.problem[:1000]}
    elif finding.report is not None:
        detail |= {"records": finding.report.records, "noted_to": finding.noted_to}
    log.record(
        tx,
        Event.JOURNAL_VERIFIED,
        actor=actor,
        subject=f"session:{finding.session_id}",
        detail=detail,
        clock=clock,
    )
