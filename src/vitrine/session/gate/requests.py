"""The lab's requests of one kernel: where each reply goes, and which still wait for theirs."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_KEPT: Final = 4096


@dataclass(slots=True)
class Request:
    """A request of the lab.

    `is_open` until it is answered; comm messages and input replies are never answered, so they
    are never open. `is_forwarded` once it was given to the agent, by this worker or an earlier.
    """

    msg_id: str
    channel: int
    route: bytes
    msg_type: str
    header: bytes
    is_open: bool = False
    is_forwarded: bool = False


class RequestBook:
    """The newest requests by message id; the oldest are forgotten first, open ones last."""

    def __init__(self, requests: Iterable[Request] = ()) -> None:
        self._known: OrderedDict[str, Request] = OrderedDict()
        self._open: OrderedDict[str, Request] = OrderedDict()
        self._given_up: OrderedDict[str, None] = OrderedDict()
        for request in requests:
            self._known[request.msg_id] = request
            if request.is_open:
                self._open[request.msg_id] = request

    def __contains__(self, msg_id: str) -> bool:
        return msg_id in self._known or msg_id in self._open

    @property
    def open_count(self) -> int:
        """How many wait for their reply."""
        return len(self._open)

    def opened(self) -> list[Request]:
        """Those that wait for their reply, oldest first."""
        return list(self._open.values())

    def get(self, msg_id: str) -> Request | None:
        """The request of that id."""
        return self._known.get(msg_id) or self._open.get(msg_id)

    def add(self, request: Request) -> None:
        """Remember a request; it is open when its type asks for a reply."""
        request.is_open = request.msg_type.endswith("_request")
        self._known[request.msg_id] = request
        if request.is_open:
            self._open[request.msg_id] = request
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)

    def give_up(self, msg_ids: Iterable[str]) -> list[str]:
        """Those that have arrived; the others are answered elsewhere and must not be executed."""
        arrived = []
        for msg_id in msg_ids:
            if msg_id in self:
                arrived.append(msg_id)
            else:
                self._given_up[msg_id] = None
        while len(self._given_up) > _KEPT:
            self._given_up.popitem(last=False)
        return arrived

    def is_given_up(self, msg_id: str) -> bool:
        """Whether somebody else has answered that request, which arrives too late."""
        return msg_id in self._given_up

    def settle(self, request: Request) -> bool:
        """Whether the request was open until now; from now on it is answered."""
        was_open, request.is_open = request.is_open, False
        if self._open.get(request.msg_id) is request:
            del self._open[request.msg_id]
        return was_open
