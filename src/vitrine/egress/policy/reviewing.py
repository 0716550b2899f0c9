"""Who votes when, and what the votes amount to. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from vitrine.access.account import Account
from vitrine.access.verdict import ALLOWED, Verdict
from vitrine.egress import warned
from vitrine.egress.disclosure import DisclosurePolicy
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
    return takes_votes(file, may_review(account, request, project, reviews, now))


def takes_votes(file: RequestFile, review: Verdict) -> Verdict:
    """Whether `file` takes the votes of somebody for whom `may_review` answers `review`."""
    if review and file.filetype is not FileType.OUTPUT:
        return Verdict(f"{file.path} is a {file.filetype} file; only outputs are voted on")
    return review


def may_approve_files(
    files: Sequence[RequestFile], opened: Collection[str], rules: DisclosurePolicy
) -> Verdict:
    """Whether whoever opened these copies may approve `files`: nobody approves what is not seen.

    Args:
        opened: the SHA-256 of the copies; files with the same bytes are one.
        rules: of the project, which say whether this is asked for.
    """
    if not rules.approvals_need_opening:
        return ALLOWED
    unopened = [file for file in files if file.cleaned_sha256 not in opened]
    if not unopened:
        return ALLOWED
    if len(files) == 1:
        return Verdict(f"open {unopened[0].path} before you approve it")
    return Verdict(
        f"{len(unopened)} of {len(files)} files are not opened; open each before you approve it"
    )


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
    required = max(1, reviewers_required)
    if len(submitted) < required or not request.outputs:
        return Decision.INCOMPLETE
    cast = (v for v in reviews.votes if v.reviewer in submitted and v.turn == request.turn)
    approvals = _approvals(request, cast)
    if all(count >= required for count in approvals):
        return Decision.APPROVED
    if any(0 < count < required for count in approvals):
        return Decision.CONFLICTED
    return Decision.CHANGES_REQUESTED


def _approvals(request: EgressRequest, votes: Iterable[FileVote]) -> list[int]:
    """How many checkers approve the present copy of each output, in their order."""
    copies = {file.id: file.cleaned_sha256 for file in request.outputs}
    approving: dict[str, set[str]] = {file_id: set() for file_id in copies}
    for vote in votes:
        if vote.value is Vote.APPROVED and vote.sha256 == copies.get(vote.file_id):
            approving[vote.file_id].add(vote.reviewer)
    return [len(names) for names in approving.values()]
