"""Which journals there are, and their records one after another."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vitrine.activity.record import FILE_NAME, BrokenJournal, Record, decode
from vitrine.errors import InvalidInput, NotFound

_SESSION_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_TAIL_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Listing:
    """One journal as its first and last record show it."""

    session_id: str
    person: str
    project: str
    opened_at: str
    last_at: str
    records: int
    size_bytes: int
    is_closed: bool


def path_of(journal_root: Path, session_id: str) -> Path:
    """Where the journal of `session_id` lies.

    Raises:
        InvalidInput: when this cannot be the id of a session.
        NotFound: when it has no journal on this node.
    """
    if not _SESSION_ID.fullmatch(session_id):
        raise InvalidInput(f"{session_id[:64]!r} is not the id of a session")
    path = journal_root / session_id / FILE_NAME
    if not path.is_file():
        raise NotFound(
            f"session {session_id} has no journal on this node",
            hint="vitrine activity list shows those that have",
        )
    return path


def session_ids(journal_root: Path) -> list[str]:
    """Every session with a journal on this node, by id."""
    return sorted(path.parent.name for path in journal_root.glob(f"*/{FILE_NAME}"))


def read(path: Path) -> Iterator[Record]:
    """The records of a journal; a last line that is being written just now is left out.

    Says nothing about the chain: `vitrine.activity.verify` does.

    Raises:
        BrokenJournal: at a line that is not a record.
    """
    with open(path, "rb", buffering=1 << 20) as lines:
        for number, line in enumerate(lines, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                yield decode(line)
            except ValueError:
                reason = f"record {number} is not in the form of a journal record"
                raise BrokenJournal(reason, record=number) from None


def listing(journal_root: Path, session_id: str) -> Listing:
    """What the first and the last record of a journal say; an unreadable one has no records."""
    path = path_of(journal_root, session_id)
    with open(path, "rb") as stream:
        first = _decoded(stream.readline())
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - _TAIL_BYTES))
        whole = stream.read().rpartition(b"\n")[0]
        last = _decoded(whole.rpartition(b"\n")[2] + b"\n") or first
    return Listing(
        session_id=session_id,
        person=str(first.body.get("person", "")) if first else "",
        project=str(first.body.get("project", "")) if first else "",
        opened_at=first.at if first else "",
        last_at=last.at if last else "",
        records=last.seq if last else 0,
        size_bytes=size,
        is_closed=last is not None and last.kind == "close",
    )


def _decoded(line: bytes) -> Record | None:
    try:
        return decode(line)
    except ValueError:
        return None
