"""Runs of letters in a text that stand for bytes: base64, hexadecimal, escapes, long tokens."""

from __future__ import annotations

import base64
import binascii
import math
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from vitrine.egress.checks import kinds

_BASE64: Final = re.compile(
    r"[A-Za-z0-9+/_-]{200,}={0,2}"
    r"|(?:[A-Za-z0-9+/_-]{40,128}\s{0,3}[\"']?\s{0,24}[\"',]?\s{0,24}[\"']?){3,}[A-Za-z0-9+/_-]*={0,2}"
)
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2}\s{0,2}){128,}")
_DUMP: Final = re.compile(
    r"(?:^[0-9a-fA-F]{4,16}:?[ \t]+(?:[0-9a-fA-F]{2,4}[ \t]?){4,}+.*+\n?){8,}", re.M
)
_DUMPED: Final = re.compile(
    r"^[0-9a-fA-F]{4,16}:?[ \t]+((?:(?:[0-9a-fA-F]{2}){1,2}[ \t]?){4,16})", re.M
)
_ESCAPES: Final = re.compile(r"(?:\\x[0-9a-fA-F]{2}[ -\[\]-~]{0,6}){64,}")
_UUENCODED: Final = re.compile(r"^begin(?:-base64)? [0-7]{3} \S+$", re.M)
_NUMBERS: Final = re.compile(
    r"(?<![\w.])(?:-?\d{1,24}(?:\.\d{1,24})?(?:[eE][-+]?\d{1,3})?[\s,;\[\]()]{1,6}){2000,}"
)
_OCTETS: Final = re.compile(r"(?<![\w.])(?:\d{1,3}\s{0,3}[,;]?\s{1,3}|\d{1,3},){255,}\d{0,3}")
_BITS: Final = re.compile(r"(?<![\w.])(?:[01]{8}\s?){64,}")
_TOKEN: Final = re.compile(r"\S{500,}")
_DENSE: Final = 0.72
"""Part of its length to which a long word of encoded bytes can be compressed at the least."""
_URI: Final = re.compile(
    r"data:[\w.+/-]{0,80}(?:;[\w=.-]{0,40}){0,4};base64,[A-Za-z0-9+/_-]{40,}", re.I
)
_PICTURE_URI: Final = re.compile(r"data:image/[\w.+-]+;base64,\s*$", re.I)
_PICTURE: Final = re.compile(r"data:image/", re.I)

SCANNED: Final = 8 << 20


@dataclass(frozen=True, slots=True)
class Blob:
    """One run of letters that stands for bytes."""

    start: int
    """Index of its first letter."""

    kind: str
    """What the bytes are, `unknown`, or `numbers`."""

    content: bytes = field(repr=False)
    is_picture_uri: bool = False


def blobs_in(text: str) -> Iterator[Blob]:
    """The encoded runs of a text, in no order, none reported twice."""
    text = text[:SCANNED]
    seen: list[tuple[int, int]] = []
    for form, decode in (
        (_URI, _from_uri),
        (_DUMP, _from_dump),
        (_HEX, _from_hex),
        (_BASE64, _from_base64),
        (_ESCAPES, _from_escapes),
        (_OCTETS, _from_octets),
        (_BITS, _from_bits),
        (_UUENCODED, lambda _letters: b"\x00"),
    ):
        for match in form.finditer(text):
            if _overlaps(match, seen):
                continue
            content = decode(match.group())
            if content:
                seen.append(match.span())
                before = text[max(0, match.start() - 64) : match.start()]
                kind = kind_inside(content)
                is_picture = bool(_PICTURE_URI.search(before) or _PICTURE.match(match.group()))
                yield Blob(match.start(), kind, content, is_picture)
    for match in _NUMBERS.finditer(text):
        yield Blob(match.start(), "numbers", b"")
    for match in _TOKEN.finditer(text):
        if not _overlaps(match, seen) and _is_dense(match.group()):
            yield Blob(match.start(), "unknown", b"")


