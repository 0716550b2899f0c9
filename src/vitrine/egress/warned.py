"""Equal warnings of a request, which a checker weighs together. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from vitrine.audit.chain import canonical
from vitrine.egress.checks.finding import Finding, Severity
from vitrine.egress.request import EgressRequest, RequestFile, Reviews, Vote


@dataclass(frozen=True, slots=True)
class Group:
    """What one check says in the same words of some outputs."""

    check: str
    version: int
    message: str
    files: tuple[RequestFile, ...]

    @property
    def key(self) -> str:
        """SHA-256 over check, version and message, in hexadecimal."""
        said = canonical([self.check, self.version, self.message])
        return hashlib.sha256(said.encode()).hexdigest()


def groups(request: EgressRequest) -> tuple[Group, ...]:
    """The warnings on the outputs, equal ones together, by check and message.

    A block that a senior checker has lifted is as much to be weighed as a warning.
    """
    return _groups(request.outputs)


def unaccepted(request: EgressRequest, reviews: Reviews, reviewer: str) -> tuple[Group, ...]:
    """The groups on files that `reviewer` approves, of which `reviewer` has said nothing."""
    accepted = {each.key for each in reviews.accepted if each.reviewer == reviewer}
    approved = {
        vote.file_id
        for vote in reviews.votes
        if vote.reviewer == reviewer and vote.value is Vote.APPROVED
    }
    found = _groups(file for file in request.outputs if file.id in approved)
    return tuple(group for group in found if group.key not in accepted)


def _groups(files: Iterable[RequestFile]) -> tuple[Group, ...]:
    found: dict[tuple[str, int, str], dict[str, RequestFile]] = {}
    for file in files:
        for finding in file.findings:
            if finding.severity is not Severity.INFO:
                found.setdefault(_said(finding), {})[file.id] = file
    return tuple(Group(*said, tuple(files.values())) for said, files in sorted(found.items()))


def _said(finding: Finding) -> tuple[str, int, str]:
    return finding.check, finding.version, finding.message
