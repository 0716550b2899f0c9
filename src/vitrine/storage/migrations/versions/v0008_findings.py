"""What the checks found, and the policy that they were given."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008_findings"
down_revision = "0007_review"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "projects", sa.Column("disclosure", sa.Text, nullable=False, server_default="acro")
    )
    op.add_column("egress_requests", sa.Column("disclosure", sa.String(80), nullable=True))
    op.create_table(
        "egress_findings",
        sa.Column("file_id", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("request_id", sa.String(40), nullable=False),
        sa.Column("check_name", sa.String(40), nullable=False),
        sa.Column("check_version", sa.Integer, nullable=False),
        sa.Column("severity", sa.String(8), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("locations", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("file_id", "position", name="pk_egress_findings"),
        sa.ForeignKeyConstraint(
            ["file_id"], ["egress_files.id"], name="fk_egress_findings_file_id"
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["egress_requests.id"], name="fk_egress_findings_request_id"
        ),
    )
    op.create_index("ix_egress_findings_request_id", "egress_findings", ["request_id"])


def downgrade() -> None:
    raise NotImplementedError("restore a backup to go back to an older version")
