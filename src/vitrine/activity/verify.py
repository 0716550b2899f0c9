"""Whether a journal is what was written: every link, and the heads noted elsewhere."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vitrine.activity.record import EMPTY, BrokenJournal, Head, Walk, decode, walk
from vitrine.errors import NotFound

_PART_BYTES: Final = 8 * 2**20
"""Below this size a second process costs more than it saves."""

_BUFFER_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Report:
    """A journal that verified."""

    session_id: str
    head: Head
    size_bytes: int

    @property
    def records(self) -> int:
        """How many records it holds."""
        return self.head.seq


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of a journal: whole lines from `begin` to `end`, following `before`."""

    path: Path
    begin: int
    end: int
    before: Head
    noted: Mapping[int, str]


def verify(
    path: Path,
    anchor: Head | Mapping[int, str] | None = None,
    *,
    session_id: str | None = None,
    processes: int | None = None,
) -> Report:
    """Check every record of the journal at `path` against the one before it.

    Args:
        anchor: a head, or the digests of several records by number, noted earlier where the
            writer cannot reach. Without one, a journal cut at its end still verifies.
        session_id: the session that it must be of.
        processes: how many processes may share the work; by default one per processor.

    Raises:
        NotFound: when there is no journal.
        BrokenJournal: naming the first record that is changed, missing or out of order.
    """
    if not path.is_file():
        raise NotFound(f"there is no journal at {path}")
    noted = _noted(anchor)
    found = _walk(path, noted, processes or os.cpu_count() or 1)
    last = max(noted, default=0)
    if last > found.head.seq:
        first = found.head.seq + 1
        missing = f"record {last} is" if first == last else f"records {first} to {last} are"
        reason = f"the end was cut off: {missing} missing, noted at record {last}"
        raise BrokenJournal(reason, record=first, walked=found)
    named = _session_of(path)
    if session_id is not None and named != session_id:
        raise BrokenJournal(f"record 1 is not of session {session_id}", record=1)
    return Report(named, found.head, found.size_bytes)


def _noted(anchor: Head | Mapping[int, str] | None) -> dict[int, str]:
    if anchor is None or anchor == EMPTY:
        return {}
    return {anchor.seq: anchor.digest} if isinstance(anchor, Head) else dict(anchor)


def _walk(path: Path, noted: Mapping[int, str], processes: int) -> Walk:
    """The whole chain's end; the file is shared among processes when it is worth it.

    A part starts from the digest that is stored before it; that this digest is right is what
    the part before it proves.
    """
    size = path.stat().st_size
    wanted = min(processes, size // _PART_BYTES)
    parts = list(_parts(path, size, wanted, noted)) if wanted > 1 else []
    if len(parts) < 2:
        return _walk_part(_Part(path, 0, size, EMPTY, noted))
    with multiprocessing.get_context("fork").Pool(len(parts)) as pool:
        answers = pool.map(_try_part, parts, chunksize=1)
    head, good = EMPTY, 0
    for answer in answers:
        if isinstance(answer, _Broken):
            walked = Walk(answer.walked.head, good + answer.walked.size_bytes)
            raise BrokenJournal(answer.reason, record=answer.record, walked=walked)
        head, good = answer.head, good + answer.size_bytes
    return Walk(head, good)


@dataclass(frozen=True, slots=True)
class _Broken:
    """A BrokenJournal on its way from another process."""

    reason: str
    record: int
    walked: Walk


def _try_part(part: _Part) -> Walk | _Broken:
    try:
        return _walk_part(part)
    except BrokenJournal as broken:
        return _Broken(str(broken), broken.record, broken.walked)


def _walk_part(part: _Part) -> Walk:
    return walk(_lines(part.path, part.begin, part.end), part.before, part.noted)


def _parts(path: Path, size: int, count: int, noted: Mapping[int, str]) -> Iterator[_Part]:
    """`count` stretches of about the same size; fewer when a border cannot be read."""
    begin, before = 0, EMPTY
    with open(path, "rb") as stream:
        for number in range(1, count):
            stream.seek(size * number // count)
            stream.readline()
            line = stream.readline()
            end = stream.tell()
            head = _stored_head(line)
            if head is None or not begin < end < size:
                continue
            yield _Part(path, begin, end, before, noted)
            begin, before = end, head
    yield _Part(path, begin, size, before, noted)


def _stored_head(line: bytes) -> Head | None:
    try:
        record = decode(line)
        bytes.fromhex(record.digest)
    except (ValueError, TypeError):
        return None
    if not isinstance(record.seq, int):
        return None
    return Head(record.seq, record.digest)


def _lines(path: Path, begin: int, end: int) -> Iterator[bytes]:
    with open(path, "rb", buffering=_BUFFER_BYTES) as stream:
        stream.seek(begin)
        left = end - begin
        for line in stream:
            left -= len(line)
            yield line
            if left <= 0:
                return


def _session_of(path: Path) -> str:
    """The session that the first record names."""
    with open(path, "rb") as stream:
        line = stream.readline()
    try:
        return str(decode(line).body.get("session", ""))
    except ValueError:
        return ""
