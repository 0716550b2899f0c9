"""`vitrine egress`: what the checks say about files, before anybody asks for their release."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from vitrine.cli.output import AsJson, cell_text, say, show_json
from vitrine.egress import disclosure
from vitrine.errors import NotFound

app = typer.Typer()

_WORST = ("block", "warn", "info")


@app.callback()
def _top() -> None:
    """Output checking."""


@app.command()
def check(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders with files.")],
    policy: Annotated[
        str, typer.Option(help="A policy's name, or a JSON file.")
    ] = disclosure.DEFAULT,
    images: Annotated[
        Path | None,
        typer.Option(help="A folder of DICOM or NIfTI files: find pictures that show one."),
    ] = None,
    earlier: Annotated[
        Path | None,
        typer.Option(help="A folder of files released before: find what they give away together."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check files as one request; needs no node.

    Links, pipes, sockets and devices are never opened: they are named as not opened. Exit 0 when
    nothing blocks, 1 when anything does or there is nothing to check, 2 when called wrongly.
    """
    from vitrine.egress.checks import apart, images_index  # imports what reads every kind of file
    from vitrine.egress.checks.rules import images_match

    chosen = disclosure.load(policy)
    found, not_opened = _files(paths)
    digests = {name: _sha256(path) for name, path in found}
    more = [] if images is None else [images_match.rule_for(images_index.index_of(images))]
    reports = apart.check(
        [(name, partial(_bytes, path, chosen.max_file_bytes)) for name, path in found],
        chosen,
        more=more,
        earlier=[] if earlier is None else _earlier(earlier, chosen.max_file_bytes),
    )
    skipped = _skipped(images, earlier)
    files = [{"path": r.path, "sha256": digests[r.path], **r.as_json()} for r in reports]
    if as_json:
        show_json({"policy": chosen.name, "policy_version": chosen.version,
                   "files": files, "skipped": skipped, "not_opened": not_opened})  # fmt: skip
    else:
        _show(files)
        for each in not_opened:
            say(f"not opened: {cell_text(each['path'])}: {each['reason']}")
        for each in skipped:
            say(f"skipped {each['check']}: {each['why']}")
    if any(each["severity"] == "block" for file in files for each in file["findings"]):
        raise typer.Exit(1)


def _skipped(images: Path | None, earlier: Path | None) -> list[dict[str, str]]:
    """The checks that were not made, each with the reason."""
    skipped = []
    if images is None:
        skipped.append({"check": "image-match", "why": "no folder of images was given (--images)"})
    if earlier is None:
        why = "no folder of earlier releases was given (--earlier)"
        skipped.append({"check": "earlier-releases", "why": why})
    return skipped


def _earlier(folder: Path, limit: int) -> list[tuple[str, Any]]:
    """Name below the folder and how to read each file that was released before.

    Raises:
        NotFound: when there is no such folder, or no file in it.
    """
    found, _ = _files([folder])
    return [
        (
            os.path.relpath(path, folder) if path != folder else path.name,
            partial(_bytes, path, limit),
        )
        for _, path in found
    ]


def _files(paths: Sequence[Path]) -> tuple[list[tuple[str, Path]], list[dict[str, str]]]:
    """Files to check, each once, and what is skipped with the reason.

    Raises:
        NotFound: when a path is missing, or there is no file below any of them.
    """
    found: dict[str, tuple[str, Path]] = {}
    skipped: list[dict[str, str]] = []
    for path in paths:
        if not os.path.lexists(path):
            raise NotFound(f"there is no file {path}")
        for each in _below(path, skipped):
            reason = _why_skipped(each, is_given=each == path)
            if reason:
                skipped.append({"path": str(each), "reason": reason})
            else:
                found.setdefault(os.path.realpath(each), (str(each), each))
    if not found:
        raise NotFound(
            "there is no file to check: "
            + "; ".join(f"{e['path']}: {e['reason']}" for e in skipped)
        )
    return list(found.values()), skipped


def _below(path: Path, skipped: list[dict[str, str]]) -> Iterator[Path]:
    """A path that is no folder, or everything in it but folders; what cannot be listed is noted."""
    if not path.is_dir():
        yield path
        return
    count = 0
    for folder, inner, names in os.walk(path, onerror=partial(_unlisted, skipped)):
        inner.sort()
        links = [name for name in inner if os.path.islink(os.path.join(folder, name))]
        for name in sorted((*names, *links)):
            count += 1
            yield Path(folder, name)
    if not count and str(path) not in {each["path"] for each in skipped}:
        skipped.append({"path": str(path), "reason": "the folder holds no files"})


def _unlisted(skipped: list[dict[str, str]], problem: OSError) -> None:
    skipped.append({"path": str(problem.filename), "reason": "the folder cannot be listed"})


def _why_skipped(path: Path, *, is_given: bool) -> str:
    """Why a path is not opened; empty for a file. A link is followed where it is given itself."""
    try:
        mode = (path.stat() if is_given else path.lstat()).st_mode
    except OSError:
        return "it leads to nothing that can be reached"
    if stat.S_ISREG(mode):
        return ""
    if stat.S_ISLNK(mode):
        return "links are not followed: give the file itself"
    return "it is no file but a pipe, a socket or a device"


def _bytes(path: Path, limit: int) -> bytes:
    """The file; of one beyond the limit only so much that its size is seen to be too large."""
    with open(path, "rb") as stream:
        return stream.read(limit + 1)


def _sha256(path: Path) -> str | None:
    """The digest of a file; None for one that cannot be read, of which a finding says so."""
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None


def _show(files: Sequence[dict[str, Any]]) -> None:
    table = Table("file", "type", "", "check", "where", "what", box=None, pad_edge=False)
    for file in files:
        ranked = sorted(file["findings"], key=lambda each: _WORST.index(each["severity"]))
        for each in ranked or [{"severity": "", "check": "", "location": "", "message": "nothing"}]:
            words = (file["path"], file["type"], each["severity"], each["check"],
                     each["location"], each["message"])  # fmt: skip
            table.add_row(*(Text(cell_text(word)) for word in words))
    Console(highlight=False).print(table)
    counts = [sum(e["severity"] == worst for f in files for e in f["findings"]) for worst in _WORST]
    say(f"{len(files)} files: {counts[0]} block, {counts[1]} warn, {counts[2]} info")
