"""Giving colleagues of the same project a copy of files, and receiving theirs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vitrine.errors import InvalidInput
from vitrine.workbench.agent import PathLike, ask, workspace_files
from vitrine.workbench.places import workspace_root

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, slots=True)
class Share:
    """Files that were frozen for the members of this project."""

    share_id: str
    project: str
    files: tuple[str, ...]

    def __str__(self) -> str:
        """Who can have them and how."""
        return (
            f"share {self.share_id} gives {len(self.files)} file(s), as they are now, to the "
            f"members of project {self.project}; within seconds they see it with "
            f"workbench.shared() and copy it with workbench.receive({self.share_id!r})"
        )


def share(paths: PathLike | Iterable[PathLike], note: str = "") -> Share:
    """Give a copy of files of your workspace to the members of this project.

    The bytes are taken now: what you change afterwards is not in the share. Only members of the
    same project can receive it, from a session of that project, until it expires. It cannot be
    taken back, and it leaves nothing: results leave with `request_export` only.

    >>> workbench.share(["masks/lung-003.nii.gz", "notes.md"], note="corrected masks")

    Args:
        paths: one file or several, all below /workspace; no folders.
        note: a line for those who receive it.

    Raises:
        InvalidInput: when something named is not a file of the workspace.
        NotFound: when a file does not exist.
        NotPermitted: when the share was refused; the message says why.
        Unavailable: when the session's agent does not answer.
    """
    files = workspace_files(paths, "to share")
    request = {"op": "share", "paths": [str(path) for path in files], "note": note.strip()}
    answer = ask(request, "nothing was shared")
    root = workspace_root().resolve()
    return Share(
        share_id=str(answer.get("share_id", "")),
        project=str(answer.get("project", "")),
        files=tuple(str(path.relative_to(root)) for path in files),
    )


def shared() -> pandas.DataFrame:
    """What members of this project share now, one row for each share, oldest first.

    Columns: `share_id`, `sender`, `shared_at` and `expires_at` (UTC), `note`, `files` (their
    paths) and `sizes_bytes` (in the same order).

    Raises:
        NotPermitted: when the list was refused; the message says why.
        Unavailable: when the session's agent does not answer.
    """
    import pandas

    found = ask({"op": "shared"}, "nothing can be listed").get("shares") or []
    columns = ["share_id", "sender", "shared_at", "expires_at", "note", "files", "sizes_bytes"]
    rows = [
        {
            **{name: each[name] for name in columns[:5]},
            "files": tuple(file["path"] for file in each["files"]),
            "sizes_bytes": tuple(file["size_bytes"] for file in each["files"]),
        }
        for each in found
    ]
    table = pandas.DataFrame(rows, columns=columns)
    for name in ("shared_at", "expires_at"):
        table[name] = pandas.to_datetime(table[name], utc=True)
    return table


def receive(share_id: str) -> list[Path]:
    """Copy a share into `/workspace/received/<sender>/<share id>/`, and say where its files are.

    Nothing is overwritten: a share that is there already is refused until you rename or delete
    its folder. When the workspace is full nothing is left of it.

    >>> workbench.receive(workbench.shared().share_id.iloc[-1])

    Raises:
        InvalidInput: when the id is not text.
        NotPermitted: when the share cannot be had; the message says why.
        Unavailable: when the session's agent does not answer.
    """
    if not isinstance(share_id, str):
        raise InvalidInput("name one share by its id; workbench.shared() lists them")
    answer = ask({"op": "receive", "share_id": share_id}, "nothing was received")
    return [workspace_root() / path for path in answer.get("paths") or []]
