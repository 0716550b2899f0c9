"""The only SQL of permits."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    ForeignKey,
    Integer,
    Row,
    Select,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from vitrine.clock import parse_timestamp, timestamp
from vitrine.errors import Conflict, NotFound
from vitrine.permits.project import LimitOverrides, Project
from vitrine.storage.database import metadata

projects_table: Final = Table(
    "projects",
    metadata,
    Column("id", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
    Column("reviewers_required", Integer, nullable=False),
    Column("allow_same_project_review", Boolean, nullable=False),
    Column("disclosure", Text, nullable=False),
    Column("memory_mb", Integer),
    Column("cpus", Float),
    Column("pids", Integer),
    Column("tmp_mb", Integer),
    Column("workspace_mb", Integer),
    Column("max_hours", Integer),
    Column("export_file_mb", Integer),
    Column("export_request_mb", Integer),
    Column("created_at", Text, nullable=False),
    Column("created_by", Text, nullable=False),
)

members_table: Final = Table(
    "project_members",
    metadata,
    Column("project", Text, ForeignKey("projects.id"), primary_key=True),
    Column("person", Text, ForeignKey("accounts.name"), primary_key=True),
    Column("added_at", Text, nullable=False),
)

project_datasets_table: Final = Table(
    "project_datasets",
    metadata,
    Column("project", Text, ForeignKey("projects.id"), primary_key=True),
    Column("dataset", Text, ForeignKey("datasets.name"), primary_key=True),
)

_LIMITS: Final = tuple(LimitOverrides.__dataclass_fields__)


def add_project(tx: Connection, project: Project) -> None:
    """Record a new project with its datasets and members.

    Raises:
        Conflict: when the id is taken; ids are never used twice.
    """
    taken = select(projects_table.c.id).where(projects_table.c.id == project.id)
    if tx.execute(taken).first():
        raise Conflict(f"the project {project.id} exists already", hint="choose another id")
    tx.execute(
        insert(projects_table).values(
            id=project.id,
            title=project.title,
            expires_at=timestamp(project.expires_at),
            reviewers_required=project.reviewers_required,
            allow_same_project_review=project.allow_same_project_review,
            disclosure=project.disclosure,
            created_at=project.created_at,
            created_by=project.created_by,
            **{name: getattr(project.limits, name) for name in _LIMITS},
        )
    )
    for dataset in sorted(project.datasets):
        tx.execute(insert(project_datasets_table).values(project=project.id, dataset=dataset))
    for person in sorted(project.members):
        add_member(tx, project.id, person, added_at=project.created_at)


def add_member(tx: Connection, project: str, person: str, *, added_at: str) -> None:
    """Make `person`, who has an account, a member of `project`."""
    tx.execute(insert(members_table).values(project=project, person=person, added_at=added_at))


def remove_member(tx: Connection, project: str, person: str) -> None:
    """End the membership of `person` in `project`; what was no membership stays none."""
    columns = members_table.c
    tx.execute(delete(members_table).where(columns.project == project, columns.person == person))


def change_project(tx: Connection, project: Project) -> None:
    """Set title, datasets, reviewers and limits of an existing project to those of `project`."""
    tx.execute(
        update(projects_table)
        .where(projects_table.c.id == project.id)
        .values(
            title=project.title,
            reviewers_required=project.reviewers_required,
            disclosure=project.disclosure,
            **{name: getattr(project.limits, name) for name in _LIMITS},
        )
    )
    used = project_datasets_table
    tx.execute(delete(used).where(used.c.project == project.id))
    for dataset in sorted(project.datasets):
        tx.execute(insert(used).values(project=project.id, dataset=dataset))


def set_expiry(tx: Connection, project: str, expires_at: str) -> None:
    """Set the moment at which `project` ends."""
    tx.execute(
        update(projects_table).where(projects_table.c.id == project).values(expires_at=expires_at)
    )


def project(tx: Connection, project_id: str) -> Project:
    """The project of that id.

    Raises:
        NotFound: when there is none.
    """
    found = _projects(tx, select(projects_table).where(projects_table.c.id == project_id))
    if not found:
        raise NotFound(
            f"there is no project {project_id!r}", hint="vitrine project list shows them all"
        )
    return found[0]


def projects(tx: Connection) -> list[Project]:
    """Every project, by id, whether over or not."""
    return _projects(tx, select(projects_table))


def projects_of(tx: Connection, person: str) -> list[Project]:
    """The projects that `person` is a member of, by id, whether over or not."""
    theirs = select(members_table.c.project).where(members_table.c.person == person)
    return _projects(tx, select(projects_table).where(projects_table.c.id.in_(theirs)))


def _projects(tx: Connection, query: Select[Any]) -> list[Project]:
    rows = list(tx.execute(query.order_by(projects_table.c.id)))
    ids = [row.id for row in rows]
    members, datasets = defaultdict(set), defaultdict(set)
    columns = members_table.c
    for row in tx.execute(select(columns.project, columns.person).where(columns.project.in_(ids))):
        members[row.project].add(row.person)
    used = project_datasets_table.c
    for row in tx.execute(select(used.project, used.dataset).where(used.project.in_(ids))):
        datasets[row.project].add(row.dataset)
    return [_project(row, frozenset(members[row.id]), frozenset(datasets[row.id])) for row in rows]


def _project(row: Row[Any], members: frozenset[str], datasets: frozenset[str]) -> Project:
    return Project(
        id=row.id,
        title=row.title,
        members=members,
        datasets=datasets,
        expires_at=parse_timestamp(row.expires_at),
        reviewers_required=row.reviewers_required,
        allow_same_project_review=bool(row.allow_same_project_review),
        disclosure=row.disclosure,
        limits=LimitOverrides(**{name: getattr(row, name) for name in _LIMITS}),
        created_at=row.created_at,
        created_by=row.created_by,
    )
