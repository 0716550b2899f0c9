"""Turns: they begin and end with the request's moves, in the same transaction."""

from __future__ import annotations

import importlib
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.support.egress import CONTEXT
from vitrine.egress import submit
from vitrine.egress.request import Reason, Status, Vote
from vitrine.egress.service import prioritise, turns
from vitrine.egress.service.turn import Priority
from vitrine.errors import NotPermitted
from vitrine.storage.migrate import upgrade


def turns_of(house, request):
    with house.db.read() as tx:
        return turns.of(tx, request.id)


def again(house, request):
    return submit.submit(
        house.db, house.people["ann"], request.id, context=CONTEXT, clock=house.clock
    )


def test_a_turn_lasts_from_submission_to_decision(house):
    house.clock.move(days=1)  # a Monday, noon
    began = house.clock()
    request = house.submitted()
    (turn,) = turns_of(house, request)
    assert (turn.submitted_at, turn.ended_at, turn.outcome) == (began, None, None)
    assert turn.due_at == began + timedelta(days=2)
    assert (turn.outputs, turn.output_bytes) == (1, request.files[0].original_bytes)
    house.clock.move(hours=30)
    house.review("bo", request)
    assert turns_of(house, request)[0].ended_at is None, "reviewing is the checkers' turn"
    house.send_back("bo", request)
    (turn,) = turns_of(house, request)
    assert (turn.ended_at, turn.outcome) == (house.clock(), Status.RETURNED)
    assert turn.reason_code is Reason.OTHER


def test_the_clock_stands_while_the_author_has_the_turn(house):
    house.clock.move(days=1)
    request = house.submitted()
    house.clock.move(hours=30)
    house.send_back("bo", request)
    house.clock.move(days=7)
    again(house, request)
    turn = turns_of(house, request)[1]
    assert turn.due_at == house.clock() + timedelta(hours=18)


def test_an_approval_that_is_taken_back_ends_the_turn_as_returned(house):
    request = house.approved()
    (turn,) = turns_of(house, request)
    assert (turn.outcome, turn.reason_code) == (Status.APPROVED, None)
    house.send_back("bo", request)
    assert [turn.outcome for turn in turns_of(house, request)] == [Status.RETURNED]


def test_a_refused_move_leaves_the_clock_alone(house):
    request = house.submitted()
    before = turns_of(house, request)
    with pytest.raises(NotPermitted):
        house.reject("bo", request)
    with pytest.raises(NotPermitted):
        again(house, request)
    assert turns_of(house, request) == before


def test_a_priority_stays_when_the_request_comes_back(house):
    request = house.submitted()
    prioritise.prioritise(
        house.db, house.people["bo"], request.id, Priority.HIGH, clock=house.clock
    )
    house.send_back("cy", request)
    again(house, request)
    assert [turn.priority for turn in turns_of(house, request)] == [Priority.HIGH, Priority.HIGH]
    assert [entry.actor for entry in house.events("priority_set")] == ["person:bo"]


def test_turns_of_older_requests_are_read_out_of_the_audit_log(house):
    returned = house.submitted()
    house.review("bo", returned, Vote.CHANGES_REQUESTED)
    house.clock.move(hours=5)
    house.send_back("cy", returned)
    house.clock.move(days=1)
    again(house, returned)
    approved = house.approved()
    before = [turns_of(house, each) for each in (returned, approved)]
    migration = importlib.import_module("vitrine.storage.migrations.versions.v0011_notices")
    with house.db.begin() as tx:
        for table in migration.TABLES:
            tx.execute(text(f"DROP TABLE {table}"))
        tx.execute(text("ALTER TABLE accounts DROP COLUMN mail"))
        tx.execute(text("DROP INDEX ix_egress_reviews_reviewer_submitted_at"))
        tx.execute(
            text("UPDATE alembic_version SET version_num = :n"), {"n": migration.down_revision}
        )
        upgrade(tx, migration.revision)
    after = [turns_of(house, each) for each in (returned, approved)]
    assert [[_but_due(each) for each in one] for one in after] == [
        [_but_due(each) for each in one] for one in before
    ]


def _but_due(turn):
    """What the audit log knows of a turn; the promise is given anew."""
    return (turn.turn, turn.project, turn.author, turn.submitted_at, turn.ended_at, turn.outcome,
            turn.reason_code, turn.outputs, turn.output_bytes, turn.priority)  # fmt: skip
