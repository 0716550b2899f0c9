"""Datasets and their versions; projects, their members and their datasets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_catalogue_projects"
down_revision = "0001_cellar"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _catalogue()
    op.create_table(
        "projects",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("expires_at", sa.Text, nullable=False),
        sa.Column("reviewers_required", sa.Integer, nullable=False),
        sa.Column("allow_same_project_review", sa.Boolean, nullable=False),
        sa.Column("memory_mb", sa.Integer, nullable=True),
        sa.Column("cpus", sa.Float, nullable=True),
        sa.Column("pids", sa.Integer, nullable=True),
        sa.Column("tmp_mb", sa.Integer, nullable=True),
        sa.Column("workspace_mb", sa.Integer, nullable=True),
        sa.Column("max_hours", sa.Integer, nullable=True),
        sa.Column("export_file_mb", sa.Integer, nullable=True),
        sa.Column("export_request_mb", sa.Integer, nullable=True),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
    )
    op.create_table(
        "project_members",
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("added_at", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("project", "person", name="pk_project_members"),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name="fk_project_members_project"),
        sa.ForeignKeyConstraint(["person"], ["accounts.name"], name="fk_project_members_person"),
    )
    op.create_table(
        "project_datasets",
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("dataset", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("project", "dataset", name="pk_project_datasets"),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name="fk_project_datasets_project"),
        sa.ForeignKeyConstraint(["dataset"], ["datasets.name"], name="fk_project_datasets_dataset"),
    )


def _catalogue() -> None:
    op.create_table(
        "datasets",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_datasets"),
    )
    op.create_table(
        "dataset_versions",
        sa.Column("dataset", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("n_patients", sa.Integer, nullable=False),
        sa.Column("n_series", sa.Integer, nullable=False),
        sa.Column("n_instances", sa.Integer, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("manifest_sha256", sa.Text, nullable=False),
        sa.Column("baseline_sha256", sa.Text, nullable=False),
        sa.Column("published_at", sa.Text, nullable=False),
        sa.Column("published_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("dataset", "version", name="pk_dataset_versions"),
        sa.ForeignKeyConstraint(["dataset"], ["datasets.name"], name="fk_dataset_versions_dataset"),
    )


def downgrade() -> None:
    raise NotImplementedError("restore a backup to go back to an older version")
