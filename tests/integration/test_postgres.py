"""The same tables on PostgreSQL, where the server itself keeps the roles apart."""

import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from tests.support import postgres
from tests.support.cellar import PASSWORD, an_account, some_settings
from tests.support.tables import every_table
from vitrine.access.login import authenticate
from vitrine.audit import chain, log
from vitrine.audit.events import Event
from vitrine.errors import Unavailable, VitrineError
from vitrine.storage import dump
from vitrine.storage.database import Database

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(bool(postgres.missing()), reason=postgres.missing() or "-"),
]

APPLICATIONS = ("vitrine_hub", "vitrine_steward", "vitrine_review")


@pytest.fixture(scope="module")
def server():
    with postgres.a_server() as running:
        running.new_database("vitrine")
        owner = Database(running.url("vitrine_owner", "vitrine"))
        owner.migrate()
        running.run_file("vitrine", "grants.sql", role="vitrine_owner")
        yield running


def as_role(server, role, database="vitrine"):
    return Database(server.url(role, database))


@pytest.fixture
def owner(server):
    return as_role(server, "vitrine_owner")


def note(database, subject="account:ann"):
    with database.begin() as tx:
        return log.record(tx, Event.LOGIN, actor="system:hub", subject=subject)


def refused_sql(database, sql):
    with pytest.raises(Exception) as caught:
        with database.begin() as tx:
            tx.exec_driver_sql(sql)
    return str(caught.value)


def test_the_migrations_make_exactly_the_tables_that_the_stages_use(owner):
    with owner.read() as tx:
        assert compare_metadata(MigrationContext.configure(tx), every_table()) == []


def test_migrating_again_changes_nothing(owner):
    owner.migrate()
    assert owner.is_current()


def test_every_table_is_spoken_of_in_the_grants():
    grants = (postgres.DEPLOY / "grants.sql").read_text()
    assert [name for name in every_table().tables if name not in grants] == []


@pytest.mark.parametrize("role", [*APPLICATIONS, "vitrine_owner"])
def test_every_role_may_add_to_the_audit_log(server, role):
    entry = note(as_role(server, role))
    with as_role(server, role).read() as tx:
        assert log.head(tx).digest == entry.digest


@pytest.mark.parametrize("role", APPLICATIONS)
@pytest.mark.parametrize(
    "sql",
    ["UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log",
     "DROP TABLE audit_log", "ALTER TABLE audit_log DISABLE TRIGGER ALL",
     "CREATE TABLE mine (n int)"],
)  # fmt: skip
def test_no_application_may_change_the_audit_log(server, role, sql):
    note(as_role(server, role))
    complaint = refused_sql(as_role(server, role), sql)
    assert "does not let this account" in complaint


@pytest.mark.parametrize(
    "sql", ["UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"]
)
def test_the_owner_meets_the_trigger(owner, sql):
    note(owner)
    assert "the audit log only grows" in refused_sql(owner, sql)


@pytest.mark.parametrize(
    ("role", "sql"),
    [
        pytest.param("vitrine_hub", "INSERT INTO egress_releases DEFAULT VALUES", id="hub release"),
        pytest.param(
            "vitrine_review", "INSERT INTO egress_releases DEFAULT VALUES", id="review release"
        ),
        pytest.param("vitrine_steward", "UPDATE egress_votes SET value = 'x'", id="steward vote"),
        pytest.param(
            "vitrine_steward", "INSERT INTO egress_votes DEFAULT VALUES", id="steward new vote"
        ),
        pytest.param("vitrine_steward", "SELECT * FROM credentials", id="steward passwords"),
        pytest.param("vitrine_review", "SELECT * FROM credentials", id="review passwords"),
        pytest.param("vitrine_hub", "UPDATE accounts SET roles = 'x'", id="hub promotes"),
        pytest.param("vitrine_hub", "DELETE FROM project_members", id="hub members"),
        pytest.param("vitrine_review", "UPDATE sessions SET state = 'x'", id="review sessions"),
        pytest.param(
            "vitrine_review", "UPDATE egress_files SET cleaned_sha256 = 'x'", id="review bytes"
        ),
        pytest.param("vitrine_steward", "UPDATE egress_releases SET key = 'x'", id="rewrite"),
    ],
)
def test_a_role_cannot_do_the_work_of_another(server, role, sql):
    assert "does not let this account" in refused_sql(as_role(server, role), sql)


