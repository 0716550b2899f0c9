"""A process that is killed in the middle of changes loses no notice, and doubles none."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter

import pytest
from sqlalchemy import select

from tests.support.egress import CONTEXT
from vitrine.egress.request import Status
from vitrine.egress.service import turns
from vitrine.egress.service.notice import WEBHOOK
from vitrine.egress.service.tables import notices

TO_AND_FRO = """
import sys
from vitrine.access import store as access
from vitrine.egress import decide, submit
from vitrine.storage.database import Database

database, request_id, context = Database(sys.argv[1]), sys.argv[2], sys.argv[3]
with database.read() as tx:
    ann, bo = access.account(tx, "ann"), access.account(tx, "bo")
while True:
    decide.return_to_author(database, bo, request_id, reason="round")
    print("returned", flush=True)
    submit.submit(database, ann, request_id, context=context)
"""


@pytest.mark.parametrize("after_s", [0.0, 0.013, 0.031, 0.057])
def test_every_change_has_its_notices_once_wherever_the_process_was_killed(house, after_s):
    request = house.submitted()
    program = [sys.executable, "-c", TO_AND_FRO, house.settings.database_url, request.id, CONTEXT]
    with subprocess.Popen(program, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(3)] == [b"returned\n"] * 3
        time.sleep(after_s)
        process.kill()
    with house.db.read() as tx:
        told = Counter((row.turn, row.kind, row.recipient) for row in tx.execute(select(notices)))
        past = turns.of(tx, request.id)
    wanted = {
        (turn.turn, "submitted", name)
        for turn in past
        for name in ("bo", "cy", "hal", "sue", WEBHOOK)
    }
    wanted |= {
        (turn.turn, "returned", name)
        for turn in past
        if turn.outcome is Status.RETURNED
        for name in ("ann", WEBHOOK)
    }
    assert set(told) == wanted
    assert set(told.values()) == {1}
    present = house.request(request.id)
    assert len(past) == present.turn >= 3
    assert (past[-1].ended_at is None) is (present.status is Status.SUBMITTED)
