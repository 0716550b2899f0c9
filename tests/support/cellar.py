"""A node in a temporary directory: real settings, a real database, real keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from vitrine.access import enrol
from vitrine.access.account import Account, Role
from vitrine.settings import Settings
from vitrine.storage.database import Database

PASSWORD = "correct horse battery"


def some_settings(root: Path, **changes: object) -> Settings:
    """Settings of a node that lies below `root`, with `changes` to single fields."""
    wanted = {"state_root": root / "state", "run_root": Path("/run/vitrine-test"), **changes}
    return Settings.from_env({f"VITRINE_{name.upper()}": str(v) for name, v in wanted.items()})


def a_database(settings: Settings) -> Database:
    """The migrated database of that node."""
    database = Database.open(settings)
    database.migrate()
    return database


def an_account(database: Database, name: str = "ann", *roles: Role) -> Account:
    """A person who can sign in with `PASSWORD`; a researcher unless said otherwise."""
    wanted = frozenset(roles or {Role.RESEARCHER})
    made = enrol.enrol(database, name, roles=wanted, password=PASSWORD, actor="os:root")
    return made.account


class SetClock:
    """A clock that stands still until it is told to move."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)
