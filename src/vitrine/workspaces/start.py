"""Start a session or say why not; note that it runs; end it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from vitrine.access import store as access
from vitrine.access.account import Account
from vitrine.access.verdict import ALLOWED, Verdict
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.catalogue import store as catalogue
from vitrine.catalogue.dataset import DatasetVersion
from vitrine.catalogue.verify import check_unchanged
from vitrine.clock import Clock, timestamp, utc_now
from vitrine.errors import Conflict, NotFound, NotPermitted, VitrineError
from vitrine.ids import is_name, new_id
from vitrine.permits import store as permits
from vitrine.permits.project import Project
from vitrine.settings import Settings
from vitrine.storage.database import Database
from vitrine.workspaces import policy, store
from vitrine.workspaces.session import Session, State
from vitrine.workspaces.spec import Limits, Mount, WorkspaceSpec

_WORKSPACES_MAX: Final = 49_999  # uid ranges of kernels and labs lie at least 50,000 apart


@dataclass(frozen=True, slots=True)
class Startable:
    """One project of a person: whether a session of it may start now, or why not."""

    project: str
    title: str
    verdict: Verdict
    datasets: tuple[str, ...]
    expires_at: datetime


def startable(
    db: Database,
    settings: Settings,
    person: str,
    clock: Clock = utc_now,
    *,
    check_files: bool = True,
) -> list[Startable]:
    """The projects of `person`, by id, each with the verdict that a start would meet.

    Args:
        check_files: whether the files of the datasets are compared, too; call it in a thread
            then, since a million files take several seconds.

    Raises:
        NotFound: when `person` has no account.
    """
    with db.read() as tx:
        account = access.account(tx, person)
        projects = permits.projects_of(tx, person)
        versions = {project.id: _versions(tx, settings, project) for project in projects}
    now = clock()
    return [
        Startable(
            project.id,
            project.title,
            policy.may_start(
                account, project, _unchanged(versions[project.id] if check_files else ()), now
            ),
            tuple(sorted(project.datasets)),
            project.expires_at,
        )
        for project in projects
    ]


def begin_session(
    db: Database,
    settings: Settings,
    person: str,
    project_id: str,
    *,
    clock: Clock = utc_now,
) -> WorkspaceSpec:
    """Record a session of `project_id` for `person` as starting; what the Hub is to start.

    Raises:
        NotFound: when there is no such account or project.
        NotPermitted: when the policy says no.
        Conflict: when a session of this person and project is open. Each refusal is audited as
            SESSION_REFUSED with its reason.
    """
    try:
        with db.read() as tx:
            account, project = _who_and_what(tx, person, project_id)
            versions = _versions(tx, settings, project)
        # A person without a right to the project does not make this node look at its files.
        policy.may_start(account, project, ALLOWED, clock()).require()
        unchanged = _unchanged(versions)
        with db.begin() as tx:
            account, project = _who_and_what(tx, person, project_id)
            policy.may_start(account, project, unchanged, clock()).require()
            return _begin(tx, settings, project, person, versions, clock)
    except (NotFound, NotPermitted, Conflict) as refusal:
        _record_refusal(db, person, project_id, refusal, clock)
        raise


def mark_running(db: Database, session_id: str, clock: Clock = utc_now) -> None:
    """Note that the containers of the session run.

    Raises:
        Conflict: when the session ended in the meantime; its containers must go.
    """
    with db.begin() as tx:
        if not store.move(tx, session_id, State.RUNNING, at=timestamp(clock())):
            state = store.session(tx, session_id).state
            raise Conflict(f"session {session_id} is {state} and cannot run", hint="")
        _record(tx, Event.SESSION_RUNNING, session_id, {}, clock)


def end_session(
    db: Database,
    session_id: str,
    reason: str,
    clock: Clock = utc_now,
    *,
    actor: str = "system:hub",
) -> bool:
    """Note that the session has ended and why; False when it had ended before.

    Raises:
        NotFound: when there never was such a session.
    """
    with db.begin() as tx:
        store.session(tx, session_id)
        ended = store.move(tx, session_id, State.ENDED, at=timestamp(clock()), reason=reason)
        if ended:
            _record(tx, Event.SESSION_ENDED, session_id, {"reason": reason}, clock, actor=actor)
        return ended


def end_leftovers(
    db: Database, alive: Iterable[str], reason: str, clock: Clock = utc_now
) -> list[str]:
    """End every open session whose id is not in `alive`; the ids of those that were ended.

    For the Hub's start, after it has looked which pairs of containers exist.
    """
    living = frozenset(alive)
    with db.read() as tx:
        left = [each.id for each in store.open_sessions(tx) if each.id not in living]
    return [each for each in left if end_session(db, each, reason, clock)]


def _who_and_what(tx: Connection, person: str, project_id: str) -> tuple[Account, Project]:
    if not is_name(person):  # what cannot be a name never reaches the database
        raise NotFound(f"there is no account {_quoted(person)}", hint="")
    account = access.account(tx, person)
    try:
        if is_name(project_id):
            return account, permits.project(tx, project_id)
    except NotFound:
        pass
    # The sentence that a stranger to an existing project reads: ids cannot be probed.
    name = project_id if is_name(project_id) else _quoted(project_id)
    raise NotFound(f"you are not a member of project {name}; ask an administrator", hint="")


def _quoted(name: str) -> str:
    """A name that cannot exist, quoted, printable and cut short."""
    return ascii(name[:64])


def _versions(tx: Connection, settings: Settings, project: Project) -> tuple[DatasetVersion, ...]:
    """The newest version of each dataset of the project, by name."""
    return tuple(
        catalogue.latest_version(tx, settings.dataset_root, name)
        for name in sorted(project.datasets)
    )


def _unchanged(versions: Iterable[DatasetVersion]) -> Verdict:
    """The first reason why a dataset is not as published, if there is one."""
    for version in versions:
        verdict = check_unchanged(version)
        if not verdict:
            return verdict
    return ALLOWED


def _begin(
    tx: Connection,
    settings: Settings,
    project: Project,
    person: str,
    versions: tuple[DatasetVersion, ...],
    clock: Clock,
) -> WorkspaceSpec:
    now = clock()
    workspace_id = store.workspace_of(tx, person, project.id, created_at=timestamp(now))
    if workspace_id > _WORKSPACES_MAX:
        raise NotPermitted("this node has no workspace numbers left; ask an administrator")
    limits = Limits.of(settings, project.limits)
    mounts = tuple(Mount(each.dataset, each.version, each.path) for each in versions)
    session = Session(
        id=new_id("ses"),
        person=person,
        project=project.id,
        workspace_id=workspace_id,
        state=State.STARTING,
        datasets=tuple(f"{mount.dataset}@{mount.version}" for mount in mounts),
        requested_at=timestamp(now),
        running_at=None,
        ended_at=None,
        expires_at=policy.expires_at(project, limits.max_hours, now),
        reason=None,
        stop_requested=None,
    )
    store.add_session(tx, session)
    detail: dict[str, str | int | None] = {
        "project": project.id,
        "datasets": " ".join(session.datasets),
        "workspace_id": workspace_id,
        "expires_at": timestamp(session.expires_at),
    }
    actor = f"person:{person}"
    _record(tx, Event.SESSION_STARTED, session.id, detail, clock, actor=actor)
    return WorkspaceSpec(
        session_id=session.id,
        person=person,
        project=project.id,
        kernel_image=settings.kernel_image,
        lab_image=settings.lab_image,
        mounts=mounts,
        workspace_id=workspace_id,
        kernel_uid=settings.kernel_uid_base + workspace_id,
        lab_uid=settings.lab_uid_base + workspace_id,
        limits=limits,
        expires_at=session.expires_at,
    )


def _record(
    tx: Connection,
    event: Event,
    session_id: str,
    detail: dict[str, str | int | None],
    clock: Clock,
    *,
    actor: str = "system:hub",
) -> None:
    log.record(tx, event, actor=actor, subject=f"session:{session_id}", detail=detail, clock=clock)


def _record_refusal(
    db: Database, person: str, project_id: str, refusal: VitrineError, clock: Clock
) -> None:
    """Record who was refused what; names that cannot exist are quoted, and cut short."""
    with db.begin() as tx:
        log.record(
            tx,
            Event.SESSION_REFUSED,
            actor=f"person:{person if is_name(person) else _quoted(person)}",
            subject=f"project:{project_id if is_name(project_id) else _quoted(project_id)}",
            detail={"reason": str(refusal)[:1000]},
            clock=clock,
        )
