"""From a draft that the gate froze to a pending request with a cleaned copy of each file.

A kernel can ask for a draft and for nothing more: it stays PENDING until its author submits it
from a browser session of their own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final

from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock, utc_now
from vitrine.egress import store
from vitrine.egress.request import EgressRequest, FileType, RequestFile, Status
from vitrine.egress.trail import subject_of
from vitrine.errors import IntegrityError, InvalidInput
from vitrine.ids import is_name, is_sha256, new_id
from vitrine.storage.blobs import BlobStore
from vitrine.storage.database import Database
from vitrine.storage.plain import open_plain

MAX_FILES: Final = 1000
MAX_PATH: Final = 200
MAX_TITLE: Final = 200
MAX_CONTEXT: Final = 10_000

_KEPT_AT_ONCE: Final = 8
_ACTOR: Final = "system:steward"
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_UNSAFE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def receive(
    db: Database,
    blobs: BlobStore,
    draft: Mapping[str, Any],
    files_dir: Path,
    clock: Clock = utc_now,
) -> EgressRequest:
    """Take a draft over: its bytes into the store, its words into a PENDING request.

    Taking the same draft again returns the request that it became.

    Args:
        draft: the content of `draft.json`.
        files_dir: holds each file under its SHA-256.

    Raises:
        InvalidInput: when the draft is malformed or names files that cannot be accepted.
        IntegrityError: when a file has other bytes than the draft says.
    """
    request = _request_of(draft, clock)
    with db.read() as tx:
        earlier = store.request_of_draft(tx, request.draft_id)
    if earlier is not None:
        return earlier
    with ThreadPoolExecutor(_KEPT_AT_ONCE) as pool:
        # Each file waits for the disk; together they wait for fewer writes of it.
        list(pool.map(partial(_keep, blobs, files_dir), request.files))
    with db.begin() as tx:
        earlier = store.request_of_draft(tx, request.draft_id)
        if earlier is not None:
            return earlier
        store.add_request(tx, request)
        log.record(
            tx,
            Event.DRAFT_CREATED,
            actor=_ACTOR,
            subject=subject_of(request),
            detail={
                "author": request.author,
                "project": request.project,
                "session": request.session_id,
                "draft": request.draft_id,
                "files": len(request.files),
                "bytes": sum(file.original_bytes for file in request.files),
            },
            clock=clock,
        )
    return request


def refuse(db: Database, draft_id: str, person: str, reason: str, clock: Clock = utc_now) -> None:
    """Audit that a draft could not be taken over."""
    with db.begin() as tx:
        log.record(
            tx,
            Event.DRAFT_REFUSED,
            actor=_ACTOR,
            subject=f"draft:{draft_id}",
            detail={"author": person, "reason": reason[:1000]},
            clock=clock,
        )


def _keep(blobs: BlobStore, files_dir: Path, file: RequestFile) -> None:
    try:
        with open_plain(files_dir, file.original_sha256) as stream:
            blob = blobs.put(stream)
    except FileNotFoundError:
        raise IntegrityError(f"the frozen copy of {file.path} is missing") from None
    except OSError:
        raise IntegrityError(f"the frozen copy of {file.path} is not a plain file") from None
    if (blob.sha256, blob.size_bytes) != (file.original_sha256, file.original_bytes):
        raise IntegrityError(f"the frozen copy of {file.path} has other bytes than were frozen")


def _request_of(draft: Mapping[str, Any], clock: Clock) -> EgressRequest:
    request_id = new_id("req")
    files = draft.get("files")
    if not isinstance(files, list) or not files:
        raise InvalidInput("the draft names no files")
    if len(files) > MAX_FILES:
        raise InvalidInput(f"the draft names {len(files)} files; {MAX_FILES} are allowed")
    taken = tuple(_file_of(request_id, entry) for entry in files)
    _refuse_same_names(taken)
    return EgressRequest(
        id=request_id,
        draft_id=_matching(draft, "draft_id"),
        session_id=_matching(draft, "session_id"),
        project=_name(draft, "project"),
        author=_name(draft, "person"),
        title=_line(draft.get("title"), MAX_TITLE) or taken[0].path,
        context=_text(draft.get("context")),
        status=Status.PENDING,
        turn=0,
        reviewers_required=None,
        row_version=1,
        created_at=clock(),
        files=taken,
    )


def _file_of(request_id: str, entry: Any) -> RequestFile:
    if not isinstance(entry, Mapping):
        raise InvalidInput("the draft names a file without path, size and digest")
    path, size, sha256 = entry.get("path"), entry.get("size_bytes"), entry.get("sha256")
    if not isinstance(sha256, str) or not is_sha256(sha256):
        raise InvalidInput("the draft names a file without its SHA-256")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise InvalidInput("the draft names a file without its size")
    return RequestFile(
        id=new_id("fil"),
        request_id=request_id,
        path=checked_path(path),
        filetype=FileType.OUTPUT,
        original_sha256=sha256,
        original_bytes=size,
    )


def checked_path(path: object) -> str:
    """`path` when it can name a released file on anybody's disk and means what it shows.

    Raises:
        InvalidInput: saying what is wrong with it.
    """
    if not isinstance(path, str) or not path:
        raise InvalidInput("a file of the draft has no name")
    if len(path) > MAX_PATH:
        raise InvalidInput(f"a file name has {len(path)} characters; {MAX_PATH} are allowed")
    if any(unicodedata.category(letter) in _UNSAFE_CATEGORIES for letter in path):
        raise InvalidInput("a file name holds invisible or direction-changing characters")
    if unicodedata.normalize("NFC", path) != path:
        raise InvalidInput("a file name is not in the usual Unicode form (NFC)")
    parts = path.split("/")
    if path.startswith("/") or any(part in ("", ".", "..") for part in parts):
        raise InvalidInput(f"{path!r} is not a plain path below the workspace")
    if any(letter in '\\:*?"<>|' for letter in path) or any(p != p.strip() for p in parts):
        raise InvalidInput(f"{path!r} has characters that not every computer can store")
    return path


def _refuse_same_names(files: tuple[RequestFile, ...]) -> None:
    seen: set[str] = set()
    for file in files:
        key = file.path.casefold()
        if key in seen:
            raise InvalidInput(f"the draft names {file.path} twice (letter case does not count)")
        seen.add(key)


def _matching(draft: Mapping[str, Any], name: str) -> str:
    value = draft.get(name)
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise InvalidInput(f"the draft has no valid {name}")
    return value


def _name(draft: Mapping[str, Any], name: str) -> str:
    value = draft.get(name)
    if not isinstance(value, str) or not is_name(value):
        raise InvalidInput(f"the draft has no valid {name}")
    return value


def _line(value: object, limit: int) -> str:
    value = "" if value is None else value
    if not isinstance(value, str):
        raise InvalidInput("the title of the draft is not text")
    kept = "".join(c if unicodedata.category(c) not in _UNSAFE_CATEGORIES else " " for c in value)
    return " ".join(kept.split())[:limit]


def _text(value: object) -> str:
    value = "" if value is None else value
    if not isinstance(value, str):
        raise InvalidInput("the context of the draft is not text")
    return clean_text(value)[:MAX_CONTEXT]


def clean_text(value: str) -> str:
    """What a person wrote, without invisible characters and with plain line ends."""
    plain = value.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        letter
        for letter in plain
        if letter in "\n\t" or unicodedata.category(letter) not in _UNSAFE_CATEGORIES
    ).strip()
