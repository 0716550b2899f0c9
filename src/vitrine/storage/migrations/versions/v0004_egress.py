"""Release requests: their files, reviews, votes, and what left."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_egress"
down_revision = "0003_sessions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_requests()
    _create_files()
    _create_reviews_and_votes()
    op.create_table(
        "egress_releases",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("request_id", sa.String(40), nullable=False),
        sa.Column("manifest", sa.Text, nullable=False),
        sa.Column("signature", sa.String(128), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("released_at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_egress_releases"),
        sa.UniqueConstraint("request_id", name="uq_egress_releases_request_id"),
        sa.ForeignKeyConstraint(
            ["request_id"], ["egress_requests.id"], name="fk_egress_releases_request_id"
        ),
    )


def _create_requests() -> None:
    op.create_table(
        "egress_requests",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("draft_id", sa.String(64), nullable=False),
        sa.Column("session_id", sa.String(40), nullable=False),
        sa.Column("project", sa.String(32), nullable=False),
        sa.Column("author", sa.String(32), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("context", sa.Text, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("reviewers_required", sa.Integer, nullable=True),
        sa.Column("row_version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.Column("submitted_at", sa.String(27), nullable=True),
        sa.Column("decided_at", sa.String(27), nullable=True),
        sa.Column("released_at", sa.String(27), nullable=True),
        sa.Column("reason", sa.Text, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_egress_requests"),
        sa.UniqueConstraint("draft_id", name="uq_egress_requests_draft_id"),
    )
    op.create_index(
        "ix_egress_requests_status_submitted_at", "egress_requests", ["status", "submitted_at"]
    )
    op.create_index(
        "ix_egress_requests_author_created_at", "egress_requests", ["author", "created_at"]
    )


def _create_files() -> None:
    op.create_table(
        "egress_files",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("request_id", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("path_key", sa.Text, nullable=False),
        sa.Column("filetype", sa.String(12), nullable=False),
        sa.Column("original_sha256", sa.String(64), nullable=False),
        sa.Column("original_bytes", sa.Integer, nullable=False),
        sa.Column("cleaned_sha256", sa.String(64), nullable=True),
        sa.Column("cleaned_bytes", sa.Integer, nullable=True),
        sa.Column("media_type", sa.String(80), nullable=True),
        sa.Column("kind", sa.String(12), nullable=True),
        sa.Column("cleaner", sa.String(80), nullable=True),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("refusal", sa.Text, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_egress_files"),
        sa.UniqueConstraint("request_id", "path_key", name="uq_egress_files_request_id"),
        sa.ForeignKeyConstraint(
            ["request_id"], ["egress_requests.id"], name="fk_egress_files_request_id"
        ),
    )


def _create_reviews_and_votes() -> None:
    op.create_table(
        "egress_reviews",
        sa.Column("request_id", sa.String(40), nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("reviewer", sa.String(32), nullable=False),
        sa.Column("started_at", sa.String(27), nullable=False),
        sa.Column("submitted_at", sa.String(27), nullable=True),
        sa.Column("audit_sequence", sa.Integer, nullable=True),
        sa.PrimaryKeyConstraint("request_id", "turn", "reviewer", name="pk_egress_reviews"),
        sa.ForeignKeyConstraint(
            ["request_id"], ["egress_requests.id"], name="fk_egress_reviews_request_id"
        ),
    )
    op.create_table(
        "egress_votes",
        sa.Column("file_id", sa.String(40), nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("reviewer", sa.String(32), nullable=False),
        sa.Column("request_id", sa.String(40), nullable=False),
        sa.Column("value", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("cast_at", sa.String(27), nullable=False),
        sa.Column("audit_sequence", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("file_id", "turn", "reviewer", name="pk_egress_votes"),
        sa.ForeignKeyConstraint(["file_id"], ["egress_files.id"], name="fk_egress_votes_file_id"),
        sa.ForeignKeyConstraint(
            ["request_id"], ["egress_requests.id"], name="fk_egress_votes_request_id"
        ),
    )
    op.create_index("ix_egress_votes_request_id_turn", "egress_votes", ["request_id", "turn"])


def downgrade() -> None:
    raise NotImplementedError("what was released is never forgotten")
