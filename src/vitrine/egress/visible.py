"""What of a request's reviews, findings and conversation a person reads now. Pure.

Whether somebody may see the request at all is `policy.may_view`; this is what is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from vitrine.access.account import Account
from vitrine.egress import policy
from vitrine.egress.checks.finding import Finding
from vitrine.egress.request import (
    TURN,
    Comment,
    EgressRequest,
    RequestFile,
    Reviews,
    Status,
    Turn,
    Visibility,
    Vote,
)
from vitrine.permits.project import Project


def reviews(
    account: Account, request: EgressRequest, reviews: Reviews, project: Project
) -> Reviews:
    """What `account` may see of the reviews of a turn.

    Independent means blind: while votes are cast, a checker sees only their own, and nobody,
    not even by a count, sees how far the others are. Whoever breaks a tie is as blind. The author
    reads reasons once returned.
    """
    if account.name == request.author:
        return _for_author(request, reviews)
    is_blind = TURN[request.status] is Turn.REVIEWER and not reviews.has_submitted(account.name)
    if not is_blind and not policy.may_view(account, request, project):
        return Reviews()
    names = {account.name} if is_blind else reviews.submitted
    return Reviews(
        seats=tuple(seat for seat in reviews.seats if seat.reviewer in names),
        votes=tuple(vote for vote in reviews.votes if vote.reviewer in names),
        accepted=tuple(word for word in reviews.accepted if word.reviewer in names),
        openings=tuple(each for each in reviews.openings if each.reviewer == account.name),
    )


def _for_author(request: EgressRequest, reviews: Reviews) -> Reviews:
    """The changes that were asked for, without who asked and without the checkers' conflicts."""
    if request.status not in (Status.RETURNED, Status.REJECTED):
        return Reviews()
    return Reviews(
        votes=tuple(
            replace(vote, reviewer="")
            for vote in reviews.votes
            if vote.value is Vote.CHANGES_REQUESTED and vote.reviewer in reviews.submitted
        )
    )


def findings(account: Account, request: EgressRequest, file: RequestFile) -> tuple[Finding, ...]:
    """What the checks said of `file`, for somebody who may see the request.

    Its author reads it outside the session, where names out of the file would be its content.
    """
    if account.name != request.author:
        return file.findings
    return tuple(finding.by_number() for finding in file.findings)


def comments(
    account: Account, request: EgressRequest, comments: Iterable[Comment], reviews: Reviews
) -> tuple[Comment, ...]:
    """What of the conversation `account`, who may see the request, reads now.

    A checker whose review is not in reads no other checker's comment of this turn. The author
    reads public ones, those of this turn once it is the author's again, and without names.
    """
    is_sealed = TURN[request.status] is Turn.REVIEWER
    is_in = reviews.has_submitted(account.name)
    found = []
    for comment in comments:
        is_new = is_sealed and comment.turn == request.turn and comment.author != request.author
        if account.name == request.author:
            if comment.visibility is Visibility.PUBLIC and not is_new:
                is_own = comment.author == account.name
                found.append(comment if is_own else replace(comment, author=""))
        elif not is_new or is_in or comment.author == account.name:
            found.append(comment)
    return tuple(found)
