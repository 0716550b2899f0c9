"""`vitrine dataset`: published images and clinical tables."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from vitrine.catalogue import policy, store
from vitrine.catalogue.dataset import DatasetVersion, Findings
from vitrine.catalogue.publish import check_delivery, publish
from vitrine.catalogue.verify import verify
from vitrine.cli.output import (
    AsJson,
    DryRun,
    cell_text,
    require_root,
    say,
    show_json,
    show_record,
    show_rows,
    this_node,
)
from vitrine.dicom.inventory import Progress
from vitrine.errors import InvalidInput

app = typer.Typer()

Name = Annotated[str, typer.Argument(help="The dataset's name.", metavar="NAME")]

_COLUMNS = ("dataset", "version", "title", "n_patients", "n_series", "n_instances", "published_at")


@app.command("publish")
def publish_(
    path: Annotated[Path, typer.Argument(help="Folder of DICOM files.", metavar="PATH")],
    clinical: Annotated[Path, typer.Option(help="Clinical table: CSV with a PatientID column.")],
    name: Annotated[str, typer.Option(help="What the dataset is called in paths and commands.")],
    title: Annotated[str, typer.Option(help="One line for people.")],
    description: Annotated[str, typer.Option(help="What researchers should know.")] = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Publish a folder of images and its clinical table as the next version of a dataset."""
    node = this_node()
    if dry_run:
        _rehearse(path, clinical, name, title)
        return
    require_root("publish a dataset")
    version = publish(
        node.database,
        node.settings,
        path,
        clinical,
        name=name,
        title=title,
        description=description,
        actor=node.actor,
        progress=_progress(),
    )
    show_record(_row(version), as_json=as_json)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List every version of every dataset, oldest first."""
    node = this_node()
    with node.database.read() as tx:
        versions = store.versions(tx, node.settings.dataset_root)
    rows = [_row(version) for version in versions]
    show_rows(rows, _COLUMNS, as_json=as_json, empty="no datasets yet: vitrine dataset publish")


@app.command("verify")
def verify_(
    name: Name,
    version: Annotated[int | None, typer.Option(help="A version; the newest if not given.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Read and compare every byte.")] = False,
    renew: Annotated[
        bool,
        typer.Option("--renew", help="With --full: accept new times of files, as after a restore."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Name every file that was changed, is missing or does not belong; exit 1 when there is one."""
    if renew and not full:
        raise typer.BadParameter("--renew needs --full: only proven contents are accepted")
    node = this_node()
    if renew:
        require_root("renew what is recorded about a dataset")
    with node.database.read() as tx:
        root = node.settings.dataset_root
        if version is None:
            subject = store.latest_version(tx, root, name)
        else:
            subject = store.version(tx, root, name, version)
    findings = verify(
        node.database, subject, full=full, renew=renew, actor=node.actor, progress=_progress()
    )
    _show_findings(subject, findings, full=full, as_json=as_json)
    if not findings.is_clean:
        raise typer.Exit(1)


def _rehearse(path: Path, clinical: Path, name: str, title: str) -> None:
    """Check a delivery as a publication would and say what it would publish."""
    named = policy.may_be_named(name, title)
    if not named:
        raise InvalidInput(named.reason)
    inventory = check_delivery(path, clinical, progress=_progress()).inventory
    say(
        f"would publish {len(inventory.instances)} instances in {len(inventory.series())} series "
        f"of {len(inventory.patients)} patients as the next version of {name}"
    )


def _show_findings(
    version: DatasetVersion, findings: Findings, *, full: bool, as_json: bool
) -> None:
    kinds = {kind: getattr(findings, kind) for kind in ("changed", "missing", "extra", "touched")}
    if as_json:
        about = {"dataset": version.dataset, "version": version.version}
        method = "full" if full else "quick"
        show_json({**about, "method": method, "intact": findings.is_clean, **kinds})
        return
    for kind, names in kinds.items():
        for name in names:
            sys.stdout.write(f"{kind:<8} {cell_text(name)}\n")
    if findings.is_clean:
        how = "every byte is" if full else "size, times and inode of every file are"
        say(f"{version.label}: {how} as published ({version.n_instances} images)")
    elif findings.is_intact:
        say(
            f"{version.label}: the contents are as published, but times or inodes differ; after "
            f"a restore accept them with: vitrine dataset verify {version.dataset} --full --renew"
        )
    else:
        say(
            f"{version.label} is not what was published; no session starts on it: "
            "restore it from backup, or publish a new version"
        )


def _progress() -> Progress | None:
    """Shows progress on stderr twice a second when a person is watching."""
    if not sys.stderr.isatty():
        return None
    shown_at = 0.0

    def show(what: str, done: int, total: int) -> None:
        nonlocal shown_at
        now = time.monotonic()
        if done == total or now - shown_at > 0.5:
            shown_at = now
            end = "\n" if done == total else ""
            sys.stderr.write(f"\r{what}: {done} of {total}{end}")
            sys.stderr.flush()

    return show


def _row(version: DatasetVersion) -> dict[str, Any]:
    return {
        "dataset": version.dataset,
        "version": version.version,
        "title": version.title,
        "description": version.description,
        "n_patients": version.n_patients,
        "n_series": version.n_series,
        "n_instances": version.n_instances,
        "size_bytes": version.size_bytes,
        "manifest_sha256": version.manifest_sha256,
        "published_at": version.published_at,
        "published_by": version.published_by,
        "path": str(version.path),
    }
