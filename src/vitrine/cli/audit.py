"""`vitrine audit`: the log of everything that happened, and whether it is whole."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from vitrine.audit import checkpoint as checkpoints
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.cli.output import AsJson, DryRun, say, show_record, show_rows, this_node
from vitrine.clock import timestamp
from vitrine.storage import secrets

app = typer.Typer()


@app.command("list")
def list_(
    event: Annotated[
        str | None, typer.Option(help="Only this kind, such as login_refused.")
    ] = None,
    actor: Annotated[str | None, typer.Option(help="Only what this actor did: person:ann.")] = None,
    subject: Annotated[
        str | None, typer.Option(help="Only what happened to this: project:lung.")
    ] = None,
    since: Annotated[
        datetime | None, typer.Option(help="Only from this moment on, in local time.")
    ] = None,
    after: Annotated[int, typer.Option(help="Only entries after this number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest ones.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List events, oldest first; with filters, only those that match all of them."""
    if event is not None and event not in set(Event):
        raise typer.BadParameter(f"there is no event {event!r}; known: {', '.join(Event)}")
    with this_node().database.read() as tx:
        found = log.find(
            tx,
            event=event,
            actor=actor,
            subject=subject,
            since=timestamp(since.astimezone()) if since else None,
            after=after,
            limit=limit,
            newest_first=True,
        )
        rows = [_row(entry, as_json=as_json) for entry in found][::-1]
    columns = ("sequence", "at", "event", "actor", "subject", "detail")
    show_rows(rows, columns, as_json=as_json, empty="no such events")


@app.command()
def verify(
    against: Annotated[
        Path | None,
        typer.Option(help="A file of checkpoints kept elsewhere; shows a cut end, too."),
    ] = None,
    public_key: Annotated[
        Path | None, typer.Option(help="The steward's public key, when not this node's own.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check every entry and every signed checkpoint; exit 1 naming the first that is wrong."""
    node = this_node()
    if public_key is None:
        key = secrets.public_key(node.settings)
    else:
        key = secrets.load_public_key(public_key)
    with node.database.read() as tx:
        report = checkpoints.verify_log(tx, key, against)
    record = {"verdict": "whole", **dataclasses.asdict(report)}
    if not as_json:
        record.pop("caveat")
    show_record(record, as_json=as_json)
    if report.caveat:
        say(f"note: {report.caveat}")


@app.command()
def checkpoint(dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Sign the present head and append it to the sink; needs the steward's key."""
    node = this_node()
    if dry_run:
        with node.database.read() as tx:
            head = log.head(tx)
        say(f"would sign entry {head.sequence} and append it to {node.settings.audit_sink}")
        return
    key = secrets.signing_key(node.settings)
    with node.database.begin() as tx:
        made = checkpoints.sign_checkpoint(
            tx, key, node.settings.audit_sink, node=node.settings.node_name, actor=node.actor
        )
    show_record(dataclasses.asdict(made), as_json=as_json)


def _row(entry: log.Entry, *, as_json: bool) -> dict[str, Any]:
    detail: Any = dict(entry.detail)
    if not as_json:
        detail = " ".join(f"{key}={value}" for key, value in sorted(entry.detail.items()))
    return {
        "sequence": entry.sequence,
        "at": entry.at,
        "event": entry.event,
        "actor": entry.actor,
        "subject": entry.subject,
        "detail": detail,
        "digest": entry.digest,
    }
