"""What the author of a request may do with it. Pure."""

from __future__ import annotations

from vitrine.access.account import Account, may_act
from vitrine.access.verdict import ALLOWED, Verdict
from vitrine.egress.policy.moving import is_open
from vitrine.egress.policy.seeing import may_edit
from vitrine.egress.policy.words import context_is_sound
from vitrine.egress.request import TURN, EgressRequest, FileType, RequestFile, Status, Turn
from vitrine.permits.project import Project

FILES_MAX = 2_000
"""Files of one request over all turns."""


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
    return context_is_sound(context)


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
