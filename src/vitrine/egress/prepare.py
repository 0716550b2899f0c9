"""The releasable copies of received files, made by the parser before anybody reviews them.

The steward does this: it alone writes the file store. A file whose copy exists, or was refused,
is never cleaned again, so votes always speak of the same bytes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock, utc_now
from vitrine.egress import store
from vitrine.egress.request import RequestFile
from vitrine.egress.sandbox.client import Copy, Parser
from vitrine.egress.trail import subject_of
from vitrine.errors import IntegrityError, InvalidInput
from vitrine.storage.blobs import BlobStore
from vitrine.storage.database import Database

_ACTOR = "system:steward"


@dataclass(frozen=True, slots=True)
class _Outcome:
    copy: Copy | None
    refusal: str | None


def clean_received(
    db: Database, blobs: BlobStore, parser: Parser, clock: Clock = utc_now, *, limit: int = 100
) -> int:
    """Make the copies that are missing, at most `limit` of them; returns how many were decided.

    Raises:
        Unavailable: when the parser does not answer; what was done until then is kept.
        IntegrityError: when a stored original has other bytes than were frozen.
    """
    with db.read() as tx:
        waiting = store.uncleaned(tx, limit)
    for file in waiting:
        outcome = _clean(blobs, parser, file)
        _keep(db, blobs, file, outcome, clock)
    return len(waiting)


def _clean(blobs: BlobStore, parser: Parser, file: RequestFile) -> _Outcome:
    with blobs.open(file.original_sha256) as stream:
        content = stream.read()
    if hashlib.sha256(content).hexdigest() != file.original_sha256:
        raise IntegrityError(f"the stored original of file {file.id} has other bytes")
    try:
        return _Outcome(parser.clean(file.path, content), None)
    except InvalidInput as refusal:
        return _Outcome(None, str(refusal))


def _keep(
    db: Database, blobs: BlobStore, file: RequestFile, outcome: _Outcome, clock: Clock
) -> None:
    copy = outcome.copy
    blob = blobs.put(copy.content) if copy is not None else None
    with db.begin() as tx:
        if copy is not None and blob is not None:
            store.change_file(
                tx,
                file.id,
                cleaned_sha256=blob.sha256,
                cleaned_bytes=blob.size_bytes,
                media_type=copy.media_type,
                kind=copy.kind,
                cleaner=copy.cleaner,
                notes=copy.notes,
            )
        else:
            store.change_file(tx, file.id, refusal=outcome.refusal)
        log.record(
            tx,
            Event.FILE_CLEANED,
            actor=_ACTOR,
            subject=subject_of(file.request_id),
            detail={
                "file": file.id,
                "original_sha256": file.original_sha256,
                "cleaned_sha256": blob.sha256 if blob else None,
                "cleaner": copy.cleaner if copy else None,
                "refused": outcome.refusal,
            },
            clock=clock,
        )
