"""The home page: one button for each project, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from vitrine.access.verdict import ALLOWED, Verdict
from vitrine.hub.home import Button, card
from vitrine.workspaces.start import Startable


@dataclass
class AServer:
    """What the page reads of a server of the Hub."""

    ready: bool = False
    pending: str | None = None


def a_project(verdict: Verdict = ALLOWED) -> Startable:
    return Startable("lungs", "Lung nodules", verdict, ("ct",), datetime(2030, 1, 2, tzinfo=UTC))


OVER = Verdict("project lungs ended on 2026-01-01; ask an administrator to extend it")


@pytest.mark.parametrize(
    ("project", "server", "ending", "button", "reason"),
    [
        pytest.param(a_project(), None, "", Button.START, "", id="never started"),
        pytest.param(a_project(), AServer(ready=True), "", Button.OPEN, "", id="running"),
        pytest.param(
            a_project(OVER),
            AServer(ready=True),
            "",
            Button.OPEN,
            "",
            id="running, about to be ended",
        ),
        pytest.param(
            a_project(), AServer(pending="spawn"), "", Button.WAIT, "spawn under way", id="starting"
        ),
        pytest.param(
            a_project(),
            None,
            "the kernel container ran out of memory",
            Button.START,
            "the last session ended: the kernel container ran out of memory",
            id="ended: the reason stays",
        ),
        pytest.param(a_project(OVER), None, "", Button.NONE, OVER.reason, id="expired"),
    ],
)
def test_a_project_has_one_button_or_a_reason(
    project: Startable, server: AServer | None, ending: str, button: Button, reason: str
) -> None:
    found = card(project, server, ending)
    assert (found.button, found.reason) == (button, reason)
    assert found.expires == "2030-01-02"
