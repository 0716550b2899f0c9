"""Taking released files home: their author only, exactly the signed bytes, each time audited."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from vitrine.access.account import Account
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock, utc_now
from vitrine.egress import policy, receipt, store
from vitrine.egress.request import RequestFile
from vitrine.egress.trail import refusals, subject_of
from vitrine.egress.view import copy_of, look
from vitrine.errors import IntegrityError, NotFound
from vitrine.storage.blobs import BlobStore
from vitrine.storage.database import Database


@dataclass(frozen=True, slots=True)
class Download:
    """A released file and its bytes."""

    file: RequestFile
    content: bytes = field(repr=False)


def download(
    db: Database,
    blobs: BlobStore,
    account: Account,
    request_id: str,
    file_id: str,
    *,
    clock: Clock = utc_now,
) -> Download:
    """The bytes of a released file.

    Raises:
        NotFound: when there is no such file.
        NotPermitted: with the policy's reason.
        IntegrityError: when the stored bytes are not those of the receipt.
    """
    with refusals(db, account, request_id, "download", clock, Event.DOWNLOAD_REFUSED):
        with db.read() as tx:
            request = store.request(tx, request_id)
            file = request.file(file_id)
            if file is None:
                raise NotFound(f"request {request_id} has no file {file_id}")
            policy.may_download(account, request, file).require()
            made = store.release_of(tx, request_id)
        manifest = json.loads(made.manifest)
        signed = {entry["name"]: entry["released_sha256"] for entry in manifest["files"]}
        if manifest["author"] != account.name or signed.get(file.path) != file.cleaned_sha256:
            raise IntegrityError(f"file {file.id} is not the one on the receipt")
        content = copy_of(blobs, file)
        with db.begin() as tx:
            log.record(
                tx,
                Event.DOWNLOADED,
                actor=account.actor,
                subject=subject_of(request),
                detail={
                    "file": file.id,
                    "sha256": file.cleaned_sha256,
                    "bytes": len(content),
                },
                clock=clock,
            )
    return Download(file, content)


def receipt_of(
    db: Database, account: Account, request_id: str, *, clock: Clock = utc_now
) -> receipt.Receipt:
    """The receipt of a released request, for whoever may see the request.

    Raises:
        NotFound: when nothing was released for it.
        NotPermitted: with the policy's reason.
    """
    look(db, account, request_id, clock=clock)
    with db.read() as tx:
        made = store.release_of(tx, request_id)
    return receipt.Receipt(made.manifest, made.signature, made.key)
