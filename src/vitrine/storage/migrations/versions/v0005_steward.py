"""How far the steward got with each of its duties."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005_steward"
down_revision = "0004_egress"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "steward_marks",
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_steward_marks"),
    )


def downgrade() -> None:
    op.drop_table("steward_marks")
