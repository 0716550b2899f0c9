"""Review seats with a lease, reason codes, comments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007_review"
down_revision = "0006_sharing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("egress_requests", sa.Column("reason_code", sa.String(24), nullable=True))
    op.add_column("egress_votes", sa.Column("reason_code", sa.String(24), nullable=True))
    # A seat taken before there were leases has lapsed: whoever holds it takes it again.
    op.add_column(
        "egress_reviews",
        sa.Column(
            "lease_until",
            sa.String(27),
            nullable=False,
            server_default="2000-01-01T00:00:00.000000Z",
        ),
    )
    op.create_table(
        "egress_comments",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("request_id", sa.String(40), nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("author", sa.String(32), nullable=False),
        sa.Column("file_id", sa.String(40), nullable=True),
        sa.Column("anchor", sa.Text, nullable=False),
        sa.Column("visibility", sa.String(8), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_egress_comments"),
        sa.ForeignKeyConstraint(
            ["request_id"], ["egress_requests.id"], name="fk_egress_comments_request_id"
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["egress_files.id"], name="fk_egress_comments_file_id"
        ),
    )
    op.create_index("ix_egress_comments_request_id", "egress_comments", ["request_id"])


def downgrade() -> None:
    raise NotImplementedError("restore a backup to go back to an older version")
