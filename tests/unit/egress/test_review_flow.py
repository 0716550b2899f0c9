"""Reviews with real rows: seats, leases, ties, what an approval names."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from vitrine.egress import decide, policy, release, vote
from vitrine.egress.request import Reason, Status, Visibility, Vote
from vitrine.errors import NotPermitted


def claim(house, name, request):
    return vote.claim(house.db, house.people[name], request.id, clock=house.clock)


def let_go(house):
    return release.release_approved(house.db, house.blobs, house.settings, house.key, house.clock)


def test_a_third_checker_finds_no_seat_until_one_lapses_or_is_given_up(house):
    request = house.submitted()
    claim(house, "bo", request)
    claim(house, "bo", request)  # the same again changes nothing
    claim(house, "cy", request)
    with pytest.raises(NotPermitted, match="enough checkers"):
        claim(house, "hal", request)
    vote.give_up(house.db, house.people["cy"], request.id, clock=house.clock)
    claim(house, "hal", request)
    house.clock.now += policy.LEASE + timedelta(seconds=1)
    claim(house, "cy", request)
    taken = [entry.actor for entry in house.events("seat_taken")]
    assert taken == ["person:bo", "person:cy", "person:hal", "person:cy"]


def test_votes_of_a_seat_that_was_given_up_do_not_count(house):
    request = house.submitted()
    file = request.files[0]
    ballot = {"value": Vote.APPROVED, "sha256": file.cleaned_sha256, "clock": house.clock}
    house.open("hal", request)
    vote.vote(house.db, house.people["hal"], request.id, file.id, **ballot)
    vote.give_up(house.db, house.people["hal"], request.id, clock=house.clock)
    house.review("bo", request)
    assert house.request(request.id).status is Status.PARTIALLY_REVIEWED
    house.review("cy", request)
    house.approve("cy", request)
    (made,) = let_go(house)
    assert '"reviewers":["bo","cy"]' in made.manifest


def test_a_tie_is_broken_by_a_third_or_by_a_new_vote(house):
    for breaks in ("third", "new vote"):
        request = house.submitted()
        house.review("bo", request)
        house.review("cy", request, Vote.CHANGES_REQUESTED)
        with pytest.raises(NotPermitted, match="differ"):
            house.approve("bo", request)
        if breaks == "third":
            house.review("hal", request)
        else:
            file = request.files[0]
            ballot = {"value": Vote.APPROVED, "sha256": file.cleaned_sha256, "clock": house.clock}
            vote.vote(house.db, house.people["cy"], request.id, file.id, **ballot)
        house.approve("bo", request)
        (made,) = let_go(house)
        assert made.request_id == request.id


def test_who_has_not_reviewed_does_not_decide(house):
    request = house.reviewed()
    for move in (house.approve, house.send_back, house.reject):
        with pytest.raises(NotPermitted, match="those who reviewed"):
            move("hal", request)
    assert house.request(request.id).status is Status.REVIEWED
    assert len(house.events("export_refused")) == 3


def test_an_approval_of_other_names_or_bytes_is_refused_and_a_changed_one_holds_the_release(house):
    request = house.reviewed()
    with pytest.raises(NotPermitted, match="not what you looked at"):
        decide.approve(house.db, house.people["bo"], request.id, root="0" * 64, clock=house.clock)
    house.approve("bo", request)
    with house.db.begin() as tx:
        tx.execute(text("UPDATE egress_files SET media_type = 'text/html'"))
    assert not let_go(house)
    (refusal,) = house.events("release_refused")
    assert "is not what was approved" in refusal.detail["reason"]
    assert house.request(request.id).status is Status.APPROVED


def test_a_request_goes_back_with_its_kind_of_reason_even_after_approval(house):
    request = house.approved()
    decide.return_to_author(
        house.db,
        house.people["cy"],
        request.id,
        reason="round them",
        code=Reason.UNROUNDED_COUNTS,
        clock=house.clock,
    )
    after = house.request(request.id)
    assert (after.status, after.reason_code) == (Status.RETURNED, Reason.UNROUNDED_COUNTS)
    assert not let_go(house)


def test_comments_stay_and_are_audited_without_their_words(house):
    request = house.submitted()
    for _ in range(2):  # pressed twice
        decide.comment(
            house.db,
            house.people["bo"],
            request.id,
            body="cell 4 is small\u202e",
            visibility=Visibility.PUBLIC,
            file_id=request.files[0].id,
            anchor="row 4,  column n",
            clock=house.clock,
        )
    (entry,) = house.events("commented")
    assert "small" not in str(entry.detail)
    house.review("bo", request)
    house.send_back("cy", request)


def test_a_conversation_ends_before_it_fills_the_database(house, monkeypatch):
    monkeypatch.setattr(policy.words, "COMMENTS_MAX", 2)
    request = house.submitted()

    def say(body):
        decide.comment(
            house.db,
            house.people["bo"],
            request.id,
            body=body,
            visibility=Visibility.PRIVATE,
            clock=house.clock,
        )

    say("one")
    say("two")
    with pytest.raises(NotPermitted, match="2 comments; 2 are allowed"):
        say("three")
