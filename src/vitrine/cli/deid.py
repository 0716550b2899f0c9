"""`vitrine deid`: de-identification, its keys and profiles."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated

import typer

from vitrine.cli import deid_tables
from vitrine.cli.output import AsJson, say, show_json, show_rows
from vitrine.errors import InvalidInput

app = typer.Typer()
_SHOWN = 60
"""Letters of a text in a table; with --json it is whole."""

key_app = typer.Typer(help="Keys: files of 64 hexadecimal digits.", no_args_is_help=True)
app.add_typer(key_app, name="key")
app.registered_commands.extend(deid_tables.app.registered_commands)


@app.callback()
def _top() -> None:
    """De-identification."""


@app.command()
def run(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A folder of files, or one file.")],
    output: Annotated[Path, typer.Argument(metavar="OUT", help="An empty or begun folder.")],
    key_file: Annotated[Path, typer.Option(help="The key, mode 600.")],
    profile: Annotated[str, typer.Option(help="A profile's name, or a JSON file.")] = "research",
    values: Annotated[
        Path | None, typer.Option(help="Decisions about free text: a JSON file.")
    ] = None,
    keep_pixels: Annotated[
        bool,
        typer.Option(
            "--keep-pixels", help="Unsafe: let objects through whose pixels may show text."
        ),
    ] = False,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = (os.cpu_count() or 1),
    as_json: AsJson = False,
) -> None:
    """De-identify files by PS3.15 Annex E; run again, it goes on where it ended.

    Whatever is not cleaned is refused with the reason. Exit 0 when all files are written, 1 when
    any is refused, 2 when called wrongly.
    """
    from dataclasses import replace

    from vitrine.deid import keys
    from vitrine.deid import run as runner
    from vitrine.deid.engine import values as decisions
    from vitrine.deid.rules import profile as profiles

    try:
        chosen, digest = profiles.load(profile)
        key = keys.read(key_file)
        decided = decisions.read(values) if values else decisions.Values()
    except InvalidInput as problem:
        raise typer.BadParameter(problem.sentence()) from None
    if keep_pixels:
        chosen = replace(chosen, burned_in="keep")
    began, last = time.monotonic(), [0.0]

    def progress(done: int, of: int) -> None:
        now = time.monotonic()
        if now - last[0] >= 2 or done == of:
            rate = done / max(0.001, now - began)
            last[0] = now
            say(f"{done} of {of} files, {rate:.0f} per second, {(of - done) / rate:.0f} s left")

    try:
        report = runner.run(
            source, output, chosen, digest, key, decided, workers=workers, progress=progress
        )
    except InvalidInput as problem:
        raise typer.BadParameter(problem.sentence()) from None
    if as_json:
        show_json(report.as_json())
    else:
        for each in report.files:
            if each.refused:
                say(f"refused: {each.source}: {each.refused}")
        print(f"{report.written} of {len(report.files)} files are written to {output}")
    if report.written < len(report.files):
        raise typer.Exit(1)


@app.command("profiles")
def show_profiles(as_json: AsJson = False) -> None:
    """List the profiles that come with Vitrine, and what each retains."""
    from vitrine.deid.rules import profile as profiles

    found = [profiles.load(name)[0] for name in profiles.available()]
    if as_json:
        show_json([{"name": p.name, "version": p.version, "title": p.title,
                    "dates": p.dates, "retains": list(p.retains)} for p in found])  # fmt: skip
        return
    for each in found:
        print(f"{each.label}: {each.title}; dates: {each.dates}")
        for kept in each.retains:
            print(f"  keeps {kept}")


@key_app.command("new")
def new_key(file: Annotated[Path, typer.Argument(help="A file that does not exist yet.")]) -> None:
    """Make a key in a new file of mode 600; print its id.

    Who has the key can link every pseudonym to its patient. Without it, follow-up deliveries
    cannot keep their pseudonyms.
    """
    from vitrine.deid import keys

    print(keys.new(file).id)


@key_app.command("id")
def key_id(file: Annotated[Path, typer.Argument(help="A key.")]) -> None:
    """Print the id of a key, which says which key it is and nothing about it."""
    from vitrine.deid import keys

    print(keys.read(file).id)


@key_app.command("rotate")
def rotate_key(file: Annotated[Path, typer.Argument(help="A key.")]) -> None:
    """Put a new key in place of an old one, which stays beside it under its id; print the new id.

    Pseudonyms of the new key have nothing to do with those of the old one.
    """
    from vitrine.deid import keys

    key, kept = keys.rotate(file)
    say(f"the old key is {kept}")
    print(key.id)


@key_app.command("destroy")
def destroy_key(
    file: Annotated[Path, typer.Argument(help="A key.")],
    yes: Annotated[bool, typer.Option("--yes", help="Nobody can link by it again.")] = False,
) -> None:
    """Overwrite and remove a key; print its id. What it made can then be linked by nobody."""
    from vitrine.deid import keys

    if not yes:
        raise typer.BadParameter("a destroyed key cannot be had back; repeat with --yes")
    print(keys.destroy(file))


@app.command()
def verify(
    source: Annotated[Path, typer.Argument(help="What was read.")],
    output: Annotated[Path, typer.Argument(metavar="OUT", help="What was written.")],
    report: Annotated[Path, typer.Option("--map", help="What the run printed with --json.")],
    values: Annotated[
        Path | None, typer.Option(help="Decisions about free text: a JSON file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Search the outputs for whatever the sources know; shares nothing with the engine.

    It names places and never values. Exit 0 when clean, 1 when anything is left or does not fit,
    2 when called wrongly.
    """
    from vitrine.deid.verifier import finding
    from vitrine.deid.verifier import verify as verifier

    if not source.exists() or not output.is_dir():
        raise typer.BadParameter("give the file or folder that was read, and the folder written")
    try:
        said = verifier.read_report(report)
        kept = _kept(values) if values else frozenset()
    except InvalidInput as problem:
        raise typer.BadParameter(problem.sentence()) from None
    found = verifier.verify(source, output, said, kept=kept)
    if as_json:
        show_json(finding.as_json(found))
    else:
        for each in found:
            print(f"{each.file}: {each.kind}: {each.place}")
        print(f"{finding.verdict_of(found)}: {len(found)} findings")
    if found:
        raise typer.Exit(1)


def _kept(path: Path) -> frozenset[tuple[str, str]]:
    """Attribute and text of what stays, by the decisions that the run had."""
    from vitrine.deid.engine import values

    decided = values.read(path).by_keyword
    return frozenset((keyword, kept) for keyword, each in decided.items() for kept in each.values())


@app.command()
def values(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A folder of files, or one file.")],
    decisions: Annotated[
        Path | None, typer.Option("--values", help="Decisions that stand already.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the distinct texts that are yours to decide, with how many patients have each.

    The list may hold names: it is for your screen. What is not decided is emptied.
    """
    from vitrine.deid import texts
    from vitrine.deid.engine import values as decided

    try:
        standing = decided.read(decisions) if decisions else decided.Values()
        found = texts.texts_in(source, standing)
    except InvalidInput as problem:
        raise typer.BadParameter(problem.sentence()) from None
    rows = [
        {"attribute": each.keyword, "patients": each.patients,
         "value": each.value if as_json else each.value[:_SHOWN],
         "files": each.files, "names_somebody": each.names_somebody, "becomes": each.becomes}
        for each in found
    ]  # fmt: skip
    show_rows(
        rows, list(rows[0]) if rows else [], as_json=as_json, empty="no text is yours to decide"
    )
