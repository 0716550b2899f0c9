"""The only SQL of the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Integer,
    Row,
    Table,
    Text,
    func,
    insert,
    select,
    update,
)

from vitrine.catalogue.dataset import Dataset, DatasetVersion
from vitrine.errors import NotFound
from vitrine.storage.database import metadata

datasets_table: Final = Table(
    "datasets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("created_at", Text, nullable=False),
)

versions_table: Final = Table(
    "dataset_versions",
    metadata,
    Column("dataset", Text, ForeignKey("datasets.name"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("n_patients", Integer, nullable=False),
    Column("n_series", Integer, nullable=False),
    Column("n_instances", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("manifest_sha256", Text, nullable=False),
    Column("baseline_sha256", Text, nullable=False),
    Column("published_at", Text, nullable=False),
    Column("published_by", Text, nullable=False),
)


def add_version(tx: Connection, version: DatasetVersion) -> None:
    """Record `version`, and its dataset when it is the first; the dataset takes its title."""
    known = tx.execute(
        select(datasets_table.c.name).where(datasets_table.c.name == version.dataset)
    ).first()
    if known is None:
        tx.execute(
            insert(datasets_table).values(
                name=version.dataset, title=version.title, created_at=version.published_at
            )
        )
    else:
        tx.execute(
            update(datasets_table)
            .where(datasets_table.c.name == version.dataset)
            .values(title=version.title)
        )
    tx.execute(
        insert(versions_table).values(
            {column.name: getattr(version, column.name) for column in versions_table.columns}
        )
    )


def renew_baseline(tx: Connection, version: DatasetVersion, baseline_sha256: str) -> None:
    """Record the sizes, times and inodes that session starts compare from now on."""
    tx.execute(
        update(versions_table)
        .where(
            versions_table.c.dataset == version.dataset, versions_table.c.version == version.version
        )
        .values(baseline_sha256=baseline_sha256)
    )


def datasets(tx: Connection) -> list[Dataset]:
    """Every dataset, by name."""
    latest = func.max(versions_table.c.version).label("latest_version")
    rows = tx.execute(
        select(datasets_table.c.name, datasets_table.c.title, datasets_table.c.created_at, latest)
        .join(versions_table, versions_table.c.dataset == datasets_table.c.name)
        .group_by(datasets_table.c.name, datasets_table.c.title, datasets_table.c.created_at)
        .order_by(datasets_table.c.name)
    )
    return [Dataset(row.name, row.title, row.created_at, row.latest_version) for row in rows]


def versions(tx: Connection, root: Path, name: str | None = None) -> list[DatasetVersion]:
    """Every version, or those of the dataset `name`, by dataset and then oldest first.

    Args:
        root: the dataset store, below which each version has its directory.
    """
    query = select(versions_table).order_by(versions_table.c.dataset, versions_table.c.version)
    if name is not None:
        query = query.where(versions_table.c.dataset == name)
    return [_version(row, root) for row in tx.execute(query)]


def latest_version(tx: Connection, root: Path, name: str) -> DatasetVersion:
    """The newest version of the dataset `name`.

    Raises:
        NotFound: when no such dataset was published.
    """
    found = versions(tx, root, name)
    if not found:
        raise NotFound(f"there is no dataset {name}", hint="vitrine dataset list shows them all")
    return found[-1]


def version(tx: Connection, root: Path, name: str, number: int) -> DatasetVersion:
    """Version `number` of the dataset `name`.

    Raises:
        NotFound: when it was never published.
    """
    for found in versions(tx, root, name):
        if found.version == number:
            return found
    raise NotFound(
        f"there is no version {number} of a dataset {name}",
        hint="vitrine dataset list shows them all",
    )


def _version(row: Row[Any], root: Path) -> DatasetVersion:
    fields = dict(row._mapping)
    return DatasetVersion(path=root / row.dataset / str(row.version), **fields)
