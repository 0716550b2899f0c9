"""What a session did, in a few numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from vitrine.activity.record import Record
from vitrine.clock import parse_timestamp

_OUTPUT_TYPES: Final = frozenset(
    {"stream", "display_data", "update_display_data", "execute_result", "error"}
)
_CHANGING_VERBS: Final = frozenset({"save", "write", "append", "mkdir", "rename", "copy", "delete"})

_COUNTED_KINDS: Final[Mapping[str, str]] = {
    "draft": "drafts",
    "share": "shares",
    "receive": "receptions",
    "refused": "refusals",
    "recovered": "recoveries",
}
"""Kinds of records of which each adds one to a count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The counts of one session's journal."""

    session_id: str
    person: str
    project: str
    started_at: str
    last_at: str
    seconds: int
    records: int
    cells_run: int
    outputs: int
    output_bytes: int
    inputs_given: int
    widget_messages: int
    files_read: int
    files_changed: int
    kernel_starts: int
    drafts: int
    shares: int
    receptions: int
    refusals: int
    outputs_dropped: int
    recoveries: int
    is_closed: bool


def summary(records: Iterable[Record]) -> Summary:
    """Count what the records of one journal say."""
    counts: Counter[str] = Counter()
    opening: Mapping[str, Any] = {}
    first = last = None
    for record in records:
        first, last = first or record, record
        opening = record.body if record.seq == 1 else opening
        counts.update(_counted(record))
    started, ended = (first.at, last.at) if first and last else ("", "")
    return Summary(
        session_id=str(opening.get("session", "")),
        person=str(opening.get("person", "")),
        project=str(opening.get("project", "")),
        started_at=started,
        last_at=ended,
        seconds=_seconds(started, ended),
        records=last.seq if last else 0,
        cells_run=counts["cells_run"],
        outputs=counts["outputs"],
        output_bytes=counts["output_bytes"],
        inputs_given=counts["inputs_given"],
        widget_messages=counts["widget_messages"],
        files_read=counts["files_read"],
        files_changed=counts["files_changed"],
        kernel_starts=counts["kernel_starts"],
        drafts=counts["drafts"],
        shares=counts["shares"],
        receptions=counts["receptions"],
        refusals=counts["refusals"],
        outputs_dropped=counts["outputs_dropped"],
        recoveries=counts["recoveries"],
        is_closed=last is not None and last.kind == "close",
    )


def _counted(record: Record) -> dict[str, int]:
    """What one record adds to which counts."""
    body = record.body
    match record.kind:
        case "in":
            return _inward(str(body.get("msg_type", "")), body)
        case "out" if body.get("type") in _OUTPUT_TYPES:
            return {"outputs": 1, "output_bytes": _number(body.get("size"))}
        case "out" if body.get("channel") == "files":
            return {"files_read": 1}
        case "rpc" if body.get("verb") in _CHANGING_VERBS:
            return {"files_changed": 1}
        case "kernel" if body.get("event") == "start":
            return {"kernel_starts": 1}
        case "dropped":
            return {"outputs_dropped": _number(body.get("count")) or 1}
        case kind:
            return {_COUNTED_KINDS[kind]: 1} if kind in _COUNTED_KINDS else {}


def _inward(msg_type: str, body: Mapping[str, Any]) -> dict[str, int]:
    if msg_type == "execute_request":
        content = body.get("content")
        # A silent request still runs its code; one without code only asks for a reply.
        return {"cells_run": 1} if isinstance(content, Mapping) and content.get("code") else {}
    if msg_type == "input_reply":
        return {"inputs_given": 1}
    return {"widget_messages": 1} if msg_type.startswith("comm_") else {}


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _seconds(started: str, ended: str) -> int:
    try:
        return int((parse_timestamp(ended) - parse_timestamp(started)).total_seconds())
    except ValueError:
        return 0
