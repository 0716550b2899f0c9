"""Turns with their clock and their place in the queue, notices, addresses for mail.

The turns of requests that are there already are read out of the audit log, which has every
submission and every decision; the clock of those under review is given two working days.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011_notices"
down_revision = "0010_resubmission"
branch_labels = None
depends_on = None

TABLES = ("egress_turns", "egress_notices")
_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"
_OUTCOMES = {
    "request_approved": "APPROVED",
    "request_returned": "RETURNED",
    "request_rejected": "REJECTED",
}


def upgrade() -> None:
    turns = op.create_table(
        "egress_turns",
        sa.Column("request_id", sa.String(40), nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("project", sa.String(32), nullable=False),
        sa.Column("author", sa.String(32), nullable=False),
        sa.Column("submitted_at", sa.String(27), nullable=False),
        sa.Column("due_at", sa.String(27), nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("outputs", sa.Integer, nullable=False),
        sa.Column("output_bytes", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.String(27), nullable=True),
        sa.Column("outcome", sa.String(20), nullable=True),
        sa.Column("reason_code", sa.String(24), nullable=True),
        sa.PrimaryKeyConstraint("request_id", "turn", name="pk_egress_turns"),
        sa.ForeignKeyConstraint(
            ["request_id"], ["egress_requests.id"], name="fk_egress_turns_request_id"
        ),
    )
    rows = _turns_of_old_requests(op.get_bind())
    if rows:
        op.bulk_insert(turns, rows)
    is_over = sa.text("ended_at IS NOT NULL")
    op.create_index(
        "ix_egress_turns_ended_at",
        "egress_turns",
        ["ended_at"],
        sqlite_where=is_over,
        postgresql_where=is_over,
    )
    is_open = sa.text("ended_at IS NULL")
    for name, columns in (
        ("due", ["due_at"]),
        ("age", ["submitted_at"]),
        ("size", ["output_bytes"]),
        ("priority", ["priority", "due_at"]),
    ):
        op.create_index(
            f"ix_egress_turns_waiting_{name}",
            "egress_turns",
            [*columns, "request_id"],
            sqlite_where=is_open,
            postgresql_where=is_open,
        )

    _make_notices()
    op.add_column("accounts", sa.Column("mail", sa.Text, nullable=False, server_default=""))
    op.create_index(
        "ix_egress_reviews_reviewer_submitted_at", "egress_reviews", ["reviewer", "submitted_at"]
    )


def _make_notices() -> None:
    op.create_table(
        "egress_notices",
        sa.Column("request_id", sa.String(40), nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("recipient", sa.String(32), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("due_at", sa.String(27), nullable=True),
        sa.Column("created_at", sa.String(27), nullable=False),
        sa.Column("read_at", sa.String(27), nullable=True),
        sa.Column("send_at", sa.String(27), nullable=True),
        sa.Column("sent_at", sa.String(27), nullable=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint(
            "request_id", "turn", "kind", "recipient", name="pk_egress_notices"
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["egress_requests.id"], name="fk_egress_notices_request_id"
        ),
    )
    op.create_index(
        "ix_egress_notices_recipient_created_at", "egress_notices", ["recipient", "created_at"]
    )
    for name, column, where in (
        ("unread", "recipient", "read_at IS NULL"),
        ("unsent", "send_at", "send_at IS NOT NULL"),
    ):
        is_in = sa.text(where)
        op.create_index(
            f"ix_egress_notices_{name}",
            "egress_notices",
            [column],
            sqlite_where=is_in,
            postgresql_where=is_in,
        )


def _turns_of_old_requests(connection: sa.Connection) -> list[dict[str, Any]]:
    requests = {
        row.id: row
        for row in connection.execute(
            sa.text(
                "SELECT r.id, r.project, r.author, count(f.id) AS outputs, "
                "coalesce(sum(f.original_bytes), 0) AS output_bytes FROM egress_requests r "
                "LEFT JOIN egress_files f ON f.request_id = r.id AND f.filetype = 'output' "
                "GROUP BY r.id, r.project, r.author"
            )
        )
    }
    said = connection.execute(
        sa.text(
            "SELECT at, event, subject, detail FROM audit_log WHERE event IN ('request_submitted', "
            "'request_approved', 'request_returned', 'request_rejected') ORDER BY sequence"
        )
    )
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for row in said:
        detail = json.loads(row.detail)
        request = requests.get(row.subject.partition(":")[2])
        if request is None:
            continue
        key = (request.id, detail["turn"])
        if row.event == "request_submitted":
            found[key] = {
                "request_id": request.id,
                "turn": detail["turn"],
                "project": request.project,
                "author": request.author,
                "submitted_at": row.at,
                "due_at": _due(row.at),
                "priority": 1,
                "outputs": request.outputs,
                "output_bytes": int(request.output_bytes),
                "ended_at": None,
                "outcome": None,
                "reason_code": None,
            }
        elif key in found:
            code = None if row.event == "request_approved" else detail.get("code")
            outcome = _OUTCOMES[row.event]
            found[key].update(ended_at=row.at, outcome=outcome, reason_code=code)
    return list(found.values())


def _due(submitted_at: str) -> str:
    moment, left = datetime.strptime(submitted_at, _TIME), 2
    while left:
        moment += timedelta(days=1)
        left -= moment.weekday() < 5
    return moment.strftime(_TIME)


def downgrade() -> None:
    raise NotImplementedError("restore a backup to go back to an older version")
