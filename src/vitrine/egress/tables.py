"""The tables of export requests."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from vitrine.storage.database import metadata

requests: Final = Table(
    "egress_requests",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("draft_id", String(64), nullable=False, unique=True),
    Column("session_id", String(40), nullable=False),
    Column("project", String(32), nullable=False),
    Column("author", String(32), nullable=False),
    Column("title", Text, nullable=False),
    Column("context", Text, nullable=False),
    Column("status", String(20), nullable=False),
    Column("turn", Integer, nullable=False),
    Column("reviewers_required", Integer),
    Column("row_version", Integer, nullable=False),
    Column("created_at", String(27), nullable=False),
    Column("submitted_at", String(27)),
    Column("decided_at", String(27)),
    Column("released_at", String(27)),
    Column("reason", Text),
    Column("reason_code", String(24)),
    Column("disclosure", String(80)),
    Column("frozen_at", String(27)),
    Index("ix_egress_requests_status_submitted_at", "status", "submitted_at"),
    Index("ix_egress_requests_author_created_at", "author", "created_at"),
)

files: Final = Table(
    "egress_files",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("request_id", String(40), ForeignKey("egress_requests.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("path", Text, nullable=False),
    Column("path_key", Text, nullable=False),
    Column("filetype", String(12), nullable=False),
    Column("original_sha256", String(64), nullable=False),
    Column("original_bytes", Integer, nullable=False),
    Column("cleaned_sha256", String(64)),
    Column("cleaned_bytes", Integer),
    Column("media_type", String(80)),
    Column("kind", String(12)),
    Column("cleaner", String(80)),
    Column("notes", Text, nullable=False),
    Column("refusal", Text),
    Column("replaces", String(40)),
    UniqueConstraint("request_id", "path_key"),
)

reviews: Final = Table(
    "egress_reviews",
    metadata,
    Column("request_id", String(40), ForeignKey("egress_requests.id"), primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("reviewer", String(32), primary_key=True),
    Column("started_at", String(27), nullable=False),
    Column("lease_until", String(27), nullable=False),
    Column("submitted_at", String(27)),
    Column("audit_sequence", Integer),
    Index("ix_egress_reviews_reviewer_submitted_at", "reviewer", "submitted_at"),
)

votes: Final = Table(
    "egress_votes",
    metadata,
    Column("file_id", String(40), ForeignKey("egress_files.id"), primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("reviewer", String(32), primary_key=True),
    Column("request_id", String(40), ForeignKey("egress_requests.id"), nullable=False),
    Column("value", String(20), nullable=False),
    Column("reason_code", String(24)),
    Column("reason", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("cast_at", String(27), nullable=False),
    Column("audit_sequence", Integer, nullable=False),
    Index("ix_egress_votes_request_id_turn", "request_id", "turn"),
)

findings: Final = Table(
    "egress_findings",
    metadata,
    Column("file_id", String(40), ForeignKey("egress_files.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("request_id", String(40), ForeignKey("egress_requests.id"), nullable=False),
    Column("check_name", String(40), nullable=False),
    Column("check_version", Integer, nullable=False),
    Column("severity", String(8), nullable=False),
    Column("message", Text, nullable=False),
    Column("locations", Text, nullable=False),
    Index("ix_egress_findings_request_id", "request_id"),
)

exceptions: Final = Table(
    "egress_exceptions",
    metadata,
    Column("file_id", String(40), ForeignKey("egress_files.id"), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("request_id", String(40), ForeignKey("egress_requests.id"), nullable=False),
    Column("checks", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("asked_at", String(27), nullable=False),
    Column("decided_by", String(32)),
    Column("decided_at", String(27)),
    Column("is_granted", Integer),
    Column("answer", Text, nullable=False),
    Column("audit_sequence", Integer),
    Index("ix_egress_exceptions_request_id", "request_id"),
    Index("ix_egress_exceptions_is_granted", "is_granted"),
)

accepted: Final = Table(
    "egress_accepted",
    metadata,
    Column("request_id", String(40), ForeignKey("egress_requests.id"), primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("reviewer", String(32), primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("code", String(24), nullable=False),
    Column("accepted_at", String(27), nullable=False),
    Column("audit_sequence", Integer, nullable=False),
)

openings: Final = Table(
    "egress_openings",
    metadata,
    Column("request_id", String(40), ForeignKey("egress_requests.id"), primary_key=True),
    Column("reviewer", String(32), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("file_id", String(40), ForeignKey("egress_files.id"), nullable=False),
    Column("opened_at", String(27), nullable=False),
    Column("audit_sequence", Integer, nullable=False),
)

arrivals: Final = Table(
    "egress_arrivals",
    metadata,
    Column("draft_id", String(40), ForeignKey("egress_requests.id"), primary_key=True),
    Column("request_id", String(40), ForeignKey("egress_requests.id"), primary_key=True),
    Column("asked_at", String(27), nullable=False),
    Column("ended_at", String(27)),
    Index("ix_egress_arrivals_ended_at", "ended_at"),
)

incidents: Final = Table(
    "egress_incidents",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("request_id", String(40), ForeignKey("egress_requests.id"), nullable=False),
    Column("file_id", String(40), ForeignKey("egress_files.id")),
    Column("place", String(200), nullable=False),
    Column("reported_by", String(32), nullable=False),
    Column("reported_at", String(27), nullable=False),
    Column("closed_by", String(64)),
    Column("closed_at", String(27)),
    Column("outcome", Text, nullable=False),
    Index("ix_egress_incidents_request_id", "request_id"),
    Index("ix_egress_incidents_closed_at", "closed_at"),
)

comments: Final = Table(
    "egress_comments",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("request_id", String(40), ForeignKey("egress_requests.id"), nullable=False),
    Column("turn", Integer, nullable=False),
    Column("author", String(32), nullable=False),
    Column("file_id", String(40), ForeignKey("egress_files.id")),
    Column("anchor", Text, nullable=False),
    Column("visibility", String(8), nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", String(27), nullable=False),
    Index("ix_egress_comments_request_id", "request_id"),
)

releases: Final = Table(
    "egress_releases",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("request_id", String(40), ForeignKey("egress_requests.id"), nullable=False, unique=True),
    Column("manifest", Text, nullable=False),
    Column("signature", String(128), nullable=False),
    Column("key", String(64), nullable=False),
    Column("released_at", String(27), nullable=False),
)
