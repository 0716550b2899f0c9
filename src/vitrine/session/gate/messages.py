"""Kernel messages as the gate understands them: which may pass, and what form they leave in.

Pure. Nothing of a kernel's header is handed on unchecked: stock Jupyter trusts the parent header,
the session and the protocol version of what a kernel says, and one malformed frame wedges it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson

DELIMITER: Final = b"<IDS|MSG>"
PROTOCOL_VERSION: Final = "5.4"
DEPTH_LIMIT: Final = 200
"""Deepest nesting handed on; Python's own parser gives up near 1,000."""

_COMMS: Final = frozenset({"comm_open", "comm_msg", "comm_close"})
_SHELL_REQUESTS: Final = frozenset(
    {
        "execute_request",
        "inspect_request",
        "complete_request",
        "history_request",
        "is_complete_request",
        "kernel_info_request",
        "comm_info_request",
    }
)
_CONTROL_REQUESTS: Final = frozenset(
    {
        "kernel_info_request",
        "interrupt_request",
        "shutdown_request",
        "create_subshell_request",
        "delete_subshell_request",
        "list_subshell_request",
    }
)
INWARD: Final[Mapping[str, frozenset[str]]] = {
    "shell": _SHELL_REQUESTS | _COMMS,
    "control": _CONTROL_REQUESTS,
    "stdin": frozenset({"input_reply"}),
}
"""What the lab may send, per channel. `debug_request` carries code and is not among it."""


def _replies(requests: frozenset[str]) -> frozenset[str]:
    return frozenset(name.replace("_request", "_reply") for name in requests)


OUTPUTS: Final = frozenset(
    {"stream", "display_data", "update_display_data", "execute_result", "error"}
)
"""What the researcher sees of a cell; may be dropped with a sentence, other types may not."""
OUTWARD: Final[Mapping[str, frozenset[str]]] = {
    "shell": _replies(_SHELL_REQUESTS),
    "control": _replies(_CONTROL_REQUESTS),
    "stdin": frozenset({"input_request"}),
    "iopub": OUTPUTS
    | _COMMS
    | frozenset({"execute_input", "status", "clear_output", "shutdown_reply"}),
}
"""What a kernel may say, per channel."""

_ID: Final = re.compile(r"[\w.:-]{1,128}")
_STATES: Final = frozenset({"busy", "idle", "starting"})
_LONG_NUMBER: Final = re.compile(rb"[\[:,\s]-?\d{19}")
_VERSION: Final = re.compile(r"\d{1,3}(\.\d{1,3}){0,2}")


_TEXT: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"')
_OBJECTS_LIMIT: Final = 40 << 20
"""Memory in bytes that the objects of one JSON part may take; a worker has little to spare."""
_LARGEST_GROWTH: Final = 24
"""Memory of a part's objects per byte of its text, at worst (`{},{},`)."""


class BadMessage(ValueError):
    """A message that is not handed on; says why without quoting it."""


class TooManyParts(BadMessage):
    """A message whose content would take too much memory; `parent_id` is the request it is for."""

    def __init__(self, parent_id: str = "") -> None:
        super().__init__("it has too many parts")
        self.parent_id = parent_id


@dataclass(frozen=True, slots=True)
class Message:
    """A message whose parts are known to be well formed.

    `content_bytes` and `metadata_bytes` are the checked originals of `content` and `metadata`.
    """

    header: Mapping[str, Any]
    parent: Mapping[str, Any]
    metadata: Mapping[str, Any]
    content: Mapping[str, Any]
    header_bytes: bytes
    metadata_bytes: bytes
    content_bytes: bytes
    buffers: tuple[bytes, ...]

    @property
    def msg_id(self) -> str:
        """The id that replies refer to."""
        return str(self.header["msg_id"])

    @property
    def msg_type(self) -> str:
        """The type, which is on the channel's list."""
        return str(self.header["msg_type"])

    @property
    def parent_id(self) -> str:
        """The id of the request this belongs to, or the empty string."""
        return _parent_id(self.parent)

    @property
    def size_bytes(self) -> int:
        """Bytes of content, metadata and buffers."""
        return (
            len(self.content_bytes)
            + len(self.metadata_bytes)
            + sum(len(buffer) for buffer in self.buffers)
        )

    def sha256(self) -> str:
        """SHA-256 over metadata, content and buffers, in that order."""
        digest = hashlib.sha256(self.metadata_bytes)
        digest.update(self.content_bytes)
        for buffer in self.buffers:
            digest.update(buffer)
        return digest.hexdigest()


