"""Who may do what with an export request, and what the votes amount to. Pure: no clock, no I/O.

The same function disables a button, answers the API and stops a use case, with one sentence.
`project` is always the request's own project, as it is now.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from vitrine.access.account import Account, Role, may_act
from vitrine.access.verdict import ALLOWED, Verdict
from vitrine.egress import leaving, warned
from vitrine.egress.request import (
    MOVES,
    TURN,
    Decision,
    EgressRequest,
    FileType,
    FileVote,
    RequestFile,
    Reviews,
    Status,
    Turn,
    Visibility,
    Vote,
)
from vitrine.permits import policy as permits
from vitrine.permits.project import Project

CONTEXT_MIN = 20
"""Characters that a context has at least: shorter ones never explained anything to a checker."""

CONTEXT_MAX = 10_000
REASON_MAX = 2_000
COMMENT_MAX = 4_000
ANCHOR_MAX = 200
COMMENTS_MAX = 500
"""Comments on one request: more were never a conversation."""

FILES_MAX = 2_000
"""Files of one request over all turns."""

LEASE = timedelta(hours=8)
"""How long a claimed seat waits for its checker's next vote."""

UNDER_REVIEW = frozenset({Status.SUBMITTED, Status.PARTIALLY_REVIEWED})
"""The states in which votes are cast and sealed."""

IN_QUEUE = frozenset({*UNDER_REVIEW, Status.REVIEWED})
"""The states in which a checker has something to do."""


def may_move(request: EgressRequest, status: Status) -> Verdict:
    """Whether the life cycle lets `request` become `status`."""
    if status in MOVES[request.status]:
        return ALLOWED
    return Verdict(f"request {request.id} is {request.shown_status} and cannot become {status}")


def may_check(account: Account, request: EgressRequest, project: Project) -> Verdict:
    """Whether `account` is an independent output checker for `request`, in whatever state."""
    if not (acting := may_act(account)):
        return acting
    if account.name == request.author:
        return Verdict("nobody reviews their own work: you asked for this release yourself")
    return permits.may_review(account, project)


def may_view(account: Account, request: EgressRequest, project: Project) -> Verdict:
    """Whether `account` may see the request: its state, names and reasons, but no content."""
    if account.is_disabled:
        return Verdict(f"account {account.name} is disabled")
    if account.name == request.author or Role.AUDITOR in account.roles:
        return ALLOWED
    if request.status is Status.PENDING:
        if any(may_decide_exception(account, request, file, project) for file in request.files):
            return ALLOWED
        return Verdict("this request has not been submitted; only its author sees it")
    return may_check(account, request, project)


def may_view_file(
    account: Account, request: EgressRequest, file: RequestFile, project: Project
) -> Verdict:
    """Whether `account` may see what is inside the cleaned copy of `file`.

    Not even its author before release: these pages lie outside the session.
    """
    if account.name == request.author:
        if request.status is Status.RELEASED and file.filetype is FileType.OUTPUT:
            return is_open(request)
        return Verdict("you see the content of your files in your session, or after the release")
    verdict = may_check(account, request, project)
    if not verdict:
        return verdict
    if may_decide_exception(account, request, file, project):
        return ALLOWED
    if request.status in (Status.PENDING, Status.WITHDRAWN):
        return Verdict(f"this request is {request.shown_status}; there is nothing to review")
    if file.filetype is FileType.WITHDRAWN or file.cleaned_sha256 is None:
        return Verdict("the author has taken this file back")
    return ALLOWED


def may_view_changes(
    account: Account, request: EgressRequest, file: RequestFile, project: Project
) -> Verdict:
    """Whether `account` may see `file` against the copy that it replaced.

    That copy never left: its author, who may see what was released, may not see it here.
    """
    verdict = may_view_file(account, request, file, project)
    if not verdict:
        return verdict
    if account.name == request.author:
        return Verdict("the copy that was replaced was not released; it is in your session")
    if file.replaces is None:
        return Verdict(f"{file.path} replaced no earlier copy")
    return ALLOWED


def is_open(request: EgressRequest) -> Verdict:
    """Whether anything may happen to `request`: not after a disclosure was reported."""
    if request.frozen_at is None:
        return ALLOWED
    return Verdict(
        f"a disclosure was reported: request {request.id} stands still until an administrator has "
        "looked into it"
    )


def may_report(account: Account, request: EgressRequest, project: Project) -> Verdict:
    """Whether `account` may report that `request` shows what must not leave."""
    if not (acting := may_act(account)):
        return acting
    return may_view(account, request, project)


def may_unfreeze(request: EgressRequest) -> Verdict:
    """Whether there is a report about `request` to close."""
    if request.frozen_at is None:
        return Verdict(f"no disclosure is reported for request {request.id}")
    return ALLOWED


