"""Who votes when, and what the votes amount to. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from vitrine.access.account import Account
from vitrine.access.verdict import ALLOWED, Verdict
from vitrine.egress import warned
from vitrine.egress.policy.moving import UNDER_REVIEW, is_open
from vitrine.egress.policy.seeing import may_check
from vitrine.egress.request import (
    TURN,
    Decision,
    EgressRequest,
    FileType,
    FileVote,
    RequestFile,
    Reviews,
    Status,
    Turn,
    Vote,
)
from vitrine.permits.project import Project

LEASE = timedelta(hours=8)
"""How long a claimed seat waits for its checker's next vote."""


def seats_free(request: EgressRequest, reviews: Reviews, now: datetime) -> int:
    """How many checkers may still begin a review in this turn: one more where the others differ."""
    if request.status in UNDER_REVIEW:
        seats = request.reviewers_required or 1
    elif request.status is Status.REVIEWED and (
        decision_of(request, reviews) is Decision.CONFLICTED
    ):
        seats = len(reviews.submitted) + 1
    else:
        return 0
    return max(0, seats - sum(seat.is_held(now) for seat in reviews.seats))


def may_review(
    account: Account, request: EgressRequest, project: Project, reviews: Reviews, now: datetime
) -> Verdict:
    """Whether `account` may vote now: in a seat of its own, or where one is free."""
    verdict = may_check(account, request, project)
    if not verdict:
        return verdict
    if not (moving := is_open(request)):
        return moving
    if request.status is Status.REVIEWED and reviews.has_submitted(account.name):
        return ALLOWED  # consolidation: those who know each other's votes may change theirs
    if request.status is not Status.REVIEWED and request.status not in UNDER_REVIEW:
        return Verdict(f"this request is {request.shown_status}; it is not open for review")
    if reviews.has_submitted(account.name):
        return Verdict("you have submitted your review of this turn; the others are not in yet")
    seat = reviews.seat(account.name)
    if (seat is not None and seat.is_held(now)) or seats_free(request, reviews, now):
        return ALLOWED
    return Verdict("enough checkers are reviewing this request; a seat is free when one gives up")


def may_claim(
    account: Account, request: EgressRequest, project: Project, reviews: Reviews, now: datetime
) -> Verdict:
    """Whether `account` may take a seat in this review."""
    seat = reviews.seat(account.name)
    if seat is not None and seat.is_held(now):
        return Verdict("you have a seat in this review")
    return may_review(account, request, project, reviews, now)


def may_give_up(
    account: Account, request: EgressRequest, reviews: Reviews, now: datetime
) -> Verdict:
    """Whether `account` may leave its seat to somebody else."""
    seat = reviews.seat(account.name)
    if seat is None or not seat.is_held(now) or TURN[request.status] is not Turn.REVIEWER:
        return Verdict("you have no seat in this review")
    if seat.submitted_at is not None:
        return Verdict("you have submitted your review of this turn")
    return ALLOWED


def may_vote(
    account: Account,
    request: EgressRequest,
    file: RequestFile,
    project: Project,
    reviews: Reviews,
    now: datetime,
) -> Verdict:
    """Whether `account` may vote on `file` now."""
    verdict = may_review(account, request, project, reviews, now)
    if not verdict:
        return verdict
    if file.filetype is not FileType.OUTPUT:
        return Verdict(f"{file.path} is a {file.filetype} file; only outputs are voted on")
    return ALLOWED


def may_submit_review(
    account: Account, request: EgressRequest, project: Project, reviews: Reviews, now: datetime
) -> Verdict:
    """Whether the review of `account` is complete and can be handed in."""
    verdict = may_review(account, request, project, reviews, now)
    if not verdict:
        return verdict
    if reviews.has_submitted(account.name):
        return Verdict("you have submitted your review of this turn")
    voted = {vote.file_id for vote in reviews.votes if vote.reviewer == account.name}
    missing = sum(file.id not in voted for file in request.outputs)
    if missing:
        return Verdict(f"{missing} of {len(request.outputs)} output files lack your vote")
    return has_weighed(request, reviews, account.name, "you approve")


def has_weighed(request: EgressRequest, reviews: Reviews, reviewer: str, approves: str) -> Verdict:
    """Whether `reviewer` has a word on every warning about the files of that approval."""
    if left := len(warned.unaccepted(request, reviews, reviewer)):
        subject = "1 warning lacks" if left == 1 else f"{left} warnings lack"
        return Verdict(f"{subject} a word on files that {approves}: accept or ask for changes")
    return ALLOWED


def decision_of(request: EgressRequest, reviews: Reviews) -> Decision:
    """What the submitted reviews amount to, by what the project said at submission."""
    return decide(request, reviews, request.reviewers_required or 1)


def decide(request: EgressRequest, reviews: Reviews, reviewers_required: int) -> Decision:
    """What the submitted reviews of this turn amount to.

    A file is approved by that many distinct checkers who approved exactly the cleaned copy it has
    now; the checkers differ where some did and not enough. A third may tip the balance.
    """
    submitted = reviews.submitted - {request.author}
    if len(submitted) < max(1, reviewers_required) or not request.outputs:
        return Decision.INCOMPLETE
    votes = [v for v in reviews.votes if v.reviewer in submitted and v.turn == request.turn]
    approvals = [_approvals(file, votes) for file in request.outputs]
    if all(count >= max(1, reviewers_required) for count in approvals):
        return Decision.APPROVED
    if any(0 < count < reviewers_required for count in approvals):
        return Decision.CONFLICTED
    return Decision.CHANGES_REQUESTED


def _approvals(file: RequestFile, votes: Iterable[FileVote]) -> int:
    return len(
        {
            vote.reviewer
            for vote in votes
            if vote.file_id == file.id
            and vote.value is Vote.APPROVED
            and vote.sha256 == file.cleaned_sha256
        }
    )
