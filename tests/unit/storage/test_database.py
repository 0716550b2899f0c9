"""One write transaction at a time, whole or not at all, shared by several processes."""

import grp
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, Integer, MetaData, Table, insert, select
from sqlalchemy.exc import IntegrityError as ConstraintError
from sqlalchemy.exc import OperationalError

from tests.support.cellar import a_database, some_settings
from tests.support.tables import every_table
from vitrine.audit import log
from vitrine.errors import Unavailable
from vitrine.storage.database import Database
from vitrine.storage.migrate import upgrade


@pytest.fixture
def database(tmp_path):
    return a_database(some_settings(tmp_path))


@pytest.fixture
def numbers(database):
    table = Table("numbers", MetaData(), Column("n", Integer, primary_key=True))
    with database.begin() as tx:
        table.create(tx)
    return table


def count(database, table):
    with database.read() as tx:
        return len(tx.execute(select(table)).all())


def test_the_migrations_make_exactly_the_tables_that_the_stages_use(database):
    with database.read() as tx:
        assert compare_metadata(MigrationContext.configure(tx), every_table()) == []


def test_migrating_again_changes_nothing(database):
    database.migrate()
    assert database.is_current()


def test_two_processes_may_migrate_at_once(tmp_path):
    settings = some_settings(tmp_path)
    failures = []

    def migrate():
        try:
            Database.open(settings).migrate()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert failures == []
    assert Database.open(settings).is_current()


def test_a_database_newer_than_this_version_is_left_alone(database):
    with database.begin() as tx:
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = '9999_future'")
    with pytest.raises(Unavailable, match="9999_future"):
        database.migrate()


def test_a_transaction_that_raises_leaves_nothing(database, numbers):
    with pytest.raises(ZeroDivisionError), database.begin() as tx:  # noqa: PT012
        tx.execute(insert(numbers).values(n=1))
        raise ZeroDivisionError
    assert count(database, numbers) == 0


def test_a_reader_cannot_write(database, numbers):
    with pytest.raises((OperationalError, Unavailable)), database.read() as tx:
        tx.execute(insert(numbers).values(n=1))
    with database.begin() as tx:  # and the connection is writable again afterwards
        tx.execute(insert(numbers).values(n=2))
    assert count(database, numbers) == 1


def test_a_reader_sees_one_moment_while_others_write(database, numbers):
    with database.read() as tx:
        assert tx.execute(select(numbers)).all() == []
        with database.begin() as other:
            other.execute(insert(numbers).values(n=1))
        assert tx.execute(select(numbers)).all() == []
    assert count(database, numbers) == 1


def test_what_a_writer_read_still_holds_when_it_writes(database, numbers):
    """Read, think, write: without BEGIN IMMEDIATE two of them read the same state."""
    barrier = threading.Barrier(4)

    def add_one():
        barrier.wait()
        for _ in range(10):
            with database.begin() as tx:
                highest = len(tx.execute(select(numbers)).all())
                tx.execute(insert(numbers).values(n=highest))

    threads = [threading.Thread(target=add_one) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert count(database, numbers) == 40


def test_a_reference_to_nothing_is_refused(database):
    with pytest.raises(ConstraintError), database.begin() as tx:
        tx.exec_driver_sql(
            "INSERT INTO credentials (name, password_hash, totp_last_step, failed_attempts) "
            "VALUES ('nobody', 'x', -1, 0)"
        )


def test_writes_are_durable_and_foreign_keys_checked(database):
    with database.begin() as tx:
        found = {
            name: tx.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 10_000,
    }


def test_the_file_and_its_side_files_are_for_the_group_and_nobody_else(tmp_path):
    settings = some_settings(tmp_path)
    database = a_database(settings)
    with database.begin():
        files = list(settings.sqlite_path.parent.iterdir())
        assert {path.suffix for path in files} == {".sqlite", ".sqlite-wal", ".sqlite-shm"}
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o660}


def test_a_database_that_was_never_made_says_how_to_make_it(tmp_path):
    database = Database.open(some_settings(tmp_path))
    with pytest.raises(Unavailable, match="cannot be opened"), database.read():
        pass
    database.create()
    with pytest.raises(Unavailable, match="has not been migrated") as caught:
        with database.read() as tx:
            tx.exec_driver_sql("SELECT * FROM accounts")
    assert "vitrine node init" in caught.value.sentence()


def test_a_migration_that_does_not_exist_is_refused(database):
    with pytest.raises(Unavailable, match="0042_none"), database.begin() as tx:
        upgrade(tx, "0042_none")


def test_a_password_never_reaches_an_error():
    url = "postgresql://hub:planted-secret@127.0.0.1:1/vitrine"
    with pytest.raises(Unavailable) as caught, Database(url).read():
        pass
    assert "planted-secret" not in caught.value.sentence()
    assert "does not answer" in str(caught.value)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as several accounts")
def test_accounts_of_one_group_share_the_file_whatever_their_umask():
    root = Path(tempfile.mkdtemp(prefix="vitrine-shared-"))
    try:
        root.chmod(0o711)
        (root / "db").mkdir()
        shutil.chown(root / "db", "root", "games")
        (root / "db").chmod(0o2770)
        url = f"sqlite:///{root}/db/shared.sqlite"
        database = Database(url)
        database.migrate()
        for user in ("nobody", "daemon", "root", "nobody"):
            code = (
                "import os, sys; os.umask(0o077)\n"
                "from vitrine.audit import log; from vitrine.audit.events import Event\n"
                "from vitrine.storage.database import Database\n"
                f"with Database({url!r}).begin() as tx:\n"
                f"    log.record(tx, Event.LOGIN, actor='os:{user}', subject='account:x')\n"
            )
            # A checkout may lie where only this group passes through.
            passing = [entry.gr_gid for entry in grp.getgrall() if entry.gr_name == "vitrine"]
            groups = [grp.getgrnam("games").gr_gid, *passing]
            subprocess.run([sys.executable, "-c", code], user=user, extra_groups=groups, check=True)
        with database.read() as tx:
            actors = [entry.actor for entry in log.entries(tx)]
        assert actors == ["os:nobody", "os:daemon", "os:root", "os:nobody"]
    finally:
        shutil.rmtree(root)
