"""`vitrine deid join` and `vitrine deid table`: clinical tables beside their images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vitrine.cli.output import AsJson, say, show_json, show_rows
from vitrine.errors import InvalidInput

if TYPE_CHECKING:
    from vitrine.deid.tables.decisions import Decisions
    from vitrine.deid.tables.join import JoinReport

app = typer.Typer()

IdColumn = Annotated[str, typer.Option(help="The column that names the patient.")]
Decided = Annotated[Path | None, typer.Option("--decisions", help="A JSON file.")]


@app.command()
def join(
    table: Annotated[Path, typer.Argument(help="CSV, Excel or Parquet.")],
    id_column: IdColumn,
    images: Annotated[Path, typer.Option(help="A folder of DICOM files, as delivered.")],
    decisions: Decided = None,
    as_json: AsJson = False,
) -> None:
    """Say who is only in the table or only in the images, and which ids may be one person's.

    With --json it prints record numbers: keep it where the delivery is. Exit 0 when everybody is in
    both or decided about, 1 when something is open, 2 when called wrongly.
    """
    from vitrine.deid.tables import columns, reading
    from vitrine.deid.tables import join as joining

    try:
        read = reading.read(table, id_column)
        decided = _decisions(decisions)
        report = joining.compared(read, id_column, joining.ids_of(images), decided)
        kinds = columns.kinds_of(read, id_column, decided.kinds)
    except InvalidInput as problem:
        raise typer.BadParameter(problem.sentence()) from None
    if as_json:
        said = {name: {"kind": kind, "role": columns.role_of(kind)} for name, kind in kinds.items()}
        show_json(report.as_json() | {"columns": said})
    else:
        _show(report)
        for name, kind in kinds.items():
            say(f"{name}: taken for {kind}")
    if report.open:
        raise typer.Exit(1)


def _show(report: JoinReport) -> None:
    print(f"{report.both} patients are in both")
    for sentence in report.open:
        print(sentence)
    certain = sum(not each.is_ambiguous for each in report.variants)
    if report.variants:
        print(f"{certain} ids are written in two ways and may be linked; --json shows them")
        print(f"{len(report.variants) - certain} more could be several people's")


@app.command("table")
def table_(
    table: Annotated[Path, typer.Argument(help="CSV, Excel or Parquet.")],
    output: Annotated[Path, typer.Argument(metavar="OUT", help="A CSV file that is made.")],
    id_column: IdColumn,
    key_file: Annotated[Path, typer.Option(help="The key of the images, mode 600.")],
    decisions: Decided = None,
    images: Annotated[
        Path | None, typer.Option(help="The delivered images: whoever fits nobody is refused.")
    ] = None,
    profile: Annotated[str, typer.Option(help="The profile of the images.")] = "research",
    as_json: AsJson = False,
) -> None:
    """De-identify a table with the key of its images: same pseudonyms, same shift of dates.

    Identifiers and free text go unless decided; exit 0 when OUT is written, 1 when the join with
    --images is not answered, 2 when called wrongly.
    """
    from vitrine.deid import keys
    from vitrine.deid.rules import profile as profiles
    from vitrine.deid.tables import join as joining
    from vitrine.deid.tables import reading, transform, write

    try:
        read = reading.read(table, id_column)
        decided = _decisions(decisions)
        key = keys.read(key_file)
        chosen, _ = profiles.load(profile)
        left = (
            joining.compared(read, id_column, joining.ids_of(images), decided).open
            if images
            else joining.nameless(read, id_column, decided)
        )
        if left:
            for sentence in left:
                say(sentence)
            raise typer.Exit(1)
        made = transform.deidentify(read, id_column, key, chosen, decided)
        digest = write.write(output, write.as_csv(made.table))
    except InvalidInput as problem:
        raise typer.BadParameter(problem.sentence()) from None
    record = {
        "rows": len(made.table), "rows_dropped": made.rows_dropped,
        "patients": int(made.table[transform.PATIENT].nunique()), "key_id": key.id,
        "profile": chosen.label, "sha256": digest,
    }  # fmt: skip
    shown = [
        {"column": each.name, "taken for": each.kind, "outcome": each.outcome,
         "emptied": each.emptied} for each in made.columns
    ]  # fmt: skip
    if as_json:
        show_json(record | {"columns": shown})
        return
    show_rows(shown, ["column", "taken for", "outcome", "emptied"], as_json=False)
    print(f"{record['rows']} rows of {record['patients']} patients are written to {output}")


def _decisions(path: Path | None) -> Decisions:
    from vitrine.deid.tables import decisions

    return decisions.read(path) if path else decisions.Decisions()