def may_edit(account: Account, request: EgressRequest) -> Verdict:
    """Whether `account` may change what the request says and which files it asks for."""
    if not (acting := may_act(account)):
        return acting
    if account.name != request.author:
        return Verdict("only the author changes a request")
    if TURN[request.status] is not Turn.AUTHOR:
        return Verdict(
            f"this request is {request.shown_status}; it can be changed before submission"
        )
    return is_open(request)


def may_submit(account: Account, request: EgressRequest, project: Project, context: str) -> Verdict:
    """Whether `account` may hand `request` to the checkers with this `context`."""
    verdict = may_edit(account, request)
    if not verdict:
        return verdict
    if account.name not in project.members:
        return Verdict(f"you are no longer a member of project {request.project}")
    if not request.outputs:
        return Verdict("the request asks for no output file")
    for file in request.files:
        if file.filetype is not FileType.WITHDRAWN and request.is_replaced(file):
            return Verdict(f"a newer {file.path} has taken the place of this one")
    for file in request.outputs:
        for finding in file.open_blocks:
            return Verdict(f"{file.path} cannot be asked out: {finding.message}")
    return _context_verdict(context)


def _context_verdict(context: str) -> Verdict:
    length = len(context.strip())
    if length < CONTEXT_MIN:
        return Verdict(
            f"the context has {length} characters and needs {CONTEXT_MIN}: say what the files "
            "show, of how many patients, and how small numbers were treated"
        )
    if length > CONTEXT_MAX:
        return Verdict(f"the context has {length} characters; {CONTEXT_MAX} are allowed")
    return ALLOWED


def may_bring_in(account: Account, request: EgressRequest, draft: EgressRequest) -> Verdict:
    """Whether `account` may let the files of `draft` take their places in `request`."""
    verdict = may_edit(account, request)
    if not verdict:
        return verdict
    if account.name != draft.author:
        return Verdict("only the author of a draft brings its files into another request")
    return can_bring_in(request, draft)


def can_bring_in(request: EgressRequest, draft: EgressRequest) -> Verdict:
    """Whether `request` came back, and `draft` is one of its author's for the same project."""
    if request.status is not Status.RETURNED:
        return Verdict(
            f"request {request.id} is {request.shown_status}; "
            "files come into requests that were returned"
        )
    if draft.status is not Status.PENDING or draft.turn or draft.id == request.id:
        return Verdict(f"request {draft.id} is no draft any more")
    for each in (request, draft):
        if not (moving := is_open(each)):
            return moving
    if (draft.project, draft.author) != (request.project, request.author):
        return Verdict(f"draft {draft.id} belongs to another project")
    if len(request.files) + len(draft.files) > FILES_MAX:
        return Verdict(f"a request has at most {FILES_MAX} files, those that were replaced too")
    return ALLOWED


def may_ask_exception(account: Account, request: EgressRequest, file: RequestFile) -> Verdict:
    """Whether `account` may ask that people judge `file` although checks block it."""
    verdict = may_edit(account, request)
    if not verdict:
        return verdict
    if not file.open_blocks:
        return Verdict(f"no check blocks {file.path}")
    if file.is_before_senior:
        return Verdict(f"a senior checker has not decided about {file.path} yet")
    if file.exception is not None and file.exception.is_granted is False:
        return Verdict(f"a senior checker has decided that {file.path} stays blocked as it is")
    return ALLOWED


def plea_is_sound(reason: str) -> Verdict:
    """Whether an author's reason for an exception says enough, in few enough words."""
    length = len(reason.strip())
    if length < CONTEXT_MIN:
        return Verdict(
            f"the reason has {length} characters and needs {CONTEXT_MIN}: say why nobody can be "
            "recognised by this file although the check objects"
        )
    return reason_fits(reason)


def may_decide_exception(
    account: Account, request: EgressRequest, file: RequestFile, project: Project
) -> Verdict:
    """Whether `account` may lift, or leave, what blocks `file`."""
    verdict = may_check(account, request, project)
    if not verdict:
        return verdict
    if Role.SENIOR_CHECKER not in account.roles:
        return Verdict("a senior checker decides about exceptions")
    if TURN[request.status] is not Turn.AUTHOR or not file.is_before_senior:
        return Verdict(f"no exception is asked for {file.path}")
    return is_open(request)


def exception_is_sound(file: RequestFile, answer: str, sha256: str) -> Verdict:
    """Whether a decision names the bytes, and says why."""
    if sha256 != file.cleaned_sha256:
        return Verdict(f"{file.path} is not the copy that you looked at; open it again")
    if not answer.strip():
        return Verdict(f"say why about {file.path}: its author and the checkers read it")
    return reason_fits(answer)


