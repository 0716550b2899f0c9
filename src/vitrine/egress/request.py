"""An export request: what is asked out, by whom, and how far it has come.

`MOVES` is the whole life cycle. Code reads it, the diagram in `docs/output-checker.md` is printed
from it, and a test proves that every state has its moves, its owner and its phase.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from vitrine.egress.checks.finding import Finding, Severity
from vitrine.egress.standing import AcceptedWarning, ExceptionRequest, Opening


class Status(StrEnum):
    """How far a release request has come, in the field's own words."""

    PENDING = "PENDING"
    SUBMITTED = "SUBMITTED"
    PARTIALLY_REVIEWED = "PARTIALLY_REVIEWED"
    REVIEWED = "REVIEWED"
    RETURNED = "RETURNED"
    APPROVED = "APPROVED"
    RELEASED = "RELEASED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    REVOKED = "REVOKED"


class Turn(StrEnum):
    """Whose move it is."""

    AUTHOR = "author"
    REVIEWER = "reviewer"
    SYSTEM = "system"


class Phase(StrEnum):
    """What is going on while a request is in a state."""

    AUTHOR = "AUTHOR"
    INDEPENDENT = "INDEPENDENT"
    CONSOLIDATING = "CONSOLIDATING"
    COMPLETE = "COMPLETE"


MOVES: Final[Mapping[Status, frozenset[Status]]] = {
    Status.PENDING: frozenset({Status.SUBMITTED, Status.WITHDRAWN}),
    Status.SUBMITTED: frozenset({Status.PARTIALLY_REVIEWED, Status.REVIEWED, Status.RETURNED}),
    Status.PARTIALLY_REVIEWED: frozenset({Status.REVIEWED, Status.RETURNED}),
    Status.REVIEWED: frozenset({Status.APPROVED, Status.RETURNED, Status.REJECTED}),
    Status.RETURNED: frozenset({Status.SUBMITTED, Status.WITHDRAWN}),
    Status.APPROVED: frozenset({Status.RELEASED, Status.RETURNED}),
    Status.RELEASED: frozenset({Status.REVOKED}),
    Status.REJECTED: frozenset(),
    Status.WITHDRAWN: frozenset(),
    Status.REVOKED: frozenset(),
}
"""Every move there is; a status without moves is final."""

TURN: Final[Mapping[Status, Turn]] = {
    Status.PENDING: Turn.AUTHOR,
    Status.SUBMITTED: Turn.REVIEWER,
    Status.PARTIALLY_REVIEWED: Turn.REVIEWER,
    Status.REVIEWED: Turn.REVIEWER,
    Status.RETURNED: Turn.AUTHOR,
    Status.APPROVED: Turn.SYSTEM,
    Status.RELEASED: Turn.SYSTEM,
    Status.REJECTED: Turn.SYSTEM,
    Status.WITHDRAWN: Turn.SYSTEM,
    Status.REVOKED: Turn.SYSTEM,
}

PHASE: Final[Mapping[Status, Phase]] = {
    Status.PENDING: Phase.AUTHOR,
    Status.SUBMITTED: Phase.INDEPENDENT,
    Status.PARTIALLY_REVIEWED: Phase.INDEPENDENT,
    Status.REVIEWED: Phase.CONSOLIDATING,
    Status.RETURNED: Phase.AUTHOR,
    Status.APPROVED: Phase.COMPLETE,
    Status.RELEASED: Phase.COMPLETE,
    Status.REJECTED: Phase.COMPLETE,
    Status.WITHDRAWN: Phase.COMPLETE,
    Status.REVOKED: Phase.COMPLETE,
}


class FileType(StrEnum):
    """What a file of a request is for."""

    OUTPUT = "output"
    """Asked out: needs the votes."""

    SUPPORTING = "supporting"
    """Shown to the checkers to explain the outputs; never released."""

    CODE = "code"
    """Code that made the outputs, shown to the checkers; never released."""

    WITHDRAWN = "withdrawn"
    """Taken back by the author; stays in the record, is neither shown nor released."""


class Vote(StrEnum):
    """What a checker thinks of one file."""

    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"


