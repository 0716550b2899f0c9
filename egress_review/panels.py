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
from vitrine.egress import leaving, policy, visible, warned
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
from vitrine.egress.sandbox.asked import Asked
from vitrine.egress.service.prioritise import may_prioritise
from vitrine.egress.service.turn import ReviewTurn
from vitrine.egress.standing import Acceptance, AcceptedWarning, ExceptionRequest
from vitrine.egress.store import Line
from vitrine.egress.view import Seen
from vitrine.egress.warned import Group

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

ACCEPTANCE_TEXT = {
    Acceptance.FALSE_ALARM: "False alarm",
    Acceptance.NOT_DISCLOSIVE: "True, and nobody can be recognised by it",
    Acceptance.EXPLAINED: "Explained by the context or a supporting file",
    Acceptance.PERMITTED: "Allowed by the permit of the project",
}

VOTE_TEXT = {Vote.APPROVED: "Approved", Vote.CHANGES_REQUESTED: "Changes requested"}


_LINE = re.compile(r"(?:line|row) (\d{1,9})(?:, column (?P<column>.+))?", re.DOTALL)
_PLACES = {
    "table": _LINE,
    "text": _LINE,
    "source": _LINE,
    "notebook": re.compile(r"cell (\d{1,9})(?:,.*)?(?P<column>)", re.DOTALL),
}
"""How findings name the places that each kind of view shows."""


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
    approve: Verdict
    """Whether the viewer may vote to approve it: not before opening it."""

    is_opened: bool
    """Whether the viewer has opened these bytes."""

    download: Verdict
    ask_exception: Verdict
    decide_exception: Verdict

    is_replaced: bool
    """Whether a newer file has taken its place."""

    @property
    def has_difference(self) -> bool:
        """Whether the cleaned copy has other bytes than the original."""
        return self.file.cleaned_sha256 not in (None, self.file.original_sha256)


