"""The power fails under a real session: what the kernel received is in the journal on the disk.

Real gate, agent, kernel and Jupyter Server; the journal lies on an ext4 filesystem in a file. The
kernel itself notes each message that reaches it in a file elsewhere. At a random instant the gate
is killed, parent and worker, and the disk's image is copied as it is then.
"""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
from pathlib import Path

import pytest

from tests.support.loop_filesystem import a_filesystem
from tests.support.session import Kernel, Session, a_session, wait_for
from vitrine.activity.journal import JournalWriter
from vitrine.activity.record import FILE_NAME, decode
from vitrine.activity.verify import verify

CUTS = int(os.environ.get("VITRINE_POWER_CUTS", "200"))
IN_FLIGHT = 24


class Load:
    """Runs cells without a pause; each makes the kernel note the id it came with."""

    def __init__(self, kernel: Kernel, notes: Path) -> None:
        self._kernel = kernel
        self._answered = threading.Semaphore(IN_FLIGHT)
        self._stopping = threading.Event()
        opening = f"import os; _notes = os.open({str(notes)!r}, os.O_WRONLY | os.O_APPEND)"
        kernel.run(opening)
        self._threads = [
            threading.Thread(target=each, daemon=True) for each in (self._send, self._drain)
        ]
        for thread in self._threads:
            thread.start()

    def _send(self) -> None:
        while not self._stopping.is_set():
            if self._answered.acquire(timeout=0.5) or not self._stopping.is_set():
                msg_id = f"{self._kernel.client}-{self._kernel.counter + 1}"
                self._kernel.execute(f"os.write(_notes, b'{msg_id}\\n'); None", stop_on_error=False)

    def _drain(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(Exception):
                if self._kernel.receive(1.0)["header"]["msg_type"] == "execute_reply":
                    self._answered.release()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(5)


def kill_gate(session: Session) -> None:
    """End the gate's worker and parent at once, and return when both are gone."""
    worker = session.status()["worker_pid"]
    with contextlib.suppress(ProcessLookupError):
        os.kill(worker, 9)
    session.kill("gate")
    wait_for(lambda: not runs(worker), "the worker's end")


def runs(pid: int) -> bool:
    """Whether that process still runs; a zombie does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def journalled(root: Path, session_id: str) -> set[str]:
    """Message ids in the journal as a new gate opens it, which must verify."""
    JournalWriter(root, session_id).close()
    path = root / session_id / FILE_NAME
    verify(path, session_id=session_id)
    with open(path, "rb") as lines:
        return {str(decode(line).body.get("msg_id")) for line in lines}


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_what_the_kernel_received_is_in_the_journal_whenever_the_power_fails(tmp_path):
    choice = random.Random()
    notes = tmp_path / "notes"
    notes.touch()
    with a_filesystem(tmp_path / "disk", size_mb=1024) as disk:
        journal_root = disk.root / "journal"
        with a_session(journal_root=journal_root) as session:
            load = Load(session.new_kernel(), notes)
            for number in range(CUTS):
                before = len(notes.read_bytes())
                wait_for(lambda seen=before: len(notes.read_bytes()) > seen, "a cell", 60)
                time.sleep(choice.uniform(0, 0.3))
                kill_gate(session)
                with disk.after_power_cut(tmp_path / "after") as found:
                    # What was on its way to the kernel when the gate died counts, too.
                    received = set(notes.read_text().split())
                    kept = journalled(found / "journal", session.session_id)
                assert not received - kept, f"cut {number}: the kernel ran what is not on record"
                session.start_gate()
                wait_for(lambda: session.status().get("agent_connected"), "the agent", 30)
            load.stop()
    print(f"\n{CUTS} power cuts, {len(received)} messages received, all on record")
    assert len(received) > CUTS
