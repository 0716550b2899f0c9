"""What members of a project share with each other, and who received it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006_sharing"
down_revision = "0005_steward"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shares",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("session_id", sa.Text, nullable=False),
        sa.Column("shared_at", sa.Text, nullable=False),
        sa.Column("expires_at", sa.Text, nullable=False),
        sa.Column("files", sa.Integer, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("manifest_sha256", sa.String(64), nullable=False),
        sa.Column("removed_at", sa.Text, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_shares"),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name="fk_shares_project"),
        sa.ForeignKeyConstraint(["sender"], ["accounts.name"], name="fk_shares_sender"),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name="fk_shares_session_id"),
    )
    op.create_table(
        "share_receipts",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("share_id", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("session_id", sa.Text, nullable=False),
        sa.Column("received_at", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_share_receipts"),
        sa.ForeignKeyConstraint(["share_id"], ["shares.id"], name="fk_share_receipts_share_id"),
        sa.ForeignKeyConstraint(["person"], ["accounts.name"], name="fk_share_receipts_person"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name="fk_share_receipts_session_id"
        ),
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup to go back to an older version")