def _overlaps(match: re.Match[str], seen: list[tuple[int, int]]) -> bool:
    return any(start < match.end() and match.start() < end for start, end in seen)


def kind_inside(content: bytes) -> str:
    """The kind of decoded bytes; text within them may be encoded once more."""
    kind = kinds.kind_of("", content)
    if kind == "text":
        again = _from_base64(content.decode("utf-8").strip())
        return kinds.kind_of("", again) if again else kind
    if kind == "unknown":
        try:
            inner = zlib.decompressobj(-15).decompress(content, 65_536)
        except zlib.error:
            return kind
        return kinds.kind_of("", inner) if len(inner) > 256 else kind
    return kind


def _from_base64(letters: str) -> bytes:
    compact = re.sub(r"[\s\"',]", "", letters).rstrip("=")
    if len(compact) < 160 or not _looks_encoded(compact):
        return b""
    standard = compact.replace("-", "+").replace("_", "/")
    standard = standard[: len(standard) // 4 * 4] if len(standard) % 4 == 1 else standard
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _from_uri(letters: str) -> bytes:
    body = letters.partition("base64,")[2].replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(body[: len(body) // 4 * 4])
    except binascii.Error:
        return b""


def _looks_encoded(letters: str) -> bool:
    """Upper, lower and digits mixed as bytes are; not words, hashes, paths or sequences."""
    counts = Counter(letters[:4096])
    upper = sum(count for letter, count in counts.items() if letter.isupper())
    lower = sum(count for letter, count in counts.items() if letter.islower())
    digits = sum(count for letter, count in counts.items() if letter.isdigit())
    signs = sum(counts[letter] for letter in "-_/")
    total = sum(counts.values())
    return (
        len(counts) >= 20
        and upper > total / 20
        and lower > total / 20
        and digits > total / 60
        and signs < total / 8
    ) or letters.startswith(("AAAA", "TVqQ", "UEsD", "H4sI", "iVBOR", "gAS", "gAN", "k05VTVBZ"))


def _from_hex(letters: str) -> bytes:
    compact = "".join(letters.split())
    if compact.isdigit() or len(set(compact.lower())) < 6:
        return b""
    return bytes.fromhex(compact[: len(compact) // 2 * 2])


def _from_dump(letters: str) -> bytes:
    rows = ["".join(row.split()) for row in _DUMPED.findall(letters)]
    return bytes.fromhex("".join(row[: len(row) // 2 * 2] for row in rows))


def _from_escapes(letters: str) -> bytes:
    found = re.sub(r"\\x([0-9a-fA-F]{2})", lambda match: chr(int(match.group(1), 16)), letters)
    return found.encode("latin-1", "ignore")


def _from_octets(letters: str) -> bytes:
    """The bytes whose values are listed; none when the numbers are not spread as bytes are."""
    values = [int(each) for each in re.findall(r"\d+", letters)]
    if max(values) > 255 or len(set(values[:2048])) < 100:
        return b""
    return bytes(values)


def _from_bits(letters: str) -> bytes:
    compact = re.sub(r"\s", "", letters)
    content = int(compact, 2).to_bytes(len(compact) // 8, "big") if len(compact) < 80_000 else b"?"
    return content if len(set(content)) > 16 or content == b"?" else b""


def _is_dense(token: str) -> bool:
    """Whether a long word has the entropy of encoded bytes and not the marks of a language."""
    sample = token[:20_000].encode("utf-8", "replace")
    if len(zlib.compress(sample, 6)) > _DENSE * len(sample):
        return True
    counts = Counter(token[:20_000])
    total = sum(counts.values())
    if sum(counts[mark] for mark in "{}();:,.=/\"'[]<>") > total / 6:
        return False
    entropy = -sum(count / total * math.log2(count / total) for count in counts.values())
    return entropy > 4.7 and sum(letter.isdigit() for letter in token[:2000]) > 20