def _parent_id(parent: Mapping[str, Any]) -> str:
    parent_id = parent.get("msg_id", "")
    return parent_id if isinstance(parent_id, str) and _ID.fullmatch(parent_id) else ""


def parse(frames: Sequence[bytes], channel: str, allowed: Mapping[str, frozenset[str]]) -> Message:
    """The message in `frames` (header, parent header, metadata, content, buffers).

    Raises:
        BadMessage: when it is not well formed, or its type may not pass on this channel.
    """
    if len(frames) < 4:
        raise BadMessage("a message with parts missing")
    exactly = allowed is INWARD
    header, parent = (json_object(frame) for frame in frames[:2])
    try:
        metadata, content = (json_object(frame, exactly=exactly) for frame in frames[2:4])
    except TooManyParts:
        raise TooManyParts(_parent_id(parent)) from None
    msg_type, msg_id = header.get("msg_type"), header.get("msg_id")
    if not isinstance(msg_id, str) or not _ID.fullmatch(msg_id):
        raise BadMessage("a message without an id")
    if not isinstance(msg_type, str) or msg_type not in allowed.get(channel, frozenset()):
        raise BadMessage(f"a message of a type that may not pass on the {channel} channel")
    if msg_type == "status" and str(content.get("execution_state")) not in _STATES:
        raise BadMessage("a status that is none")
    return Message(
        header, parent, metadata, content,
        bytes(frames[0]), bytes(frames[2]), bytes(frames[3]), tuple(frames[4:]),
    )  # fmt: skip


def json_object(frame: bytes, *, exactly: bool = False) -> dict[str, Any]:
    """The JSON object in `frame`, not nested deeper than `DEPTH_LIMIT`.

    Args:
        exactly: keep every digit of integers beyond 64 bits, as a record must.

    Raises:
        BadMessage: when it is not one, or its objects would take too much memory.
    """
    if _is_large_in_memory(frame):
        raise TooManyParts
    try:
        value = orjson.loads(frame)
    except orjson.JSONDecodeError:
        raise BadMessage("a message that is not JSON") from None
    if not isinstance(value, dict):
        raise BadMessage("a message part that is not a JSON object")
    if _may_be_deep(frame):
        _check_depth(value)
    if exactly and _LONG_NUMBER.search(frame):
        # orjson reads such integers as floats.
        value = None
        value = json.loads(frame)
    return dict(value)


def _may_be_deep(frame: bytes) -> bool:
    """Whether there are more brackets than levels allowed. Faster than counting all of them."""
    left = DEPTH_LIMIT
    for bracket in (b"{", b"["):
        at = frame.find(bracket)
        while at >= 0:
            left -= 1
            if left < 0:
                return True
            at = frame.find(bracket, at + 1)
    return False


def _is_large_in_memory(frame: bytes) -> bool:
    """Whether the objects of a JSON text would take more than `_OBJECTS_LIMIT`; not exact."""
    if len(frame) * _LARGEST_GROWTH <= _OBJECTS_LIMIT:
        return False
    if _objects_bytes(frame) + 32 * frame.count(b'"') <= _OBJECTS_LIMIT:
        return False
    # What looks like objects may be text, such as a printed table: look between the texts.
    total = end = 0
    for text in _TEXT.finditer(frame):
        total += 64 + _objects_bytes(frame[end : text.start()])
        end = text.end()
        if total > _OBJECTS_LIMIT:
            return True
    return total + _objects_bytes(frame[end:]) > _OBJECTS_LIMIT


