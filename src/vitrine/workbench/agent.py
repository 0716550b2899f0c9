"""Asking the session's agent, and through it the gate."""

from __future__ import annotations

import json
import os
import socket
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from vitrine.errors import InvalidInput, NotFound, NotPermitted, Unavailable
from vitrine.workbench.places import agent_socket, workspace_root

ANSWER_TIMEOUT_S: Final = 150
ANSWER_LIMIT_BYTES: Final = 16 << 20

PathLike = str | os.PathLike[str]


def ask(request: dict[str, Any], nothing_done: str) -> dict[str, Any]:
    """What the gate answers.

    Args:
        nothing_done: what did not happen when nobody answers, for the sentence.

    Raises:
        NotPermitted: with the gate's reason, when the answer is no.
        Unavailable: when the session's agent does not answer.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(ANSWER_TIMEOUT_S)
            connection.connect(str(agent_socket()))
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as stream:
                answer = json.loads(stream.readline(ANSWER_LIMIT_BYTES))
    except (OSError, ValueError) as error:
        raise Unavailable(
            f"the session's agent does not answer, so {nothing_done}; save your work, "
            "and start the session again if this lasts",
            hint="",
        ) from error
    answer = answer if isinstance(answer, dict) else {}
    if answer.get("ok") is not True:
        raise NotPermitted(str(answer.get("error") or "this was refused without a reason"))
    return answer


def workspace_files(paths: PathLike | Iterable[PathLike], purpose: str) -> list[Path]:
    """The absolute paths of regular files of the workspace; relative ones from where code runs.

    This only spares a round trip: the gate decides again, on the bytes that it freezes.

    Raises:
        InvalidInput: when none is named, one is named twice, or one is no file of the workspace.
        NotFound: when a file does not exist.
    """
    named = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    if not named:
        raise InvalidInput(f"name at least one file {purpose}")
    files = [_file(path) for path in named]
    if len(set(files)) < len(files):
        raise InvalidInput("a file is named twice; name each once")
    return files


def _file(named: PathLike) -> Path:
    root = workspace_root().resolve()
    given = Path(named)
    path = (given if given.is_absolute() else Path.cwd() / given).resolve()
    if not given.is_absolute() and not path.exists():
        path = (root / given).resolve()
    if not path.is_relative_to(root):
        raise InvalidInput(
            f"{given} is not in {root}; copy it there first, data itself never leaves"
        )
    try:
        mode = path.stat().st_mode
    except OSError:
        raise NotFound(f"there is no file {given} in {root}") from None
    if stat.S_ISDIR(mode):
        raise InvalidInput(f"{given} is a folder; name its files, each is checked on its own")
    if not stat.S_ISREG(mode):
        raise InvalidInput(f"{given} is not a regular file")
    return path
