"""`vitrine doctor`: what is wrong with this node, and how to mend it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import typer

from vitrine import settings as settings_module
from vitrine.cli.checkup import files, records, services
from vitrine.cli.checkup.finding import Finding, Level, fail, ok
from vitrine.cli.output import AsJson, say, show_rows
from vitrine.errors import SettingsError
from vitrine.settings import Settings

app = typer.Typer()

CHECKS: Final[tuple[Callable[[Settings], Iterable[Finding]], ...]] = (
    files.check_accounts,
    files.check_directories,
    files.check_secrets,
    files.check_disks,
    files.check_tools,
    records.check_clock,
    records.check_database,
    services.check_engine,
    services.check_sockets,
    services.check_ports,
)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Say what is wrong with this node and how to mend it; exit 1 when something fails."""
    findings = list(examine())
    rows = [dataclasses.asdict(finding) for finding in findings]
    show_rows(rows, ("level", "check", "found", "fix"), as_json=as_json)
    failures = sum(finding.level is Level.FAIL for finding in findings)
    if failures:
        say(f"{failures} of {len(findings)} checks fail")
        raise typer.Exit(1)


def examine() -> Iterator[Finding]:
    """Every finding about this node, in the order in which to mend them."""
    try:
        settings = settings_module.load()
    except SettingsError as error:
        yield fail("settings", str(error), error.hint)
        return
    yield ok("settings", f"node {settings.node_name}, state in {settings.state_root}")
    for check in CHECKS:
        yield from check(settings)
