"""The Hub is killed with SIGKILL at random instants of a spawn or a stop, and started again.

Afterwards there is a whole session that works, or nothing: no half pair, no container, no mount,
no session of the gate, no record of a session that runs; and the next start works. `./run test`
kills a few times; VITRINE_HUB_KILLS=50 is the long run.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress

import httpx
import pytest

from tests.support.node import RunningNode, wait_until, why_not
from tests.support.person import Person
from vitrine.workspaces import store

KILLS = int(os.environ.get("VITRINE_HUB_KILLS", "3"))
SEED = int(os.environ.get("VITRINE_HUB_KILLS_SEED", "20260301"))
SETTLE_S = 100
"""The sweep runs every minute; what the engine finished after the kill waits for it."""
EARLY_S = 0.25
"""Until then the workspace is mounted, the gate opened and both containers are created."""

pytestmark = [
    pytest.mark.docker,
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
    pytest.mark.timeout(120 + KILLS * 150),
]


@pytest.fixture(scope="module")
def node() -> Iterator[RunningNode]:
    with RunningNode() as found:
        found.add_dataset()
        found.add_person("ann")
        found.add_project("lungs", ["ann"])
        yield found


def test_a_hub_killed_during_a_spawn_leaves_a_whole_session_or_nothing(node: RunningNode) -> None:
    instants = random.Random(SEED)
    ann = node.person("ann")
    assert ann.sign_in().status_code == 200
    whole_s = 0.0
    for _ in range(2):  # the first start also makes the workspace, and warms the disk
        began = time.monotonic()
        ann.start("lungs")
        whole_s = time.monotonic() - began
        ann.stop("lungs")
    seen: Counter[str] = Counter()
    for number in range(KILLS):
        # Most of what can be half-done is done early; then lab and agent are waited for.
        instant_s = instants.uniform(0, EARLY_S if number % 2 else 1.2 * whole_s)
        _kill_during(node, lambda: ann.press_start("lungs"), instant_s)
        seen[_midway(node)] += 1
        node.start("hub")
        outcome = _settled(node, ann, f"kill {number} at {instant_s:.3f} s")
        seen[outcome] += 1
        if outcome == "nothing":
            ann.start("lungs")
        assert _state(node, ann) == "whole"
        ann.stop("lungs")
        wait_until(
            lambda: _state(node, ann) == "nothing", "a stopped session is gone", timeout_s=20
        )
    print(f"\n{KILLS} kills within {whole_s:.1f} s of a spawn: {dict(seen)}")


def test_a_hub_killed_while_it_stops_a_session_leaves_it_whole_or_gone(node: RunningNode) -> None:
    instants = random.Random(SEED)
    ann = node.person("ann")
    assert ann.sign_in().status_code == 200
    seen: Counter[str] = Counter()
    for number in range(1 + KILLS // 5):
        ann.start("lungs")
        instant_s = instants.uniform(0, 0.4)
        _kill_during(node, lambda: ann.api("DELETE", "users/ann/servers/lungs"), instant_s)
        node.start("hub")
        outcome = _settled(node, ann, f"kill {number} at {instant_s:.3f} s of a stop")
        seen[outcome] += 1
        if outcome == "whole":
            ann.stop("lungs")
        wait_until(
            lambda: _state(node, ann) == "nothing", "a stopped session is gone", timeout_s=20
        )
    print(f"\n{sum(seen.values())} kills of a stop: {dict(seen)}")


def _kill_during(node: RunningNode, act: Callable[[], object], instant_s: float) -> None:
    def quietly() -> None:
        with suppress(httpx.HTTPError):
            act()

    acting = threading.Thread(target=quietly)
    acting.start()
    time.sleep(instant_s)
    node.kill("hub")
    acting.join()


def _midway(node: RunningNode) -> str:
    """What the dead Hub left, for the summary."""
    halves = len(node.halves())
    return f"{halves} containers, {len(node.gate_sessions())} at the gate when killed"


def _settled(node: RunningNode, ann: Person, what: str) -> str:
    """`whole` or `nothing`; fails when it stays anything else."""
    state = ""

    def is_settled() -> bool:
        nonlocal state
        state = _state(node, ann)
        return state in ("whole", "nothing")

    with suppress(AssertionError):
        wait_until(is_settled, "settled", timeout_s=SETTLE_S)
    assert state in ("whole", "nothing"), f"{what} left: {state}\n{node.log('hub')[-4000:]}"
    return state


def _state(node: RunningNode, ann: Person) -> str:
    """`whole`, `nothing`, or a description of anything in between."""
    halves = node.halves()
    running = sorted(half.role for half in halves if half.is_running)
    with node.database.read() as tx:
        records = [(each.id, str(each.state)) for each in store.open_sessions(tx)]
    facts = {
        "containers": sorted(half.session_id for half in halves),
        "running": running,
        "gate": node.gate_sessions(),
        "host": node.host_sessions(),
        "mounts": node.mounts(),
        "records": records,
        "ready": ann.is_ready("lungs"),
    }
    if not any(facts.values()):
        return "nothing"
    if len(records) == 1:
        session = records[0][0]
        whole = {
            "containers": [session, session],
            "running": ["kernel", "lab"],
            "gate": [session],
            "host": [session],
            "mounts": [1],
            "records": [(session, "running")],
            "ready": True,
        }
        if facts == whole:
            return "whole"
    return str(facts)
