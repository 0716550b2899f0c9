"""`vitrine restore`: an empty node made into the one that was backed up."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from vitrine.cli.output import AsJson, DryRun, require_root, say, show_record, this_node
from vitrine.cli.safekeeping import restore as restoring
from vitrine.storage import layout, secrets

app = typer.Typer()


@app.command()
def restore(
    directory: Annotated[Path, typer.Argument(help="A directory that `vitrine backup` made.")],
    against: Annotated[
        Path | None, typer.Option(help="Checkpoints kept elsewhere, to check the audit log with.")
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Check a backup in full, then bring it to an empty node; with --dry-run, only check it."""
    node = this_node()
    source = directory.absolute()
    manifest, report = restoring.check(source, against)
    record = {
        "node": manifest["node"],
        "made_at": manifest["made_at"],
        "files": len(manifest["files"]),
        "audit_entries": report.entries,
        "anchored_to": report.anchored_to,
    }
    if not dry_run:
        require_root("restore a node")
        layout.require_accounts(node.settings)
        restoring.require_empty(node.settings, node.database)
        restoring.require_same_key(node.settings, source)
        record["rows"] = restoring.restore(
            node.settings, node.database, source, manifest, actor=node.actor
        )
    show_record(record, as_json=as_json)
    say("the backup is whole" if dry_run else "restored; next: vitrine node init")
    key = node.settings.secrets_root / "steward" / secrets.SIGNING_KEY
    if not dry_run and not os.path.exists(key):
        say(f"bring back {key} first: the backup was made without secrets")
