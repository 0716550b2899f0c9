"""What a new worker learns from its predecessor's journal: requests that wait, outputs recorded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from vitrine.activity.record import decode
from vitrine.session.channels import CHANNELS
from vitrine.session.gate.marks import Past
from vitrine.session.gate.requests import Request

_KEPT: Final = 2000
_TAIL_BYTES: Final = 64 << 20
_KINDS: Final = tuple(
    f'"kind":"{kind}"'.encode() for kind in ("in", "out", "kernel", "dropped", "answer")
)


@dataclass(slots=True)
class _Kernel:
    requests: OrderedDict[str, Request] = field(default_factory=OrderedDict)
    recorded: int = 0

    def learn(self, kind: str, body: Any) -> None:
        if kind == "in":
            request = _request(body)
            self.requests[request.msg_id] = request
            while len(self.requests) > _KEPT:
                self.requests.popitem(last=False)
        elif kind == "kernel":
            # A new process, or its end, answers whatever waited for the old one.
            self._settle_all()
            self.recorded = int(body.get("number", 0))
        else:
            self.recorded = max(self.recorded, int(body.get("number", 0)))
            if kind == "answer" or str(body.get("type", "")).endswith("_reply"):
                answered = self.requests.get(str(body.get("parent", "")))
                if answered is not None:
                    answered.is_open = False

    def _settle_all(self) -> None:
        for request in self.requests.values():
            request.is_open = False


def pasts(journal: Path) -> dict[str, Past]:
    """Per kernel id what the newest part of the journal says about it."""
    kernels: dict[str, _Kernel] = {}
    for line in _tail(journal):
        if any(kind in line[:120] for kind in _KINDS):
            record = decode(line)
            kernel_id = str(record.body.get("kernel", ""))
            kernels.setdefault(kernel_id, _Kernel()).learn(record.kind, record.body)
    return {
        kernel_id: Past(tuple(kernel.requests.values()), kernel.recorded)
        for kernel_id, kernel in kernels.items()
    }


def _tail(journal: Path) -> Iterator[bytes]:
    size = journal.stat().st_size
    with open(journal, "rb") as lines:
        if size > _TAIL_BYTES:
            lines.seek(size - _TAIL_BYTES)
            lines.readline()
        yield from lines


def _request(body: Any) -> Request:
    msg_type = str(body["msg_type"])
    return Request(
        msg_id=str(body["msg_id"]),
        channel=CHANNELS.index(str(body["channel"])),
        route=bytes.fromhex(str(body["route"])),
        msg_type=msg_type,
        header=str(body["header"]).encode(),
        is_open=msg_type.endswith("_request"),
        is_forwarded=True,
    )
