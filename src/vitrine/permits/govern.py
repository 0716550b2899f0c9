"""Create a project, change who belongs to it, and end it: verdict, change, audit event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import Connection

from vitrine.access import store as access
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.catalogue import store as catalogue
from vitrine.clock import Clock, timestamp, utc_now
from vitrine.errors import InvalidInput, NotFound
from vitrine.permits import policy, store
from vitrine.permits.project import LimitOverrides, Project
from vitrine.storage.database import Database


def create_project(
    db: Database,
    project_id: str,
    *,
    title: str,
    datasets: Iterable[str],
    expires_at: datetime,
    reviewers_required: int,
    disclosure: str = "acro",
    limits: LimitOverrides | None = None,
    actor: str,
    dry_run: bool = False,
    clock: Clock = utc_now,
) -> Project:
    """Create a project without members.

    Raises:
        InvalidInput: when it cannot exist as described.
        NotFound: when a dataset was never published.
        Conflict: when the id is taken.
    """
    now = clock()
    project = Project(
        id=project_id,
        title=title,
        members=frozenset(),
        datasets=frozenset(datasets),
        expires_at=expires_at,
        reviewers_required=reviewers_required,
        disclosure=disclosure,
        limits=limits or LimitOverrides(),
        created_at=timestamp(now),
        created_by=actor,
    )
    verdict = policy.may_exist(project, now)
    if not verdict:
        raise InvalidInput(verdict.reason)
    with _change(db, dry_run) as tx:
        _require_published(tx, project)
        store.add_project(tx, project)
        detail = _facts(project)
        del detail["title"]
        _record(tx, Event.PROJECT_CREATED, project_id, actor, clock, detail)
    return project


def add_member(
    db: Database,
    project_id: str,
    person: str,
    *,
    actor: str,
    dry_run: bool = False,
    clock: Clock = utc_now,
) -> Project:
    """Make `person` a member of the project and return the project as it is then.

    Raises:
        NotFound: when the project or the account does not exist.
        InvalidInput: when the account cannot be a member.
    """
    with _change(db, dry_run) as tx:
        project = store.project(tx, project_id)
        verdict = policy.may_join(access.account(tx, person), project)
        if not verdict:
            raise InvalidInput(verdict.reason)
        store.add_member(tx, project_id, person, added_at=timestamp(clock()))
        _record(tx, Event.PROJECT_MEMBER_ADDED, project_id, actor, clock, {"person": person})
    return replace(project, members=project.members | {person})


def remove_member(
    db: Database,
    project_id: str,
    person: str,
    *,
    actor: str,
    dry_run: bool = False,
    clock: Clock = utc_now,
) -> Project:
    """End the membership of `person`; a running session of theirs ends within seconds.

    Raises:
        NotFound: when the project does not exist or `person` is no member of it.
    """
    with _change(db, dry_run) as tx:
        project = store.project(tx, project_id)
        if person not in project.members:
            raise NotFound(
                f"{person!r} is not a member of project {project_id}",
                hint=f"vitrine project show {project_id} lists the members",
            )
        store.remove_member(tx, project_id, person)
        _record(tx, Event.PROJECT_MEMBER_REMOVED, project_id, actor, clock, {"person": person})
    return replace(project, members=project.members - {person})


def change_project(
    db: Database,
    project_id: str,
    *,
    title: str | None = None,
    add_datasets: Iterable[str] = (),
    remove_datasets: Iterable[str] = (),
    reviewers_required: int | None = None,
    disclosure: str | None = None,
    limits: Mapping[str, int | float] | None = None,
    actor: str,
    dry_run: bool = False,
    clock: Clock = utc_now,
) -> Project:
    """Change what a project is called, may use and must obey; what is not given stays.

    New datasets and limits hold from the next session on. A running session that mounts a dataset
    which is taken away ends within seconds. A request in review keeps its number of reviewers,
    unless more are required now.

    Args:
        limits: names of `LimitOverrides` with their new values, 0 for the node's setting.

    Raises:
        NotFound: when the project does not exist, or a dataset was never published.
        InvalidInput: when nothing changes or the project cannot be as described.
    """
    with _change(db, dry_run) as tx:
        project = store.project(tx, project_id)
        taken_away = set(remove_datasets)
        if strange := sorted(taken_away - project.datasets):
            raise InvalidInput(f"project {project_id} does not use {' or '.join(strange)}")
        overrides: dict[str, Any] = {each: value or None for each, value in (limits or {}).items()}
        changed = replace(
            project,
            title=project.title if title is None else title,
            datasets=(project.datasets | set(add_datasets)) - taken_away,
            reviewers_required=(
                project.reviewers_required if reviewers_required is None else reviewers_required
            ),
            disclosure=project.disclosure if disclosure is None else disclosure,
            limits=replace(project.limits, **overrides),
        )
        if changed == project:
            raise InvalidInput(f"nothing of project {project_id} would change")
        verdict = policy.may_exist(changed, clock())
        if not verdict:
            raise InvalidInput(verdict.reason)
        _require_published(tx, changed)
        store.change_project(tx, changed)
        before, after = _facts(project), _facts(changed)
        detail = {
            name: f"{before[name]} -> {after[name]}"
            for name in after
            if after[name] != before[name]
        }
        _record(tx, Event.PROJECT_CHANGED, project_id, actor, clock, detail)
    return changed


def set_expiry(
    db: Database,
    project_id: str,
    expires_at: datetime,
    *,
    actor: str,
    dry_run: bool = False,
    clock: Clock = utc_now,
) -> Project:
    """Let the project end at `expires_at`; when that has passed, its sessions end within seconds.

    Raises:
        NotFound: when the project does not exist.
    """
    with _change(db, dry_run) as tx:
        project = store.project(tx, project_id)
        store.set_expiry(tx, project_id, timestamp(expires_at))
        is_over = expires_at <= clock()
        event = Event.PROJECT_EXPIRED if is_over else Event.PROJECT_CHANGED
        detail = {"from": timestamp(project.expires_at), "to": timestamp(expires_at)}
        _record(tx, event, project_id, actor, clock, detail)
    return replace(project, expires_at=expires_at)


def end_of(day: date) -> datetime:
    """The last moment of `day` in UTC: a project that ends on a day may be used on that day."""
    return datetime.combine(day, time.max, tzinfo=UTC)


def _facts(project: Project) -> dict[str, str | int]:
    """What the audit log says of a project."""
    return {
        "title": project.title,
        "datasets": " ".join(sorted(project.datasets)),
        "expires_at": timestamp(project.expires_at),
        "reviewers_required": project.reviewers_required,
        "disclosure": project.disclosure,
        "limits": " ".join(f"{k}={v}" for k, v in project.limits.set_values().items()),
    }


def _require_published(tx: Connection, project: Project) -> None:
    known = {dataset.name for dataset in catalogue.datasets(tx)}
    if unknown := sorted(project.datasets - known):
        raise NotFound(
            f"no dataset was published as {' or '.join(map(repr, unknown))}",
            hint="vitrine dataset list shows them all",
        )


def _record(
    tx: Connection,
    event: Event,
    project_id: str,
    actor: str,
    clock: Clock,
    detail: Mapping[str, str | int],
) -> None:
    log.record(tx, event, actor=actor, subject=f"project:{project_id}", detail=detail, clock=clock)


class _Rehearsed(Exception):
    """A dry run has come to its end."""


@contextmanager
def _change(db: Database, dry_run: bool) -> Iterator[Connection]:
    """One write transaction, undone at its end when it is a dry run."""
    with suppress(_Rehearsed):
        with db.begin() as tx:
            yield tx
            if dry_run:
                raise _Rehearsed
