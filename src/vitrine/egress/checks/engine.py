"""All checks over one file, and over the files of one request together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from vitrine.egress.checks import kinds, readers
from vitrine.egress.checks.document import Document, shown
from vitrine.egress.checks.facts import document_of, facts_of
from vitrine.egress.checks.finding import Finding, Severity, finding_of, merged
from vitrine.egress.checks.rule import RequestRule, Rule
from vitrine.egress.checks.rules import (
    allowed,
    containers,
    documents,
    images,
    images_scan,
    models,
    names,
    notebooks,
    notebooks_lists,
    notebooks_numbers,
    notebooks_places,
    notebooks_rows,
    tables_counts,
    tables_differencing,
    tables_hidden,
    tables_identifiers,
    tables_implied,
    tables_margins,
    tables_matrices,
    tables_precision,
    tables_records,
    tables_summaries,
    texts,
)
from vitrine.egress.disclosure import DisclosurePolicy
from vitrine.errors import InvalidInput

RULES: Final[tuple[Rule, ...]] = (
    *allowed.RULES,
    *names.RULES,
    *texts.RULES,
    *documents.RULES,
    *images.RULES,
    *images_scan.RULES,
    *notebooks.RULES,
    *notebooks_lists.RULES,
    *notebooks_numbers.RULES,
    *notebooks_places.RULES,
    *notebooks_rows.RULES,
    *containers.RULES,
    *models.RULES,
    *tables_counts.RULES,
    *tables_implied.RULES,
    *tables_hidden.RULES,
    *tables_identifiers.RULES,
    *tables_margins.RULES,
    *tables_matrices.RULES,
    *tables_precision.RULES,
    *tables_records.RULES,
    *tables_summaries.RULES,
)
REQUEST_RULES: Final[tuple[RequestRule, ...]] = (
    *models.REQUEST_RULES,
    *tables_differencing.REQUEST_RULES,
)

UNCHECKED: Final = "unchecked"
UNCHECKED_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Report:
    """What the checks say about one file."""

    path: str
    kind: str
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """The report as the command line shows it, without the file's digest."""
        return {
            "path": self.path,
            "type": self.kind,
            "findings": [each.as_json() for each in self.findings],
        }

    def packed(self) -> dict[str, Any]:
        """The report with every location, which `from_packed` reads."""
        packed = [asdict(each) for each in self.findings]
        return {"path": self.path, "kind": self.kind, "findings": packed}

    @staticmethod
    def from_packed(values: Any) -> Report:
        """The report again."""
        found = tuple(finding_of(each) for each in values["findings"])
        return Report(str(values["path"]), str(values["kind"]), found)

    def with_findings(self, more: Iterable[Finding]) -> Report:
        """The same report with more findings."""
        return replace(self, findings=merged((*self.findings, *more)))


def look(
    name: str,
    content: bytes,
    policy: DisclosurePolicy,
    more: Sequence[Rule] = (),
    *,
    is_flattened: bool = False,
) -> tuple[Report, dict[str, Any]]:
    """The report on one file, and the facts that `compare` needs.

    Args:
        more: checks besides those that every file meets.
        is_flattened: what leaves is a copy of only what the file shows.

    A reader or a check that fails answers with a warning that this file was not checked: nothing
    passes because it broke something.
    """
    kind = kinds.kind_of(name, content)
    findings: list[Finding] = []
    try:
        document = readers.read(name, content, kind)
    except Exception as problem:
        document = Document(path=name, kind=kind, size_bytes=len(content), content=content)
        findings.append(not_checked("the reader", problem))
    if is_flattened:
        document = shown(document)
    for rule in (*RULES, *more):
        try:
            findings += rule.findings(document, policy)
        except Exception as problem:
            findings.append(not_checked(f"the check {rule.name}", problem))
    return Report(name, kind, merged(findings)), facts_of(document)


def compare(facts: Sequence[Any], policy: DisclosurePolicy) -> dict[str, list[Finding]]:
    """What the files of one request say together: findings by path."""
    documents = [document_of(each) for each in facts]
    found: dict[str, list[Finding]] = {document.path: [] for document in documents}
    for rule in REQUEST_RULES:
        try:
            answers = rule.findings(documents, policy)
        except Exception as problem:
            for findings in found.values():
                findings.append(not_checked(f"the check {rule.name}", problem))
            continue
        for path, finding in answers:
            found[path].append(finding)
    return {path: list(merged(findings)) for path, findings in found.items()}


def compare_with(
    facts: Sequence[Any], earlier: Sequence[Any], policy: DisclosurePolicy
) -> dict[str, list[Finding]]:
    """What the files of one request say together, and with what was released earlier.

    A finding that rests on an earlier file is about the new one: what has left has left.
    """
    found = compare(facts, policy)
    if not earlier:
        return found
    known = [{**each, "path": f"{EARLIER}{each['path']}"} for each in earlier]
    before = compare(known, policy)
    for path, findings in compare([*known, *facts], policy).items():
        for each in findings:
            if each in before.get(path, ()) or each in found.get(path, ()):
                continue
            for about in [path] if path in found else _named(each, found):
                found[about] = list(merged((*found[about], replace(each, locations=()))
            if about != path else (*found[about], each)))  # fmt: skip
    return found


def _named(finding: Finding, paths: Iterable[str]) -> list[str]:
    """The new files that a finding about an earlier one names; all of them when it names none."""
    all_paths = list(paths)
    return [path for path in all_paths if path in finding.message] or all_paths


EARLIER: Final = "released earlier/"
"""What the names of earlier files begin with in findings."""


def unread(path: str, content: bytes, why: str) -> Report:
    """The report on a file whose child process ended without an answer."""
    kind = kinds.kind_of(path, content)
    return Report(path, kind, (not_checked("the checks", InvalidInput(why)),))


def not_checked(what: str, problem: Exception) -> Finding:
    """The warning that part of a file was not looked at, without a word of its content."""
    why = str(problem) if isinstance(problem, InvalidInput) else type(problem).__name__
    return Finding(
        check=UNCHECKED,
        version=UNCHECKED_VERSION,
        severity=Severity.WARN,
        message=f"not checked: {what} could not read it ({why})",
    )
