"""`vitrine node`: this machine made ready, and what it is told about itself."""

from __future__ import annotations

import dataclasses
import os
from typing import Annotated, Any

import typer

from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.cli.output import AsJson, DryRun, Node, say, show_record, this_node
from vitrine.settings import Settings
from vitrine.storage import layout, secrets

app = typer.Typer()


@app.command()
def init(dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Make directories and missing secrets and bring the database to its newest form.

    Run it as root after every installation, upgrade and reboot; what is right already stays.
    """
    node = this_node()
    as_root = os.geteuid() == 0
    if as_root:
        layout.require_accounts(node.settings)
    else:
        say("not run as root: nothing is given to the accounts of the node")
    if dry_run:
        show_record(_plan(node.settings), as_json=as_json)
        return
    show_record(_init(node, as_root=as_root), as_json=as_json)


@app.command()
def show(
    as_json: AsJson = False,
    name: Annotated[str | None, typer.Argument(help="Only this setting.")] = None,
) -> None:
    """Show the settings of this node; a password in the database URL is hidden."""
    settings = this_node().settings
    record: dict[str, Any] = {}
    for each in dataclasses.fields(settings):
        value = getattr(settings, each.name)
        record[each.name] = value if each.repr else _without_password(str(value))
    if name is not None:
        if name not in record:
            raise typer.BadParameter(f"there is no setting {name!r}")
        record = {name: record[name]}
    show_record(record, as_json=as_json)


def _plan(settings: Settings) -> dict[str, Any]:
    problems = [each.problem() for each in layout.directories(settings)]
    missing = [str(each.path) for each in secrets.files(settings) if not each.path.exists()]
    return {"directories": [each for each in problems if each], "secrets": missing}


def _init(node: Node, *, as_root: bool) -> dict[str, Any]:
    made = layout.make(layout.directories(node.settings), with_owners=as_root)
    new_secrets = secrets.make_missing(node.settings)
    if as_root:
        for secret in secrets.files(node.settings):
            owner = node.settings.accounts[secret.process]
            layout.give(secret.path, owner, secret.mode)
    before = node.database.revision()
    node.database.migrate()
    after = node.database.revision()
    record = {
        "directories": [str(each.path) for each in made],
        "secrets": [str(each.path) for each in new_secrets],
        "database": after if before != after else "unchanged",
    }
    if new_secrets or before != after:
        _record(node, len(new_secrets), before, after)
    return record


def _record(node: Node, n_secrets: int, before: str | None, after: str | None) -> None:
    """Note what changed; directories are mended silently, they return with every boot."""
    with node.database.begin() as tx:
        log.record(
            tx,
            Event.NODE_INITIALISED,
            actor=node.actor,
            subject=f"node:{node.settings.node_name}",
            detail={"secrets": n_secrets, "schema_before": before, "schema": after},
        )


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    user, at, place = rest.rpartition("@")
    name = user.split(":", 1)[0]
    return f"{scheme}{separator}{name}{at}{place}"