class Decision(StrEnum):
    """What the submitted reviews of a turn amount to."""

    INCOMPLETE = "incomplete"
    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"
    CONFLICTED = "conflicted"
    """The checkers disagree: one of them votes anew, or another one breaks the tie."""


class Reason(StrEnum):
    """Why a file or a request needs changes or is rejected; the words are Airlock's audit's."""

    SMALL_COUNTS = "small_counts"
    UNROUNDED_COUNTS = "unrounded_counts"
    MISSING_CONTEXT = "missing_context"
    MISSING_COUNTS = "missing_counts"
    UNSUPPORTED_TYPE = "unsupported_type"
    INDIVIDUAL_DATA = "individual_data"
    PATIENT_IMAGE = "patient_image"
    OUT_OF_SCOPE = "out_of_scope"
    OTHER = "other"


class Visibility(StrEnum):
    """Who reads a comment."""

    PRIVATE = "private"
    """The checkers, once each has handed in a review."""

    PUBLIC = "public"
    """The author too, once it is the author's turn again or all is decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFile:
    """One file of a request: the frozen original and the cleaned copy that may leave."""

    id: str
    request_id: str
    path: str
    """Its name in the workspace, `/`-separated and relative; unique apart from letter case."""

    filetype: FileType
    original_sha256: str
    original_bytes: int
    cleaned_sha256: str | None = None
    """What is shown, voted on and released; none until the cleaner has run."""

    cleaned_bytes: int | None = None
    media_type: str | None = None
    kind: str | None = None
    """How it is shown: table, image, notebook, text or source."""

    cleaner: str | None = None
    """Name and version of the cleaner that made the copy."""

    notes: tuple[str, ...] = ()
    """What the cleaner removed or noticed, in sentences that hold counts and no content."""

    refusal: str | None = None
    """Why no releasable copy can be made of it."""

    replaces: str | None = None
    """The id of the file of an earlier turn whose place it took."""

    findings: tuple[Finding, ...] = ()
    """What the checks say of the cleaned copy."""

    exception: ExceptionRequest | None = None
    """What was asked about the blocks of the present copy."""

    @property
    def blocks(self) -> tuple[Finding, ...]:
        """The findings for which it cannot be asked out, unless a senior checker lifts them."""
        return tuple(each for each in self.findings if each.severity is Severity.BLOCK)

    @property
    def is_lifted(self) -> bool:
        """Whether a senior checker lets people judge exactly these bytes."""
        asked = self.exception
        return (
            asked is not None
            and asked.is_granted is True
            and asked.sha256 == self.cleaned_sha256
            and {each.check for each in self.blocks} <= set(asked.checks)
        )

    @property
    def open_blocks(self) -> tuple[Finding, ...]:
        """The findings for which it cannot be asked out now."""
        return () if self.is_lifted else self.blocks

    @property
    def is_before_senior(self) -> bool:
        """Whether a senior checker has to decide about it."""
        return self.exception is not None and self.exception.is_granted is None


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressRequest:
    """What a person asks to take out of one project."""

    id: str
    draft_id: str
    session_id: str
    project: str
    author: str
    title: str
    context: str
    status: Status
    turn: int
    """How often it has been submitted; votes belong to one turn."""

    reviewers_required: int | None
    """As the project said at submission; the release asks the project again."""

    row_version: int
    """Grows with each change; a form that was read earlier is refused."""

    created_at: datetime
    submitted_at: datetime | None = None
    decided_at: datetime | None = None
    released_at: datetime | None = None
    reason: str | None = None
    """Why it was returned, rejected or revoked, as its author may read it."""

    reason_code: Reason | None = None
    disclosure: str | None = None
    """Name and version of the policy that its files were checked by; none until they are."""

    frozen_at: datetime | None = None
    """Since when it stands still because a disclosure was reported."""

    files: tuple[RequestFile, ...] = ()

    @property
    def outputs(self) -> tuple[RequestFile, ...]:
        """The files that are asked out."""
        return tuple(file for file in self.files if file.filetype is FileType.OUTPUT)

    @property
    def shown_status(self) -> Status:
        """The status as anybody may know it: how far the checkers are stays sealed."""
        if PHASE[self.status] is Phase.INDEPENDENT:
            return Status.SUBMITTED
        return self.status

    @property
    def is_final(self) -> bool:
        """Whether nothing can happen to it any more."""
        return not MOVES[self.status]

    def is_replaced(self, file: RequestFile) -> bool:
        """Whether another file of the request has taken the place of this one."""
        return any(each.replaces == file.id for each in self.files)

    def file(self, file_id: str) -> RequestFile | None:
        """The file with this id, if it is one of this request."""
        return next((file for file in self.files if file.id == file_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One checker's seat in one turn; its votes are sealed until `submitted_at`."""

    request_id: str
    turn: int
    reviewer: str
    started_at: datetime
    lease_until: datetime
    """Until then nobody else takes this seat; each vote renews it."""

    submitted_at: datetime | None = None
    audit_sequence: int | None = None
    """Where the audit log says that it was submitted."""

    def is_held(self, now: datetime) -> bool:
        """Whether the seat is taken: handed in, or claimed and not yet lapsed."""
        return self.submitted_at is not None or now < self.lease_until


