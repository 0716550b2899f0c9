"""`vitrine session`: which sessions there are, and their end."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from vitrine.cli.output import AsJson, DryRun, Node, say, show_rows, this_node
from vitrine.clock import timestamp
from vitrine.errors import InvalidInput, Unavailable
from vitrine.workspaces import store
from vitrine.workspaces.session import Session, State
from vitrine.workspaces.stop import request_stop

app = typer.Typer()

_COLUMNS = ("id", "person", "project", "state", "datasets", "requested_at", "expires_at", "reason")


@app.command("list")
def list_(
    every: Annotated[bool, typer.Option("--all", help="Show ended sessions, too.")] = False,
    state: Annotated[
        str | None, typer.Option(help="Only those starting, running or ended.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the sessions that are open."""
    if state is not None and state not in set(State):
        raise InvalidInput(f"{state!r} is not a state", hint=f"one of {', '.join(State)}")
    with this_node().database.read() as tx:
        found = store.sessions(tx, state) if every or state else store.open_sessions(tx)
    rows = [_row(session) for session in found]
    show_rows(rows, _COLUMNS, as_json=as_json, empty="no session is open")


@app.command()
def stop(
    session: Annotated[str, typer.Argument(help="The session's id.", metavar="SESSION")],
    reason: Annotated[
        str, typer.Option(help="What its user reads.")
    ] = "an administrator stopped this session",
    wait_s: Annotated[int, typer.Option(help="Seconds to wait for its end; 0 for none.")] = 30,
    dry_run: DryRun = False,
) -> None:
    """End a session: its containers are removed; its workspace and its journal stay."""
    node = this_node()
    if dry_run:
        with node.database.read() as tx:
            found = store.session(tx, session)
        say(f"would stop session {session} ({found.state}) of {found.person} in {found.project}")
        return
    request_stop(node.database, session, reason, actor=node.actor)
    if wait_s <= 0:
        say(f"asked for the end of session {session}")
        return
    _wait(node, session, wait_s)
    say(f"session {session} has ended")


def _wait(node: Node, session: str, seconds: int) -> None:
    """Return when the session has ended.

    Raises:
        Unavailable: when the Hub has not ended it in time.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with node.database.read() as tx:
            if not store.session(tx, session).is_open:
                return
        time.sleep(0.5)
    raise Unavailable(
        f"session {session} has not ended after {seconds} s; the request stays",
        hint="the Hub ends it as soon as it runs; vitrine doctor says whether it does",
    )


def _row(session: Session) -> dict[str, Any]:
    return {
        "id": session.id,
        "person": session.person,
        "project": session.project,
        "state": session.state.value,
        "workspace_id": session.workspace_id,
        "datasets": list(session.datasets),
        "requested_at": session.requested_at,
        "running_at": session.running_at,
        "ended_at": session.ended_at,
        "expires_at": timestamp(session.expires_at),
        "reason": session.reason,
        "stop_requested": session.stop_requested,
    }
