"""From a draft that the gate froze to a share that the members of its project can receive."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from vitrine.access import store as access
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock, utc_now
from vitrine.permits import store as permits
from vitrine.sharing import policy, store
from vitrine.sharing.share import (
    SHARE_ID,
    Share,
    checked_files,
    checked_note,
    encode,
    matching,
    name,
)
from vitrine.sharing.shelf import Shelf
from vitrine.storage.database import Database

ACTOR: Final = "system:steward"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the members of one project share at a time, and for how long."""

    project_mb: int
    days: int


def publish(
    db: Database,
    shelf: Shelf,
    draft: Mapping[str, Any],
    frozen: Path,
    limits: Limits,
    clock: Clock = utc_now,
) -> None:
    """Take a draft over: recorded and audited in one transaction, then to be seen, whole.

    Doing it again with the same draft completes what a kill interrupted and repeats nothing.

    Args:
        draft: the content of `draft.json`; its person and project are those of its session.
        frozen: holds each file under its SHA-256.

    Raises:
        InvalidInput: when the draft is malformed.
        NotPermitted: when its sender may not share it (now).
        IntegrityError: when a file has other bytes than the draft says.
    """
    share, session_id = _share_of(draft, clock), str(draft.get("session_id"))
    with db.read() as tx:
        before = store.known(tx, share.id)
        if before is None:
            share = _allowed(tx, share, limits)
    if before is not None:
        _complete(shelf, share, before, frozen)
        return
    shelf.stage(share, frozen)
    try:
        with db.begin() as tx:
            # Asked again: a membership may have ended while the files were copied.
            _allowed(tx, share, limits)
            _record(tx, share, session_id, clock)
    except BaseException:
        shelf.unstage(share.project, share.id)
        raise
    shelf.publish(share.project, share.id)


def _complete(shelf: Shelf, share: Share, before: store.Known, frozen: Path) -> None:
    """Publish what was recorded and then interrupted, under the times that were recorded."""
    if before.is_removed or shelf.place(before.project, before.id).is_dir():
        return
    recorded = replace(share, shared_at=before.shared_at, expires_at=before.expires_at)
    shelf.stage(recorded, frozen)
    shelf.publish(recorded.project, recorded.id)


def _share_of(draft: Mapping[str, Any], clock: Clock) -> Share:
    now = clock()
    return Share(
        id=matching(draft, "draft_id", SHARE_ID),
        project=name(draft, "project"),
        sender=name(draft, "person"),
        note=checked_note(draft.get("note")),
        shared_at=now,
        expires_at=now,
        files=checked_files(draft.get("files")),
    )


def _allowed(tx: Connection, share: Share, limits: Limits) -> Share:
    """The share with its end, when its sender may give it now."""
    project = permits.project(tx, share.project)
    sizes = [each.size_bytes for each in store.held(tx, share.project)]
    room = policy.has_room(sizes, share.size_bytes, limits.project_mb)
    account = access.account(tx, share.sender)
    policy.may_share(account, project, room, share.shared_at).require()
    return replace(share, expires_at=policy.end_of(project, limits.days, share.shared_at))


def _record(tx: Connection, share: Share, session_id: str, clock: Clock) -> None:
    manifest_sha256 = hashlib.sha256(encode(share)).hexdigest()
    store.add(tx, share, session_id, manifest_sha256)
    log.record(
        tx,
        Event.FILES_SHARED,
        actor=ACTOR,
        subject=f"share:{share.id}",
        detail={
            "sender": share.sender,
            "project": share.project,
            "session": session_id,
            "files": len(share.files),
            "bytes": share.size_bytes,
            "manifest_sha256": manifest_sha256,
        },
        clock=clock,
    )


def refuse(db: Database, draft_id: str, person: str, reason: str, clock: Clock = utc_now) -> None:
    """Audit that a share, or the receipt of one, could not be taken over."""
    with db.begin() as tx:
        log.record(
            tx,
            Event.SHARE_REFUSED,
            actor=ACTOR,
            subject=f"share:{draft_id}",
            detail={"person": person, "reason": reason[:1000]},
            clock=clock,
        )
