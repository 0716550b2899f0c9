"""Asking the gate or the host helper: one JSON line there, one JSON line back.

Used by the Hub and the steward. Every call opens its own connection, so a restarted gate is
simply there again at the next call.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from vitrine.errors import Unavailable

MAX_ANSWER_BYTES: Final = 64 * 2**20
DEFAULT_TIMEOUT_S: Final = 10.0
_CHUNK_BYTES: Final = 1 << 16


def call(
    socket_path: Path, request: Mapping[str, Any], timeout_s: float = DEFAULT_TIMEOUT_S
) -> dict[str, Any]:
    """The answer to `request` from the program that listens at `socket_path`.

    An answer `{"ok": false, "error": ...}` is returned like any other: see `ask`.

    Raises:
        Unavailable: when nobody listens, nobody answers in time, or the answer is no JSON object.
    """
    deadline = time.monotonic() + timeout_s
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout_s)
            connection.connect(str(socket_path))
            connection.sendall(json.dumps(request).encode() + b"\n")
            line = _read_line(connection, deadline)
        answer = json.loads(line)
    except TimeoutError as error:
        raise Unavailable(_silent(socket_path, request, timeout_s)) from error
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise Unavailable(f"{_name(socket_path)} does not answer ({reason})") from error
    except ValueError as error:
        raise Unavailable(f"{_name(socket_path)} gave an answer that cannot be read") from error
    if not isinstance(answer, dict):
        raise Unavailable(f"{_name(socket_path)} gave an answer that cannot be read")
    return answer


def ask(
    socket_path: Path, request: Mapping[str, Any], timeout_s: float = DEFAULT_TIMEOUT_S
) -> dict[str, Any]:
    """Like `call`, for whoever needs a yes.

    Raises:
        Unavailable: also when the answer is no, with the sentence that came with it.
    """
    answer = call(socket_path, request, timeout_s)
    if answer.get("ok") is False:
        raise Unavailable(str(answer.get("error") or f"{_name(socket_path)} said no"))
    return answer


def _read_line(connection: socket.socket, deadline: float) -> bytes:
    received = bytearray()
    while not received.endswith(b"\n"):
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        connection.settimeout(remaining)
        chunk = connection.recv(_CHUNK_BYTES)
        if not chunk:
            raise ConnectionResetError("connection closed before the answer")
        received += chunk
        if len(received) > MAX_ANSWER_BYTES:
            raise ValueError("answer too long")
    return bytes(received)


def _name(socket_path: Path) -> str:
    """What listens there, by the directory of its socket: `the gate`, `the host helper`."""
    return {"gate": "the gate", "host": "the host helper"}.get(
        socket_path.parent.name, f"the program at {socket_path}"
    )


def _silent(socket_path: Path, request: Mapping[str, Any], timeout_s: float) -> str:
    return f"{_name(socket_path)} did not answer {request.get('op')!r} within {timeout_s:g} s"