@dataclass(frozen=True, slots=True, kw_only=True)
class FileVote:
    """One checker's vote on the named bytes of one file."""

    request_id: str
    file_id: str
    turn: int
    reviewer: str
    value: Vote
    reason_code: Reason | None
    """None for an approval."""

    reason: str
    sha256: str
    """The cleaned copy that was voted on: a vote names the bytes."""

    cast_at: datetime
    audit_sequence: int
    """Where the audit log says the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """What somebody said about a request or one of its files; comments are never changed."""

    id: str
    request_id: str
    turn: int
    author: str
    file_id: str | None
    anchor: str
    """Where in the file: `row 4, column n`, `cell 3`; empty for the whole of it."""

    visibility: Visibility
    body: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What left: the manifest, signed by the steward."""

    id: str
    request_id: str
    manifest: str
    """Canonical JSON, exactly as signed."""

    signature: str
    """Ed25519, hexadecimal."""

    key: str
    """SHA-256 of the raw public key."""

    released_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviews:
    """Seats and votes of one turn, read together."""

    seats: tuple[Review, ...] = ()
    votes: tuple[FileVote, ...] = field(default=())
    accepted: tuple[AcceptedWarning, ...] = ()
    openings: tuple[Opening, ...] = field(default=(), repr=False)
    """What checkers have opened of this request, in this turn and before."""

    def seat(self, reviewer: str) -> Review | None:
        """The seat of `reviewer`, if taken."""
        return next((seat for seat in self.seats if seat.reviewer == reviewer), None)

    def has_submitted(self, reviewer: str) -> bool:
        """Whether `reviewer` has handed in a review in this turn."""
        seat = self.seat(reviewer)
        return seat is not None and seat.submitted_at is not None

    def opened(self, reviewer: str) -> frozenset[str]:
        """The SHA-256 of the copies that `reviewer` has opened."""
        return frozenset(each.sha256 for each in self.openings if each.reviewer == reviewer)

    @property
    def submitted(self) -> frozenset[str]:
        """Who has handed in a review."""
        return frozenset(seat.reviewer for seat in self.seats if seat.submitted_at is not None)

    def vote(self, reviewer: str, file_id: str) -> FileVote | None:
        """The vote of `reviewer` on one file, if cast."""
        return next(
            (v for v in self.votes if v.reviewer == reviewer and v.file_id == file_id), None
        )


def diagram() -> str:
    """The life cycle as a Mermaid diagram and a table, for the documentation."""
    arrows = [f"    {status} --> {to}" for status in Status for to in Status if to in MOVES[status]]
    rows = [
        f"| {status} | {TURN[status]} | {PHASE[status]} | "
        f"{', '.join(to for to in Status if to in MOVES[status]) or 'final'} |"
        for status in Status
    ]
    return "\n".join(
        [
            "```mermaid",
            "stateDiagram-v2",
            f"    [*] --> {Status.PENDING}",
            *arrows,
            "```",
            "",
            "| state | whose move | phase | next |",
            "|---|---|---|---|",
            *rows,
        ]
    )
