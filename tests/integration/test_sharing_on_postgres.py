"""Sharing on PostgreSQL: the steward's role may do all of it, the other roles nothing."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest

from tests.support import postgres
from tests.support.cellar import SetClock
from tests.support.sharing import events, frozen, two_projects
from vitrine.errors import VitrineError
from vitrine.sharing.publish import Limits
from vitrine.sharing.shelf import Shelf
from vitrine.steward.spool import Receipts, Shares
from vitrine.storage.database import Database

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(bool(postgres.missing()), reason=postgres.missing() or "-"),
]


@pytest.fixture(scope="module")
def server():
    with postgres.a_server() as running:
        running.new_database("vitrine")
        owner = Database(running.url("vitrine_owner", "vitrine"))
        owner.migrate()
        running.run_file("vitrine", "grants.sql", role="vitrine_owner")
        two_projects(owner)
        yield running


def test_the_steward_publishes_records_and_removes(server, tmp_path):
    steward = Database(server.url("vitrine_steward", "vitrine"))
    drafts, shelf, clock = tmp_path / "drafts", Shelf(tmp_path / "shares"), SetClock()
    for path in (drafts, shelf.root):
        path.mkdir()

    def ask(request):
        if request["op"] == "drafts":
            return {"drafts": sorted(p.name for p in drafts.glob(f"{request['kind']}-*"))}
        shutil.rmtree(drafts / request["draft_id"])
        return {}

    limits = Limits(project_mb=1, days=7)
    shares = Shares(steward, shelf, limits, ask, drafts, clock, sweep_s=0)
    share_id = frozen(drafts, 1, {"notes.md": b"notes"})
    assert shares.step() == "1 taken"
    receipt = frozen(
        drafts, 2, {}, draft_id="rcv-000000000001", share_id=share_id,
        session_id="ses-000000000002", person="bob",
    )  # fmt: skip
    (drafts / receipt).rename(drafts / "rcv-000000000001")
    assert Receipts(steward, ask, drafts, clock).step() == "1 taken"
    clock.now += timedelta(days=7)
    assert shares.step() == "1 removed"
    for event in ("files_shared", "files_received", "share_removed"):
        assert len(events(steward, event)) == 1


@pytest.mark.parametrize("role", ["vitrine_hub", "vitrine_review"])
@pytest.mark.parametrize("table", ["shares", "share_receipts"])
def test_nobody_else_reads_or_writes_it(server, role, table):
    other = Database(server.url(role, "vitrine"))
    for sql in (f"SELECT * FROM {table}", f"DELETE FROM {table}"):
        with pytest.raises(VitrineError), other.begin() as tx:
            tx.exec_driver_sql(sql)


@pytest.mark.parametrize("table", ["shares", "share_receipts"])
def test_not_even_the_steward_forgets_a_share(server, table):
    steward = Database(server.url("vitrine_steward", "vitrine"))
    with pytest.raises(VitrineError), steward.begin() as tx:
        tx.exec_driver_sql(f"DELETE FROM {table}")
