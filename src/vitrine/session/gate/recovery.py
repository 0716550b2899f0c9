"""What a new worker learns from its predecessor's journal: which requests still wait."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any, Final

from vitrine.activity.record import Record, decode
from vitrine.session.channels import CHANNELS
from vitrine.session.gate.relay import Request

_KEPT: Final = 2000


def open_requests(journal: Path) -> dict[str, list[tuple[str, Request]]]:
    """Per kernel id the recorded requests in order; those without a reply are still open."""
    kernels: dict[str, OrderedDict[str, Request]] = {}
    with open(journal, "rb") as lines:
        for line in lines:
            if b'"kind":"in"' in line or b'"kind":"out"' in line or b'"kind":"kernel"' in line:
                _learn(kernels, decode(line))
    return {kernel_id: list(requests.items()) for kernel_id, requests in kernels.items()}


def _learn(kernels: dict[str, OrderedDict[str, Request]], record: Record) -> None:
    body = record.body
    requests = kernels.setdefault(str(body.get("kernel", "")), OrderedDict())
    if record.kind == "in":
        requests[str(body["msg_id"])] = _request(body)
        while len(requests) > _KEPT:
            requests.popitem(last=False)
    elif record.kind == "kernel":
        # A new process, or its end, answers whatever waited for the old one.
        for request in requests.values():
            request.is_open = False
    elif str(body.get("type", "")).endswith("_reply"):
        answered = requests.get(str(body.get("parent", "")))
        if answered is not None:
            answered.is_open = False


def _request(body: Any) -> Request:
    msg_type = str(body["msg_type"])
    return Request(
        channel=CHANNELS.index(str(body["channel"])),
        route=bytes.fromhex(str(body["route"])),
        msg_type=msg_type,
        header=str(body["header"]).encode(),
        is_open=msg_type.endswith("_request"),
    )
