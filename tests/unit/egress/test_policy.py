"""Who may do what in which state: every person, every state, and the sentence of each refusal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.access.account import Account, Role
from vitrine.egress import leaving, policy, visible
from vitrine.egress.request import (
    TURN,
    Comment,
    Decision,
    EgressRequest,
    FileType,
    FileVote,
    RequestFile,
    Review,
    Reviews,
    Status,
    Turn,
    Visibility,
    Vote,
)
from vitrine.permits.project import Project

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
COPY = "a" * 64


def person(name: str, *roles: Role, is_disabled: bool = False) -> Account:
    return Account(name, name, frozenset(roles), is_disabled)


AUTHOR = person("ann", Role.RESEARCHER, Role.OUTPUT_CHECKER)
CHECKER = person("bo", Role.OUTPUT_CHECKER)
MEMBER = person("dan", Role.RESEARCHER, Role.OUTPUT_CHECKER)
AUDITOR = person("eve", Role.AUDITOR)
STRANGER = person("flo", Role.RESEARCHER)
ADMIN = person("gus", Role.ADMINISTRATOR)
GONE = person("bo", Role.OUTPUT_CHECKER, is_disabled=True)
EVERYBODY = [AUTHOR, CHECKER, MEMBER, AUDITOR, STRANGER, ADMIN, GONE]

PROJECT = Project(
    id="lung",
    title="Lung",
    members=frozenset({"ann", "dan"}),
    datasets=frozenset({"ct"}),
    expires_at=datetime(2100, 1, 1, tzinfo=UTC),
    reviewers_required=2,
)


def a_file(number: int = 1, filetype: FileType = FileType.OUTPUT) -> RequestFile:
    return RequestFile(
        id=f"fil-{number}",
        request_id="req-1",
        path=f"{number}.csv",
        filetype=filetype,
        original_sha256="b" * 64,
        original_bytes=10,
        cleaned_sha256=COPY,
        cleaned_bytes=10,
    )


def a_request(status: Status, files: int = 1) -> EgressRequest:
    return EgressRequest(
        id="req-1",
        draft_id="drf-1",
        session_id="ses-1",
        project="lung",
        author="ann",
        title="t",
        context="c",
        status=status,
        turn=1,
        reviewers_required=2,
        row_version=1,
        created_at=NOW,
        files=tuple(a_file(n) for n in range(1, files + 1)),
    )


def reviews(votes: dict[str, list[Vote]], *, submitted: set[str] | None = None) -> Reviews:
    handed_in = set(votes) if submitted is None else submitted
    seats = tuple(
        Review(
            request_id="req-1",
            turn=1,
            reviewer=name,
            started_at=NOW,
            lease_until=NOW + policy.LEASE,
            submitted_at=NOW if name in handed_in else None,
        )
        for name in votes
    )
    cast = tuple(
        FileVote(
            request_id="req-1",
            file_id=f"fil-{n}",
            turn=1,
            reviewer=name,
            value=value,
            reason_code=None,
            reason="",
            sha256=COPY,
            cast_at=NOW,
            audit_sequence=n,
        )
        for name, values in votes.items()
        for n, value in enumerate(values, start=1)
    )
    return Reviews(seats=seats, votes=cast)


YES, NO = Vote.APPROVED, Vote.CHANGES_REQUESTED


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("who", EVERYBODY, ids=lambda p: f"{p.name}{'-gone' * p.is_disabled}")
def test_only_an_independent_enabled_checker_votes_and_only_under_review(who, status):
    request = a_request(status)
    verdict = policy.may_vote(who, request, request.files[0], PROJECT, Reviews(), NOW)
    expected = who is CHECKER and status in (Status.SUBMITTED, Status.PARTIALLY_REVIEWED)
    assert bool(verdict) is expected
    assert bool(policy.may_review(who, request, PROJECT, Reviews(), NOW)) is expected


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("who", EVERYBODY, ids=lambda p: f"{p.name}{'-gone' * p.is_disabled}")
def test_only_the_author_submits_or_withdraws_and_only_before_or_after_a_return(who, status):
    request = a_request(status)
    expected = who is AUTHOR and status in (Status.PENDING, Status.RETURNED)
    assert bool(policy.may_submit(who, request, PROJECT, "x" * 100)) is expected
    assert bool(policy.may_withdraw(who, request)) is expected


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("who", EVERYBODY, ids=lambda p: f"{p.name}{'-gone' * p.is_disabled}")
def test_only_the_author_downloads_and_only_after_release(who, status):
    request = a_request(status)
    verdict = policy.may_download(who, request, request.files[0])
    assert bool(verdict) is (who is AUTHOR and status is Status.RELEASED)


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("who", EVERYBODY, ids=lambda p: f"{p.name}{'-gone' * p.is_disabled}")
def test_nobody_but_independent_checkers_sees_content_before_release(who, status):
    request = a_request(status)
    allowed = bool(policy.may_view_file(who, request, request.files[0], PROJECT))
    if who is CHECKER:
        assert allowed is (status not in (Status.PENDING, Status.WITHDRAWN))
    else:
        assert allowed is (who is AUTHOR and status is Status.RELEASED)


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        pytest.param(AUTHOR, "nobody reviews their own work", id="author"),
        pytest.param(MEMBER, "member of project lung", id="member"),
        pytest.param(STRANGER, "does not have the role", id="no checker"),
        pytest.param(GONE, "disabled", id="disabled"),
    ],
)
def test_a_refused_vote_says_why(who, reason):
    request = a_request(Status.SUBMITTED)
    assert reason in policy.may_vote(who, request, request.files[0], PROJECT, Reviews(), NOW).reason


def test_a_member_reviews_only_where_the_project_says_so_and_never_own_work():
    open_project = replace(PROJECT, allow_same_project_review=True)
    request = a_request(Status.SUBMITTED)
    assert policy.may_review(MEMBER, request, open_project, Reviews(), NOW)
    assert not policy.may_review(AUTHOR, request, open_project, Reviews(), NOW)


def test_supporting_and_withdrawn_files_get_no_votes_and_do_not_leave():
    for filetype in (FileType.SUPPORTING, FileType.WITHDRAWN):
        file = a_file(1, filetype)
        request = replace(a_request(Status.SUBMITTED), files=(file,))
        assert not policy.may_vote(CHECKER, request, file, PROJECT, Reviews(), NOW)
        released = replace(request, status=Status.RELEASED)
        assert not policy.may_download(AUTHOR, released, file)


def test_a_vote_names_the_bytes_and_asks_for_changes_with_a_reason():
    file = a_file()
    assert policy.vote_is_sound(file, YES, "", COPY)
    assert "open it again" in policy.vote_is_sound(file, YES, "", "b" * 64).reason
    assert "say what should change" in policy.vote_is_sound(file, NO, "  ", COPY).reason
    assert "2000 are allowed" in policy.vote_is_sound(file, NO, "x" * 2001, COPY).reason


@pytest.mark.parametrize("context", ["", "   ", "too short", " " * 50 + "x"])
def test_a_request_needs_a_context(context):
    verdict = policy.may_submit(AUTHOR, a_request(Status.PENDING), PROJECT, context)
    assert "say what the files show" in verdict.reason


def test_someone_who_left_the_project_submits_nothing():
    left = replace(PROJECT, members=frozenset({"dan"}))
    verdict = policy.may_submit(AUTHOR, a_request(Status.PENDING), left, "x" * 100)
    assert "no longer a member" in verdict.reason


@pytest.mark.parametrize(
    ("votes", "submitted", "decision"),
    [
        pytest.param({}, None, Decision.INCOMPLETE, id="nobody"),
        pytest.param({"bo": [YES, YES]}, None, Decision.INCOMPLETE, id="one review"),
        pytest.param(
            {"bo": [YES, YES], "cy": [YES, YES]}, {"bo"}, Decision.INCOMPLETE, id="one handed in"
        ),
        pytest.param({"bo": [YES, YES], "cy": [YES, YES]}, None, Decision.APPROVED, id="both"),
        pytest.param({"bo": [YES, YES], "cy": [YES, NO]}, None, Decision.CONFLICTED, id="one no"),
        pytest.param({"bo": [YES, YES], "cy": [YES]}, None, Decision.CONFLICTED, id="a vote lacks"),
        pytest.param(
            {"bo": [YES, NO], "cy": [YES, NO]}, None, Decision.CHANGES_REQUESTED, id="both say no"
        ),
        pytest.param(
            {"bo": [YES, YES], "ann": [YES, YES]}, None, Decision.INCOMPLETE, id="author's own"
        ),
        pytest.param(
            {"bo": [YES, YES], "cy": [YES, NO], "hal": [NO, YES]},
            None,
            Decision.APPROVED,
            id="a third breaks the tie",
        ),
        pytest.param(
            {"bo": [YES, YES], "cy": [YES, NO], "hal": [YES, NO]},
            None,
            Decision.CONFLICTED,
            id="a third says no, too",
        ),
    ],
)
def test_approved_takes_two_other_people_on_every_file(votes, submitted, decision):
    request = a_request(Status.SUBMITTED, files=2)
    assert policy.decide(request, reviews(votes, submitted=submitted), 2) is decision


def test_approvals_of_other_bytes_do_not_count():
    request = a_request(Status.SUBMITTED)
    given_votes = reviews({"bo": [YES], "cy": [YES]})
    stale = tuple(replace(vote, sha256="b" * 64) for vote in given_votes.votes)
    decision = policy.decide(request, replace(given_votes, votes=stale), 2)
    assert decision is Decision.CHANGES_REQUESTED


@given(
    st.dictionaries(
        st.sampled_from(["ann", "bo", "cy", "hal"]),
        st.lists(st.sampled_from([YES, NO]), min_size=0, max_size=3),
    ),
    st.integers(1, 3),
)
def test_whatever_the_votes_approval_means_that_many_others_approved_each_file(votes, required):
    request = a_request(Status.SUBMITTED, files=3)
    if policy.decide(request, reviews(votes), required) is Decision.APPROVED:
        for at in range(3):
            agreed = {
                name
                for name, values in votes.items()
                if name != "ann" and len(values) > at and values[at] is YES
            }
            assert len(agreed) >= required


def test_independent_means_blind_until_the_own_review_is_handed_in():
    request = a_request(Status.PARTIALLY_REVIEWED)
    cast = reviews({"bo": [YES], "cy": [NO]}, submitted={"cy"})
    seen = visible.reviews(CHECKER, request, cast, PROJECT)
    assert {vote.reviewer for vote in seen.votes} == {"bo"}
    assert not seen.submitted
    cast = reviews({"bo": [YES], "cy": [NO]}, submitted={"cy", "bo"})
    seen = visible.reviews(CHECKER, request, cast, PROJECT)
    assert {vote.reviewer for vote in seen.votes} == {"bo", "cy"}


def test_as_many_seats_as_reviews_and_a_lapsed_one_is_free_again():
    request = a_request(Status.SUBMITTED)
    taken = reviews({"cy": [YES], "hal": []}, submitted={"cy"})
    assert policy.seats_free(request, taken, NOW) == 0
    verdict = policy.may_claim(CHECKER, request, PROJECT, taken, NOW)
    assert "enough checkers are reviewing" in verdict.reason
    assert not policy.may_vote(CHECKER, request, request.files[0], PROJECT, taken, NOW)
    later = NOW + policy.LEASE
    assert policy.may_claim(CHECKER, request, PROJECT, taken, later)
    held = reviews({"bo": [], "cy": []}, submitted=set())
    assert policy.may_review(CHECKER, request, PROJECT, held, NOW)
    assert "you have a seat" in policy.may_claim(CHECKER, request, PROJECT, held, NOW).reason
    assert policy.may_give_up(CHECKER, request, held, NOW)
    assert not policy.may_give_up(CHECKER, request, held, later)


def test_a_third_checker_may_only_break_a_tie_and_is_as_blind_as_the_first():
    request = a_request(Status.REVIEWED)
    agreed, differ = reviews({"cy": [YES], "hal": [YES]}), reviews({"cy": [YES], "hal": [NO]})
    assert not policy.may_review(CHECKER, request, PROJECT, agreed, NOW)
    assert policy.may_review(CHECKER, request, PROJECT, differ, NOW)
    assert visible.reviews(CHECKER, request, differ, PROJECT) == Reviews()
    assert "those who reviewed" in policy.may_approve(CHECKER, request, PROJECT, agreed).reason


def test_at_consolidation_those_who_reviewed_vote_anew_and_decide():
    request = a_request(Status.REVIEWED)
    differ, agreed = reviews({"bo": [YES], "cy": [NO]}), reviews({"bo": [YES], "cy": [YES]})
    assert policy.may_vote(CHECKER, request, request.files[0], PROJECT, differ, NOW)
    assert not policy.may_submit_review(CHECKER, request, PROJECT, differ, NOW)
    assert "differ" in policy.may_approve(CHECKER, request, PROJECT, differ).reason
    assert policy.may_approve(CHECKER, request, PROJECT, agreed)
    assert policy.is_named(request, leaving.root(request))
    other = replace(request, files=(replace(request.files[0], path="2.csv"),))
    assert "open the request again" in policy.is_named(other, leaving.root(request)).reason


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("who", EVERYBODY, ids=lambda p: f"{p.name}{'-gone' * p.is_disabled}")
def test_requests_are_returned_by_checkers_and_rejected_by_those_who_reviewed(who, status):
    request = a_request(status)
    cast = reviews({"bo": [YES], "cy": [YES]})
    is_reviewer = who is CHECKER
    assert bool(policy.may_consolidate(who, request, PROJECT, cast)) is (
        is_reviewer and status is Status.REVIEWED
    )
    early = bool(policy.may_return(who, request, PROJECT, Reviews(), NOW))
    assert early is (is_reviewer and status in policy.UNDER_REVIEW)
    late = bool(policy.may_return(who, request, PROJECT, cast, NOW))
    open_states = {*policy.UNDER_REVIEW, Status.REVIEWED, Status.APPROVED}
    assert late is (is_reviewer and status in open_states)


def a_comment(author: str, visibility: Visibility, turn: int = 1) -> Comment:
    return Comment(
        id=f"com-{author}", request_id="req-1", turn=turn, author=author, file_id=None,
        anchor="", visibility=visibility, body="b", created_at=NOW,
    )  # fmt: skip


def test_comments_are_as_blind_as_votes_and_reach_the_author_without_names():
    talk = [
        a_comment("bo", Visibility.PUBLIC),
        a_comment("cy", Visibility.PRIVATE),
        a_comment("ann", Visibility.PUBLIC),
    ]

    def seen(who: Account, status: Status, cast: Reviews) -> list[str]:
        found = visible.comments(who, a_request(status), talk, cast)
        return [comment.author for comment in found]

    one_in = reviews({"bo": [YES], "cy": [NO]}, submitted={"cy"})
    both_in = reviews({"bo": [YES], "cy": [NO]})
    assert seen(CHECKER, Status.PARTIALLY_REVIEWED, one_in) == ["bo", "ann"]
    assert seen(CHECKER, Status.REVIEWED, both_in) == ["bo", "cy", "ann"]
    assert seen(AUTHOR, Status.REVIEWED, both_in) == ["ann"]
    assert seen(AUTHOR, Status.RETURNED, both_in) == ["", "ann"]


@pytest.mark.parametrize("status", Status)
def test_each_side_comments_in_its_own_turn(status):
    request = a_request(status)
    by_author = policy.may_comment(AUTHOR, request, PROJECT, Visibility.PUBLIC)
    assert bool(by_author) is (TURN[status] is Turn.AUTHOR)
    assert not policy.may_comment(AUTHOR, request, PROJECT, Visibility.PRIVATE)
    by_checker = policy.may_comment(CHECKER, request, PROJECT, Visibility.PRIVATE)
    assert bool(by_checker) is (TURN[status] is Turn.REVIEWER)
    assert not policy.may_comment(STRANGER, request, PROJECT, Visibility.PUBLIC)


def test_the_author_reads_what_should_change_but_not_who_said_so_nor_who_disagreed():
    cast = reviews({"bo": [YES], "cy": [NO]})
    assert visible.reviews(AUTHOR, a_request(Status.SUBMITTED), cast, PROJECT) == Reviews()
    seen = visible.reviews(AUTHOR, a_request(Status.RETURNED), cast, PROJECT)
    assert [(vote.reviewer, vote.value) for vote in seen.votes] == [("", NO)]
