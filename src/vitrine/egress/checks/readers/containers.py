"""Archives: every member by its kind and its parts, within limits that a bomb meets early."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Final

from vitrine.egress.checks import kinds
from vitrine.egress.checks.document import Document
from vitrine.egress.checks.readers.parts import Parts
from vitrine.errors import InvalidInput

MEMBERS_LIMIT: Final = 2_000
TOTAL_LIMIT: Final = 256 << 20
RATIO_LIMIT: Final = 100
SMALL: Final = 1 << 20
"""Members below this may be compressed as well as they like."""
NESTED_LIMIT: Final = 3

Inner = Callable[[str, bytes, str], Document]
"""How members are read: name, bytes and kind."""


@dataclass(slots=True)
class _Budget:
    """What may still be unpacked of one file, with all that is nested in it."""

    bytes_left: int = TOTAL_LIMIT
    members_left: int = MEMBERS_LIMIT


class _Bomb(Exception):
    """The archive unpacks to more than anybody would export."""


def read(name: str, content: bytes, kind: str, inner: Inner) -> Document:
    """An archive with the parts of its members, at `member path`."""
    parts = Parts()
    try:
        _unpack(parts, name, content, inner, _Budget(), depth=0, path="")
    except _Bomb:
        parts.remark("bomb")
    except InvalidInput as problem:
        parts.remark("unread part", "", str(problem))
    return parts.document(name, kind, content)


def _unpack(
    parts: Parts, name: str, content: bytes, inner: Inner, budget: _Budget, depth: int, path: str
) -> None:
    if depth >= NESTED_LIMIT:
        raise _Bomb
    for member, body in _members(parts, name, content, budget, path):
        at = f"member {member}"
        kind = kinds.kind_of(member, body)
        parts.remark("member", at, kind)
        if kind in kinds.ARCHIVES | {"npz"}:
            _unpack_member(parts, member, body, inner, budget, depth)
        else:
            _read_member(parts, member, body, kind, inner)


def _unpack_member(
    parts: Parts, member: str, body: bytes, inner: Inner, budget: _Budget, depth: int
) -> None:
    try:
        _unpack(parts, member, body, inner, budget, depth + 1, member)
    except InvalidInput as problem:
        parts.remark("unread part", f"member {member}", str(problem))


def _read_member(parts: Parts, member: str, body: bytes, kind: str, inner: Inner) -> None:
    try:
        parts.add(inner(member, body, kind), f"member {member}")
    except InvalidInput as problem:
        parts.remark("unread part", f"member {member}", str(problem))
    except Exception:
        parts.remark("unread part", f"member {member}", "it cannot be read")


def _members(
    parts: Parts, name: str, content: bytes, budget: _Budget, path: str
) -> Iterator[tuple[str, bytes]]:
    """Names, with the names of the archives around them, and bytes of all regular members."""
    seen: set[str] = set()
    found = _zip(parts, content, budget, path) if content[:2] == b"PK" else _stream(
        parts, name, content, budget, path)  # fmt: skip
    for member, body in found:
        full = f"{path}/{member}" if path else member
        if _is_outside(member):
            parts.remark("path outside", f"member {full}")
        if full.casefold() in seen:
            parts.remark("same name twice", f"member {full}")
        seen.add(full.casefold())
        yield full, body


def _is_outside(member: str) -> bool:
    way = member.replace("\\", "/")
    return way.startswith("/") or way[1:3] == ":/" or ".." in PurePosixPath(way).parts


def _spend(budget: _Budget, size: int, packed: int) -> None:
    if size > SMALL and size > RATIO_LIMIT * max(1, packed):
        raise _Bomb
    budget.bytes_left -= size
    budget.members_left -= 1
    if budget.bytes_left < 0 or budget.members_left < 0:
        raise _Bomb


def _zip(parts: Parts, content: bytes, budget: _Budget, path: str) -> Iterator[tuple[str, bytes]]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except Exception:
        raise InvalidInput("the archive is damaged or cut short") from None
    entries = archive.infolist()
    if len(entries) > budget.members_left:
        raise _Bomb
    first = min((each.header_offset for each in entries), default=0)
    if first > 0 or archive.comment:
        parts.remark("bytes outside members", f"member {path}" if path else "")
    for entry in entries:
        place = f"member {path}/{entry.filename}" if path else f"member {entry.filename}"
        if stat.S_ISLNK(entry.external_attr >> 16):
            parts.remark("link", place)
        elif entry.flag_bits & 1:
            parts.remark("encrypted member", place)
        elif not entry.is_dir():
            body = _zip_member(parts, archive, entry, budget, place)
            if body is not None:
                yield entry.filename, body


def _zip_member(
    parts: Parts, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: _Budget, place: str
) -> bytes | None:
    _spend(budget, entry.file_size, entry.compress_size)
    try:
        with archive.open(entry) as stream:
            body = stream.read(entry.file_size + 1)
    except Exception:
        parts.remark("unread part", place, "a member that cannot be unpacked")
        return None
    if len(body) > entry.file_size:
        raise _Bomb
    return body


def _stream(
    parts: Parts, name: str, content: bytes, budget: _Budget, path: str
) -> Iterator[tuple[str, bytes]]:
    """Members of a tar file, compressed or not, or the one file of a compressed stream."""
    if content[257:262] == b"ustar":
        yield from _tar(parts, io.BytesIO(content), budget, path)
    elif content.startswith(b"\x1f\x8b"):
        body = _gunzip(content, budget)
        if body[257:262] == b"ustar":
            yield from _tar(parts, io.BytesIO(body), budget, path)
        else:
            yield PurePosixPath(name).stem or "content", body
    else:
        where = f"member {path}" if path else ""
        parts.remark("unread part", where, "an archive of a kind that is not opened")


def _gunzip(content: bytes, budget: _Budget) -> bytes:
    body, rest = bytearray(), content
    while rest.startswith(b"\x1f\x8b"):
        opened = zlib.decompressobj(31)
        try:
            body += opened.decompress(rest, budget.bytes_left - len(body) + 1)
        except zlib.error:
            raise InvalidInput("the compressed file is damaged") from None
        if opened.unconsumed_tail or len(body) > budget.bytes_left:
            raise _Bomb
        if not opened.eof:
            raise InvalidInput("the compressed file is cut short")
        rest = opened.unused_data
    _spend(budget, len(body), len(content))
    return bytes(body)


def _tar(
    parts: Parts, stream: IO[bytes], budget: _Budget, path: str
) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(fileobj=stream, mode="r:") as archive:
            for entry in archive:
                place = f"member {path}/{entry.name}" if path else f"member {entry.name}"
                if entry.issym() or entry.islnk() or entry.isdev():
                    parts.remark("link", place)
                elif entry.isfile():
                    _spend(budget, entry.size, entry.size)
                    opened = archive.extractfile(entry)
                    if opened is not None:
                        yield entry.name, opened.read()
    except (tarfile.TarError, EOFError, UnicodeDecodeError):
        raise InvalidInput("the archive is damaged or cut short") from None
