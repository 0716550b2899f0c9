"""What may be started and what must end: pure rules, each with its reason."""

from __future__ import annotations

from datetime import datetime, timedelta

from vitrine.access.account import Account
from vitrine.access.verdict import ALLOWED, Verdict
from vitrine.permits import policy as permits
from vitrine.permits.project import Project
from vitrine.workspaces.session import Session


def may_start(account: Account, project: Project, unchanged: Verdict, now: datetime) -> Verdict:
    """Whether `account` may start a session of `project` now.

    Args:
        unchanged: whether the files of the project's datasets are as published.
    """
    usable = permits.may_use(account, project, now)
    return usable if not usable else unchanged


def may_continue(session: Session, account: Account, project: Project, now: datetime) -> Verdict:
    """Whether an open session may go on; the reason is what its user reads when it ends."""
    if session.stop_requested is not None:
        return Verdict(session.stop_requested)
    usable = permits.may_use(account, project, now)
    if not usable:
        return usable
    withdrawn = {version.partition("@")[0] for version in session.datasets} - project.datasets
    if withdrawn:
        names = " and ".join(sorted(withdrawn))
        return Verdict(f"project {project.id} may no longer use {names}; start a new session")
    if now >= session.expires_at:
        return Verdict("the session reached its longest time; start a new one to go on")
    return ALLOWED


def expires_at(project: Project, max_hours: int, now: datetime) -> datetime:
    """When a session that starts now ends at the latest."""
    return min(project.expires_at, now + timedelta(hours=max_hours))
