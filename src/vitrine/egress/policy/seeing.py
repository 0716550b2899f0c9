"""Who checks a request, who sees it and its files, and who says something of it. Pure."""

from __future__ import annotations

from vitrine.access.account import Account, Role, may_act
from vitrine.access.verdict import ALLOWED, Verdict
from vitrine.egress.policy.moving import is_open
from vitrine.egress.request import (
    TURN,
    EgressRequest,
    FileType,
    RequestFile,
    Status,
    Turn,
    Visibility,
)
from vitrine.permits import policy as permits
from vitrine.permits.project import Project


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


def may_report(account: Account, request: EgressRequest, project: Project) -> Verdict:
    """Whether `account` may report that `request` shows what must not leave."""
    if not (acting := may_act(account)):
        return acting
    return may_view(account, request, project)


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
