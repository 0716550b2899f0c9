"""What the pages and the API say about a request: one presenter for both.

A button exists together with the policy's answer: allowed, or disabled with the reason as text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from vitrine.access.account import Account
from vitrine.access.verdict import Verdict
from vitrine.clock import timestamp
from vitrine.egress import leaving, policy, visible
from vitrine.egress.checks.finding import Finding, Severity
from vitrine.egress.request import (
    Comment,
    Decision,
    EgressRequest,
    FileType,
    FileVote,
    Reason,
    RequestFile,
    Status,
    Visibility,
    Vote,
)
from vitrine.egress.service.prioritise import may_prioritise
from vitrine.egress.service.turn import ReviewTurn
from vitrine.egress.store import Line
from vitrine.egress.view import Seen

_STATUS_TEXT = {
    Status.PENDING: "Draft",
    Status.SUBMITTED: "In review",
    Status.PARTIALLY_REVIEWED: "In review",
    Status.REVIEWED: "Consolidation",
    Status.RETURNED: "Returned",
    Status.APPROVED: "Approved",
    Status.RELEASED: "Released",
    Status.REJECTED: "Rejected",
    Status.WITHDRAWN: "Withdrawn",
    Status.REVOKED: "Revoked",
}

REASON_TEXT = {
    Reason.SMALL_COUNTS: "Small counts",
    Reason.UNROUNDED_COUNTS: "Unrounded counts",
    Reason.MISSING_CONTEXT: "Context missing",
    Reason.MISSING_COUNTS: "Underlying counts missing",
    Reason.UNSUPPORTED_TYPE: "Type not accepted",
    Reason.INDIVIDUAL_DATA: "Data of single patients",
    Reason.PATIENT_IMAGE: "Image of a patient",
    Reason.OUT_OF_SCOPE: "Outside the project's purpose",
    Reason.OTHER: "Something else",
}

VOTE_TEXT = {Vote.APPROVED: "Approved", Vote.CHANGES_REQUESTED: "Changes requested"}


_CELL = re.compile(r"row (\d{1,9})(?:, column (.+))?", re.DOTALL)


def status_text(status: Status) -> str:
    """A status as people read it; while votes are cast it says nothing about their number."""
    return _STATUS_TEXT[status]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """One file on a request's page."""

    file: RequestFile
    findings: tuple[Finding, ...]
    own_vote: FileVote | None
    others: tuple[FileVote, ...]
    """Votes of others, as far as the viewer may know them."""

    view: Verdict
    vote: Verdict
    download: Verdict

    @property
    def has_difference(self) -> bool:
        """Whether the cleaned copy has other bytes than the original."""
        return self.file.cleaned_sha256 not in (None, self.file.original_sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One request on its page."""

    request: EgressRequest
    is_author: bool
    is_checker: bool
    rows: tuple[FileRow, ...]
    submitted: tuple[str, ...]
    """Who has handed in a review, as far as the viewer may know it."""

    edit: Verdict
    submit_context: Verdict
    withdraw: Verdict
    review: Verdict
    submit_review: Verdict
    claim: Verdict
    give_up: Verdict
    send_back: Verdict
    consolidate: Verdict
    approve: Verdict
    comment: Verdict
    comments: tuple[Comment, ...]
    decision: Decision | None
    """What the reviews amount to, at consolidation and for those who reviewed."""

    seat_until: datetime | None
    """Until when the viewer holds a seat without having handed a review in."""

    leaving: tuple[str, ...]
    """The author's words that leave with a release."""

    root: str
    """The Merkle root over what would leave; empty while the checkers work alone."""

    prioritise: Verdict
    turn: ReviewTurn | None
    is_late: bool
    held_back: str
    """Why the steward does not release it, for the author without the details."""

    @property
    def outputs(self) -> tuple[FileRow, ...]:
        """The rows of the output files."""
        return tuple(row for row in self.rows if row.file.filetype is FileType.OUTPUT)

    @property
    def is_waiting_for_copies(self) -> bool:
        """Whether the cleaner has not come to all files yet."""
        return any(
            row.file.cleaned_sha256 is None and row.file.refusal is None for row in self.rows
        )

    @property
    def is_waiting_for_checks(self) -> bool:
        """Whether the copies are made and not yet checked."""
        return self.request.disclosure is None and not self.is_waiting_for_copies

    @property
    def voted(self) -> int:
        """Outputs that the viewer has voted on."""
        return sum(row.own_vote is not None for row in self.outputs)

    def next_after(self, file_id: str) -> FileRow | None:
        """The next file to open: after this one, first those without the viewer's vote."""
        at = next((n for n, row in enumerate(self.rows) if row.file.id == file_id), -1)
        ring = [row for row in (*self.rows[at + 1 :], *self.rows[:at]) if row.view]
        open_rows = [row for row in ring if row.vote and row.own_vote is None]
        return next(iter(open_rows), None)


def panel(account: Account, seen: Seen, now: datetime) -> Panel:
    """Everything that the page of a request shows to `account`."""
    request, project, reviews = seen.request, seen.project, seen.all_reviews
    is_checker = bool(policy.may_check(account, request, project))
    consolidate = policy.may_consolidate(account, request, project, reviews)
    seat = reviews.seat(account.name)
    return Panel(
        request=request,
        is_author=account.name == request.author,
        is_checker=is_checker,
        rows=_rows(account, seen, now),
        submitted=tuple(sorted(seen.reviews.submitted)),
        edit=policy.may_edit(account, request),
        submit_context=policy.may_submit(
            account, _without_blocked(request), project, "x" * policy.CONTEXT_MIN
        ),
        withdraw=policy.may_withdraw(account, request),
        review=policy.may_review(account, request, project, reviews, now),
        submit_review=policy.may_submit_review(account, request, project, reviews, now),
        claim=policy.may_claim(account, request, project, reviews, now),
        give_up=policy.may_give_up(account, request, reviews, now),
        send_back=policy.may_return(account, request, project, reviews, now),
        consolidate=consolidate,
        approve=policy.may_approve(account, request, project, reviews),
        comment=policy.may_comment(account, request, project, Visibility.PUBLIC),
        prioritise=may_prioritise(account, request, project),
        comments=seen.comments,
        decision=(
            policy.decide(request, reviews, request.reviewers_required or 1)
            if consolidate
            else None
        ),
        seat_until=(
            seat.lease_until if seat and seat.submitted_at is None and seat.is_held(now) else None
        ),
        leaving=leaving.words(request),
        root=leaving.root(request) if consolidate else "",
        turn=seen.turn,
        is_late=seen.turn is not None and seen.turn.ended_at is None and seen.turn.is_late(now),
        held_back=_held_back(seen, is_checker=is_checker),
    )


def _without_blocked(request: EgressRequest) -> EgressRequest:
    """The request as its form proposes it: what cannot be asked out is taken back."""
    files = tuple(
        replace(file, filetype=FileType.WITHDRAWN) if file.blocks or file.refusal else file
        for file in request.files
    )
    return replace(request, files=files)


def _held_back(seen: Seen, *, is_checker: bool) -> str:
    if not seen.held_back:
        return ""
    detail = f": {seen.held_back}" if is_checker else ""
    return (
        f"the steward looked at everything again and does not release it{detail}. "
        "It tries again by itself; tell an administrator"
    )


def _rows(account: Account, seen: Seen, now: datetime) -> tuple[FileRow, ...]:
    by_file: dict[str, list[FileVote]] = {}
    for vote in seen.reviews.votes:
        by_file.setdefault(vote.file_id, []).append(vote)
    request, project = seen.request, seen.project
    return tuple(
        FileRow(
            file=file,
            findings=visible.findings(account, request, file),
            own_vote=next(
                (v for v in by_file.get(file.id, []) if v.reviewer == account.name), None
            ),
            others=tuple(v for v in by_file.get(file.id, []) if v.reviewer != account.name),
            view=policy.may_view_file(account, request, file, project),
            vote=policy.may_vote(account, request, file, project, seen.all_reviews, now),
            download=policy.may_download(account, request, file),
        )
        for file in request.files
    )


def marks(file: RequestFile) -> dict[int, dict[str, str]]:
    """Which cells of a table the findings name: row in the file, from 1, and column to severity.

    The column is empty where a finding names the whole row.
    """
    found: dict[int, dict[str, str]] = {}
    for severity in (Severity.WARN, Severity.BLOCK):  # the worse one last
        for finding in file.findings:
            for place in finding.locations if finding.severity is severity else ():
                if spot := _CELL.fullmatch(place):
                    found.setdefault(int(spot[1]), {})[spot[2] or ""] = str(severity)
    return found


# -- JSON ------------------------------------------------------------------------------------


def line_json(line: Line) -> dict[str, Any]:
    """A request in a list, for programs."""
    request = line.request
    return {
        "id": request.id,
        "project": request.project,
        "author": request.author,
        "title": request.title,
        "status": str(request.shown_status),
        "submitted_at": _time(request.submitted_at),
        "due_at": _time(line.due_at),
        "outputs": line.outputs,
        "output_bytes": line.output_bytes,
        "own_votes": line.own_votes,
        "own_review_submitted": line.own_review_submitted,
    }


def panel_json(shown: Panel) -> dict[str, Any]:
    """A request's page, for programs."""
    request = shown.request
    return {
        "id": request.id,
        "project": request.project,
        "author": request.author,
        "title": request.title,
        "context": request.context,
        "status": str(request.shown_status),
        "turn": request.turn,
        "row_version": request.row_version if shown.edit else None,
        "created_at": _time(request.created_at),
        "submitted_at": _time(request.submitted_at),
        "due_at": _time(shown.turn.due_at if shown.turn else None),
        "decided_at": _time(request.decided_at),
        "released_at": _time(request.released_at),
        "reason": request.reason,
        "reason_code": request.reason_code and str(request.reason_code),
        "disclosure": request.disclosure,
        "held_back": shown.held_back or None,
        "reviews_submitted_by": list(shown.submitted),
        "may": {
            "submit": _verdict(shown.submit_context),
            "withdraw": _verdict(shown.withdraw),
            "review": _verdict(shown.review),
            "submit_review": _verdict(shown.submit_review),
            "claim": _verdict(shown.claim),
            "give_up": _verdict(shown.give_up),
            "return": _verdict(shown.send_back),
            "reject": _verdict(shown.consolidate),
            "approve": _verdict(shown.approve),
            "comment": _verdict(shown.comment),
            "prioritise": _verdict(shown.prioritise),
        },
        "seat_until": _time(shown.seat_until),
        "decision": shown.decision and str(shown.decision),
        "leaving": list(shown.leaving),
        "merkle_root": shown.root or None,
        "comments": [comment_json(comment) for comment in shown.comments],
        "files": [_row_json(row) for row in shown.rows],
    }


def _row_json(row: FileRow) -> dict[str, Any]:
    file = row.file
    votes: Sequence[FileVote] = (*row.others, *([row.own_vote] if row.own_vote else []))
    return {
        "id": file.id,
        "path": file.path,
        "filetype": str(file.filetype),
        "original_sha256": file.original_sha256,
        "original_bytes": file.original_bytes,
        "sha256": file.cleaned_sha256,
        "size_bytes": file.cleaned_bytes,
        "media_type": file.media_type,
        "kind": file.kind,
        "cleaner": file.cleaner,
        "notes": list(file.notes),
        "refusal": file.refusal,
        "findings": [finding.as_json() for finding in row.findings],
        "votes": [vote_json(vote) for vote in votes],
        "may": {
            "view": _verdict(row.view),
            "vote": _verdict(row.vote),
            "download": _verdict(row.download),
        },
    }


def vote_json(vote: FileVote) -> dict[str, Any]:
    """A vote, for programs."""
    return {
        "file": vote.file_id,
        "reviewer": vote.reviewer,
        "value": str(vote.value),
        "reason_code": vote.reason_code and str(vote.reason_code),
        "reason": vote.reason,
        "sha256": vote.sha256,
        "cast_at": timestamp(vote.cast_at),
    }


def comment_json(comment: Comment) -> dict[str, Any]:
    """A comment, for programs."""
    return {
        "id": comment.id,
        "turn": comment.turn,
        "author": comment.author,
        "file": comment.file_id,
        "anchor": comment.anchor,
        "visibility": str(comment.visibility),
        "body": comment.body,
        "created_at": timestamp(comment.created_at),
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {"allowed": bool(verdict), "reason": verdict.reason}


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else timestamp(moment)