def test_only_the_steward_may_insert_releases(server):
    """It is refused for what the row lacks, not for who asks."""
    database = as_role(server, "vitrine_steward")
    complaint = refused_sql(database, "INSERT INTO egress_releases DEFAULT VALUES")
    assert "does not let this account" not in complaint


def test_the_hub_signs_people_in_with_its_own_role(server, owner, tmp_path):
    an_account(owner, "ann")
    settings = some_settings(tmp_path)
    hub = as_role(server, "vitrine_hub")
    assert authenticate(hub, "ann", PASSWORD, settings=settings).name == "ann"


def test_eight_writers_make_one_chain(server):
    failures = []

    def write(worker):
        database = as_role(server, APPLICATIONS[worker % 3])
        try:
            for n in range(25):
                note(database, f"worker:{worker}-{n}")
        except Exception as error:
            failures.append(error)

    with as_role(server, "vitrine_hub").read() as tx:
        before = log.head(tx).sequence
    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert failures == []
    with as_role(server, "vitrine_review").read() as tx:
        head = chain.verify(entry.link for entry in log.entries(tx))
    assert head.sequence == before + 8 * 25


def test_a_reader_cannot_write_and_sees_one_moment(server, owner):
    with owner.read() as tx:
        before = log.head(tx)
        note(as_role(server, "vitrine_hub"))
        assert log.head(tx) == before
    with pytest.raises(VitrineError, match="may not be written here"), owner.read() as tx:
        log.record(tx, Event.LOGIN, actor="system:hub", subject="account:ann")


def test_several_processes_may_migrate_at_once(server):
    server.new_database("four")
    failures = []

    def migrate():
        try:
            as_role(server, "vitrine_owner", "four").migrate()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert failures == []
    assert as_role(server, "vitrine_owner", "four").is_current()


def test_a_node_moves_from_sqlite_to_postgresql_and_back(server, tmp_path):
    small = Database(f"sqlite:///{tmp_path}/one.sqlite")
    small.migrate()
    an_account(small, "ann")
    an_account(small, "bo")
    with small.begin() as tx:
        tx.exec_driver_sql(
            "INSERT INTO projects (id, title, expires_at, reviewers_required, "
            "allow_same_project_review, cpus, created_at, created_by) "
            "VALUES ('lung', 'Lung', 't', 2, 0, 1.5, 't', 'os:root')"
        )
        tx.exec_driver_sql(
            "INSERT INTO workspaces (id, person, project, created_at) "
            "VALUES (7, 'ann', 'lung', '2026-01-01T00:00:00.000000Z')"
        )
    with small.read() as tx:
        lines = list(dump.dump(tx))
    server.new_database("moved")
    big = as_role(server, "vitrine_owner", "moved")
    dump.load(big, lines)
    with big.read() as tx:
        assert list(dump.dump(tx)) == lines
        assert chain.verify(entry.link for entry in log.entries(tx)).sequence == 2
    with big.begin() as tx:
        fresh = tx.exec_driver_sql(
            "INSERT INTO workspaces (person, project, created_at) VALUES ('bo', 'lung', 't') "
            "RETURNING id"
        ).scalar()
    assert fresh == 8  # numbering goes on after what was loaded


def test_a_server_that_is_gone_is_one_sentence(tmp_path):
    database = Database(f"postgresql://vitrine_hub@/vitrine?unix_sock={tmp_path}/none")
    with pytest.raises(Unavailable, match="does not answer"), database.read():
        pass
