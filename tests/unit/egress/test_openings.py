"""Nobody approves what that person has not opened, one by one or many at a time."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy import text

from tests.support.egress import TABLE
from vitrine.egress import disclosure, policy, release, submit, view, vote
from vitrine.egress.request import Status, Vote
from vitrine.egress.sandbox.asked import Asked
from vitrine.errors import InvalidInput, NotFound, NotPermitted

SAME = {"a.csv": TABLE, "b.csv": TABLE, "c.csv": TABLE.replace(b"17", b"19")}


def approve(house, who, request, files, **changes):
    ballots = [vote.Ballot(file.id, file.cleaned_sha256) for file in files]
    said = {"value": Vote.APPROVED, "clock": house.clock} | changes
    return vote.vote_on_all(house.db, house.people[who], request.id, ballots, **said)


def opens(house, who, request, file, **asked):
    return view.open_file(
        house.db, house.blobs, house.parser, house.people[who], request.id, file.id,
        asked=Asked(**asked), clock=house.clock,
    )  # fmt: skip


def let_go(house):
    return release.release_approved(house.db, house.blobs, house.settings, house.key, house.clock)


def test_a_file_is_approved_after_it_was_opened_and_another_one_only_with_the_same_bytes(house):
    request = house.submitted(SAME)
    a, b, c = request.outputs
    with pytest.raises(NotPermitted, match=r"open a\.csv before you approve it"):
        approve(house, "bo", request, [a])
    opens(house, "cy", request, a)
    with pytest.raises(NotPermitted, match=r"open a\.csv"):
        approve(house, "bo", request, [a])
    opens(house, "bo", request, a)
    opens(house, "bo", request, a)
    assert len(approve(house, "bo", request, [a, b])) == 2, "b has the bytes of a"
    with pytest.raises(NotPermitted, match="1 of 3 files are not opened"):
        approve(house, "bo", request, [a, b, c])
    assert len(house.events("vote_cast")) == 2, "of a refused vote nothing is cast"


def test_a_vote_on_many_files_is_one_and_again_is_none(house):
    request = house.submitted(SAME)
    house.open("bo", request)
    first = approve(house, "bo", request, request.outputs)
    assert approve(house, "bo", request, request.outputs) == first
    assert len(house.events("vote_cast")) == 3
    with pytest.raises(NotFound):
        vote.vote_on_all(
            house.db, house.people["bo"], request.id, [vote.Ballot("fil-0", "0" * 64)],
            value=Vote.APPROVED,
        )  # fmt: skip
    ballots = [vote.Ballot(request.outputs[0].id, "0" * 64)]
    with pytest.raises(NotPermitted, match="not the copy that you looked at"):
        vote.vote_on_all(
            house.db, house.people["bo"], request.id, ballots, value=Vote.CHANGES_REQUESTED,
            reason="round",
        )  # fmt: skip
    with pytest.raises(InvalidInput, match="names no file"):
        approve(house, "bo", request, [])


def test_changes_are_asked_for_without_opening(house):
    request = house.submitted(SAME)
    files = request.outputs
    cast = approve(house, "bo", request, files, value=Vote.CHANGES_REQUESTED, reason="round")
    assert {each.value for each in cast} == {Vote.CHANGES_REQUESTED}


def test_a_look_at_changes_alone_or_at_what_cannot_be_shown_opens_nothing(house):
    request = house.submitted({"a.csv": TABLE})
    file = request.outputs[0]
    damaged = house.blobs.path(file.cleaned_sha256)
    content = damaged.read_bytes()
    damaged.chmod(0o600)
    damaged.write_bytes(b"other")
    with pytest.raises(Exception, match="other bytes"):
        opens(house, "bo", request, file)
    damaged.write_bytes(content)
    assert house.events("file_viewed"), "that it was tried is recorded"
    with pytest.raises(NotPermitted, match=r"open a\.csv"):
        approve(house, "bo", request, [file])


def test_bytes_that_were_opened_in_an_earlier_turn_are_opened(house):
    request = house.submitted({"a.csv": TABLE})
    house.review("bo", request)
    house.send_back("bo", request)
    again = submit.submit(
        house.db, house.people["ann"], request.id, context="The same again, with more words.",
        clock=house.clock,
    )  # fmt: skip
    approve(house, "bo", again, again.outputs)
    with pytest.raises(NotPermitted, match=r"open a\.csv"):
        approve(house, "hal", again, again.outputs)


def test_a_project_s_policy_may_leave_that_to_the_checkers(house):
    (file,) = house.submitted({"a.csv": TABLE}).outputs
    rules = disclosure.load()
    assert all(disclosure.load(name).approvals_need_opening for name in disclosure.available())
    assert not policy.may_approve_files([file], frozenset(), rules)
    free = dataclasses.replace(rules, approvals_need_opening=False)
    assert policy.may_approve_files([file], frozenset(), free)


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("DELETE FROM egress_openings WHERE reviewer = 'bo'", "the approvals of bo do not count"),
        (f"UPDATE egress_openings SET sha256 = '{'0' * 64}'", "did not open"),
        ("UPDATE egress_openings SET reviewer = 'hal' WHERE reviewer = 'bo'", "hal did not open"),
        ("UPDATE egress_openings SET audit_sequence = 1 WHERE reviewer = 'bo'", "bo did not open"),
    ],
)
def test_an_opening_that_was_changed_after_the_vote_releases_nothing(house, statement, reason):
    request = house.approved({"a.csv": TABLE})
    with house.db.begin() as tx:
        tx.execute(text(statement))
    assert let_go(house) == []
    assert house.request(request.id).status is Status.APPROVED
    (entry,) = house.events("release_refused")
    assert reason in str(entry.detail["reason"])


def test_an_opening_that_was_only_written_into_the_database_releases_nothing(house):
    request = house.submitted({"a.csv": TABLE})
    house.review("bo", request)
    with house.db.begin() as tx:
        tx.execute(
            text(
                "INSERT INTO egress_openings "
                "SELECT request_id, 'cy', sha256, file_id, opened_at, audit_sequence "
                "FROM egress_openings"
            )
        )
    approve(house, "cy", request, request.outputs)
    vote.submit_review(house.db, house.people["cy"], request.id, clock=house.clock)
    house.approve("cy", request)
    assert let_go(house) == []
    assert "cy did not open" in str(house.events("release_refused")[0].detail["reason"])
