"""What may be shared, by whom, how much and for how long: pure rules, each with its reason."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from vitrine.access.account import Account
from vitrine.access.verdict import ALLOWED, Verdict
from vitrine.permits import policy as permits
from vitrine.permits.project import Project

MAX_SHARES: Final = 200
"""Shares of one project at a time; keeps their list short enough to be read."""


def may_share(account: Account, project: Project, room: Verdict, now: datetime) -> Verdict:
    """Whether `account` may give files to the members of `project` now.

    Args:
        room: whether the project's shares leave room for them.
    """
    usable = permits.may_use(account, project, now)
    return usable if not usable else room


def has_room(held: list[int], size_bytes: int, limit_mb: int) -> Verdict:
    """Whether a share of `size_bytes` fits beside those of the sizes `held`."""
    if len(held) >= MAX_SHARES:
        return Verdict(f"this project has {MAX_SHARES} shares; wait until the oldest expire")
    if sum(held) + size_bytes > limit_mb << 20:
        return Verdict(
            f"the members of a project share at most {limit_mb:,} MiB at a time; "
            "share less, or wait until older shares expire"
        )
    return ALLOWED


def end_of(project: Project, days: int, now: datetime) -> datetime:
    """When a share that is published now is removed."""
    return min(project.expires_at, now + timedelta(days=days))


def why_over(expires_at: datetime, project: Project, now: datetime) -> str:
    """Why a share is to be removed now; empty when it is not."""
    if project.is_expired(now):
        return "project over"
    return "expired" if now >= expires_at else ""
