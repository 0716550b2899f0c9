"""What the home page shows: a person's projects, each with one button or the reason why not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from vitrine.access import store as access
from vitrine.access.account import Role, may_act_as
from vitrine.errors import VitrineError
from vitrine.hub.pair import Pairs
from vitrine.hub.spawner import STOPPED
from vitrine.workspaces import store
from vitrine.workspaces.start import Startable, startable


class Button(StrEnum):
    """The one thing that a person can do with a project now."""

    START = "start"
    OPEN = "open"
    WAIT = "wait"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Card:
    """One project on the home page."""

    project: str
    title: str
    datasets: tuple[str, ...]
    expires: str
    button: Button
    reason: str
    """Why there is no button to start, or how the last session ended."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Every project of a person, or why they cannot be shown."""

    cards: tuple[Card, ...] = ()
    problem: str = ""
    is_checker: bool = False
    """Whether requests of others may wait for this person."""


def endings_of(user: Any) -> Callable[[], Awaitable[dict[str, str]]]:
    """A function for the template: why the newest session of each project ended."""

    async def endings() -> dict[str, str]:
        if user is None:
            return {}
        pairs: Pairs = user.settings["vitrine_pairs"]

        def read() -> dict[str, str]:
            with pairs.database.read() as tx:
                return store.endings(tx, user.name)

        try:
            found = await pairs.do(read)
        except VitrineError:
            return {}
        return {project: reason for project, reason in found.items() if reason != STOPPED}

    return endings


def projects_of(user: Any) -> Callable[[], Awaitable[Listing]]:
    """A function for the template; only the page that calls it waits for the answer."""

    async def listing() -> Listing:
        if user is None:
            return Listing()
        pairs: Pairs = user.settings["vitrine_pairs"]

        def is_checker() -> bool:
            with pairs.database.read() as tx:
                return bool(may_act_as(access.account(tx, user.name), Role.OUTPUT_CHECKER))

        try:
            found = await pairs.do(
                lambda: startable(pairs.database, pairs.settings, user.name, pairs.clock)
            )
            checks = await pairs.do(is_checker)
        except VitrineError as error:
            return Listing(problem=error.sentence())
        endings = await endings_of(user)()
        cards = tuple(
            card(each, user.spawners.get(each.project), endings.get(each.project, ""))
            for each in found
        )
        return Listing(cards, is_checker=checks)

    return listing


def card(project: Startable, server: Any, ending: str = "") -> Card:
    """One project as the page shows it.

    Args:
        server: the Hub's server of that name; None when it has none now.
        ending: why the newest session ended; empty when that needs no words.
    """
    button, reason = Button.START, ending and f"the last session ended: {ending}"
    if server is not None and server.ready:
        button, reason = Button.OPEN, ""
    elif server is not None and server.pending:
        button, reason = Button.WAIT, f"{server.pending} under way"
    elif not project.verdict:
        button, reason = Button.NONE, project.verdict.reason
    return Card(
        project=project.project,
        title=project.title,
        datasets=project.datasets,
        expires=f"{project.expires_at:%Y-%m-%d}",
        button=button,
        reason=reason,
    )
