"""What texts of any origin give away: identifiers of patients, and files written as letters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from vitrine.egress.checks.blobs import Blob, blobs_in
from vitrine.egress.checks.document import Document, Role, Text
from vitrine.egress.checks.finding import Severity
from vitrine.egress.checks.kinds import OPAQUE, PICTURES
from vitrine.egress.checks.rule import Rule
from vitrine.egress.checks.rules import identifiers
from vitrine.egress.disclosure import DisclosurePolicy

Answer = Iterable[tuple[Severity, str, Sequence[str]]]

SCANNED: Final = 6 << 20
"""Letters of one file that are searched for identifiers; what is beyond is said."""
_CODE_SCANNED: Final = 200_000
_WITH_PICTURES: Final = frozenset({"notebook", "html", "svg", "markdown"})
_EMAILS_OF_AUTHORS: Final = 8
_RANK: Final = {Severity.BLOCK: 0, Severity.WARN: 1, Severity.INFO: 2}
_INVISIBLE: Final = re.compile(
    "[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\U000e0000-\U000e0fff]"
)
_HIDDEN_FEWEST: Final = 3


def _identifiers(document: Document, policy: DisclosurePolicy) -> Answer:
    found: dict[tuple[str, Severity], list[str]] = {}
    left = SCANNED
    for text in document.texts:
        for named, lines in identifiers.in_text(text.text[:left], text.role).items():
            found.setdefault(named, []).extend(text.place(line) for line in sorted(lines))
        left -= min(left, len(text.text))
    for (what, severity), places in sorted(found.items(), key=lambda item: _RANK[item[0][1]]):
        if severity is Severity.INFO and len(places) > _EMAILS_OF_AUTHORS:
            severity = Severity.WARN
        yield severity, f"a text looks like it holds {what}", tuple(dict.fromkeys(places))
    if left == 0:
        yield Severity.WARN, "the texts are too long to be searched to their end", ()


_HASHES: Final = re.compile(
    r"(?:^[ \t\"',-]{0,6}([0-9a-f]{16}|[0-9a-f]{32}|[0-9a-f]{40}"
    r"|[0-9a-f]{64})[ \t\"',]{0,4}$\n?){8,}",
    re.MULTILINE | re.IGNORECASE,
)


def _hashes(document: Document, policy: DisclosurePolicy) -> Answer:
    """Lists of nothing but digests: names of persons or images that somebody hashed."""
    places = [
        text.place(text.text.count("\n", 0, found.start()))
        for text in document.texts
        for found in _HASHES.finditer(text.text[:SCANNED])
    ]
    if places:
        yield Severity.WARN, "a text looks like it lists hashed names of patients", places


def _encoded(document: Document, policy: DisclosurePolicy) -> Answer:
    blocked: dict[str, list[str]] = {}
    unsure: list[str] = []
    numbers: list[str] = []
    for text in document.texts:
        for blob in blobs_in(text.text):
            place = text.place(text.text.count("\n", 0, blob.start))
            if blob.kind in OPAQUE:
                blocked.setdefault(blob.kind, []).append(place)
            elif blob.kind == "numbers":
                numbers.append(place)
            elif _is_suspect(document, text, blob):
                unsure.append(place)
    for kind, places in blocked.items():
        yield Severity.BLOCK, f"a text holds an encoded file of kind {kind}", places
    if unsure:
        yield Severity.WARN, "a text holds encoded bytes that nobody can read", unsure
    if numbers:
        yield Severity.WARN, "a text holds thousands of numbers in a row", numbers


def _is_suspect(document: Document, text: Text, blob: Blob) -> bool:
    """Pictures are looked at as pictures; libraries that a page brings along are scripts."""
    if blob.is_picture_uri and blob.kind in PICTURES | {"svg"} and document.kind in _WITH_PICTURES:
        return False
    return not (text.role is Role.CODE and len(text.text) > _CODE_SCANNED)


def _invisible(document: Document, policy: DisclosurePolicy) -> Answer:
    places = [
        text.place(text.text.count("\n", 0, match.start()))
        for text in document.texts
        if len(_INVISIBLE.findall(text.text)) >= _HIDDEN_FEWEST
        for match in _INVISIBLE.finditer(text.text)
    ]
    if places:
        yield (
            Severity.WARN,
            "a text holds invisible or direction-changing letters",
            tuple(dict.fromkeys(places)),
        )


RULES: Final = (
    Rule("text-identifiers", 3, _identifiers),
    Rule("text-identifiers", 3, _hashes),
    Rule("encoded-blob", 1, _encoded),
    Rule("invisible-letters", 1, _invisible),
)
