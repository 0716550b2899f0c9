"""The power fails under the gate: whatever crossed into the container is on the disk.

Between gate and agent lies a wire tap of this test, another process on another filesystem. It
notes the id of each message before it passes it on, so it knows more than the kernel ever sees.
Gate worker and parent are killed at a random instant and the journal's disk is copied as it is
then. A copy of the gate without fdatasync shows that the test would notice.
"""

from __future__ import annotations

import contextlib
import os
import random
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import websocket

import tests.support.session as harness
from tests.support.loop_filesystem import LoopFilesystem, a_filesystem
from tests.support.session import Kernel, Session, a_session, wait_for
from vitrine.activity.journal import JournalWriter
from vitrine.activity.record import FILE_NAME, decode
from vitrine.activity.verify import verify

CUTS = int(os.environ.get("VITRINE_POWER_CUTS", "200"))
IN_FLIGHT = 24
WITHOUT_FDATASYNC = "import os\nos.fdatasync = lambda descriptor: None\n"
TAP = """
import asyncio, json, os, sys
from vitrine.session.wire import Link
inner, outer, notes = sys.argv[1:]
noted = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
LIMIT = 64 << 20

async def main():
    loop, ends = asyncio.get_running_loop(), {}
    def from_agent(link, parts):
        ends[link].send(parts)
    def from_gate(link, parts):
        if len(parts) > 4 and len(parts[0]) == 1:
            os.write(noted, json.loads(parts[1])["msg_id"].encode() + b"\\n")
        ends[link].send(parts)
    def closed(link, reason):
        other = ends.pop(link, None)
        if other is not None:
            other.close()
    class Agent(Link):
        def __init__(self):
            super().__init__(from_agent, closed, message_limit=LIMIT)
        def connection_made(self, transport):
            gate = Link(from_gate, closed, message_limit=LIMIT)
            ends[self], ends[gate] = gate, self
            super().connection_made(transport)
            loop.create_task(self.reach(gate))
        async def reach(self, gate):
            try:
                await loop.create_unix_connection(lambda: gate, inner)
            except OSError:
                self.close()
    await loop.create_unix_server(Agent, outer)
    await asyncio.Event().wait()

asyncio.run(main())
"""


class TappedSession(Session):
    """A session whose agent dials the tap."""

    def start_agent(self) -> None:
        gate = self.root / "s" / self.session_id / "kernel" / "agent.sock"
        tap = self.root / "tap.sock"
        notes = self.root / "notes"
        notes.touch()
        self.start("tap", [sys.executable, "-c", TAP, str(gate), str(tap), str(notes)])
        wait_for(tap.exists, "the tap")
        environment = os.environ | {
            "VITRINE_GATE_SOCKET": str(tap),
            "VITRINE_WORKSPACE": str(self.workspace),
            "VITRINE_RUNTIME": str(self.root / "a"),
            "VITRINE_AGENT_SOCKET": str(self.root / "x.sock"),
            "HOME": str(self.workspace),
        }
        self.start("agent", [sys.executable, "-m", "vitrine.session.agent"], environment)
        wait_for(lambda: self.status().get("agent_connected"), "the agent's connection")

    def passed(self) -> list[str]:
        """Ids of the messages that went into the container, whole lines only."""
        return (self.root / "notes").read_text().rpartition("\n")[0].split()


class Load:
    """Cells without a pause, so many of them unanswered at a time."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._change = threading.Condition()
        self._open: set[str] = set()
        self._is_stopping = False
        self._threads = [
            threading.Thread(target=each, daemon=True) for each in (self._send, self._drain)
        ]
        for thread in self._threads:
            thread.start()

    def _send(self) -> None:
        choice = random.Random()
        while True:
            with self._change:
                self._change.wait_for(lambda: self._is_stopping or len(self._open) < IN_FLIGHT)
                if self._is_stopping:
                    return
                code = "pass # " + "x" * choice.randrange(2000)
                self._open.add(self._kernel.execute(code, stop_on_error=False))

    def _drain(self) -> None:
        while not self._is_stopping:
            try:
                message = self._kernel.receive(1.0)
            except websocket.WebSocketTimeoutException:
                continue
            if message["header"]["msg_type"] == "execute_reply":
                with self._change:
                    self._open.discard(message["parent_header"]["msg_id"])
                    self._change.notify()

    def stop(self) -> None:
        with self._change:
            self._is_stopping = True
            self._change.notify()
        for thread in self._threads:
            thread.join(5)


@contextlib.contextmanager
def a_loaded_session(disk: LoopFilesystem) -> Iterator[TappedSession]:
    plain, harness.Session = harness.Session, TappedSession  # type: ignore[misc]
    try:
        with a_session(journal_root=disk.root / "journal") as session:
            assert isinstance(session, TappedSession)
            load = Load(session.new_kernel())
            yield session
            load.stop()
    finally:
        harness.Session = plain  # type: ignore[misc]


def cut_power(session: TappedSession, disk: LoopFilesystem, workplace: Path) -> set[str]:
    """Kill the gate, copy its disk; ids that crossed and are not in the copy, which verifies."""
    worker = session.worker_pid
    with contextlib.suppress(ProcessLookupError):
        os.kill(worker, 9)
    session.kill("gate")
    with disk.after_power_cut(workplace) as found:
        wait_for(lambda: not Path(f"/proc/{worker}").exists(), "the worker's end")
        time.sleep(0.1)  # what was in the tap's socket when the gate died crossed, too
        return set(session.passed()) - journalled(found / "journal", session.session_id)


def journalled(root: Path, session_id: str) -> set[str]:
    """Message ids in a journal after it was opened as the gate does."""
    path = root / session_id / FILE_NAME
    if not path.exists():
        return set()
    JournalWriter(root, session_id).close()
    verify(path, session_id=session_id)
    with open(path, "rb") as lines:
        return {str(decode(line).body.get("msg_id")) for line in lines}


def let_some_cross(session: TappedSession, choice: random.Random) -> None:
    before = len(session.passed())
    wait_for(lambda: len(session.passed()) > before, "a message on the wire", 60)
    time.sleep(choice.uniform(0, 0.3))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_what_crossed_into_the_container_survives_a_power_cut(tmp_path: Path) -> None:
    choice = random.Random()
    with a_filesystem(tmp_path / "disk", size_mb=1024) as disk, a_loaded_session(disk) as session:
        for number in range(CUTS):
            let_some_cross(session, choice)
            missing = cut_power(session, disk, tmp_path / "after")
            assert not missing, f"cut {number}: {len(missing)} messages crossed unrecorded"
            session.start_gate()
            wait_for(lambda: session.status().get("agent_connected"), "the agent", 30)
        crossed = len(session.passed())
    print(f"\n{CUTS} power cuts, {crossed} messages crossed, all on the disk")
    assert crossed > CUTS


def test_without_fdatasync_a_power_cut_loses_what_crossed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harness, "GATE", WITHOUT_FDATASYNC + harness.GATE)
    choice = random.Random()
    with a_filesystem(tmp_path / "disk", size_mb=128) as disk, a_loaded_session(disk) as session:
        let_some_cross(session, choice)
        missing = cut_power(session, disk, tmp_path / "after")
        crossed = len(session.passed())
    print(f"\nwithout fdatasync: {len(missing)} of {crossed} messages are lost")
    assert missing
