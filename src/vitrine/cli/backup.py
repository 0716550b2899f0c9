"""`vitrine backup`: a copy of everything that this node has recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.cli.output import AsJson, DryRun, require_root, say, show_record, this_node
from vitrine.cli.safekeeping import archive

app = typer.Typer()


@app.command()
def backup(
    directory: Annotated[Path, typer.Argument(help="A directory that does not exist yet.")],
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help="Copy keys and tokens, too; keep it locked away.")
    ] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Copy database, stored files, journals, drafts and shares; works while the node is running.

    Datasets and workspaces are not copied: deploy/runbooks/backup.md says how to keep those.
    """
    require_root("copy the records of every account")
    node = this_node()
    target = directory.absolute()
    if dry_run:
        for name, root in archive.trees(node.settings).items():
            count = sum(path.is_file() for path in root.rglob("*"))
            say(f"would copy {count} files of {name} from {root}")
        return
    made = archive.pack(node.settings, node.database, target, with_secrets=with_secrets)
    digest = archive.manifest_digest(target)
    with node.database.begin() as tx:
        log.record(
            tx,
            Event.BACKED_UP,
            actor=node.actor,
            subject=f"node:{node.settings.node_name}",
            detail={"manifest_sha256": digest, "with_secrets": "yes" if with_secrets else "no"},
        )
    record = {
        "directory": str(target),
        "files": len(made["files"]),
        "size_bytes": sum(each["size_bytes"] for each in made["files"]),
        "audit_entries": made["audit_head"]["sequence"],
        "with_secrets": with_secrets,
        "manifest_sha256": digest,
    }
    show_record(record, as_json=as_json)
    if not with_secrets:
        say("the signing key is not in it: keep secrets/steward/signing.pem somewhere else")
