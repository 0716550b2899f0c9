"""What the helper may be told to do. Nothing in an order is a path; every number is checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from vitrine.errors import InvalidInput
from vitrine.settings import Settings

SESSION_ID: Final = re.compile(r"ses-[0-9a-f]{12}")
LAST_WORKSPACE: Final = 49_999
"""Workspace numbers are added to two uid bases that lie 50000 apart."""

SMALLEST_WORKSPACE_MB: Final = 16
LARGEST_WORKSPACE_MB: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Prepare:
    """Make the directories of a session and mount its workspace."""

    session_id: str
    workspace_id: int
    kernel_uid: int
    lab_uid: int
    workspace_mb: int


@dataclass(frozen=True, slots=True)
class Release:
    """Unmount the workspace of a session and remove its directories."""

    session_id: str
    workspace_id: int | None


@dataclass(frozen=True, slots=True)
class Listing:
    """Say which sessions have directories."""


Order = Prepare | Release | Listing


def parse(request: Mapping[str, Any], settings: Settings) -> Order:
    """The order that `request` asks for.

    Raises:
        InvalidInput: when anything in it is missing, unknown or not exactly what it must be.
    """
    match request.get("op"):
        case "prepare":
            return _prepare(request, settings)
        case "release":
            _only(request, {"op", "session_id", "workspace_id"})
            number = request.get("workspace_id")
            return Release(_session(request), None if number is None else _workspace(request))
        case "list":
            _only(request, {"op"})
            return Listing()
        case _:
            raise InvalidInput("op must be prepare, release or list")


def _prepare(request: Mapping[str, Any], settings: Settings) -> Prepare:
    _only(request, {"op", "session_id", "workspace_id", "kernel_uid", "lab_uid", "workspace_mb"})
    workspace_id = _workspace(request)
    size = _number(request, "workspace_mb", SMALLEST_WORKSPACE_MB, LARGEST_WORKSPACE_MB)
    for name, base in (
        ("kernel_uid", settings.kernel_uid_base),
        ("lab_uid", settings.lab_uid_base),
    ):
        if request.get(name) != base + workspace_id:
            raise InvalidInput(f"{name} must be {base} + workspace_id")
    return Prepare(
        session_id=_session(request),
        workspace_id=workspace_id,
        kernel_uid=settings.kernel_uid_base + workspace_id,
        lab_uid=settings.lab_uid_base + workspace_id,
        workspace_mb=size,
    )


def _only(request: Mapping[str, Any], names: set[str]) -> None:
    if set(request) - names:
        raise InvalidInput(f"an order of this kind holds only {', '.join(sorted(names))}")


def _session(request: Mapping[str, Any]) -> str:
    found = request.get("session_id")
    if not isinstance(found, str) or SESSION_ID.fullmatch(found) is None:
        raise InvalidInput("session_id must look like ses-6f1c0a9be2d4")
    return found


def _workspace(request: Mapping[str, Any]) -> int:
    return _number(request, "workspace_id", 1, LAST_WORKSPACE)


def _number(request: Mapping[str, Any], name: str, low: int, high: int) -> int:
    found = request.get(name)
    if not isinstance(found, int) or isinstance(found, bool) or not low <= found <= high:
        raise InvalidInput(f"{name} must be a whole number from {low} to {high}")
    return found
