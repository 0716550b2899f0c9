"""`vitrine activity`: the journals of what was run, and whether they are whole."""

from __future__ import annotations

import dataclasses
import shutil
import sys
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from vitrine.activity.consult import Finding, consult, verify_journals
from vitrine.activity.reading import listing, read, session_ids
from vitrine.activity.record import Record
from vitrine.activity.summary import summary
from vitrine.activity.transcript import line_of, script
from vitrine.audit.events import Event
from vitrine.cli.output import AsJson, require_root, say, show_record, show_rows, this_node
from vitrine.errors import Conflict, InvalidInput

app = typer.Typer()

SessionId = Annotated[str, typer.Argument(help="The id of a session, such as ses-6f1c0a9be2d4.")]
FORMATS = ("jsonl", "script")


@app.command("list")
def list_(
    session: Annotated[str | None, typer.Option(help="Only this session.")] = None,
    person: Annotated[str | None, typer.Option(help="Only sessions of this person.")] = None,
    project: Annotated[str | None, typer.Option(help="Only sessions of this project.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the journals of this node, the newest session last."""
    require_root("see the journals")
    root = this_node().settings.journal_root
    found = [listing(root, each) for each in session_ids(root) if session in (None, each)]
    rows = [
        dataclasses.asdict(each)
        for each in sorted(found, key=lambda each: each.opened_at)
        if person in (None, each.person) and project in (None, each.project)
    ]
    columns = ("session_id", "person", "project", "opened_at", "records", "is_closed")
    show_rows(rows, columns, as_json=as_json, empty="no journals")


@app.command()
def show(
    session: SessionId,
    outputs: Annotated[bool, typer.Option(help="Show what came out, too.")] = False,
    totals: Annotated[bool, typer.Option("--summary", help="Show only the counts.")] = False,
    after: Annotated[int, typer.Option(help="Only records after this number.")] = 0,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many records.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a session did: time, what, first line of the code. Reading is audited."""
    require_root("read a journal")
    node = this_node()
    path = consult(node.database, node.settings, session, actor=node.actor)
    if totals:
        show_record(dataclasses.asdict(summary(read(path))), as_json=as_json)
        return
    wanted = (
        record
        for record in read(path)
        if record.seq > after and (outputs or as_json or record.kind != "out")
    )
    chosen = islice(wanted, limit)
    rows = map(_whole, chosen) if as_json else map(_row, chosen)
    show_rows(rows, ("record", "time", "what", "first_line"), as_json=as_json)


@app.command()
def verify(
    sessions: Annotated[
        list[str] | None, typer.Argument(help="Ids of sessions; all when none is given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check journals, also against the audit log; exit 1 naming session and record."""
    require_root("verify a journal")
    node = this_node()
    found = verify_journals(node.database, node.settings, sessions or None, actor=node.actor)
    columns = ("session_id", "verdict", "records", "noted_to", "problem")
    show_rows(map(_finding, found), columns, as_json=as_json, empty="no journals")
    for finding in found:
        if finding.problem:
            say(
                f"vitrine: the journal of session {finding.session_id} is broken: {finding.problem}"
            )
    if any(finding.problem for finding in found):
        raise typer.Exit(1)


@app.command()
def export(
    session: SessionId,
    as_: Annotated[
        str, typer.Option("--as", help="jsonl: the journal itself; script: code with comments.")
    ] = "jsonl",
    output: Annotated[Path | None, typer.Option(help="A new file; stdout without it.")] = None,
) -> None:
    """Copy a journal out, as it is (it still verifies) or as a script. Exporting is audited."""
    if as_ not in FORMATS:
        raise InvalidInput(f"a journal is exported as {' or '.join(FORMATS)}, not {as_[:20]!r}")
    require_root("export a journal")
    if output is not None and output.exists():
        raise Conflict(f"{output} exists already", hint="name a new file")
    node = this_node()
    path = consult(
        node.database, node.settings, session, actor=node.actor, event=Event.JOURNAL_EXPORTED
    )
    if output is None:
        _write(path, as_, sys.stdout.buffer)
        return
    with open(output, "xb") as sink:
        _write(path, as_, sink)
    say(f"{output.stat().st_size:,} bytes written to {output}")


def _write(path: Path, form: str, sink: BinaryIO) -> None:
    if form == "jsonl":
        with open(path, "rb") as source:
            shutil.copyfileobj(source, sink)
    else:
        sink.writelines(f"{line}\n".encode() for line in script(read(path)))
    sink.flush()


def _row(record: Record) -> dict[str, Any]:
    line = line_of(record)
    time = record.at[:19].replace("T", " ")
    return {"record": record.seq, "time": time, "what": line.what, "first_line": line.text}


def _whole(record: Record) -> dict[str, Any]:
    return {
        "seq": record.seq,
        "t": record.at,
        "kind": record.kind,
        "body": record.body,
        "digest": record.digest,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "session_id": finding.session_id,
        "verdict": "broken" if finding.problem else "whole",
        "records": finding.report.records if finding.report else None,
        "head": finding.report.head.digest if finding.report else None,
        "noted_to": finding.noted_to,
        "problem": finding.problem or None,
        "record": finding.record,
    }
