"""`vitrine egress`: what the checks say about files, before anybody asks for their release."""

from __future__ import annotations

import hashlib
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
    as_json: AsJson = False,
) -> None:
    """Check files as one request; needs no node. Exit 1 when anything blocks."""
    from vitrine.egress.checks import apart, images_index  # imports what reads every kind of file
    from vitrine.egress.checks.rules import images_match

    chosen = disclosure.load(policy)
    found = list(_files(paths))
    digests = {name: _sha256(path) for name, path in found}
    more = [] if images is None else [images_match.rule_for(images_index.index_of(images))]
    reports = apart.check(
        [(name, partial(_bytes, path, chosen.max_file_bytes)) for name, path in found],
        chosen,
        more=more,
    )
    files = [{"path": r.path, "sha256": digests[r.path], **r.as_json()} for r in reports]
    if as_json:
        show_json({"policy": chosen.name, "policy_version": chosen.version,
                   "files": files, "skipped": []})  # fmt: skip
    else:
        _show(files)
    if any(each["severity"] == "block" for file in files for each in file["findings"]):
        raise typer.Exit(1)


def _files(paths: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    for path in paths:
        if path.is_dir():
            yield from (
                (str(each), each)
                for each in sorted(path.rglob("*"))
                if each.is_file() and not each.is_symlink()
            )
        elif path.is_file():
            yield str(path), path
        else:
            raise NotFound(f"there is no file {path}")


def _bytes(path: Path, limit: int) -> bytes:
    """The file; of one beyond the limit only so much that its size is seen to be too large."""
    with open(path, "rb") as stream:
        return stream.read(limit + 1)


def _sha256(path: Path) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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
