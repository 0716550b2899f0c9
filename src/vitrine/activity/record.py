"""The format of a session's journal: one JSON object per line, each bound to the one before it.

A line is exactly

    {"seq":N,"t":"TIME","kind":"KIND","body":BODY,"digest":"SHA-256"}

with the keys in this order and BODY in canonical form (sorted keys, no spaces, UTF-8, no
floats). The digest is `vitrine.audit.chain.digest_of(N, {"t", "kind", "body"}, previous)`.
Because BODY is stored canonically, a reader can hash the stored bytes themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson

from vitrine.audit.chain import GENESIS, digest_of_bytes
from vitrine.errors import IntegrityError, InvalidInput

FILE_NAME: Final = "journal.jsonl"
FORMAT: Final = 1
MAX_DEPTH: Final = 240

_LINE: Final = b'{"seq":%d,"t":"%b","kind":"%b","body":%b,"digest":"%b"}\n'
_TEXT: Final = b'[%d,{"body":%b,"kind":"%b","t":"%b"}]'
_HEADER: Final = re.compile(rb'\{"seq":(\d+),"t":"([^"\\]{1,40})","kind":"([a-z_]{1,20})","body":')
_TAIL: Final = b',"digest":"%b"}\n'
_TAIL_BYTES: Final = len(_TAIL) - 2 + 64
_KEYS: Final = frozenset({"seq", "t", "kind", "body", "digest"})
_KIND: Final = re.compile(r"[a-z_]{1,20}")
_INT64: Final = 1 << 63


class Head(NamedTuple):
    """The last record of a chain: its number (0 for an empty chain) and its digest."""

    seq: int
    digest: str


EMPTY: Final = Head(0, GENESIS)


class Walk(NamedTuple):
    """How far a chain was followed: the last head and the bytes up to its end."""

    head: Head
    size_bytes: int


class BrokenJournal(IntegrityError):
    """A record does not follow from the one before it, or is missing.

    Attributes:
        record: the number of that record.
        walked: how far the chain is good.
    """

    def __init__(self, message: str, *, record: int, walked: Walk = Walk(EMPTY, 0)) -> None:
        super().__init__(message)
        self.record = record
        self.walked = walked


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a journal."""

    seq: int
    at: str
    kind: str
    body: Mapping[str, Any]
    digest: str


def canonical(body: Mapping[str, Any]) -> bytes:
    """`body` as canonical JSON.

    Floats become `{"$float": "0.5"}` and integers beyond 64 bits `{"$int": "..."}`, since JSON
    writers disagree about them; half surrogates become backslash escapes.

    Raises:
        InvalidInput: when it is nested too deeply or holds something that is not JSON.
    """
    try:
        return orjson.dumps(_plain(body, 0, False), option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return orjson.dumps(_plain(body, 0, True), option=orjson.OPT_SORT_KEYS)


def _plain(value: Any, depth: int, escape: bool) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode() if escape else value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -_INT64 <= value < _INT64 else {"$int": str(value)}
    if isinstance(value, float):
        return {"$float": repr(value)}
    if depth >= MAX_DEPTH:
        raise InvalidInput(f"a message is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, Mapping):
        return {
            _plain(str(key), depth, escape): _plain(item, depth + 1, escape)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1, escape) for item in value]
    raise InvalidInput(f"a journal record cannot hold a {type(value).__name__}")


def encode(kind: str, body: Mapping[str, Any], at: str, previous: Head) -> tuple[bytes, Head]:
    """The line for the record after `previous`, and the head that it makes.

    Raises:
        InvalidInput: when the kind or the body cannot be written.
    """
    if not _KIND.fullmatch(kind):
        raise InvalidInput("a journal record's kind is 1 to 20 lower-case letters")
    seq, content, label, moment = previous.seq + 1, canonical(body), kind.encode(), at.encode()
    text = _TEXT % (seq, content, label, moment)
    digest = digest_of_bytes(text, previous.digest)
    return _LINE % (seq, moment, label, content, digest.encode()), Head(seq, digest)


def decode(line: bytes) -> Record:
    """The record on `line`. Says nothing about its place in a chain.

    Raises:
        ValueError: when the line is not a record.
    """
    found = orjson.loads(line)
    if not isinstance(found, dict) or set(found) != _KEYS:
        raise ValueError("not a journal record")
    return Record(found["seq"], found["t"], found["kind"], found["body"], found["digest"])


def walk(lines: Iterable[bytes], head: Head = EMPTY, noted: Mapping[int, str] = {}) -> Walk:
    """Follow `lines` from `head` to the end and return the head there.

    Hashes the stored bytes: nothing is written out again, so every byte of a line counts.

    Args:
        noted: digests of some records that were noted elsewhere, by number.

    Raises:
        BrokenJournal: at the first line that does not follow, naming its number; `walked` says
            how far the chain was good.
    """
    seq, previous = head
    size_bytes = 0
    for line in lines:
        seq += 1
        header = _HEADER.match(line)
        if header is None or header[1] != b"%d" % seq:
            raise _broken(_misplaced(line, header, seq), seq, previous, size_bytes)
        number, moment, label = header.groups()
        text = b'[%b,{"body":%b,"kind":"%b","t":"%b"}]' % (
            number, line[header.end() : -_TAIL_BYTES], label, moment,
        )  # fmt: skip
        digest = digest_of_bytes(text, previous)
        if line[-_TAIL_BYTES:] != _TAIL % digest.encode() or not _is_readable(line):
            raise _broken(_unlike(line, seq), seq, previous, size_bytes)
        if seq in noted and noted[seq] != digest:
            reason = f"record {seq} is not the one whose digest was noted: it was rewritten"
            raise _broken(reason, seq, previous, size_bytes)
        previous = digest
        size_bytes += len(line)
    return Walk(Head(seq, previous), size_bytes)


def _is_readable(line: bytes) -> bool:
    try:
        return len(orjson.loads(line)) == len(_KEYS)
    except orjson.JSONDecodeError:
        return False


def _misplaced(line: bytes, header: re.Match[bytes] | None, seq: int) -> str:
    if not line.endswith(b"\n"):
        return f"record {seq} is cut off"
    if header is None:
        return f"record {seq} is not in the form of a journal record"
    found = int(header[1])
    if found > seq:
        return f"record {seq} is missing: record {found} stands in its place"
    return f"record {found} is out of order: it stands where record {seq} belongs"


def _unlike(line: bytes, seq: int) -> str:
    if not line.endswith(b"\n"):
        return f"record {seq} is cut off"
    return f"record {seq} was changed, or does not follow from the one before it"


def _broken(reason: str, seq: int, previous: str, size_bytes: int) -> BrokenJournal:
    walked = Walk(Head(seq - 1, previous), size_bytes)
    return BrokenJournal(reason, record=seq, walked=walked)
