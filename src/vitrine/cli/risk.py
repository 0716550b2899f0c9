"""`vitrine risk`: how identifiable data still are, and what would make them less so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vitrine.cli.output import AsJson, say, show_json, show_rows
from vitrine.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitrine.risk.attackers import Purpose, RiskPolicy
    from vitrine.risk.proposal import Proposal
    from vitrine.risk.report import RiskReport
    from vitrine.risk.scopes import Material

app = typer.Typer()

Table = Annotated[Path | None, typer.Option(help="CSV, Excel or Parquet.")]
IdColumn = Annotated[str, typer.Option(help="The column that names the patient.")]
Images = Annotated[Path | None, typer.Option(help="A folder of DICOM files.")]
Policy = Annotated[str, typer.Option(help="A policy's name, or a JSON file.")]
For = Annotated[str, typer.Option("--purpose", help="environment or download.")]
Kinds = Annotated[
    list[str] | None,
    typer.Option(
        "--kind",
        help="COLUMN=KIND, where the header tells it wrongly; repeat it for more. Kinds: "
        "identifier, quasi-identifier, age, sex, region, social, body, date, shifted date, "
        "diagnosis, sensitive, measure, free text, other.",
    ),
]


@app.callback()
def _top() -> None:
    """Risk of identification."""


@app.command()
def assess(
    table: Table = None,
    id_column: IdColumn = "",
    images: Images = None,
    policy: Policy = "default",
    purpose: For = "environment",
    kind: Kinds = None,
    as_json: AsJson = False,
) -> None:
    """Measure k, l and t per patient, for the table, the headers of images, and their join.

    Exit 0 when the gate lets it pass, 1 when it is held, 2 when called wrongly.
    """
    from vitrine.risk import assess as assessing

    rules, wanted, material = _gathered(table, id_column, images, policy, purpose, kind)
    report = assessing.assess(rules, material, wanted)
    if as_json:
        show_json(report.as_json())
    else:
        _show(report)
    if not report.is_passed:
        raise typer.Exit(1)


@app.command()
def propose(
    table: Table = None,
    id_column: IdColumn = "",
    images: Images = None,
    policy: Policy = "default",
    purpose: For = "environment",
    kind: Kinds = None,
    apply: Annotated[
        str, typer.Option(help="A proposal's name, or a file with one: what would be measured.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Propose the cheapest changes that make patients look alike; nothing is changed.

    With --apply, print the report as it would be. Exit 0 when it would pass, 1 when not, 2 when
    called wrongly.
    """
    from vitrine.risk import assess as assessing
    from vitrine.risk import proposal
    from vitrine.risk import propose as proposing

    rules, wanted, material = _gathered(table, id_column, images, policy, purpose, kind)
    found = proposing.propose(rules, material, wanted) if not _is_file(apply) else ()
    if apply:
        try:
            steps = {each.name: each.steps for each in found}.get(apply)
            steps = proposal.read_steps(Path(apply)) if steps is None else steps
            report = assessing.assess(rules, proposal.applied(material, steps), wanted)
        except InvalidInput as problem:
            raise typer.BadParameter(problem.sentence()) from None
        show_json(report.as_json()) if as_json else _show(report)
        is_enough = report.is_passed
    else:
        is_enough = not found or found[0].is_enough
        _show_proposals(found, as_json=as_json)
    if not is_enough:
        raise typer.Exit(1)


def _is_file(said: str) -> bool:
    return said.endswith(".json")


def _show_proposals(found: Sequence[Proposal], *, as_json: bool) -> None:
    from vitrine.risk.proposal import images_only

    if as_json:
        show_json([each.as_json() for each in found])
        return
    if not found:
        say("nothing has to be changed")
    for each in found:
        reached = min((k for by in each.k.values() for k in by.values()), default=0)
        enough = "" if each.is_enough else "; not enough"
        print(f"{each.name}: k {reached}, {each.loss:.1%} of the information lost{enough}")
        for step in each.steps:
            print(f"  {step}")
        if images_only(each.steps):
            say("what changes images needs another de-identification profile")


def _gathered(
    table: Path | None, id_column: str, images: Path | None, policy: str, purpose: str,
    kind: list[str] | None,
) -> tuple[RiskPolicy, Purpose, Material]:  # fmt: skip
    from vitrine.risk import assess as assessing
    from vitrine.risk import attackers

    if table is None and images is None:
        raise typer.BadParameter("give --table with --id-column, --images, or both")
    if (table is None) != (not id_column):
        raise typer.BadParameter("--table and --id-column go together")
    said = dict(each.rpartition("=")[::2] for each in kind or ())
    try:
        wanted = attackers.Purpose(purpose)
    except ValueError:
        raise typer.BadParameter("--purpose is environment or download") from None
    try:
        rules = attackers.load(policy)
        material = assessing.gather(
            rules, table=table, id_column=id_column, images=images, kinds=said
        )
    except InvalidInput as problem:
        raise typer.BadParameter(problem.sentence()) from None
    return rules, wanted, material


def _show(report: RiskReport) -> None:
    for column, known in report.columns.items():
        say(f"{column}: taken for {known}")
    rows = [
        {"scope": scope, "attacker": name, "k": each.k, "l": each.l,
         "t": None if each.t is None else round(each.t, 4), "unique": each.unique,
         "below k": f"{each.share_below_k:.1%}",
         "by": ", ".join(report.details[scope][name].causes)}
        for scope, found in report.scopes.items() for name, each in found.items()
    ]  # fmt: skip
    show_rows(
        rows, ["scope", "attacker", "k", "l", "t", "unique", "below k", "by"], as_json=False,
        empty="no patient was found",
    )  # fmt: skip
    for name, count in report.rare.items():
        say(f"{name}: {count} values that fewer patients have than k")
    for name, each in report.population.items():
        said = f"{each['unique']} patients" if "unique" in each else "unknown"
        say(f"{name}: unique in the population: {said} ({each['method']})")
    for control in report.controls:
        say(f"what k does not decide about is answered by {control}")
    for sentence in report.because:
        say(sentence)
    print("pass" if report.is_passed else "hold")
