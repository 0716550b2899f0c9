"""Checkpoints: the head of the audit log, signed, and noted where this node cannot rewrite it.

A checkpoint says "at this moment entry N had this digest". It is appended to the sink, a file
that should lie on another machine, and recorded in the log itself. Whoever rewrites the log must
then forge the signature, and whoever cuts its end off must also cut the sink.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Connection

from vitrine.audit import chain, log
from vitrine.audit.chain import BrokenChain, Head
from vitrine.audit.events import Event
from vitrine.clock import Clock, timestamp, utc_now
from vitrine.errors import Conflict, IntegrityError, NotFound, Unavailable

_LINE_BYTES: Final = 4096
"""No line of a sink is longer."""

_DOMAIN: Final = b"vitrine checkpoint v1\n"

UNANCHORED: Final = (
    "nothing noted elsewhere was compared: a log cut off at its end, or rewritten as a whole, "
    "would not show"
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The signed statement that entry `sequence` had `digest` at a moment."""

    node: str
    at: str
    sequence: int
    digest: str
    signature: str
    """Ed25519 over the other fields, in hexadecimal."""

    @property
    def head(self) -> Head:
        """The head of the log that this checkpoint vouches for."""
        return Head(self.sequence, self.digest)

    def is_signed_by(self, key: Ed25519PublicKey) -> bool:
        """Whether the holder of `key` made this checkpoint."""
        try:
            key.verify(
                bytes.fromhex(self.signature),
                _message(self.node, self.at, self.sequence, self.digest),
            )
        except (InvalidSignature, ValueError):
            return False
        return True

    def as_line(self) -> str:
        """This checkpoint as one line of a sink."""
        return chain.canonical({name: getattr(self, name) for name in self.__slots__}) + "\n"


@dataclass(frozen=True, slots=True)
class Report:
    """What a verified log is known to be, and what is not known about it."""

    entries: int
    digest: str
    checkpoints: int
    """Signed checkpoints inside the log, all of them valid."""
    last_checkpoint: str | None
    """The moment of the newest checkpoint inside the log."""
    signed_to: int
    """The last entry that a checkpoint inside the log vouches for."""
    anchors: int
    """Checkpoints of another file that the log was compared with."""
    anchored_to: int
    """The last entry that another file vouches for."""
    caveat: str
    """What this verification could not see; empty when there is nothing to add."""


def sign_checkpoint(
    tx: Connection,
    key: Ed25519PrivateKey,
    sink: Path,
    clock: Clock = utc_now,
    *,
    node: str = "vitrine",
    actor: str = "system:steward",
) -> Checkpoint:
    """Sign the present head, append it durably to `sink` and record it in the log.

    Use a transaction of its own: what the same transaction recorded before would be vouched for
    outside although it could still be undone.

    Raises:
        NotFound: when the log is empty.
        Conflict: when the sink is another node's.
        Unavailable: when the sink cannot be written; nothing is recorded then.
    """
    head = log.head(tx)
    if head.sequence == 0:
        raise NotFound("the audit log is empty: there is nothing to sign")
    at = timestamp(clock())
    signature = key.sign(_message(node, at, head.sequence, head.digest)).hex()
    checkpoint = Checkpoint(node, at, head.sequence, head.digest, signature)
    _require_own_sink(sink, key.public_key())
    _append(sink, checkpoint.as_line().encode())
    detail = {"node": node, "at": at, "digest": head.digest, "signature": signature}
    log.record(
        tx,
        Event.CHECKPOINT,
        actor=actor,
        subject=f"audit:{head.sequence}",
        detail=detail,
        clock=clock,
    )
    return checkpoint


def is_due(tx: Connection) -> bool:
    """Whether something was recorded since the newest checkpoint."""
    newest = next(log.find(tx, limit=1, newest_first=True), None)
    return newest is not None and newest.event != Event.CHECKPOINT


def last_checkpoint(tx: Connection) -> Checkpoint | None:
    """The newest checkpoint that the log records."""
    found = next(log.find(tx, event=Event.CHECKPOINT, limit=1, newest_first=True), None)
    return None if found is None else _from_entry(found)


