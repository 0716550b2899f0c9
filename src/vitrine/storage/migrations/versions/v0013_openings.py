"""What checkers have opened, for the rule that nobody approves what is not seen.

What was opened before is read out of the audit log, which has every look into a file.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013_openings"
down_revision = "0012_incidents"
branch_labels = None
depends_on = None


def upgrade() -> None:
    openings = op.create_table(
        "egress_openings",
        sa.Column("request_id", sa.String(40), nullable=False),
        sa.Column("reviewer", sa.String(32), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("file_id", sa.String(40), nullable=False),
        sa.Column("opened_at", sa.String(27), nullable=False),
        sa.Column("audit_sequence", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("request_id", "reviewer", "sha256", name="pk_egress_openings"),
        sa.ForeignKeyConstraint(
            ["request_id"], ["egress_requests.id"], name="fk_egress_openings_request_id"
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["egress_files.id"], name="fk_egress_openings_file_id"
        ),
    )
    rows = _opened_before(op.get_bind())
    if rows:
        op.bulk_insert(openings, rows)


def _opened_before(connection: sa.Connection) -> list[dict[str, Any]]:
    files = {
        row.id: row.request_id
        for row in connection.execute(sa.text("SELECT id, request_id FROM egress_files"))
    }
    views = sa.text(
        "SELECT sequence, at, actor, subject, detail FROM audit_log "
        "WHERE event = 'file_viewed' AND actor LIKE 'person:%' ORDER BY sequence"
    )
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in connection.execute(views):
        detail = json.loads(row.detail)
        file_id, sha256 = detail.get("file"), detail.get("sha256")
        request_id = row.subject.removeprefix("request:")
        if not sha256 or files.get(file_id) != request_id or detail.get("view") == "changes":
            continue
        reviewer = row.actor.removeprefix("person:")
        found.setdefault(
            (request_id, reviewer, sha256),
            {
                "request_id": request_id,
                "reviewer": reviewer,
                "sha256": sha256,
                "file_id": file_id,
                "opened_at": row.at,
                "audit_sequence": row.sequence,
            },
        )
    return list(found.values())


def downgrade() -> None:
    raise NotImplementedError("restore a backup to go back to an older version")
