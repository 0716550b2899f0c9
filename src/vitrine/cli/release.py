"""`vitrine release`: what has left, and whether a receipt is true."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from vitrine.cli.output import AsJson, say, show_record, show_rows, this_node
from vitrine.clock import timestamp
from vitrine.egress import beside_store, incident, receipt, store
from vitrine.egress import revoke as revoking
from vitrine.egress.request import EgressRequest, Release
from vitrine.errors import IntegrityError, NotFound
from vitrine.storage import secrets

app = typer.Typer()

MAX_RECEIPT_BYTES = 16 << 20


@app.command("list")
def list_(
    project: Annotated[str | None, typer.Option(help="Only releases of this project.")] = None,
    as_json: AsJson = False,
) -> None:
    """List what has left, oldest first."""
    with this_node().database.read() as tx:
        found = store.all_releases(tx)
    rows = [_row(made, request) for made, request in found if project in (None, request.project)]
    columns = ("released_at", "release", "request", "project", "author", "files", "bytes")
    show_rows(rows, columns, as_json=as_json, empty="nothing has been released")


@app.command()
def revoke(
    request: Annotated[str, typer.Argument(help="The request whose release is taken back.")],
    reason: Annotated[str, typer.Option(help="Why; the author reads it.")],
    as_json: AsJson = False,
) -> None:
    """Stop the downloads of a release, and list who has its files already."""
    node = this_node()
    holders = revoking.revoke(node.database, node.actor, request, reason=reason)
    say("downloads are stopped; what was downloaded cannot be recalled")
    rows = [
        {"downloaded_at": h.at, "person": h.person, "file": h.file, "sha256": h.sha256}
        for h in holders
    ]
    columns = ("downloaded_at", "person", "file", "sha256")
    show_rows(rows, columns, as_json=as_json, empty="nobody had downloaded anything")


@app.command()
def incidents(as_json: AsJson = False) -> None:
    """List the reported disclosures that nobody has closed, oldest first."""
    with this_node().database.read() as tx:
        found = beside_store.open_incidents(tx)
    rows = [
        {
            "reported_at": timestamp(each.reported_at),
            "incident": each.id,
            "request": each.request_id,
            "file": each.file_id or "",
            "place": each.place,
            "reported_by": each.reported_by,
        }
        for each in found
    ]
    columns = ("reported_at", "incident", "request", "file", "place", "reported_by")
    show_rows(rows, columns, as_json=as_json, empty="no disclosure is reported")


@app.command()
def unfreeze(
    request: Annotated[str, typer.Argument(help="The request that stands still.")],
    outcome: Annotated[str, typer.Option(help="What was found and done; for the audit log.")],
) -> None:
    """Close the reports about a request; it goes on as it was."""
    node = this_node()
    found = incident.close(node.database, node.actor, request, outcome=outcome)
    say(f"request {found.id} goes on; it is {found.shown_status}")


@app.command()
def verify(
    path: Annotated[Path, typer.Argument(metavar="RECEIPT", help="The receipt, as downloaded.")],
    files: Annotated[
        Path | None, typer.Option(help="The folder of the downloaded files, to compare them too.")
    ] = None,
    public_key: Annotated[
        Path | None, typer.Option("--key", help="The steward's public key, when not on its node.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a receipt and its files, offline; exit 1 naming what is wrong."""
    if public_key is None:
        key = secrets.public_key(this_node().settings)
    else:
        key = secrets.load_public_key(public_key)
    signed = receipt.parse(_read(path))
    receipt.verify(signed, key)
    problems = receipt.compare(signed, files) if files is not None else []
    if problems:
        raise IntegrityError("; ".join(problems), hint="")
    manifest = json.loads(signed.manifest)
    show_record(
        {
            "verdict": "genuine",
            "release": manifest["release"],
            "request": manifest["request"],
            "project": manifest["project"],
            "author": manifest["author"],
            "released_at": manifest["released_at"],
            "reviewers": manifest["reviewers"],
            "files": len(manifest["files"]),
            "files_compared": len(manifest["files"]) if files is not None else 0,
        },
        as_json=as_json,
    )


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_RECEIPT_BYTES)
    except OSError as error:
        raise NotFound(f"cannot read {path}: {error.strerror}") from error


def _row(made: Release, request: EgressRequest) -> dict[str, Any]:
    files = json.loads(made.manifest)["files"]
    return {
        "released_at": timestamp(made.released_at),
        "release": made.id,
        "request": request.id,
        "project": request.project,
        "author": request.author,
        "files": len(files),
        "bytes": sum(file["size_bytes"] for file in files),
    }
