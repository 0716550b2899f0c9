"""Migrations run from code, on a connection that is handed in: no configuration file."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from vitrine.errors import Unavailable


def upgrade(tx: Connection, revision: str = "head") -> None:
    """Apply the migrations up to `revision` that the database has not seen.

    Raises:
        Unavailable: when the database knows migrations that this version does not.
    """
    present = current_revision(tx)
    if present is not None and present not in known_revisions():
        raise Unavailable(
            f"the database has the schema {present}, which this version does not know",
            hint="use the version of Vitrine that made it, or a newer one",
        )
    if revision != "head" and revision not in known_revisions():
        raise Unavailable(
            f"this version does not know the schema {revision}",
            hint="use the version of Vitrine that made it, or a newer one",
        )
    command.upgrade(_config(tx), revision)


def is_current(tx: Connection) -> bool:
    """Whether the database has seen every migration that this version knows."""
    return current_revision(tx) == head_revision()


def current_revision(tx: Connection) -> str | None:
    """The last migration applied, or None for an empty database."""
    return MigrationContext.configure(tx).get_current_revision()


def head_revision() -> str | None:
    """The last migration of this version."""
    return ScriptDirectory.from_config(_config(None)).get_current_head()


def known_revisions() -> frozenset[str]:
    """Every migration of this version."""
    scripts = ScriptDirectory.from_config(_config(None))
    return frozenset(script.revision for script in scripts.walk_revisions())


def _config(tx: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = tx
    return config
