"""Root of the node changes what is on record after real work: each change is found and named."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
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


def vitrine(node: RunningNode, *words: str) -> tuple[int, str]:
    """Exit code and words of a command line that may say no."""
    done = subprocess.run(
        [BIN / "vitrine", *words],
        capture_output=True,
        text=True,
        env=node._environment,
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


@pytest.fixture
def audit(node: RunningNode, worked: Tenant, tmp_path: Path) -> Iterator[RunningNode]:
    """The node with an audit log that may be changed, and is put back afterwards."""
    for program in ("review", "steward", "hub"):
        node.stop(program)
    database = node.settings.state_root / "db"
    shutil.copytree(database, tmp_path / "db")
    yield node
    for path in (tmp_path / "db").iterdir():
        (database / path.name).write_bytes(path.read_bytes())
    for program in ("hub", "steward", "review"):
        node.start(program)


def change_log(node: RunningNode, *statements: str) -> None:
    path = node.settings.state_root / "db" / "vitrine.sqlite"
    with sqlite3.connect(path) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            connection.execute(f"DROP TRIGGER {name}")  # root can do that, too
        for statement in statements:
            assert connection.execute(statement).rowcount > 0, statement
    connection.close()


def test_a_changed_audit_log_is_found_and_named(audit: RunningNode) -> None:
    sink = str(audit.settings.audit_sink)
    code, said = vitrine(audit, "audit", "verify", "--against", sink)
    assert code == 0, said
    last = max(entry["sequence"] for entry in audit.cli("audit", "list", "--json"))
    middle = last // 2

    change_log(audit, f"UPDATE audit_log SET actor = 'person:nobody' WHERE sequence = {middle}")
    code, said = vitrine(audit, "audit", "verify", "--against", sink)
    assert code == 1
    assert str(middle) in said
    print(f"\nchanged: {said.strip()[:200]}")

    change_log(audit, f"DELETE FROM audit_log WHERE sequence = {middle}")
    code, said = vitrine(audit, "audit", "verify", "--against", sink)
    assert code == 1
    assert any(str(number) in said for number in (middle, middle + 1))
    print(f"removed: {said.strip()[:200]}")


def test_a_cut_tail_of_the_audit_log_is_found_against_the_checkpoints_kept_elsewhere(
    audit: RunningNode,
) -> None:
    sink = audit.root / "elsewhere.jsonl"
    shutil.copy2(audit.settings.audit_sink, sink)
    last = max(entry["sequence"] for entry in audit.cli("audit", "list", "--json"))
    change_log(audit, f"DELETE FROM audit_log WHERE sequence > {last - 8}")
    code, said = vitrine(audit, "audit", "verify", "--against", str(sink))
    assert code == 1
    print(f"\ncut: {said.strip()[:300]}")
    assert "cut" in said or "missing" in said or "ends" in said
