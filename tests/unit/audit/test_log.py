"""Change and event are one transaction, and the log only grows."""

import sys
import threading

import pytest
from sqlalchemy.exc import DBAPIError

from tests.support.cellar import a_database, some_settings
from vitrine.access import store
from vitrine.access.account import Role
from vitrine.audit import chain, log
from vitrine.audit.events import Event
from vitrine.errors import InvalidInput


@pytest.fixture
def database(tmp_path):
    return a_database(some_settings(tmp_path))


def note(tx, n=0, /, **detail):
    return log.record(tx, Event.LOGIN, actor="person:ann", subject=f"account:{n}", detail=detail)


def test_entries_form_a_chain(database):
    with database.begin() as tx:
        written = [note(tx, n, n=n, word='é\n"', none=None) for n in range(3)]
    with database.read() as tx:
        assert list(log.entries(tx)) == written
        assert chain.verify(entry.link for entry in log.entries(tx)) == log.head(tx)
        assert [entry.sequence for entry in log.entries(tx, after=1, limit=1)] == [2]


def test_when_the_change_is_undone_so_is_its_event(database):
    with pytest.raises(ZeroDivisionError), database.begin() as tx:  # noqa: PT012
        store.add_account(tx, "ann", roles=frozenset({Role.AUDITOR}), password_hash="x")
        note(tx)
        raise ZeroDivisionError
    with database.read() as tx:
        assert store.accounts(tx) == []
        assert log.head(tx) == chain.Head()


def test_when_the_event_is_refused_so_is_the_change(database):
    with pytest.raises(InvalidInput), database.begin() as tx:  # noqa: PT012
        store.add_account(tx, "ann", roles=frozenset({Role.AUDITOR}), password_hash="x")
        log.record(tx, Event.ACCOUNT_ADDED, actor="somebody", subject="account:ann")
    with database.read() as tx:
        assert store.accounts(tx) == []


@pytest.mark.parametrize("sql", ["UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log"])
def test_the_database_refuses_to_change_the_log(database, sql):
    with database.begin() as tx:
        note(tx)
    with pytest.raises(DBAPIError, match="the audit log only grows"), database.begin() as tx:
        tx.exec_driver_sql(sql)


@pytest.mark.parametrize(
    ("actor", "subject", "detail"),
    [
        pytest.param("ann", "account:ann", {}, id="actor without a kind"),
        pytest.param("web:ann", "account:ann", {}, id="unknown kind"),
        pytest.param("os:", "account:ann", {}, id="nobody"),
        pytest.param("os:root", "ann", {}, id="subject without a noun"),
        pytest.param("os:root", "account:ann", {"x": 1.5}, id="float"),
        pytest.param("os:root", "account:ann", {"x": True}, id="boolean"),
        pytest.param("os:root", "account:ann", {"x": "a" * 5000}, id="too long"),
        pytest.param("os:root", "account:ann", {"x": "a\0b"}, id="zero character"),
        pytest.param("os:root", "account:\ud800", {}, id="not text"),
    ],
)
def test_an_event_that_is_not_well_formed_is_refused(database, actor, subject, detail):
    with pytest.raises(InvalidInput), database.begin() as tx:
        log.record(tx, Event.LOGIN, actor=actor, subject=subject, detail=detail)


def test_filters_must_all_match(database):
    with database.begin() as tx:
        note(tx, 1)
        log.record(tx, Event.LOGOUT, actor="person:ann", subject="account:1")
        log.record(tx, Event.LOGOUT, actor="person:bo", subject="account:1")
    with database.read() as tx:
        found = log.find(tx, event=Event.LOGOUT, actor="person:ann", subject="account:1")
        assert [entry.sequence for entry in found] == [2]
        newest = log.find(tx, limit=2, newest_first=True)
        assert [entry.sequence for entry in newest] == [3, 2]


def test_eight_writers_make_one_chain(database):
    def write(worker):
        for n in range(10):
            with database.begin() as tx:
                note(tx, worker, n=n)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    with database.read() as tx:
        assert chain.verify(entry.link for entry in log.entries(tx)).sequence == 80


def test_a_space_put_into_a_detail_is_noticed(database):
    with database.begin() as tx:
        note(tx, 1, a="b")
        tx.exec_driver_sql("DROP TRIGGER audit_log_no_update")
        tx.exec_driver_sql('UPDATE audit_log SET detail = \'{"a": "b"}\'')
    with database.read() as tx, pytest.raises(chain.BrokenChain, match="entry 1 was altered"):
        list(log.entries(tx))


def test_the_words_of_the_vocabulary_are_different_and_plain():
    words = [event.value for event in Event]
    assert len(set(words)) == len(words)
    assert all(word.replace("_", "").isalpha() and word.islower() for word in words)


def test_the_chain_alone_loads_no_database(tmp_path):
    import subprocess

    code = "import vitrine.audit.chain, sys; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
