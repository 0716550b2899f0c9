"""Who is told what: once, with the change itself, and nothing about how far another checker is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.support.egress import CONTEXT
from vitrine.access import store as access
from vitrine.egress import release, revoke, submit, vote
from vitrine.egress.request import Status, Vote
from vitrine.egress.service import notices
from vitrine.egress.service.follow import moved
from vitrine.egress.service.notice import WEBHOOK, Kind
from vitrine.egress.service.remind import remind

EVERYBODY = ("ann", "bo", "cy", "dan", "eve", "flo", "hal", "sue", WEBHOOK)
CHECKERS = {"bo", "cy", "hal", "sue"}
FOUR_HOURS = timedelta(hours=4)


def told(house, kind=None):
    """Who was told of what, over all requests."""
    found = set()
    with house.db.read() as tx:
        for name in EVERYBODY:
            for notice in notices.of(tx, name):
                found.add((str(notice.kind), notice.recipient))
    return {name for each, name in found if each == kind} if kind else found


def test_each_move_tells_those_whose_move_it_is(house):
    request = house.submitted()
    assert told(house) == {("submitted", name) for name in {*CHECKERS, WEBHOOK}}
    house.review("bo", request)
    house.review("cy", request)
    assert told(house, "reviewed") == {"bo", "cy", WEBHOOK}, "those who reviewed decide"
    house.send_back("bo", request)
    assert told(house, "returned") == {"ann", WEBHOOK}
    again = submit.submit(
        house.db, house.people["ann"], request.id, context=CONTEXT, clock=house.clock
    )
    for name in ("bo", "cy"):
        house.review(name, again)
    house.approve("bo", again)
    release.release_approved(house.db, house.blobs, house.settings, house.key, house.clock)
    assert told(house, "released") == {"ann", WEBHOOK}
    revoke.revoke(house.db, "os:root", request.id, reason="a mistake", clock=house.clock)
    assert told(house, "revoked") == {"ann", WEBHOOK}
    house.reject("cy", house.reviewed())
    assert told(house, "rejected") == {"ann", WEBHOOK}


def test_a_notice_holds_the_state_that_everybody_may_know(house):
    request = house.submitted()
    with house.db.read() as tx:
        (notice,) = notices.of(tx, "bo")
    assert (notice.request_id, notice.state) == (request.id, Status.SUBMITTED)
    assert notice.due_at is not None
    house.send_back("bo", request)
    with house.db.read() as tx:
        (notice,) = notices.of(tx, "ann")
    assert (notice.state, notice.due_at) == (Status.RETURNED, None)


def test_nobody_is_told_that_one_review_is_in(house):
    request = house.submitted()
    before = told(house)
    vote.claim(house.db, house.people["bo"], request.id, clock=house.clock)
    house.review("bo", request, Vote.CHANGES_REQUESTED)
    assert house.request(request.id).status is Status.PARTIALLY_REVIEWED
    assert told(house) == before


@pytest.mark.parametrize("is_in", [False, True])
def test_a_reminder_depends_on_the_own_review_alone(house, is_in):
    request = house.submitted()
    if is_in:
        house.review("bo", request)
    house.clock.move(days=4)
    assert remind(house.db, FOUR_HOURS, house.clock) == 1
    assert told(house, "overdue") - {"bo"} == {"cy", "hal", "sue", WEBHOOK}, "whatever bo has done"
    assert ("bo" in told(house, "overdue")) is not is_in


def test_each_turn_is_reminded_of_once_before_and_once_after_it_is_due(house):
    house.clock.move(days=1)
    request = house.submitted()
    assert remind(house.db, FOUR_HOURS, house.clock) == 0
    house.clock.move(hours=45)
    assert [remind(house.db, FOUR_HOURS, house.clock) for _ in range(3)] == [1, 0, 0]
    assert told(house, "overdue") == set()
    house.clock.move(hours=4)
    assert [remind(house.db, FOUR_HOURS, house.clock) for _ in range(3)] == [1, 0, 0]
    house.send_back("bo", request)
    house.clock.move(days=9)
    assert remind(house.db, FOUR_HOURS, house.clock) == 0, "the author has the turn"


def test_those_who_reviewed_are_reminded_to_decide(house):
    house.reviewed()
    house.clock.move(days=4)
    remind(house.db, FOUR_HOURS, house.clock)
    assert told(house, "overdue") == {"bo", "cy", WEBHOOK}


def test_a_disabled_account_is_told_nothing(house):
    with house.db.begin() as tx:
        for name in ("bo", "ann"):
            access.set_disabled(tx, name, True)
    with house.db.begin() as tx:
        access.set_disabled(tx, "ann", False)
    request = house.submitted()
    assert told(house, "submitted") == {"cy", "hal", "sue", WEBHOOK}
    with house.db.begin() as tx:
        access.set_disabled(tx, "ann", True)
    house.send_back("cy", request)
    assert told(house, "returned") == {WEBHOOK}


def test_a_change_that_is_undone_tells_nobody(house):
    request = house.submitted()
    before = told(house)

    def killed_halfway():
        with house.db.begin() as tx:
            tx.execute(text("UPDATE egress_requests SET status = 'RETURNED'"))
            moved(tx, replace(request, status=Status.RETURNED), house.clock())
            assert notices.of(tx, "ann")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed_halfway()
    assert told(house) == before


def test_telling_again_writes_nothing(house):
    request = house.submitted()
    with house.db.begin() as tx:
        assert notices.tell(tx, request, Kind.SUBMITTED, house.clock()) == 0


def test_reading_is_counted_for_the_reader_alone(house):
    first, _second = house.submitted(), house.submitted()
    with house.db.begin() as tx:
        assert notices.unread(tx, "bo") == 2
        notices.mark_read(tx, "bo", house.clock(), first.id)
        assert (notices.unread(tx, "bo"), notices.unread(tx, "cy")) == (1, 2)
        notices.mark_read(tx, "bo", house.clock())
        assert (notices.unread(tx, "bo"), notices.unread(tx, "cy")) == (0, 2)
