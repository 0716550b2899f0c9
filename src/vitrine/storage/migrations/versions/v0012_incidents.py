"""Reported disclosures, which freeze a request until they are closed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012_incidents"
down_revision = "0011_notices"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("egress_requests", sa.Column("frozen_at", sa.String(27), nullable=True))
    op.create_table(
        "egress_incidents",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("request_id", sa.String(40), nullable=False),
        sa.Column("file_id", sa.String(40), nullable=True),
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("reported_by", sa.String(32), nullable=False),
        sa.Column("reported_at", sa.String(27), nullable=False),
        sa.Column("closed_by", sa.String(64), nullable=True),
        sa.Column("closed_at", sa.String(27), nullable=True),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_egress_incidents"),
        sa.ForeignKeyConstraint(
            ["request_id"], ["egress_requests.id"], name="fk_egress_incidents_request_id"
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["egress_files.id"], name="fk_egress_incidents_file_id"
        ),
    )
    op.create_index("ix_egress_incidents_request_id", "egress_incidents", ["request_id"])
    op.create_index("ix_egress_incidents_closed_at", "egress_incidents", ["closed_at"])


def downgrade() -> None:
    raise NotImplementedError("restore a backup to go back to an older version")