def may_withdraw(account: Account, request: EgressRequest) -> Verdict:
    """Whether `account` may take the whole request back."""
    verdict = may_edit(account, request)
    if verdict or account.name != request.author or not may_act(account):
        return verdict
    if TURN[request.status] is Turn.AUTHOR:
        return is_open(request)
    return Verdict(
        f"this request is {request.shown_status}; "
        "it can be withdrawn before submission or when returned"
    )


def seats_free(request: EgressRequest, reviews: Reviews, now: datetime) -> int:
    """How many checkers may still begin a review in this turn: one more where the others differ."""
    if request.status in UNDER_REVIEW:
        seats = request.reviewers_required or 1
    elif request.status is Status.REVIEWED and (_decision(request, reviews) is Decision.CONFLICTED):
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


def vote_is_sound(file: RequestFile, value: Vote, reason: str, sha256: str) -> Verdict:
    """Whether a vote says enough: it names the bytes, and gives a reason to change them."""
    if sha256 != file.cleaned_sha256:
        return Verdict(f"{file.path} is not the copy that you looked at; open it again")
    if value is Vote.CHANGES_REQUESTED and not reason.strip():
        return Verdict(f"say what should change in {file.path}: its author reads the reason")
    return reason_fits(reason)


def reason_fits(reason: str) -> Verdict:
    """Whether a reason is short enough to keep."""
    if len(reason) > REASON_MAX:
        return Verdict(f"the reason has {len(reason)} characters; {REASON_MAX} are allowed")
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
    return _has_weighed(request, reviews, account.name, "you approve")


def _has_weighed(request: EgressRequest, reviews: Reviews, reviewer: str, approves: str) -> Verdict:
    """Whether `reviewer` has a word on every warning about the files of that approval."""
    if left := len(warned.unaccepted(request, reviews, reviewer)):
        subject = "1 warning lacks" if left == 1 else f"{left} warnings lack"
        return Verdict(f"{subject} a word on files that {approves}: accept or ask for changes")
    return ALLOWED


def may_download(account: Account, request: EgressRequest, file: RequestFile) -> Verdict:
    """Whether `account` may take the bytes of `file` home."""
    if not (acting := may_act(account)):
        return acting
    if account.name != request.author:
        return Verdict("only the author downloads released files")
    if request.status is not Status.RELEASED:
        return Verdict(f"this request is {request.shown_status}; files leave only after release")
    if file.filetype is not FileType.OUTPUT:
        return Verdict(f"{file.path} is a {file.filetype} file and was not released")
    return is_open(request)


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
    match _decision(request, reviews):
        case Decision.APPROVED:
            return _all_have_weighed(request, reviews)
        case Decision.CONFLICTED:
            return Verdict("the checkers differ on some files: vote anew, or ask a third one")
        case _:
            return Verdict("some files lack the approvals that they need")


def _all_have_weighed(request: EgressRequest, reviews: Reviews) -> Verdict:
    for name in sorted(reviews.submitted):
        verdict = _has_weighed(request, reviews, name, f"{name} approves")
        if not verdict:
            return verdict
    return ALLOWED


def is_named(request: EgressRequest, root: str) -> Verdict:
    """Whether an approval names what would leave, as it is now."""
    if root != leaving.root(request):
        return Verdict("what would leave is not what you looked at; open the request again")
    return ALLOWED


def _decision(request: EgressRequest, reviews: Reviews) -> Decision:
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


def may_release(
    request: EgressRequest,
    reviews: Reviews,
    checkers: Iterable[Account],
    project: Project,
    reviewers_required: int,
) -> Verdict:
    """Whether the steward may let the outputs of `request` leave.

    Args:
        checkers: the accounts, as they are now, of everyone who submitted a review.
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
    return _all_have_weighed(request, reviews)


def may_comment(
    account: Account, request: EgressRequest, project: Project, visibility: Visibility
) -> Verdict:
    """Whether `account` may add a comment: the author in the author's turn, checkers in theirs."""
    if account.name == request.author:
        if visibility is Visibility.PRIVATE:
            return Verdict("only output checkers write comments that their author does not read")
        return may_edit(account, request)
    verdict = may_check(account, request, project)
    if verdict and TURN[request.status] is not Turn.REVIEWER:
        return Verdict(f"this request is {request.shown_status}; it is not open for review")
    return verdict


def comment_is_sound(body: str) -> Verdict:
    """Whether a comment says something, in few enough words."""
    if not body.strip():
        return Verdict("the comment is empty")
    if len(body) > COMMENT_MAX:
        return Verdict(f"the comment has {len(body)} characters; {COMMENT_MAX} are allowed")
    return ALLOWED


def has_room(comments: int) -> Verdict:
    """Whether a request that has so many comments takes another one."""
    if comments >= COMMENTS_MAX:
        return Verdict(f"this request has {comments} comments; {COMMENTS_MAX} are allowed")
    return ALLOWED
