"""The power fails at a random instant: whatever was acknowledged before is on the disk.

`kill -9` alone proves nothing, since the page cache survives it. So the journal lies on an ext4
filesystem in a file, and at the instant of the kill that file is copied, as a disk would be
found after the cut, then mounted and read. What was acknowledged is recorded by another process
than the writer.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.adversarial import journal_load
from tests.support.loop_filesystem import LoopFilesystem, a_filesystem
from vitrine.activity.journal import JournalFailed, JournalWriter
from vitrine.activity.record import FILE_NAME, decode
from vitrine.activity.verify import verify

CUTS = int(os.environ.get("VITRINE_POWER_CUTS", "200"))
SESSION_CUTS = 10
"""Cuts that one journal lives through before a new one begins."""


class Recorder:
    """Reads what a writing process acknowledges, until the process is gone."""

    def __init__(self, arguments: list[str]) -> None:
        self.acknowledged: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, journal_load.__file__, *arguments], stdout=subprocess.PIPE
        )
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.endswith(b"\n"):
                self.acknowledged.append(line.decode().strip())

    def kill_after(self, seconds: float) -> None:
        """Wait for the first acknowledgement and then `seconds` more, and kill the writer."""
        deadline = time.monotonic() + 30
        while not self.acknowledged:
            assert time.monotonic() < deadline
            assert self.process.poll() is None
            time.sleep(0.001)
        time.sleep(seconds)
        self.process.kill()
        self.process.wait()

    def finish(self) -> list[str]:
        """Everything that was acknowledged before the kill."""
        self._thread.join()
        return self.acknowledged


def cut_power(disk: LoopFilesystem, workplace: Path, arguments: list[str], seconds: float):
    """Message ids that were acknowledged before the cut, and those found after it."""
    recorder = Recorder([str(disk.root), *arguments])
    try:
        recorder.kill_after(seconds)
        with disk.after_power_cut(workplace) as found:
            return recorder.finish(), journalled(found, arguments[0])
    finally:
        recorder.process.kill()
        recorder.finish()


def journalled(root: Path, session_id: str) -> set[str]:
    """Message ids in the journal after it was opened as the gate does, which must verify."""
    JournalWriter(root, session_id).close()
    path = root / session_id / FILE_NAME
    verify(path, session_id=session_id)
    with open(path, "rb") as lines:
        return {str(decode(line).body.get("msg_id")) for line in lines}


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_what_was_acknowledged_survives_a_power_cut_at_any_instant(tmp_path):
    choice, total = random.Random(), 0
    with a_filesystem(tmp_path / "disk", size_mb=512) as disk:
        for number in range(CUTS):
            session_id = f"ses-{number // SESSION_CUTS}"
            acknowledged, found = cut_power(
                disk, tmp_path / "after", [session_id, f"m{number}"], choice.uniform(0, 0.25)
            )
            assert not set(acknowledged) - found, f"cut {number} lost what was acknowledged"
            total += len(acknowledged)
    print(f"\n{CUTS} power cuts, {total} acknowledged messages, none lost")
    assert total > CUTS


def test_without_fdatasync_the_same_cut_loses_what_was_acknowledged(tmp_path):
    with a_filesystem(tmp_path / "disk", size_mb=64) as disk:
        lost = 0
        for number in range(3):
            arguments = [f"ses-{number}", "m", "without-fdatasync"]
            acknowledged, found = cut_power(disk, tmp_path / "after", arguments, 0.1)
            lost += len(set(acknowledged) - found)
    assert lost > 0


def test_a_full_disk_stops_the_session_and_space_lets_it_go_on(tmp_path):
    with a_filesystem(tmp_path / "disk", size_mb=8) as disk:
        writer = JournalWriter(disk.root, "ses-1")
        other = JournalWriter(tmp_path / "elsewhere", "ses-2")
        filler = disk.fill()
        durable = _append_until_refused(writer)
        assert writer.failure is not None
        assert "no space left on device" in writer.failure
        with pytest.raises(JournalFailed, match="no space left"):
            writer.append("out", {})
        other.wait(other.append("in", {}))
        filler.unlink()
        writer.wait(writer.append("in", {"msg_id": "after"}))
        writer.close()
        other.close()
        assert verify(writer.path).records == durable + 2
        kinds = [decode(line).kind for line in writer.path.read_bytes().splitlines()]
        assert kinds[-2:] == ["recovered", "in"]


def _append_until_refused(writer: JournalWriter) -> int:
    """Append messages one by one until one is refused; the number of the last durable one."""
    for number in range(10_000):
        seq = writer.append("in", {"msg_id": f"m{number}", "code": "x" * 100})
        try:
            writer.wait(seq)
        except JournalFailed:
            return writer.head.seq
    raise AssertionError("the full disk took everything")


def test_a_disk_gone_read_only_stops_the_session_until_it_is_mounted_again(tmp_path):
    with a_filesystem(tmp_path / "disk", size_mb=16) as disk:
        writer = JournalWriter(disk.root, "ses-1")
        writer.wait(writer.append("in", {"msg_id": "before"}))
        disk.shut_down()
        for _ in range(3):
            with pytest.raises(JournalFailed, match=r"cannot be written \(.*\)"):
                writer.wait(writer.append("in", {"msg_id": "lost"}))
        print("\n" + str(writer.failure))
        disk.unmount()
        disk.mount()
        writer.wait(writer.append("in", {"msg_id": "after"}))
        writer.close()
        verify(writer.path, writer.head)
        ids = [decode(line).body.get("msg_id") for line in writer.path.read_bytes().splitlines()]
        assert ids == [None, "before", None, "after"]
