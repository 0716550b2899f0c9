"""`vitrine project`: who may work on which datasets, until when."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any

import typer

from vitrine.cli.output import AsJson, DryRun, say, show_record, show_rows, this_node
from vitrine.clock import timestamp, utc_now
from vitrine.egress import disclosure as policies
from vitrine.errors import InvalidInput
from vitrine.permits import govern, store
from vitrine.permits.project import LimitOverrides, Project

app = typer.Typer()

Id = Annotated[str, typer.Argument(help="The project's id.", metavar="PROJECT")]
Person = Annotated[str, typer.Argument(help="The person's sign-in name.", metavar="PERSON")]
WholeNumber = Annotated[int | None, typer.Option(help="Instead of the node's setting.")]

Disclosure = Annotated[
    str | None, typer.Option(help="The disclosure policy that decides what may leave.")
]

_AGAIN = "Instead of the node's setting; 0 for the node's setting again."
Limit = Annotated[int | None, typer.Option(help=_AGAIN)]

_COLUMNS = ("id", "title", "members", "datasets", "expires_at", "is_over")


@app.command()
def create(
    project: Id,
    title: Annotated[str, typer.Option(help="One line for people.")],
    dataset: Annotated[list[str], typer.Option(help="A published dataset; repeat it for more.")],
    expires: Annotated[str, typer.Option(help="Last day, as YYYY-MM-DD, in UTC.")],
    reviewers_required: WholeNumber = None,
    disclosure: Disclosure = None,
    memory_mb: WholeNumber = None,
    cpus: Annotated[float | None, typer.Option(help="Instead of the node's setting.")] = None,
    pids: WholeNumber = None,
    tmp_mb: WholeNumber = None,
    workspace_mb: WholeNumber = None,
    max_hours: WholeNumber = None,
    export_file_mb: WholeNumber = None,
    export_request_mb: WholeNumber = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Create a project on published datasets; then add its members."""
    node = this_node()
    limits = LimitOverrides(
        memory_mb=memory_mb,
        cpus=cpus,
        pids=pids,
        tmp_mb=tmp_mb,
        workspace_mb=workspace_mb,
        max_hours=max_hours,
        export_file_mb=export_file_mb,
        export_request_mb=export_request_mb,
    )
    made = govern.create_project(
        node.database,
        project,
        title=title,
        datasets=dataset,
        expires_at=govern.end_of(_day(expires)),
        reviewers_required=(
            node.settings.reviewers_required if reviewers_required is None else reviewers_required
        ),
        disclosure=_policy(disclosure) or policies.DEFAULT,
        limits=limits,
        actor=node.actor,
        dry_run=dry_run,
    )
    if dry_run:
        say(f"would create project {project}")
        return
    show_record(_record(made), as_json=as_json)


@app.command()
def change(
    project: Id,
    title: Annotated[str | None, typer.Option(help="One line for people.")] = None,
    dataset: Annotated[
        list[str] | None, typer.Option(help="A published dataset to add; repeat it for more.")
    ] = None,
    without_dataset: Annotated[
        list[str] | None,
        typer.Option(help="A dataset to take away; running sessions that mount it end."),
    ] = None,
    reviewers_required: WholeNumber = None,
    disclosure: Disclosure = None,
    memory_mb: Limit = None,
    cpus: Annotated[float | None, typer.Option(help=_AGAIN)] = None,
    pids: Limit = None,
    tmp_mb: Limit = None,
    workspace_mb: Limit = None,
    max_hours: Limit = None,
    export_file_mb: Limit = None,
    export_request_mb: Limit = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Change a project; limits and new datasets hold from the next session on.

    A workspace keeps the size that it was made with.
    """
    node = this_node()
    limits = {
        "memory_mb": memory_mb,
        "cpus": cpus,
        "pids": pids,
        "tmp_mb": tmp_mb,
        "workspace_mb": workspace_mb,
        "max_hours": max_hours,
        "export_file_mb": export_file_mb,
        "export_request_mb": export_request_mb,
    }
    made = govern.change_project(
        node.database,
        project,
        title=title,
        add_datasets=dataset or (),
        remove_datasets=without_dataset or (),
        reviewers_required=reviewers_required,
        disclosure=_policy(disclosure),
        limits={name: value for name, value in limits.items() if value is not None},
        actor=node.actor,
        dry_run=dry_run,
    )
    if dry_run:
        say(f"would change project {project}")
    show_record(_record(made), as_json=as_json)


@app.command()
def add(project: Id, person: Person, dry_run: DryRun = False) -> None:
    """Add a researcher to a project."""
    node = this_node()
    govern.add_member(node.database, project, person, actor=node.actor, dry_run=dry_run)
    say(f"{'would add' if dry_run else 'added'} {person} to project {project}")


@app.command()
def remove(project: Id, person: Person, dry_run: DryRun = False) -> None:
    """Take a person out of a project; a running session of theirs ends within seconds."""
    node = this_node()
    govern.remove_member(node.database, project, person, actor=node.actor, dry_run=dry_run)
    say(f"{'would remove' if dry_run else 'removed'} {person} from project {project}")


@app.command()
def expire(
    project: Id,
    on: Annotated[
        str | None, typer.Option(help="Last day, as YYYY-MM-DD, in UTC; now if not given.")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """End a project now, or set its last day, earlier or later than before."""
    node = this_node()
    at = utc_now() if on is None else govern.end_of(_day(on))
    govern.set_expiry(node.database, project, at, actor=node.actor, dry_run=dry_run)
    would = "would end" if dry_run else "ends"
    say(f"project {project} {would} {'now' if on is None else 'on ' + on}")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List every project, also those that are over."""
    with this_node().database.read() as tx:
        rows = [_record(project) for project in store.projects(tx)]
    show_rows(rows, _COLUMNS, as_json=as_json, empty="no projects yet: vitrine project create")


@app.command()
def show(project: Id, as_json: AsJson = False) -> None:
    """Show one project with its members, datasets and limits."""
    with this_node().database.read() as tx:
        found = store.project(tx, project)
    show_record(_record(found), as_json=as_json)


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise InvalidInput(f"{text!r} is not a day", hint="write it as YYYY-MM-DD") from None


def _policy(name: str | None) -> str | None:
    """The name, when there is such a policy: a path is none, for the steward would not find it."""
    if name is not None and name not in policies.available():
        raise InvalidInput(
            f"there is no disclosure policy {name}",
            hint=f"use one of {', '.join(policies.available())}",
        )
    return name


def _record(project: Project) -> dict[str, Any]:
    limits = project.limits.set_values()
    return {
        "id": project.id,
        "title": project.title,
        "members": sorted(project.members),
        "datasets": sorted(project.datasets),
        "expires_at": timestamp(project.expires_at),
        "is_over": project.is_expired(utc_now()),
        "reviewers_required": project.reviewers_required,
        "disclosure": project.disclosure,
        "allow_same_project_review": project.allow_same_project_review,
        "limits": [f"{name}={value}" for name, value in limits.items()],
        "created_at": project.created_at,
        "created_by": project.created_by,
    }