@dataclass(frozen=True, slots=True)
class Weighed:
    """Equal warnings, and what checkers said of them as far as the viewer may know it."""

    group: Group
    own: Acceptance | None
    others: tuple[AcceptedWarning, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One request on its page."""

    request: EgressRequest
    is_author: bool
    is_checker: bool
    rows: tuple[FileRow, ...]
    weighed: tuple[Weighed, ...]
    """The warnings on the outputs, for checkers."""

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
    report: Verdict
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

    @property
    def ready(self) -> int:
        """Outputs that the viewer may approve and has no vote on."""
        return sum(bool(row.approve) and row.own_vote is None for row in self.outputs)

    @property
    def opened(self) -> int:
        """Outputs that the viewer has opened."""
        return sum(row.is_opened for row in self.outputs)

    def next_unopened(self, file_id: str) -> FileRow | None:
        """The next output after this one, and around, that the viewer votes on and has not seen."""
        ring = self._ring(file_id)
        return next((row for row in ring if row.vote and not row.is_opened), None)

    def _ring(self, file_id: str) -> list[FileRow]:
        at = next((n for n, row in enumerate(self.rows) if row.file.id == file_id), -1)
        return [row for row in (*self.rows[at + 1 :], *self.rows[: max(at, 0)]) if row.view]

    def next_after(self, file_id: str) -> FileRow | None:
        """The next file to open: after this one, first those without the viewer's vote."""
        open_rows = [row for row in self._ring(file_id) if row.vote and row.own_vote is None]
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
        weighed=_weighed(account, seen) if is_checker else (),
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
        report=policy.may_report(account, request, project),
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
        replace(file, filetype=FileType.WITHDRAWN) if file.open_blocks or file.refusal else file
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
    request, project, everything = seen.request, seen.project, seen.all_reviews
    review = policy.may_review(account, request, project, everything, now)
    opened = everything.opened(account.name)
    replaced = {file.replaces for file in request.files}
    return tuple(
        FileRow(
            file=file,
            is_replaced=file.id in replaced,
            findings=visible.findings(account, request, file),
            own_vote=next(
                (v for v in by_file.get(file.id, []) if v.reviewer == account.name), None
            ),
            others=tuple(v for v in by_file.get(file.id, []) if v.reviewer != account.name),
            view=policy.may_view_file(account, request, file, project),
            vote=(takes := policy.takes_votes(file, review)),
            approve=takes and policy.may_approve_files([file], opened, seen.rules),
            is_opened=file.cleaned_sha256 in opened,
            download=policy.may_download(account, request, file),
            ask_exception=policy.may_ask_exception(account, request, file),
            decide_exception=policy.may_decide_exception(account, request, file, project),
        )
        for file in request.files
    )


def _weighed(account: Account, seen: Seen) -> tuple[Weighed, ...]:
    said: dict[str, list[AcceptedWarning]] = {}
    for word in seen.reviews.accepted:
        said.setdefault(word.key, []).append(word)
    return tuple(
        Weighed(
            group,
            next((w.code for w in said.get(group.key, []) if w.reviewer == account.name), None),
            tuple(w for w in said.get(group.key, []) if w.reviewer != account.name),
        )
        for group in warned.groups(seen.request)
    )


def marks(file: RequestFile, data: dict[str, Any] | None) -> dict[int, dict[str, str]]:
    """Which places of what is shown the findings name: number in the file, column, severity.

    The number, from 1, is a row's, a line's or a cell's; the column is empty where a finding names
    the whole of it.
    """
    pattern = _PLACES.get(str((data or {}).get("kind")))
    prefix = str((data or {}).get("place", ""))
    found: dict[int, dict[str, str]] = {}
    for severity in (Severity.WARN, Severity.BLOCK) if pattern else ():  # the worse one last
        for finding in file.findings:
            for place in finding.locations if finding.severity is severity else ():
                within = place.removeprefix(f"{prefix}, ") if prefix else place
                if pattern and (spot := pattern.fullmatch(within)):
                    found.setdefault(int(spot[1]), {})[spot["column"] or ""] = str(severity)
    return found


def next_mark(
    found: dict[int, dict[str, str]], data: dict[str, Any] | None, asked: Asked
) -> int | None:
    """The first number in `found` that stands behind the shown page; None when there is none."""
    if not data or asked.sort or "numbers" not in data:
        return None
    last = max(data["numbers"], default=0)
    return min((number for number in found if number > last), default=None)


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
        "frozen_at": _time(request.frozen_at),
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
            "report": _verdict(shown.report),
            "prioritise": _verdict(shown.prioritise),
        },
        "warnings": [_weighed_json(each) for each in shown.weighed],
        "seat_until": _time(shown.seat_until),
        "decision": shown.decision and str(shown.decision),
        "leaving": list(shown.leaving),
        "merkle_root": shown.root or None,
        "comments": [comment_json(comment) for comment in shown.comments],
        "files": [_row_json(row, is_author=shown.is_author) for row in shown.rows],
    }


def _weighed_json(each: Weighed) -> dict[str, Any]:
    return {
        "key": each.group.key,
        "check": each.group.check,
        "message": each.group.message,
        "files": [file.id for file in each.group.files],
        "own_word": each.own and str(each.own),
        "words": [{"reviewer": word.reviewer, "code": str(word.code)} for word in each.others],
    }


def exception_json(asked: ExceptionRequest, *, is_author: bool) -> dict[str, Any]:
    """An exception request, for programs; its author does not read who decided."""
    return {
        "sha256": asked.sha256,
        "checks": list(asked.checks),
        "reason": asked.reason,
        "asked_at": timestamp(asked.asked_at),
        "is_granted": asked.is_granted,
        "answer": asked.answer,
        "decided_by": None if is_author else asked.decided_by,
        "decided_at": _time(asked.decided_at),
    }


def _row_json(row: FileRow, *, is_author: bool) -> dict[str, Any]:
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
        "replaces": file.replaces,
        "exception": file.exception and exception_json(file.exception, is_author=is_author),
        "findings": [finding.as_json() for finding in row.findings],
        "votes": [vote_json(vote) for vote in votes],
        "is_opened": row.is_opened,
        "may": {
            "view": _verdict(row.view),
            "vote": _verdict(row.vote),
            "approve": _verdict(row.approve),
            "download": _verdict(row.download),
            "ask_exception": _verdict(row.ask_exception),
            "decide_exception": _verdict(row.decide_exception),
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
