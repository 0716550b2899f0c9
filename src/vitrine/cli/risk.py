"""`vitrine risk`: how identifiable data still are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vitrine.cli.output import AsJson, say, show_json, show_rows
from vitrine.errors import InvalidInput

app = typer.Typer()


@app.callback()
def _top() -> None:
    """Risk of identification."""


@app.command()
def assess(
    table: Annotated[Path | None, typer.Option(help="CSV, Excel or Parquet.")] = None,
    id_column: Annotated[str, typer.Option(help="The column that names the patient.")] = "",
    images: Annotated[Path | None, typer.Option(help="A folder of DICOM files.")] = None,
    policy: Annotated[str, typer.Option(help="A policy's name, or a JSON file.")] = "default",
    kind: Annotated[
        list[str] | None,
        typer.Option(help="COLUMN=KIND, where the header tells it wrongly; may be repeated."),
    ] = None,
    download: Annotated[
        bool, typer.Option("--download", help="For data that may leave the environment.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Measure k, l and t per patient, for the table, the headers of images, and their join.

    Exit 0 when the gate lets it pass, 1 when it is held, 2 when called wrongly.
    """
    from vitrine.risk import assess as assessing
    from vitrine.risk import policy as policies

    said = dict(each.partition("=")[::2] for each in kind or ())
    if table is None and images is None:
        raise typer.BadParameter("give --table with --id-column, --images, or both")
    if (table is None) != (not id_column):
        raise typer.BadParameter("--table and --id-column go together")
    try:
        report = assessing.assess(
            policies.load(policy), table=table, id_column=id_column, images=images,
            kinds=said, is_download=download,
        )  # fmt: skip
    except InvalidInput as problem:
        raise typer.BadParameter(problem.sentence()) from None
    if as_json:
        show_json(report.as_json())
    else:
        rows = [
            {"scope": scope, "attacker": name, "k": each.k, "l": each.l,
             "t": None if each.t is None else round(each.t, 4), "unique": each.unique,
             "below k": f"{each.share_below_k:.1%}"}
            for scope, found in report.scopes.items() for name, each in found.items()
        ]  # fmt: skip
        show_rows(rows, ["scope", "attacker", "k", "l", "t", "unique", "below k"], as_json=False)
        for column, known in report.columns.items():
            say(f"{column}: taken for {known}")
        for sentence in report.because:
            say(sentence)
        print("pass" if report.is_passed else "hold")
    if not report.is_passed:
        raise typer.Exit(1)
