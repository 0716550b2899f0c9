"""Files that take the places of others when a request came back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_resubmission"
down_revision = "0009_standing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("egress_files", sa.Column("replaces", sa.String(40), nullable=True))
    op.create_table(
        "egress_arrivals",
        sa.Column("draft_id", sa.String(40), nullable=False),
        sa.Column("request_id", sa.String(40), nullable=False),
        sa.Column("asked_at", sa.String(27), nullable=False),
        sa.Column("ended_at", sa.String(27), nullable=True),
        sa.PrimaryKeyConstraint("draft_id", "request_id", name="pk_egress_arrivals"),
        sa.ForeignKeyConstraint(
            ["request_id"], ["egress_requests.id"], name="fk_egress_arrivals_request_id"
        ),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["egress_requests.id"], name="fk_egress_arrivals_draft_id"
        ),
    )
    op.create_index("ix_egress_arrivals_ended_at", "egress_arrivals", ["ended_at"])


def downgrade() -> None:
    raise NotImplementedError("restore a backup to go back to an older version")
