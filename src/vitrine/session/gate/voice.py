"""What the gate itself says in a notebook: one sentence, below the cell that it is about."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Final

from vitrine.session.gate import messages
from vitrine.session.gate.outlet import Outlet
from vitrine.session.gate.requests import Request, RequestBook

_EMPTY: Final = b"{}"
_IDLE: Final = b'{"execution_state":"idle"}'


class Voice:
    """Signs what goes to the lab, and speaks in a kernel's place when the kernel cannot.

    Args:
        record: notes in the journal that a request, by its id, was answered with a sentence.
    """

    def __init__(
        self, key: bytes, book: RequestBook, outlet: Outlet, record: Callable[[str, str], None]
    ) -> None:
        self.signer = messages.Signer(key)
        self.session = f"gate-{secrets.token_hex(8)}"
        self.incarnation = 1
        self._book = book
        self._outlet = outlet
        self._record = record

    def topic(self, msg_type: str, number: int = 0) -> bytes:
        """What stands before a message: by its number the lab knows one that it has seen."""
        return f"{msg_type} {self.incarnation} {number}".encode()

    def answer(self, request: Request, sentence: str) -> None:
        """Answer a request: one sentence, then idle."""
        if self._book.settle(request):
            self._record(request.msg_id, sentence)
        if request.msg_type == "input_reply":
            self.note_open(sentence)
            return
        if request.msg_type == "execute_request":
            self._show(request.header, "error", messages.error_content(sentence))
        if request.msg_type.endswith("_request"):
            reply = request.msg_type.replace("_request", "_reply")
            header = messages.header_for(reply, self.session)
            content = messages.error_content(sentence)
            frames = self.signer.frames(header, request.header, _EMPTY, content)
            self._outlet.reply(request.channel, [request.route, self.topic(reply), *frames])
        self._show(request.header, "status", _IDLE)

    def note(self, msg_id: str, sentence: str, number: int = 0) -> None:
        """Show a sentence below the cell of a request."""
        request = self._book.get(msg_id)
        self._note(request.header if request else _EMPTY, sentence, number)

    def note_open(self, sentence: str) -> None:
        """Show a sentence below every cell that still runs."""
        for request in self._book.opened():
            if request.msg_type == "execute_request":
                self._note(request.header, sentence)

    def _note(self, parent: bytes, sentence: str, number: int = 0) -> None:
        content = json.dumps({"name": "stderr", "text": f"[vitrine] {sentence}\n"}).encode()
        self._show(parent, "stream", content, number)

    def _show(self, parent: bytes, msg_type: str, content: bytes, number: int = 0) -> None:
        header = messages.header_for(msg_type, self.session)
        frames = self.signer.frames(header, parent, _EMPTY, content)
        self._outlet.publish([self.topic(msg_type, number), *frames], len(content), number)
