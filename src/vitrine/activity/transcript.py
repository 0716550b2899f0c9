"""A journal in words: one line for each record, or a script that opens as a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from vitrine.activity.record import Record


class Line(NamedTuple):
    """What one record says to a reader."""

    what: str
    text: str


def line_of(record: Record) -> Line:
    """One record as a word and one line: the first line of the code, the file, the reason."""
    body = record.body
    match record.kind:
        case "in":
            return _inward(body)
        case "out":
            return Line("output", f"{body.get('type', '?')}, {_size(body)}")
        case "rpc":
            size = f" ({_size(body)})" if "size" in body else ""
            return Line("file", f"{body.get('verb', '?')} {body.get('path', '')}{size}")
        case "refused":
            request = f"{body.get('method', '')} {body.get('path', '')}".strip()
            return Line("refused", f"{request}: {body.get('reason', '')}")
        case "dropped":
            return Line("dropped", f"{body.get('count', 1)} outputs: {body.get('reason', '')}")
        case "answer":
            return Line("told", str(body.get("reason", "")))
        case "draft" | "share" | "receive" | "receive_failed" as kind:
            return _frozen(kind, body)
        case "kernel":
            code = f" with code {body['code']}" if "code" in body else ""
            return Line("kernel", f"{body.get('event', '?')}{code} {body.get('kernel', '')}")
        case "open":
            return Line("open", f"{body.get('person', '?')} in {body.get('project', '?')}")
        case kind:
            return Line(kind, str(body.get("reason", "")))


def _inward(body: Mapping[str, Any]) -> Line:
    msg_type = str(body.get("msg_type", "?"))
    content = body.get("content")
    content = content if isinstance(content, Mapping) else {}
    if msg_type == "execute_request":
        return Line("cell", _first_line(str(content.get("code", ""))))
    if msg_type == "input_reply":
        return Line("input", _first_line(str(content.get("value", ""))))
    if msg_type.startswith("comm_"):
        return Line("widget", f"{msg_type} {content.get('comm_id', '')}")
    if "code" in content:
        return Line("asked", f"{msg_type}: {_first_line(str(content['code']))}")
    return Line("asked", msg_type)


def _first_line(text: str) -> str:
    """The first line that is not empty, and how many lines follow."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return "(empty)"
    more = f"  (+{len(lines) - 1} lines)" if len(lines) > 1 else ""
    return lines[0] + more


def _frozen(kind: str, body: Mapping[str, Any]) -> Line:
    """What was frozen for export or for colleagues, or came from one."""
    name = body.get("draft_id" if kind == "draft" else "share_id", "?")
    if kind == "receive_failed":
        return Line("not received", f"{name}: {body.get('reason', '')}")
    files = body.get("files")
    count = f"{len(files) if isinstance(files, list) else 0} files"
    if kind == "receive":
        return Line("share received", f"{name} of {body.get('sender', '?')}, {count}")
    return Line(kind, f"{name}, {count}")


def _size(body: Mapping[str, Any]) -> str:
    size = body.get("size")
    return f"{size:,} bytes" if isinstance(size, int) else "? bytes"


def script(records: Iterable[Record]) -> Iterator[str]:
    """The journal as lines of a script in percent format, which Jupyter opens as a notebook.

    Code stands as it was run; everything else that happened stands in comments.
    """
    yield "# What was run, from the journal. The code is the researcher's, every word as executed."
    for record in records:
        content = record.body.get("content")
        is_cell = record.kind == "in" and record.body.get("msg_type") == "execute_request"
        if is_cell and isinstance(content, Mapping):
            yield f"\n# %% [{record.seq}] {record.at} kernel {record.body.get('kernel', '?')}"
            yield from str(content.get("code", "")).splitlines()
        else:
            line = line_of(record)
            yield f"# [{record.seq}] {record.at} {line.what}: {' '.join(line.text.split())}"
