"""What a check is: a name, a version, and a pure function over one document or all of a request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from vitrine.egress.checks.document import Document
from vitrine.egress.checks.finding import Finding, Severity, bounded
from vitrine.egress.disclosure import DisclosurePolicy

Look = Callable[[Document, DisclosurePolicy], Iterable[tuple[Severity, str, Sequence[str]]]]
"""Yields severity, sentence and places of each finding; none when all is well."""

Compare = Callable[
    [Sequence[Document], DisclosurePolicy],
    Iterable[tuple[str, Severity, str, Sequence[str]]],
]
"""The same over all files of a request; the path of the file that the finding is about first."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A check of one file; `version` grows whenever it may answer differently."""

    name: str
    version: int
    look: Look

    def findings(self, document: Document, policy: DisclosurePolicy) -> list[Finding]:
        """What this check finds in `document`."""
        return [
            Finding(
                check=self.name,
                version=self.version,
                severity=severity,
                message=message,
                locations=bounded(tuple(locations)),
            )
            for severity, message, locations in self.look(document, policy)
        ]


@dataclass(frozen=True, slots=True)
class RequestRule:
    """A check of all files of a request together."""

    name: str
    version: int
    compare: Compare

    def findings(
        self, documents: Sequence[Document], policy: DisclosurePolicy
    ) -> list[tuple[str, Finding]]:
        """What this check finds, each with the path of the file that it is about."""
        return [
            (
                path,
                Finding(
                    check=self.name,
                    version=self.version,
                    severity=severity,
                    message=message,
                    locations=bounded(tuple(locations)),
                ),
            )
            for path, severity, message, locations in self.compare(documents, policy)
        ]
