"""Recording that a share was handed to a colleague's session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock, timestamp, utc_now
from vitrine.errors import IntegrityError, NotFound
from vitrine.sharing import store
from vitrine.sharing.publish import ACTOR
from vitrine.sharing.share import RECEIPT_ID, SHARE_ID, matching, name
from vitrine.storage.database import Database


def record_reception(db: Database, receipt: Mapping[str, Any], clock: Clock = utc_now) -> None:
    """Record and audit a reception, once however often it is told.

    Args:
        receipt: the content of the receipt's `draft.json`; its person and project are those of
            its session.

    Raises:
        InvalidInput: when the receipt is malformed.
        NotFound: when nobody ever shared what it names.
        IntegrityError: when it names a share of another project.
    """
    receipt_id = matching(receipt, "draft_id", RECEIPT_ID)
    share_id = matching(receipt, "share_id", SHARE_ID)
    person, project = name(receipt, "person"), name(receipt, "project")
    session_id = str(receipt.get("session_id"))
    with db.begin() as tx:
        if store.has_receipt(tx, receipt_id):
            return
        share = store.known(tx, share_id)
        if share is None:
            raise NotFound(f"receipt {receipt_id} names a share that never was")
        if share.project != project:
            raise IntegrityError(f"receipt {receipt_id} names a share of another project")
        store.add_receipt(
            tx,
            receipt_id,
            share_id=share_id,
            person=person,
            session_id=session_id,
            at=timestamp(clock()),
        )
        log.record(
            tx,
            Event.FILES_RECEIVED,
            actor=ACTOR,
            subject=f"share:{share_id}",
            detail={
                "receiver": person,
                "sender": share.sender,
                "project": project,
                "session": session_id,
                "receipt": receipt_id,
                "files": share.files,
                "bytes": share.size_bytes,
            },
            clock=clock,
        )
