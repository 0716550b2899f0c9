"""Migrations run from code, on a connection that is handed in: no configuration file."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def upgrade(tx: Connection) -> None:
    """Apply every migration that the database has not seen, inside the caller's transaction."""
    command.upgrade(_config(tx), "head")


def is_current(tx: Connection) -> bool:
    """Whether the database has seen every migration that this version knows."""
    return current_revision(tx) == head_revision()


def current_revision(tx: Connection) -> str | None:
    """The last migration applied, or None for an empty database."""
    return MigrationContext.configure(tx).get_current_revision()


def head_revision() -> str | None:
    """The last migration of this version."""
    return ScriptDirectory.from_config(_config(None)).get_current_head()


def _config(tx: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = tx
    return config
