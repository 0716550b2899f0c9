"""What pages, figures and documents carry besides what is seen: one check for each kind of thing.

Readers remark what they notice; here stands how serious it is in which kind of file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from vitrine.egress.checks.document import Document, Remark
from vitrine.egress.checks.finding import Severity
from vitrine.egress.checks.kinds import OPAQUE
from vitrine.egress.checks.rule import Rule
from vitrine.egress.disclosure import DisclosurePolicy

Answer = Iterable[tuple[Severity, str, Sequence[str]]]
Weigh = Callable[[Document, Remark], Severity]

_INFO, _WARN, _BLOCK = Severity.INFO, Severity.WARN, Severity.BLOCK


@dataclass(frozen=True, slots=True)
class _Concern:
    """What one check is about."""

    words: Mapping[str, str]
    """Word of a remark, and how it is called in the sentence."""

    sentence: str
    weigh: Weigh
    skips: str = ""
    """The kind of file of which another check says it."""


def _look(concern: _Concern, document: Document, policy: DisclosurePolicy) -> Answer:
    """One finding with all places, as serious as the most serious of them."""
    seen = [remark for remark in document.remarks if remark.what in concern.words]
    if not seen or concern.skips == document.kind:
        return
    ranked = [_INFO, _WARN, _BLOCK]
    worst = max((concern.weigh(document, remark) for remark in seen), key=ranked.index)
    called = sorted({concern.words[remark.what] for remark in seen})
    places = tuple(dict.fromkeys(remark.at for remark in seen if remark.at))
    yield worst, concern.sentence.format(" and ".join(called)), places


def _always(severity: Severity) -> Weigh:
    return lambda _document, _remark: severity


def _by_activity(document: Document, remark: Remark) -> Severity:
    """Pages often bring scripts along; a figure or a printed document never needs any."""
    if remark.what in ("foreign object", "launch action"):
        return _WARN
    return _BLOCK if document.kind in ("svg", "pdf") else _WARN


def _by_contents(document: Document, remark: Remark) -> Severity:
    """Outputs of a notebook are stripped; what is in them counts when it must never be there."""
    return _WARN if document.kind == "notebook" and remark.detail not in OPAQUE else _BLOCK


def _by_amount(document: Document, remark: Remark) -> Severity:
    return _WARN if remark.detail.startswith("many") else _INFO


_CONCERNS: Final[Mapping[str, _Concern]] = {
    "active-content": _Concern(
        {
            "script": "scripts",
            "event handler": "event handlers",
            "embedded page": "embedded pages",
            "foreign object": "pages within the figure",
            "entity": "entities of its own",
            "launch action": "actions that open something",
        },
        "the file holds {}: export a static figure or page",
        _by_activity,
    ),
    "external-reference": _Concern(
        {"external reference": "files from elsewhere"},
        "opening the file loads {}: embed or remove them",
        _always(_WARN),
    ),
    "hidden-content": _Concern(
        {
            "hidden element": "elements that are not shown",
            "comment with data": "comments with data",
            "invisible text": "text that is not drawn",
            "covered text": "text under something drawn over it",
            "text off the page": "text outside the page",
            "hidden layer": "layers that are switched off",
            "hidden data": "values in attributes that are not shown",
        },
        "the file holds {}: remove what a reader does not see",
        _always(_WARN),
    ),
    "one-mark-per-patient": _Concern(
        {"marks": "so many like marks", "tooltips": "marks that say what they are on pointing"},
        "the figure has {} that each may be a patient: draw aggregates or save it as PNG",
        _always(_WARN),
    ),
    "embedded-file": _Concern(
        {"embedded file": "files"},
        "there are {} within the file: submit each of them by itself",
        _by_contents,
    ),
    "embedded-data": _Concern(
        {"embedded data": "the values behind its figures"},
        "the file carries {}: save the figure as PNG",
        _by_amount,
        skips="notebook",
    ),
    "incremental-update": _Concern(
        {"incremental update": "earlier states", "bytes after the end": "bytes behind its end"},
        "the document still holds {}: print it to a new file",
        _always(_WARN),
    ),
    "document-comments": _Concern(
        {"annotation": "comments", "form": "form fields"},
        "the document holds {}: remove them",
        _always(_WARN),
    ),
    "document-metadata": _Concern(
        {"document metadata": "metadata"},
        "the document holds {} such as a title or an author",
        _by_amount,
    ),
    "encrypted": _Concern(
        {"encrypted": "encrypted"},
        "the file is {} and cannot be looked at: save it without a password",
        _always(_BLOCK),
    ),
    "unread-part": _Concern(
        {"unread part": "parts that could not be looked at"},
        "there are {} in the file",
        _always(_WARN),
    ),
}


RULES: Final = tuple(Rule(name, 1, partial(_look, concern)) for name, concern in _CONCERNS.items())
