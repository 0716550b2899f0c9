"""The database of a node: SQLite by default, PostgreSQL in production, the same tables in both.

`begin()` is one write transaction: it commits when its block ends and leaves nothing behind when
the block raises. `metadata` is shared by the `store.py` of every stage; the migrations, not the
metadata, create the tables.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, MetaData, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError

from vitrine.errors import Unavailable
from vitrine.settings import Settings

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

BUSY_TIMEOUT_MS: Final = 10_000
"""How long a writer waits for another process's transaction."""

WRITE_LOCK: Final = 0x56495452  # "VITR"
"""PostgreSQL advisory lock that a write transaction holds to its end."""

_IMMEDIATE: Final = "vitrine_immediate"
_MIGRATE_HINT: Final = "run `vitrine node init` as root"


class Database:
    """One database, reached by this process through a small pool of connections."""

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)

    @classmethod
    def open(cls, settings: Settings) -> Database:
        """The database that `settings` name; nothing is read until it is used."""
        return cls(settings.database_url)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One write transaction, committed at the end of the block, undone when it raises.

        Raises:
            Unavailable: when the database cannot be reached, is full, busy or not migrated.
        """
        with _explained(self._engine), self._engine.connect() as connection:
            marked = connection.execution_options(**{_IMMEDIATE: True})
            with marked.begin():
                if self.dialect == "postgresql":
                    _take_turn(marked)
                yield marked

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view of the database, in which nothing can be written.

        Raises:
            Unavailable: when the database cannot be reached or is not migrated.
        """
        with _explained(self._engine), self._engine.connect() as connection:
            transaction = connection.begin()
            try:
                if self.dialect == "postgresql":
                    connection.exec_driver_sql(
                        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
                    )
                yield connection
            finally:
                transaction.rollback()

    def migrate(self) -> None:
        """Bring the tables to the newest form; a database that is there already stays as it is."""
        from vitrine.storage.migrate import upgrade

        self.create()
        with self.begin() as tx:
            upgrade(tx)

    def create(self) -> None:
        """Make an empty SQLite file where there is none; a server's database exists already."""
        if self.dialect == "sqlite":
            _create_shared_file(self._engine.url.database)

    def is_current(self) -> bool:
        """Whether the tables have the newest form that this version knows."""
        from vitrine.storage.migrate import is_current

        with self.read() as tx:
            return is_current(tx)

    def revision(self) -> str | None:
        """The last migration applied; None when there is none, or no database yet."""
        from vitrine.storage.migrate import current_revision

        path = self._engine.url.database
        if self.dialect == "sqlite" and not (path and Path(path).is_file()):
            return None
        with self.read() as tx:
            return current_revision(tx)

    def close(self) -> None:
        """Give back every connection; using the database again opens new ones."""
        self._engine.dispose()


def _engine(url: str) -> Engine:
    """An engine whose transactions begin when and how this module says."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return create_engine(
            parsed.set(drivername="postgresql+pg8000"),
            pool_size=4,
            max_overflow=12,
            pool_pre_ping=True,
            hide_parameters=True,
        )
    engine = create_engine(
        parsed, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}, hide_parameters=True
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Durable, shared between processes, with foreign keys that are checked."""
    connection.isolation_level = None  # transactions begin in _begin_sqlite, not in the driver
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that reads first and writes later can fail halfway with "busy".
    immediate = connection.get_execution_options().get(_IMMEDIATE, False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if immediate else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _take_turn(connection: Connection) -> None:
    """Let write transactions run one after another, as SQLite does.

    A verdict then still holds when its change is made, and the audit log has one order.
    """
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {BUSY_TIMEOUT_MS}")
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITE_LOCK})")


def _create_shared_file(name: str | None) -> None:
    """Create the database file group-writable; SQLite gives its side files the same mode."""
    if not name or name == ":memory:":
        return
    path = Path(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o660)
            os.fchmod(descriptor, 0o660)
            os.close(descriptor)
    except OSError as error:
        raise Unavailable(f"cannot create the database {path}: {error.strerror}") from error


@contextmanager
def _explained(engine: Engine) -> Iterator[None]:
    """Turn the driver's complaints that a person can mend into one sentence."""
    try:
        yield
    except IntegrityError:
        raise  # a constraint said no: the caller's question, not the server's trouble
    except DBAPIError as error:
        explanation = _explain(error, _display(engine))
        if explanation is None:
            raise
        raise explanation from error


_COMPLAINTS: Final[tuple[tuple[str, str, str], ...]] = (
    (r"no such table|no such column|42P01|42703", "has not been migrated", _MIGRATE_HINT),
    (r"database is locked|55P03", "was busy for too long", "try again"),
    (r"disk is full|53100", "has no space left", "free some space on its volume"),
    (r"readonly database|attempt to write a readonly|25006", "may not be written here", ""),
    (r"permission denied|42501", "does not let this account do that", ""),
    (r"unable to open|not a database|malformed", "cannot be opened", ""),
    (
        r"Can't create a connection|28P01|28000|3D000|connect|communication error|network error",
        "does not answer",
        "",
    ),
)


def _explain(error: DBAPIError, name: str) -> Unavailable | None:
    text = str(error.orig)
    for pattern, what, hint in _COMPLAINTS:
        if re.search(pattern, text):
            return Unavailable(f"the database {name} {what}", hint=hint or None)
    return None


def _display(engine: Engine) -> str:
    """The database as a person knows it, without user name or password."""
    url = engine.url
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return f"{url.database} on {url.host or 'the local socket'}"
