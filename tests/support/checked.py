"""What the checks say about one file, for tests."""

from __future__ import annotations

from vitrine.egress import disclosure
from vitrine.egress.checks import engine
from vitrine.egress.checks.finding import Finding, Severity

POLICY = disclosure.load()
SERIOUS = (Severity.WARN, Severity.BLOCK)


def findings(name: str, content: bytes | str) -> list[Finding]:
    """Everything that the checks of one file say."""
    raw = content.encode() if isinstance(content, str) else content
    return list(engine.look(name, raw, POLICY)[0].findings)


def said(name: str, content: bytes | str) -> dict[str, str]:
    """Worst severity by check."""
    found: dict[str, str] = {}
    for each in sorted(
        findings(name, content), key=lambda each: list(Severity).index(each.severity)
    ):
        found[each.check] = str(each.severity)
    return found


def serious(name: str, content: bytes | str) -> dict[str, str]:
    """The same without what is for information only."""
    return {check: how for check, how in said(name, content).items() if how != "info"}


def places(name: str, content: bytes | str, check: str) -> tuple[str, ...]:
    """Where one check found something."""
    return next((each.locations for each in findings(name, content) if each.check == check), ())
