"""Who returns, approves and releases a request that was reviewed. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from vitrine.access.account import Account
from vitrine.access.verdict import ALLOWED, Verdict
from vitrine.egress import leaving
from vitrine.egress.disclosure import DisclosurePolicy
from vitrine.egress.policy.moving import UNDER_REVIEW, is_open, may_move
from vitrine.egress.policy.reviewing import (
    decide,
    decision_of,
    has_weighed,
    may_approve_files,
    may_review,
)
from vitrine.egress.policy.seeing import may_check
from vitrine.egress.request import Decision, EgressRequest, Reviews, Status, Vote
from vitrine.permits.project import Project


def may_return(
    account: Account, request: EgressRequest, project: Project, reviews: Reviews, now: datetime
) -> Verdict:
    """Whether `account` may give the request back to its author now.

    Before all reviews are in that is an early return; afterwards those who reviewed decide, up to
    the moment of the release.
    """
    if request.status in UNDER_REVIEW and not reviews.has_submitted(account.name):
        return may_review(account, request, project, reviews, now)
    verdict = may_check(account, request, project)
    if not verdict:
        return verdict
    if not (moving := is_open(request)):
        return moving
    verdict = may_move(request, Status.RETURNED)
    if verdict and not reviews.has_submitted(account.name):
        return Verdict("those who reviewed this request decide about it")
    return verdict


def may_consolidate(
    account: Account, request: EgressRequest, project: Project, reviews: Reviews
) -> Verdict:
    """Whether `account` may decide, with the votes of all on the table."""
    verdict = may_check(account, request, project)
    if not verdict:
        return verdict
    if not (moving := is_open(request)):
        return moving
    if request.status is not Status.REVIEWED:
        return Verdict(f"this request is {request.shown_status}; its reviews are not all in")
    if not reviews.has_submitted(account.name):
        return Verdict("those who reviewed this request decide about it")
    return ALLOWED


def may_approve(
    account: Account, request: EgressRequest, project: Project, reviews: Reviews
) -> Verdict:
    """Whether `account` may let the steward release the request."""
    verdict = may_consolidate(account, request, project, reviews)
    if not verdict:
        return verdict
    match decision_of(request, reviews):
        case Decision.APPROVED:
            return _all_have_weighed(request, reviews)
        case Decision.CONFLICTED:
            return Verdict("the checkers differ on some files: vote anew, or ask a third one")
        case _:
            return Verdict("some files lack the approvals that they need")


def _all_have_weighed(request: EgressRequest, reviews: Reviews) -> Verdict:
    for name in sorted(reviews.submitted):
        verdict = has_weighed(request, reviews, name, f"{name} approves")
        if not verdict:
            return verdict
    return ALLOWED


def _all_have_opened(request: EgressRequest, reviews: Reviews, rules: DisclosurePolicy) -> Verdict:
    for name in sorted(reviews.submitted):
        approved = {
            vote.file_id
            for vote in reviews.votes
            if vote.reviewer == name and vote.value is Vote.APPROVED
        }
        files = [file for file in request.outputs if file.id in approved]
        if not (seen := may_approve_files(files, reviews.opened(name), rules)):
            return Verdict(f"the approvals of {name} do not count: {seen.reason}")
    return ALLOWED


def is_named(request: EgressRequest, root: str) -> Verdict:
    """Whether an approval names what would leave, as it is now."""
    if root != leaving.root(request):
        return Verdict("what would leave is not what you looked at; open the request again")
    return ALLOWED


def may_release(
    request: EgressRequest,
    reviews: Reviews,
    checkers: Iterable[Account],
    project: Project,
    reviewers_required: int,
    rules: DisclosurePolicy,
) -> Verdict:
    """Whether the steward may let the outputs of `request` leave.

    Args:
        checkers: the accounts, as they are now, of everyone who submitted a review.
        rules: the disclosure policy of the project, as it is now.
    """
    verdict = may_move(request, Status.RELEASED)
    if not verdict:
        return verdict
    if not (moving := is_open(request)):
        return moving
    known = {checker.name: checker for checker in checkers}
    for name in sorted(reviews.submitted):
        if name not in known:
            return Verdict(f"reviewer {name} has no account")
        eligible = may_check(known[name], request, project)
        if not eligible:
            return Verdict(f"reviewer {name} does not count: {eligible.reason}")
    for file in request.outputs:
        if file.open_blocks:
            return Verdict(f"a check blocks {file.path}, and no senior checker has lifted that")
    if decide(request, reviews, reviewers_required) is not Decision.APPROVED:
        return Verdict(
            f"the outputs lack {reviewers_required} approvals each of their present copy"
        )
    if not (opened := _all_have_opened(request, reviews, rules)):
        return opened
    return _all_have_weighed(request, reviews)
