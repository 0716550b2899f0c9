"""Exceptions to what checks block, and the warnings that checkers accepted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009_standing"
down_revision = "0008_findings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "egress_exceptions",
        sa.Column("file_id", sa.String(40), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("request_id", sa.String(40), nullable=False),
        sa.Column("checks", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("asked_at", sa.String(27), nullable=False),
        sa.Column("decided_by", sa.String(32), nullable=True),
        sa.Column("decided_at", sa.String(27), nullable=True),
        sa.Column("is_granted", sa.Integer, nullable=True),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("audit_sequence", sa.Integer, nullable=True),
        sa.PrimaryKeyConstraint("file_id", "sha256", name="pk_egress_exceptions"),
        sa.ForeignKeyConstraint(
            ["file_id"], ["egress_files.id"], name="fk_egress_exceptions_file_id"
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["egress_requests.id"], name="fk_egress_exceptions_request_id"
        ),
    )
    op.create_index("ix_egress_exceptions_request_id", "egress_exceptions", ["request_id"])
    op.create_index("ix_egress_exceptions_is_granted", "egress_exceptions", ["is_granted"])
    op.create_table(
        "egress_accepted",
        sa.Column("request_id", sa.String(40), nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("reviewer", sa.String(32), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("code", sa.String(24), nullable=False),
        sa.Column("accepted_at", sa.String(27), nullable=False),
        sa.Column("audit_sequence", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("request_id", "turn", "reviewer", "key", name="pk_egress_accepted"),
        sa.ForeignKeyConstraint(
            ["request_id"], ["egress_requests.id"], name="fk_egress_accepted_request_id"
        ),
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup to go back to an older version")