def read_sink(path: Path) -> list[Checkpoint]:
    """The checkpoints of a sink, in the order in which they were appended.

    Raises:
        NotFound: when the file cannot be read.
        IntegrityError: naming the line that is no checkpoint.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise NotFound(f"cannot read the checkpoints in {path}: {error.strerror}") from error
    found = []
    for number, line in enumerate(lines, start=1):
        if line:
            try:
                found.append(_from_mapping(json.loads(line)))
            except (ValueError, TypeError, KeyError):
                raise IntegrityError(f"line {number} of {path} is not a checkpoint") from None
    return found


def verify_log(tx: Connection, public_key: Ed25519PublicKey, against: Path | None = None) -> Report:
    """Check every link, every signed checkpoint, and every anchor of another file.

    Args:
        against: a sink (or a copy of one) kept where this node cannot write.

    Raises:
        BrokenChain: naming the first entry that was altered, removed, reordered or cut off.
        IntegrityError: when a checkpoint's signature is not the steward's.
    """
    anchors = _checked_anchors(against, public_key)
    expected = {anchor.sequence: anchor for anchor in anchors}
    tally = _Tally(public_key)
    head = chain.verify(_watched(log.entries(tx), tally, expected), _furthest(anchors))
    anchored_to = max(expected, default=0)
    return Report(
        entries=head.sequence,
        digest=head.digest,
        checkpoints=tally.count,
        last_checkpoint=tally.newest,
        signed_to=tally.signed_to,
        anchors=len(anchors),
        anchored_to=anchored_to,
        caveat=_caveat(head.sequence, anchored_to, bool(anchors)),
    )


class _Tally:
    """Counts the checkpoints inside a log while it is read, and checks each of them."""

    def __init__(self, public_key: Ed25519PublicKey) -> None:
        self._key = public_key
        self._digests: dict[int, str] = {}
        self._previous = Head()
        self.count = 0
        self.newest: str | None = None
        self.signed_to = 0

    def see(self, entry: log.Entry) -> None:
        if entry.event == Event.CHECKPOINT:
            self._check(entry)
        self._previous = Head(entry.sequence, entry.digest)

    def _check(self, entry: log.Entry) -> None:
        checkpoint = _from_entry(entry)
        if not checkpoint.is_signed_by(self._key):
            raise IntegrityError(
                f"the checkpoint in entry {entry.sequence} is not signed by this node's steward"
            )
        # It was signed in the transaction that recorded it, so it vouches for the entry before.
        if checkpoint.head != self._previous:
            raise BrokenChain(
                f"entry {checkpoint.sequence} is not the one that the checkpoint in entry "
                f"{entry.sequence} was signed for",
                sequence=checkpoint.sequence,
            )
        self.count += 1
        self.newest = checkpoint.at
        self.signed_to = checkpoint.sequence


def _watched(
    entries: Iterator[log.Entry], tally: _Tally, anchors: Mapping[int, Checkpoint]
) -> Iterator[chain.Link]:
    """The links of a log; checkpoints and anchors are checked after the link that bears them."""
    for entry in entries:
        yield entry.link
        tally.see(entry)
        anchor = anchors.get(entry.sequence)
        if anchor is not None and anchor.digest != entry.digest:
            raise BrokenChain(
                f"entry {entry.sequence} is not the one that was anchored at {anchor.at}: "
                "the entries up to it were rewritten",
                sequence=entry.sequence,
            )


def _checked_anchors(path: Path | None, public_key: Ed25519PublicKey) -> list[Checkpoint]:
    anchors = [] if path is None else read_sink(path)
    if path is not None and not anchors:
        raise IntegrityError(f"{path} holds no checkpoint to compare with")
    for number, anchor in enumerate(anchors, start=1):
        if not anchor.is_signed_by(public_key):
            raise IntegrityError(
                f"checkpoint {number} of {path}, for entry {anchor.sequence}, "
                "is not signed by this node's steward"
            )
    return anchors


def _furthest(anchors: list[Checkpoint]) -> Head | None:
    return max((anchor.head for anchor in anchors), key=lambda head: head.sequence, default=None)


def _caveat(entries: int, anchored_to: int, has_anchors: bool) -> str:
    if not has_anchors:
        return UNANCHORED
    if entries > anchored_to + 1:  # the entry after the anchor is the checkpoint's own
        return f"entries after {anchored_to} are newer than what was noted elsewhere"
    return ""


def _from_entry(entry: log.Entry) -> Checkpoint:
    try:
        sequence = int(entry.subject.removeprefix("audit:"))
        return _from_mapping({**entry.detail, "sequence": sequence})
    except (ValueError, TypeError, KeyError):
        raise IntegrityError(
            f"entry {entry.sequence} does not hold a readable checkpoint"
        ) from None


def _from_mapping(found: Any) -> Checkpoint:
    checkpoint = Checkpoint(**{name: found[name] for name in Checkpoint.__slots__})
    if not isinstance(checkpoint.sequence, int):
        raise TypeError("sequence")
    if not all(isinstance(found[name], str) for name in ("node", "at", "digest", "signature")):
        raise TypeError("text")
    return checkpoint


def _message(node: str, at: str, sequence: int, digest: str) -> bytes:
    return _DOMAIN + chain.canonical([node, at, sequence, digest]).encode()


def _require_own_sink(sink: Path, key: Ed25519PublicKey) -> None:
    """Pass unless the newest checkpoint in `sink` is another node's, which would spoil both."""
    try:
        with sink.open("rb") as file:
            file.seek(-min(os.fstat(file.fileno()).st_size, _LINE_BYTES), os.SEEK_END)
            newest = _from_mapping(json.loads(file.read().rstrip(b"\n").rpartition(b"\n")[2]))
    except (OSError, ValueError, TypeError, KeyError):
        return  # nothing readable there; verification names a line that is not a checkpoint
    if not newest.is_signed_by(key):
        raise Conflict(
            f"{sink} ends with a checkpoint that another key signed, as node {newest.node}",
            hint="give each node a VITRINE_AUDIT_SINK of its own",
        )


def _open_to_all(descriptor: int, directory: Path) -> None:
    """Let anybody read a new sink, and the steward append to it when root made it."""
    os.fchmod(descriptor, 0o644)  # sequences and digests only; the umask must not decide
    if os.geteuid() == 0:
        owner = directory.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def _append(sink: Path, line: bytes) -> None:
    flags = os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_CLOEXEC
    try:
        descriptor = os.open(sink, flags, 0o644)
        try:
            size = os.fstat(descriptor).st_size
            if size == 0:
                _open_to_all(descriptor, sink.parent)
            if os.write(descriptor, line) != len(line):
                os.ftruncate(descriptor, size)  # half a line would spoil the next one
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise Unavailable(
            f"cannot append a checkpoint to {sink}: {error.strerror}",
            hint="VITRINE_AUDIT_SINK must be a file that the steward may append to",
        ) from error
