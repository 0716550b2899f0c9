"""Archives: judged by every member, and by what makes them dangerous to unpack."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from vitrine.egress.checks.document import Document
from vitrine.egress.checks.finding import Severity
from vitrine.egress.checks.rule import Rule
from vitrine.egress.checks.rules import identifiers
from vitrine.egress.disclosure import DisclosurePolicy

Answer = Iterable[tuple[Severity, str, Sequence[str]]]


def _members(document: Document, policy: DisclosurePolicy) -> Answer:
    accepted = policy.allowed_kinds | {"gzip", "zip", "archive"}
    forbidden = [
        (each.detail, each.at)
        for each in document.remarks
        if each.what == "member" and each.detail not in accepted
    ]
    if forbidden:
        called = ", ".join(sorted({kind for kind, _ in forbidden}))
        places = tuple(at for _, at in forbidden)
        yield Severity.BLOCK, f"the archive holds members of kinds not accepted: {called}", places


def _bomb(document: Document, policy: DisclosurePolicy) -> Answer:
    if any(each.what == "bomb" for each in document.remarks):
        yield (
            Severity.BLOCK,
            "the archive unpacks to more, or is nested deeper, than can be checked",
            (),
        )


_TRICKS: Final = {
    "path outside": (Severity.BLOCK, "paths that lead out of the folder it is unpacked to"),
    "link": (Severity.BLOCK, "links or devices"),
    "encrypted member": (Severity.BLOCK, "members under a password"),
    "same name twice": (Severity.BLOCK, "members with the same name"),
    "bytes outside members": (Severity.WARN, "bytes or a comment that belong to no member"),
}


def _structure(document: Document, policy: DisclosurePolicy) -> Answer:
    seen = [each for each in document.remarks if each.what in _TRICKS]
    if not seen:
        return
    tricks = [_TRICKS[what] for what in sorted({each.what for each in seen})]
    worst = Severity.BLOCK if Severity.BLOCK in {how for how, _ in tricks} else Severity.WARN
    said = " and ".join(what for _, what in tricks)
    places = tuple(dict.fromkeys(each.at for each in seen if each.at))
    yield worst, f"the archive holds {said}", places


def _member_names(document: Document, policy: DisclosurePolicy) -> Answer:
    named: dict[tuple[str, Severity], list[str]] = {}
    for each in document.remarks:
        if each.what == "member":
            for pair in identifiers.in_name(each.at.removeprefix("member ")):
                named.setdefault(pair, []).append(each.at)
    for (what, severity), places in named.items():
        yield severity, f"the name of a member looks like it holds {what}", places


RULES: Final = (
    Rule("archive-members", 1, _members),
    Rule("archive-bomb", 1, _bomb),
    Rule("archive-structure", 1, _structure),
    Rule("archive-names", 1, _member_names),
)
