"""A page's connection to a kernel, with bounded memory and no request left unanswered."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from uuid import uuid4

from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from tornado.websocket import WebSocketClosedError

from vitrine.session.lab.buffer import is_new
from vitrine.session.lab.gate import AWAY_AFTER_S, GateProblem, gate
from vitrine.session.lab.prints import Prints, is_print
from vitrine.session.lab.unconfirmed import Unconfirmed

_HIGH_WATER: Final = 1 << 20
"""What waits here is drawn before a page shows that a cell was interrupted, so it is little."""
_LOW_WATER: Final = 256 << 10
_LOOK_PAUSE_S: Final = 0.02
AWAY_MEANWHILE: Final = (
    "the gate of this session is away: what runs goes on, and its output follows when it is back"
)
_WAITING_LIMIT: Final = 1000
"""Requests of one page that may wait for a gate that is away; more are answered at once."""
LOST_WITH_THE_GATE: Final = (
    "this was not executed: the gate was restarted as it was sent; run it again"
)
TOO_MANY_WAIT: Final = (
    "this was not executed: too much waits for the gate of this session, which is away; "
    "run it again when it is back"
)
_DELIMITER: Final = b"<IDS|MSG>"
_PROTOCOL: Final = "v1.kernel.websocket.jupyter.org"


class BoundedConnection(ZMQChannelsWebsocketConnection):
    """Jupyter Server's connection, which stops reading outputs while the page cannot take them.

    It also remembers what the page asked, so that a request which died with a gate is answered,
    and what the page may not have received, so that it finds it when it comes back.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._is_holding = False
        self._is_ended = False
        self._will_say_away = False
        self._prints = Prints(partial(self._write, "iopub"), lambda parts: self.session.sign(parts))
        self._unconfirmed = Unconfirmed(self._ping)
        self._listen_to_pongs()
        gate().on_restart.append(self._ask_what_is_known)
        gate().on_away.append(self._say_away)

    @property
    def _asked(self) -> dict[str, Any]:
        """Requests without a reply, of this page before it reconnected too."""
        asked: dict[str, Any] = self.multi_kernel_manager.asked.setdefault(self.session_key, {})
        return asked

    def disconnect(self) -> None:
        """End the connection and forget it."""
        self._is_ended = True
        unsaid = [*self._unconfirmed.withdraw()]
        unsaid += [("iopub", frames) for frames in self._prints.withdraw()]
        for callbacks, own in (
            (gate().on_restart, self._ask_what_is_known),
            (gate().on_away, self._say_away),
        ):
            if own in callbacks:
                callbacks.remove(own)
        super().disconnect()
        self.multi_kernel_manager.keep_unsaid(self.kernel_id, self.session_key, unsaid)
        if self.kernel_id not in self.multi_kernel_manager:
            self.multi_kernel_manager.asked.pop(self.session_key, None)

    def nudge(self) -> Any:
        """Wait until outputs arrive; those that show it are passed on, not swallowed."""
        outputs, kept = self.channels["iopub"], []
        listen = outputs.on_recv

        def listen_and_keep(callback: Any, copy: bool = True) -> None:
            def keep(frames: Any) -> None:
                kept.append(frames)
                callback(frames)

            listen(keep if callback is not None else None, copy)

        outputs.on_recv = listen_and_keep
        try:
            connected = super().nudge()
        finally:
            del outputs.on_recv
        connected.add_done_callback(lambda _: asyncio.get_running_loop().call_soon(pass_on))

        def pass_on() -> None:
            for frames in kept:
                if is_new(outputs, frames) and not self._is_ended:
                    self._show(outputs, frames)
            self._ask_what_is_known()  # a gate may have restarted while the page was away

        return connected

    def handle_outgoing_message(self, stream: Any, outgoing_msg: Any) -> None:
        """Pass a message of the kernel on, unless this page has had it."""
        if isinstance(stream, str) or is_new(stream, outgoing_msg):
            self._show(stream, outgoing_msg)

    def _show(self, stream: Any, frames: Any) -> None:
        # What an earlier page missed comes on another channel: see OfflineBuffer.
        if getattr(stream, "channel", stream) == "iopub" and is_print(frames):
            self._prints.take(frames)
        else:
            self._prints.flush()
            self._write(stream, frames)

    def _write(self, stream: Any, frames: Any) -> None:
        self._unconfirmed.add(getattr(stream, "channel", stream), frames)
        with suppress(WebSocketClosedError):  # the page finds it when it comes back
            super().handle_outgoing_message(stream, frames)
        self._unconfirmed.ask()

    def _ping(self, data: bytes) -> None:
        with suppress(WebSocketClosedError):
            self.websocket_handler.ping(data)

    def _listen_to_pongs(self) -> None:
        listening = self.websocket_handler.on_pong

        def on_pong(data: bytes) -> None:
            listening(data)
            self._unconfirmed.confirm(data)

        self.websocket_handler.on_pong = on_pong

    # -- outputs ---------------------------------------------------------------------------

    def _on_zmq_reply(self, stream: Any, msg_list: Any) -> None:
        super()._on_zmq_reply(stream, msg_list)
        if getattr(stream, "channel", "") == "shell" and isinstance(msg_list, list):
            self._forget(msg_list)
        if not self._is_holding and self._unsent() > _HIGH_WATER:
            self._hold()

    def _unsent(self) -> int:
        connection = getattr(self.websocket_handler, "ws_connection", None)
        stream = getattr(connection, "stream", None)
        return len(stream._write_buffer) if stream is not None else 0

    def _hold(self) -> None:
        outputs = self.channels.get("iopub")
        if outputs is None or outputs.closed():
            return
        self._is_holding = True
        outputs.stop_on_recv()
        asyncio.get_running_loop().call_later(_LOOK_PAUSE_S, self._look_again)

    def _look_again(self) -> None:
        outputs = self.channels.get("iopub")
        if self._is_ended or outputs is None or outputs.closed():
            return
        if self._unsent() > _LOW_WATER:
            asyncio.get_running_loop().call_later(_LOOK_PAUSE_S, self._look_again)
            return
        self._is_holding = False
        outputs.on_recv_stream(self.handle_outgoing_message)

    # -- requests that a gate took with it -------------------------------------------------

    def handle_incoming_message(self, incoming_msg: Any) -> None:
        """Remember what is asked, then pass it on."""
        if self.subprotocol == _PROTOCOL:
            channel, parts = deserialize_msg_from_ws_v1(incoming_msg)
            if channel == "shell" and parts and not self._may_wait(bytes(parts[0])):
                return
        super().handle_incoming_message(incoming_msg)

    def _may_wait(self, header_bytes: bytes) -> bool:
        """Remember a request; False when too many wait and it was answered instead."""
        try:
            header = json.loads(header_bytes)
        except ValueError:
            return True
        if not isinstance(header, dict) or not str(header.get("msg_type")).endswith("_request"):
            return True
        if not gate().is_connected:
            if len(self._asked) >= _WAITING_LIMIT:
                self._answer(header, TOO_MANY_WAIT)
                return False
            if not self._will_say_away:
                self._will_say_away = True
                asyncio.get_running_loop().call_later(AWAY_AFTER_S, self._say_away)
        self._asked[str(header.get("msg_id"))] = header
        return True

    def _forget(self, parts: list[Any]) -> None:
        try:
            parent = json.loads(bytes(parts[1]))
        except (ValueError, IndexError):
            return
        if isinstance(parent, dict):
            self._asked.pop(str(parent.get("msg_id")), None)

    def _ask_what_is_known(self) -> None:
        if self._asked:
            task = asyncio.ensure_future(self._give_up(dict(self._asked)))
            task.add_done_callback(lambda done: done.exception())

    async def _give_up(self, asked: dict[str, dict[str, Any]]) -> None:
        """Answer what died with the gate, which executes none of it if it arrives after all."""
        await asyncio.sleep(1.0)  # what ZMQ kept while the gate was away arrives first
        fields = {"kernel_id": self.kernel_id, "msg_ids": list(asked)}
        known: list[Any] = []
        try:
            fact, _ = await gate().call("kernel.give_up", fields)
            known = fact.get("known", [])
        except GateProblem as problem:
            if problem.code != "refused":
                return
        if self._is_ended:
            return  # the page asks again when it comes back
        for msg_id, header in asked.items():
            if msg_id not in known and msg_id in self._asked:
                del self._asked[msg_id]
                self._answer(header, LOST_WITH_THE_GATE)

    def _answer(self, header: dict[str, Any], sentence: str) -> None:
        content = {"status": "error", "ename": "Vitrine", "evalue": sentence,
                   "traceback": [sentence], "execution_count": None}  # fmt: skip
        if header["msg_type"] == "execute_request":
            self._say("iopub", "error", header, content)
        reply = str(header["msg_type"]).replace("_request", "_reply")
        self._say("shell", reply, header, content)
        self._say("iopub", "status", header, {"execution_state": "idle"})

    def _say_away(self) -> None:
        self._will_say_away = False
        if gate().is_connected or self._is_ended:
            return
        text = f"[vitrine] {AWAY_MEANWHILE}\n"
        for header in self._asked.values():
            if header["msg_type"] == "execute_request" and not header.get("is_told"):
                self._say("iopub", "stream", header, {"name": "stderr", "text": text})
                header["is_told"] = True

    def _say(self, channel: str, msg_type: str, parent: Any, content: Any) -> None:
        header = {
            "msg_id": uuid4().hex,
            "msg_type": msg_type,
            "username": "gate",
            "session": self.session.session,
            "date": datetime.now(UTC).isoformat(),
            "version": "5.4",
        }
        parts = [json.dumps(part).encode() for part in (header, parent, {}, content)]
        frames = [msg_type.encode(), _DELIMITER, self.session.sign(parts), *parts]
        self._write(channel, frames)
