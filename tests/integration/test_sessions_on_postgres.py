"""Projects and sessions on PostgreSQL, each process with its own role."""

from __future__ import annotations

import threading

import pytest

from tests.support import postgres
from tests.support.cellar import some_settings
from tests.support.deliveries import a_delivery, a_person, a_project, publish_delivery
from vitrine.audit import log
from vitrine.catalogue import store as catalogue
from vitrine.catalogue.verify import verify
from vitrine.errors import Conflict
from vitrine.storage.database import Database
from vitrine.workspaces import start, stop, store

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(bool(postgres.missing()), reason=postgres.missing() or "-"),
]


@pytest.fixture(scope="module")
def server():
    with postgres.a_server() as running:
        running.new_database("vitrine")
        Database(running.url("vitrine_owner", "vitrine")).migrate()
        running.run_file("vitrine", "grants.sql", role="vitrine_owner")
        yield running


@pytest.fixture(scope="module")
def settings(tmp_path_factory, server):
    """A node with one dataset, two researchers and their project."""
    root = tmp_path_factory.mktemp("node")
    settings = some_settings(root)
    owner = Database(server.url("vitrine_owner", "vitrine"))
    publish_delivery(owner, settings, a_delivery(root))
    for person in ("ada", "bea"):
        a_person(owner, person)
    a_project(owner, "ada", "bea")
    return settings


def as_role(server, role):
    return Database(server.url(role, "vitrine"))


def test_the_hub_may_do_what_a_session_needs(server, settings):
    hub = as_role(server, "vitrine_hub")
    assert [each.project for each in start.startable(hub, settings, "ada") if each.verdict]
    spec = start.begin_session(hub, settings, "ada", "lungs")
    start.mark_running(hub, spec.session_id)
    stop.request_stop(
        as_role(server, "vitrine_steward"), spec.session_id, "noon", actor="system:steward"
    )
    assert stop.sessions_to_end(hub) == [(spec.session_id, "noon")]
    assert start.end_session(hub, spec.session_id, "noon")


def test_of_many_starts_at_once_one_succeeds_and_the_others_hear_why(server, settings):
    hub = as_role(server, "vitrine_hub")
    begun, refused = [], []

    def begin():
        try:
            begun.append(start.begin_session(hub, settings, "bea", "lungs"))
        except Conflict as error:
            refused.append(str(error))

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(begun) == 1
    assert refused == ["a session of project lungs is open already"] * 7
    with hub.read() as tx:
        assert len(store.open_sessions(tx)) == 1
        assert len(list(log.find(tx, event="session_refused"))) == 7


def test_the_steward_may_verify_a_dataset(server, settings):
    steward = as_role(server, "vitrine_steward")
    with steward.read() as tx:
        (version,) = catalogue.versions(tx, settings.dataset_root)
    assert verify(steward, version, full=True, renew=True, actor="system:steward").is_clean
