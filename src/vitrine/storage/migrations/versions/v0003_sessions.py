"""Workspaces, each given to one person in one project for ever, and sessions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_sessions"
down_revision = "0002_catalogue_projects"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "workspaces",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workspaces"),
        sa.UniqueConstraint("person", "project", name="uq_workspaces_person"),
        sa.ForeignKeyConstraint(["person"], ["accounts.name"], name="fk_workspaces_person"),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name="fk_workspaces_project"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("workspace_id", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("datasets", sa.Text, nullable=False),
        sa.Column("requested_at", sa.Text, nullable=False),
        sa.Column("running_at", sa.Text, nullable=True),
        sa.Column("ended_at", sa.Text, nullable=True),
        sa.Column("expires_at", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=True),
        sa.Column("stop_requested", sa.Text, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.ForeignKeyConstraint(["person"], ["accounts.name"], name="fk_sessions_person"),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name="fk_sessions_project"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_sessions_workspace_id"
        ),
    )
    # One open session for each workspace, whatever two Hubs believe.
    op.create_index(
        "uq_sessions_open",
        "sessions",
        ["workspace_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'ended'"),
        postgresql_where=sa.text("state <> 'ended'"),
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup to go back to an older version")
