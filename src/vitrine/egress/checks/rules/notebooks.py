"""What a notebook carries besides its sources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from vitrine.egress.checks.document import Document
from vitrine.egress.checks.finding import Severity
from vitrine.egress.checks.rule import Rule
from vitrine.egress.disclosure import DisclosurePolicy

Answer = Iterable[tuple[Severity, str, Sequence[str]]]


def _places(document: Document, what: str, detail: str = "") -> tuple[str, ...]:
    """Where a reader remarked `what`, with a detail that begins with `detail`."""
    found = (
        remark.at
        for remark in document.remarks
        if remark.what == what and remark.detail.startswith(detail)
    )
    return tuple(dict.fromkeys(found))


def _outputs(document: Document, policy: DisclosurePolicy) -> Answer:
    if places := _places(document, "output"):
        yield (
            Severity.INFO,
            "outputs are stripped unless they are declared as results of this request",
            places,
        )


def _attachments(document: Document, policy: DisclosurePolicy) -> Answer:
    if places := _places(document, "notebook attachment"):
        yield (
            Severity.WARN,
            "cells have files attached: submit each as a file of its own",
            places,
        )


def _widgets(document: Document, policy: DisclosurePolicy) -> Answer:
    if places := _places(document, "widget state"):
        yield (
            Severity.WARN,
            "the state of widgets is saved and can hold any data: clear it before saving",
            places,
        )
    elif places := _places(document, "widget"):
        yield Severity.INFO, "outputs show widgets whose state is not saved", places


def _metadata(document: Document, policy: DisclosurePolicy) -> Answer:
    long = _places(document, "notebook metadata", "many")
    if long:
        yield Severity.WARN, "long metadata that no known tool writes", long
    elif short := _places(document, "notebook metadata"):
        yield Severity.INFO, "metadata beyond what notebooks need; it is removed", short


def _data(document: Document, policy: DisclosurePolicy) -> Answer:
    if document.kind != "notebook":
        return
    if many := _places(document, "embedded data", "many"):
        yield (
            Severity.WARN,
            "interactive plots carry the values behind them: show a static figure instead",
            many,
        )
    elif few := _places(document, "embedded data"):
        yield Severity.INFO, "outputs carry the values behind them", few


def _errors(document: Document, policy: DisclosurePolicy) -> Answer:
    if telling := _places(document, "error", "many"):
        yield Severity.WARN, "error messages quote values: clear these outputs", telling
    elif errors := _places(document, "error"):
        yield Severity.INFO, "there are error messages, which can quote data", errors


RULES: Final = (
    Rule("notebook-outputs", 1, _outputs),
    Rule("notebook-attachments", 1, _attachments),
    Rule("notebook-widgets", 1, _widgets),
    Rule("notebook-metadata", 1, _metadata),
    Rule("notebook-data", 1, _data),
    Rule("traceback-data", 1, _errors),
)
