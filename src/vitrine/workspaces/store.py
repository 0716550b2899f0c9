"""The only SQL of workspaces."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Row,
    Table,
    Text,
    UniqueConstraint,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError as UniqueViolation

from vitrine.clock import parse_timestamp, timestamp
from vitrine.errors import Conflict, NotFound
from vitrine.storage.database import metadata
from vitrine.workspaces.session import MOVES, Session, State

workspaces_table: Final = Table(
    "workspaces",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person", Text, ForeignKey("accounts.name"), nullable=False),
    Column("project", Text, ForeignKey("projects.id"), nullable=False),
    Column("created_at", Text, nullable=False),
    UniqueConstraint("person", "project"),
)

sessions_table: Final = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, ForeignKey("accounts.name"), nullable=False),
    Column("project", Text, ForeignKey("projects.id"), nullable=False),
    Column("workspace_id", Integer, ForeignKey("workspaces.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("datasets", Text, nullable=False),
    Column("requested_at", Text, nullable=False),
    Column("running_at", Text),
    Column("ended_at", Text),
    Column("expires_at", Text, nullable=False),
    Column("reason", Text),
    Column("stop_requested", Text),
)

Index(
    "uq_sessions_open",
    sessions_table.c.workspace_id,
    unique=True,
    sqlite_where=text("state <> 'ended'"),
    postgresql_where=text("state <> 'ended'"),
)

_STAMPS: Final = {State.RUNNING: "running_at", State.ENDED: "ended_at"}


def workspace_of(tx: Connection, person: str, project: str, *, created_at: str) -> int:
    """The number of this person's workspace in this project, given out once and for ever.

    Raises:
        Conflict: when another transaction gives it out at this very moment.
    """
    columns = workspaces_table.c
    query = select(columns.id).where(columns.person == person, columns.project == project)
    known = tx.execute(query).scalar()
    if known is not None:
        return int(known)
    values = {"person": person, "project": project, "created_at": created_at}
    try:
        made = tx.execute(insert(workspaces_table).values(values).returning(columns.id))
    except UniqueViolation:
        raise _open_already(project) from None
    return int(made.scalar_one())


def add_session(tx: Connection, session: Session) -> None:
    """Record a session that is about to start.

    Raises:
        Conflict: when another session of the same workspace is open.
    """
    try:
        tx.execute(
            insert(sessions_table).values(
                id=session.id,
                person=session.person,
                project=session.project,
                workspace_id=session.workspace_id,
                state=session.state.value,
                datasets=" ".join(session.datasets),
                requested_at=session.requested_at,
                expires_at=timestamp(session.expires_at),
            )
        )
    except UniqueViolation:
        raise _open_already(session.project) from None


def session(tx: Connection, session_id: str) -> Session:
    """The session of that id.

    Raises:
        NotFound: when there never was one.
    """
    row = tx.execute(select(sessions_table).where(sessions_table.c.id == session_id)).first()
    if row is None:
        raise NotFound(
            f"there is no session {session_id!r}", hint="vitrine session list shows them"
        )
    return _session(row)


def sessions(tx: Connection, state: State | str | None = None) -> list[Session]:
    """Every session, or those in `state`, oldest first."""
    query = select(sessions_table).order_by(sessions_table.c.requested_at, sessions_table.c.id)
    if state is not None:
        query = query.where(sessions_table.c.state == State(state).value)
    return [_session(row) for row in tx.execute(query)]


def open_sessions(tx: Connection) -> list[Session]:
    """The sessions whose containers may exist, oldest first."""
    query = select(sessions_table).where(sessions_table.c.state != State.ENDED.value)
    order = (sessions_table.c.requested_at, sessions_table.c.id)
    return [_session(row) for row in tx.execute(query.order_by(*order))]


def endings(tx: Connection, person: str) -> dict[str, str]:
    """Why the newest session of `person` in each project ended, by project."""
    columns = sessions_table.c
    query = select(columns.project, columns.reason).where(
        columns.person == person, columns.state == State.ENDED.value
    )
    rows = tx.execute(query.order_by(columns.ended_at))
    return {row.project: row.reason or "" for row in rows}


def stop_requested(tx: Connection) -> list[Session]:
    """The open sessions whose end somebody asked for."""
    return [each for each in open_sessions(tx) if each.stop_requested is not None]


def request_stop(tx: Connection, session_id: str, reason: str) -> None:
    """Note that the session is to end, and why."""
    tx.execute(
        update(sessions_table)
        .where(sessions_table.c.id == session_id)
        .values(stop_requested=reason)
    )


def move(tx: Connection, session_id: str, to: State, *, at: str, reason: str | None = None) -> bool:
    """Take the session to the state `to`; False when its life cycle does not lead there."""
    columns = sessions_table.c
    origins = [state.value for state, following in MOVES.items() if to in following]
    moved = tx.execute(
        update(sessions_table)
        .where(columns.id == session_id, columns.state.in_(origins))
        .values({"state": to.value, _STAMPS[to]: at, "reason": reason})
    )
    return moved.rowcount == 1


def _open_already(project: str) -> Conflict:
    return Conflict(
        f"a session of project {project} is open already", hint="stop it first, or go on with it"
    )


def _session(row: Row[Any]) -> Session:
    return Session(
        id=row.id,
        person=row.person,
        project=row.project,
        workspace_id=row.workspace_id,
        state=State(row.state),
        datasets=tuple(row.datasets.split()),
        requested_at=row.requested_at,
        running_at=row.running_at,
        ended_at=row.ended_at,
        expires_at=parse_timestamp(row.expires_at),
        reason=row.reason,
        stop_requested=row.stop_requested,
    )