def _objects_bytes(frame: bytes) -> int:
    containers = frame.count(b"{") + frame.count(b"[")
    return 184 * containers + 32 * frame.count(b",")


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(DEPTH_LIMIT):
        level = [
            child
            for item in level
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, dict | list)
        ]
        if not level:
            return
    raise BadMessage("a message that is nested too deeply")


@dataclass(frozen=True, slots=True)
class Beginning:
    """What the first frame tells of a message that was too large to be kept."""

    number: int
    channel: int
    parent_id: str


def beginning_of(first: bytes) -> Beginning:
    """Number, channel and parent of a kernel's message, of which `first` is the beginning.

    Raises:
        BadMessage: when they cannot be read there.
    """
    try:
        (count,) = struct.unpack_from("!H", first)
        lengths = struct.unpack_from("!4I", first, 2)
        offset = 2 + 4 * count
        parts = []
        for length in lengths:
            parts.append(first[offset : offset + length])
            offset += length
        parent = json_object(parts[3])
        parent_id = parent.get("msg_id", "")
    except struct.error:
        raise BadMessage("a message whose beginning says nothing") from None
    is_id = isinstance(parent_id, str) and _ID.fullmatch(parent_id)
    number = int.from_bytes(parts[0][:8], "big")
    return Beginning(number, parts[1][0] if parts[1] else 255, parent_id if is_id else "")


class Signer:
    """Signs with the key that lab and gate share and no kernel ever sees."""

    def __init__(self, key: bytes) -> None:
        self._start = hmac.new(key, digestmod=hashlib.sha256)

    def signature(self, frames: Sequence[bytes]) -> bytes:
        """HMAC-SHA-256 over the frames, in hexadecimal."""
        digest = self._start.copy()
        for frame in frames:
            digest.update(frame)
        return digest.hexdigest().encode()

    def frames(
        self, header: bytes, parent: bytes, metadata: bytes, content: bytes, *buffers: bytes
    ) -> list[bytes]:
        """A signed message, from the delimiter on."""
        signed = (header, parent, metadata, content)
        return [DELIMITER, self.signature(signed), *signed, *buffers]

    def is_signed(self, signature: bytes, frames: Sequence[bytes]) -> bool:
        """Whether `signature` is that of the four signed frames."""
        return hmac.compare_digest(signature, self.signature(frames[:4]))


def header_for(msg_type: str, session: str, msg_id: str | None = None) -> bytes:
    """A header written by the gate: its own session, its own clock."""
    return orjson.dumps(
        {
            "msg_id": msg_id or f"gate-{secrets.token_hex(12)}",
            "msg_type": msg_type,
            "username": "kernel",
            "session": session,
            "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "version": PROTOCOL_VERSION,
        }
    )


def outward_content(message: Message) -> bytes:
    """The content of a kernel's message as it is handed on.

    A kernel's self-description decides what the lab does next, so it is rewritten: the protocol
    version must be one (`int()` of anything else stops the lab) and there is no debugger.
    """
    if message.msg_type != "kernel_info_reply":
        return message.content_bytes
    content = dict(message.content)
    version = content.get("protocol_version")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        content["protocol_version"] = PROTOCOL_VERSION
    features = content.get("supported_features")
    if isinstance(features, list):
        content["supported_features"] = [name for name in features if name != "debugger"]
    content["debugger"] = False
    return orjson.dumps(content)


def error_content(sentence: str) -> bytes:
    """The content of an `error` or of a failed reply: one sentence."""
    return orjson.dumps(
        {
            "status": "error",
            "ename": "Vitrine",
            "evalue": sentence,
            "traceback": [sentence],
            "execution_count": None,
            "user_expressions": {},
            "payload": [],
        }
    )
