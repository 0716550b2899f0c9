"""One request, one reply per connection: a JSON head and a body, each with its length in front."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any, Final

MAX_HEAD: Final = 8 << 20
MAX_BODY: Final = 256 << 20

_LENGTHS: Final = struct.Struct("!IQ")


class BadFrame(ValueError):
    """What came is no frame, is cut short, or is too long."""


def encode(head: dict[str, Any], body: bytes) -> bytes:
    """The bytes of a frame."""
    text = json.dumps(head, separators=(",", ":")).encode("ascii")
    return _LENGTHS.pack(len(text), len(body)) + text + body


def read(receive: Callable[[int], bytes], max_body: int = MAX_BODY) -> tuple[dict[str, Any], bytes]:
    """The next frame.

    Args:
        receive: returns at most so many bytes, and none at the end.

    Raises:
        BadFrame: when what comes is no frame within the limits.
    """
    head_length, body_length = _LENGTHS.unpack(_exactly(receive, _LENGTHS.size))
    if head_length > MAX_HEAD or body_length > max_body:
        raise BadFrame(f"a frame of {head_length} + {body_length} bytes is too long")
    try:
        head = json.loads(_exactly(receive, head_length))
    except (ValueError, RecursionError) as error:
        raise BadFrame("the head of a frame is not JSON") from error
    if not isinstance(head, dict):
        raise BadFrame("the head of a frame is not an object")
    return head, _exactly(receive, body_length)


def _exactly(receive: Callable[[int], bytes], length: int) -> bytes:
    parts: list[bytes] = []
    left = length
    while left:
        part = receive(min(left, 1 << 20))
        if not part:
            raise BadFrame("a frame was cut short")
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
