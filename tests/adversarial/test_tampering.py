"""Root of the node changes what is on record after real work: each change is found and named."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.adversarial.conftest import PROJECTS
from tests.support.node import BIN, RunningNode, why_not
from tests.support.tenants import Tenant

pytestmark = [
    pytest.mark.docker,
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
]


@pytest.fixture(scope="module")
def worked(node: RunningNode) -> Tenant:
    """A session in which cells ran, and which has ended; its head is in the audit log."""
    tenant = Tenant(node, "hildegard", PROJECTS["hildegard"])
    for number in range(5):
        assert tenant.run(f"print({number})") == f"{number}\n"
    tenant.stop()
    node.cli("audit", "checkpoint")
    return tenant


def vitrine(node: RunningNode, *words: str, **environment: str) -> tuple[int, str]:
    """Exit code and words of a command line that may say no."""
    done = subprocess.run(
        [BIN / "vitrine", *words],
        capture_output=True,
        text=True,
        env={**node._environment, **environment},
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


# -- a journal ------------------------------------------------------------------------------------


def flip(path: Path, at: int) -> None:
    """Change one byte of the line with that number."""
    lines = path.read_bytes().splitlines(keepends=True)
    middle = len(lines[at]) // 2
    changed = bytearray(lines[at])
    changed[middle] ^= 1
    lines[at] = bytes(changed)
    path.write_bytes(b"".join(lines))


def remove(path: Path, at: int) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:at] + lines[at + 1 :]))


def cut(path: Path, at: int) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:at]))


def swap(path: Path, at: int) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    lines[at], lines[at + 1] = lines[at + 1], lines[at]
    path.write_bytes(b"".join(lines))


@pytest.fixture
def journal(worked: Tenant, tmp_path: Path) -> Iterator[Path]:
    """The journal, which is put back afterwards."""
    kept = tmp_path / "kept"
    shutil.copy2(worked.journal, kept)
    yield worked.journal
    worked.journal.write_bytes(kept.read_bytes())


@pytest.mark.parametrize("change", [flip, remove, cut, swap])
def test_a_changed_journal_is_found_and_named(
    node: RunningNode, worked: Tenant, journal: Path, change: Callable[[Path, int], None]
) -> None:
    assert vitrine(node, "activity", "verify", worked.session_id)[0] == 0
    count = len(journal.read_bytes().splitlines())
    change(journal, count - 3 if change is cut else count // 2)
    code, said = vitrine(node, "activity", "verify", worked.session_id)
    assert code == 1
    assert worked.session_id in said
    place = str(count - 3 if change is cut else count // 2)
    assert any(number in said for number in (place, str(int(place) + 1))), said
    print(f"\n{change.__name__}: {said.strip()[:200]}")


# -- the audit log --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seized:
    """The node's database in the hands of somebody who may change it."""

    node: RunningNode
    path: Path

    def change(self, statement: str) -> None:
        with closing(sqlite3.connect(self.path)) as connection:
            triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in triggers.fetchall():
                connection.execute(f"DROP TRIGGER {name}")  # root can do that, too
            assert connection.execute(statement).rowcount > 0, statement
            connection.commit()

    def verify(self, against: Path | None = None) -> tuple[int, str]:
        words = ("--against", str(against)) if against else ()
        environment = {"VITRINE_DATABASE_URL": f"sqlite:///{self.path}"}
        return vitrine(self.node, "audit", "verify", *words, **environment)


@pytest.fixture
def seized(node: RunningNode, worked: Tenant, tmp_path: Path) -> Seized:
    source = node.settings.state_root / "db" / "vitrine.sqlite"
    copy = tmp_path / "vitrine.sqlite"
    with closing(sqlite3.connect(source)) as whole, closing(sqlite3.connect(copy)) as target:
        whole.backup(target)
    return Seized(node, copy)


def test_a_changed_audit_log_is_found_and_named(seized: Seized) -> None:
    code, said = seized.verify(seized.node.settings.audit_sink)
    assert code == 0, said
    entries = seized.node.cli("audit", "list", "--json")
    middle = entries[len(entries) // 2]["sequence"]

    seized.change(f"UPDATE audit_log SET actor = 'person:nobody' WHERE sequence = {middle}")
    code, said = seized.verify()
    assert code == 1
    assert f"entry {middle} was altered" in said
    print(f"\nchanged: {said.strip()[:200]}")

    seized.change(f"DELETE FROM audit_log WHERE sequence = {middle}")
    code, said = seized.verify()
    assert code == 1
    assert f"entry {middle} is missing" in said
    print(f"removed: {said.strip()[:200]}")


def test_a_cut_tail_of_the_audit_log_is_found_against_the_checkpoints_kept_elsewhere(
    seized: Seized, tmp_path: Path
) -> None:
    sink = tmp_path / "elsewhere.jsonl"
    shutil.copy2(seized.node.settings.audit_sink, sink)
    anchored = json.loads(sink.read_text().splitlines()[-1])["sequence"]
    seized.change(f"DELETE FROM audit_log WHERE sequence > {anchored - 3}")
    code, said = seized.verify(sink)
    assert code == 1
    assert f"entries {anchored - 2} to {anchored} are missing" in said
    print(f"\ncut: {said.strip()[:300]}")
