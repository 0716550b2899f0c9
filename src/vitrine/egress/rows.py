"""Rows of the database as records of this stage, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row

from vitrine.clock import parse_timestamp, timestamp
from vitrine.egress.checks.finding import Finding, Severity
from vitrine.egress.request import (
    Comment,
    EgressRequest,
    FileType,
    FileVote,
    Reason,
    Release,
    RequestFile,
    Review,
    Status,
    Visibility,
    Vote,
)
from vitrine.egress.standing import Acceptance, AcceptedWarning, ExceptionRequest, Opening
from vitrine.egress.tables import files, requests


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """Column values of a record's values."""
    plain = dict(values)
    for name, value in values.items():
        if isinstance(value, datetime):
            plain[name] = timestamp(value)
        elif isinstance(value, StrEnum):
            plain[name] = str(value)
        elif isinstance(value, tuple):
            plain[name] = json.dumps(value, ensure_ascii=False)
        elif isinstance(value, bool):
            plain[name] = int(value)
    return plain


def _moment(text: str | None) -> datetime | None:
    return None if text is None else parse_timestamp(text)


def _reason(text: str | None) -> Reason | None:
    return None if text is None else Reason(text)


def request_of(row: Row[Any], its_files: Sequence[RequestFile]) -> EgressRequest:
    """The request of a row, with these files."""
    return EgressRequest(
        id=row.id,
        draft_id=row.draft_id,
        session_id=row.session_id,
        project=row.project,
        author=row.author,
        title=row.title,
        context=row.context,
        status=Status(row.status),
        turn=row.turn,
        reviewers_required=row.reviewers_required,
        row_version=row.row_version,
        created_at=parse_timestamp(row.created_at),
        submitted_at=_moment(row.submitted_at),
        decided_at=_moment(row.decided_at),
        released_at=_moment(row.released_at),
        reason=row.reason,
        reason_code=_reason(row.reason_code),
        disclosure=row.disclosure,
        frozen_at=_moment(row.frozen_at),
        files=tuple(its_files),
    )


def request_values(new: EgressRequest) -> dict[str, Any]:
    """The column values of a request, without its files."""
    names = [column.name for column in requests.columns]
    return plain({name: getattr(new, name) for name in names})


def file_of(
    row: Row[Any],
    findings: Sequence[Finding] = (),
    exception: ExceptionRequest | None = None,
) -> RequestFile:
    """The file of a row, with what the checks say of it and what was asked about that."""
    return RequestFile(
        id=row.id,
        request_id=row.request_id,
        path=row.path,
        filetype=FileType(row.filetype),
        original_sha256=row.original_sha256,
        original_bytes=row.original_bytes,
        cleaned_sha256=row.cleaned_sha256,
        cleaned_bytes=row.cleaned_bytes,
        media_type=row.media_type,
        kind=row.kind,
        cleaner=row.cleaner,
        notes=tuple(json.loads(row.notes)),
        refusal=row.refusal,
        replaces=row.replaces,
        findings=tuple(findings),
        exception=exception,
    )


def file_values(file: RequestFile) -> dict[str, Any]:
    """The column values of a file, without its position."""
    names = {column.name for column in files.columns} - {"position", "path_key"}
    values = {name: getattr(file, name) for name in names}
    return {**plain(values), "path_key": file.path.casefold()}


def finding_of(row: Row[Any]) -> Finding:
    """The finding of a row."""
    return Finding(
        check=row.check_name,
        version=row.check_version,
        severity=Severity(row.severity),
        message=row.message,
        locations=tuple(json.loads(row.locations)),
    )


def finding_values(finding: Finding) -> dict[str, Any]:
    """The column values of a finding, without its file and position."""
    return {
        "check_name": finding.check,
        "check_version": finding.version,
        "severity": str(finding.severity),
        "message": finding.message,
        "locations": json.dumps(finding.locations, ensure_ascii=False),
    }


def review_of(row: Row[Any]) -> Review:
    """The seat of a row."""
    return Review(
        request_id=row.request_id,
        turn=row.turn,
        reviewer=row.reviewer,
        started_at=parse_timestamp(row.started_at),
        lease_until=parse_timestamp(row.lease_until),
        submitted_at=_moment(row.submitted_at),
        audit_sequence=row.audit_sequence,
    )


def vote_of(row: Row[Any]) -> FileVote:
    """The vote of a row."""
    return FileVote(
        request_id=row.request_id,
        file_id=row.file_id,
        turn=row.turn,
        reviewer=row.reviewer,
        value=Vote(row.value),
        reason_code=_reason(row.reason_code),
        reason=row.reason,
        sha256=row.sha256,
        cast_at=parse_timestamp(row.cast_at),
        audit_sequence=row.audit_sequence,
    )


def exception_of(row: Row[Any]) -> ExceptionRequest:
    """The exception of a row."""
    return ExceptionRequest(
        request_id=row.request_id,
        file_id=row.file_id,
        sha256=row.sha256,
        checks=tuple(json.loads(row.checks)),
        reason=row.reason,
        asked_at=parse_timestamp(row.asked_at),
        decided_by=row.decided_by,
        decided_at=_moment(row.decided_at),
        is_granted=None if row.is_granted is None else bool(row.is_granted),
        answer=row.answer,
        audit_sequence=row.audit_sequence,
    )


def accepted_of(row: Row[Any]) -> AcceptedWarning:
    """The accepted warning of a row."""
    return AcceptedWarning(
        request_id=row.request_id,
        turn=row.turn,
        reviewer=row.reviewer,
        key=row.key,
        code=Acceptance(row.code),
        accepted_at=parse_timestamp(row.accepted_at),
        audit_sequence=row.audit_sequence,
    )


def opening_of(row: Row[Any]) -> Opening:
    """The opening of a row."""
    return Opening(
        request_id=row.request_id,
        reviewer=row.reviewer,
        sha256=row.sha256,
        file_id=row.file_id,
        opened_at=parse_timestamp(row.opened_at),
        audit_sequence=row.audit_sequence,
    )


def comment_of(row: Row[Any]) -> Comment:
    """The comment of a row."""
    return Comment(
        id=row.id,
        request_id=row.request_id,
        turn=row.turn,
        author=row.author,
        file_id=row.file_id,
        anchor=row.anchor,
        visibility=Visibility(row.visibility),
        body=row.body,
        created_at=parse_timestamp(row.created_at),
    )


def release_of_row(row: Row[Any]) -> Release:
    """The release of a row."""
    return Release(
        id=row.id,
        request_id=row.request_id,
        manifest=row.manifest,
        signature=row.signature,
        key=row.key,
        released_at=parse_timestamp(row.released_at),
    )


def joined_release(row: Row[Any]) -> Release:
    """The release in a row of a request joined with its release."""
    return Release(
        id=row.release_id,
        request_id=row.id,
        manifest=row.release_manifest,
        signature=row.release_signature,
        key=row.release_key,
        released_at=parse_timestamp(row.release_released_at),
    )
