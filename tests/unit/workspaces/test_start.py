"""What may be started, what it consists of, and what ends it."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.cellar import SetClock, a_database, some_settings
from tests.support.deliveries import a_delivery, a_person, a_project, publish_delivery
from vitrine.access.account import Role
from vitrine.access.enrol import set_disabled
from vitrine.audit import log
from vitrine.errors import Conflict, NotFound, NotPermitted, VitrineError
from vitrine.permits import govern
from vitrine.permits import store as permits
from vitrine.permits.project import LimitOverrides
from vitrine.workspaces import start, stop, store
from vitrine.workspaces.session import MOVES, OPEN, State


@pytest.fixture
def settings(tmp_path):
    return some_settings(tmp_path)


@pytest.fixture
def database(tmp_path, settings):
    database = a_database(settings)
    publish_delivery(database, settings, a_delivery(tmp_path))
    a_person(database, "ada")
    a_person(database, "bea")
    a_person(database, "bo", Role.OUTPUT_CHECKER)
    a_project(database, "ada", "bea")
    return database


@pytest.fixture
def clock():
    return SetClock()


def refusals(database):
    with database.read() as tx:
        found = list(log.find(tx, event="session_refused"))
    return [(entry.actor, entry.subject, entry.detail["reason"]) for entry in found]


def session(database, session_id):
    with database.read() as tx:
        return store.session(tx, session_id)


def change_a_file(settings):
    target = next((settings.dataset_root / "lung-ct" / "1").rglob("*.dcm"))
    os.utime(target)


def test_a_session_consists_of_what_the_project_says(database, settings, clock):
    spec = start.begin_session(database, settings, "ada", "lungs", clock=clock)
    (mount,) = spec.mounts
    assert (mount.dataset, mount.version) == ("lung-ct", 1)
    assert mount.source == settings.dataset_root / "lung-ct" / "1"
    assert (mount.source / "series.csv").is_file()
    assert (spec.kernel_uid, spec.lab_uid) == (200_001, 300_001)
    assert spec.limits.memory_mb == settings.session_memory_mb
    assert spec.expires_at == clock.now + timedelta(hours=24)
    assert session(database, spec.session_id).state is State.STARTING
    assert session(database, spec.session_id).datasets == ("lung-ct@1",)


def test_a_project_has_its_own_limits_and_ends_its_sessions(database, settings, clock):
    soon = clock.now + timedelta(hours=2)
    govern.create_project(
        database,
        "small",
        title="Small",
        datasets=["lung-ct"],
        expires_at=soon,
        reviewers_required=2,
        limits=LimitOverrides(memory_mb=1024, cpus=0.5),
        actor="os:root",
        clock=clock,
    )
    govern.add_member(database, "small", "ada", actor="os:root")
    spec = start.begin_session(database, settings, "ada", "small", clock=clock)
    assert (spec.limits.memory_mb, spec.limits.cpus) == (1024, 0.5)
    assert spec.limits.pids == settings.session_pids
    assert spec.expires_at == soon


def test_a_workspace_belongs_to_one_person_in_one_project_for_ever(database, settings, clock):
    a_project(database, "ada", project_id="other")
    numbers = []
    for person, project in (("ada", "lungs"), ("bea", "lungs"), ("ada", "other")) * 2:
        spec = start.begin_session(database, settings, person, project, clock=clock)
        start.end_session(database, spec.session_id, "over", clock)
        numbers.append(spec.workspace_id)
    assert numbers == [1, 2, 3, 1, 2, 3]


def disable(database, settings, clock):
    set_disabled(database, "ada", True, actor="os:root")


def expire(database, settings, clock):
    govern.set_expiry(database, "lungs", clock.now, actor="os:root", clock=clock)


@pytest.mark.parametrize(
    ("person", "project", "before", "error", "reason"),
    [
        pytest.param("eve", "lungs", None, NotFound, "no account 'eve'", id="unknown person"),
        pytest.param("ada", "lungs", disable, NotPermitted, "disabled", id="disabled account"),
        pytest.param("bo", "lungs", None, NotPermitted, "researcher", id="no researcher"),
        pytest.param("ada", "moon", None, NotFound, "not a member of project moon", id="none"),
        pytest.param("ada", "lungs", expire, NotPermitted, "lungs ended on", id="expired project"),
        pytest.param(
            "ada",
            "lungs",
            lambda _database, settings, _clock: change_a_file(settings),
            NotPermitted,
            "files of dataset lung-ct version 1 have changed since it was published; "
            "ask the data steward",
            id="changed dataset",
        ),
    ],
)
def test_each_refusal_has_its_reason_and_its_event(
    database, settings, clock, person, project, before, error, reason
):
    if before is not None:
        before(database, settings, clock)
    with pytest.raises(error) as refusal:
        start.begin_session(database, settings, person, project, clock=clock)
    assert reason in str(refusal.value)
    assert refusals(database) == [
        (f"person:{person}", f"project:{project}", str(refusal.value)),
    ]
    with database.read() as tx:
        assert store.sessions(tx) == []


def test_a_stranger_cannot_tell_a_foreign_project_from_none(database, settings, clock):
    a_person(database, "eve")
    said = []
    for project in ("lungs", "moons"):
        with pytest.raises(VitrineError) as refusal:
            start.begin_session(database, settings, "eve", project, clock=clock)
        said.append(refusal.value.sentence().replace("moons", "lungs"))
    assert said[0] == said[1]


@pytest.mark.parametrize("forged", ["../../etc", "", "a\x00b", "x" * 10_000, "LUNGS", "lungs;--"])
def test_a_forged_project_name_is_refused_and_audited(database, settings, clock, forged):
    with pytest.raises(NotFound):
        start.begin_session(database, settings, "ada", forged, clock=clock)
    ((_, subject, reason),) = refusals(database)
    assert len(subject) < 200
    assert "\x00" not in subject + reason


def test_a_second_session_of_one_workspace_does_not_start(database, settings, clock):
    first = start.begin_session(database, settings, "ada", "lungs", clock=clock)
    with pytest.raises(Conflict, match="open already"):
        start.begin_session(database, settings, "ada", "lungs", clock=clock)
    start.begin_session(database, settings, "bea", "lungs", clock=clock)
    start.end_session(database, first.session_id, "over", clock)
    start.begin_session(database, settings, "ada", "lungs", clock=clock)
    assert len(refusals(database)) == 1


def test_startable_shows_the_verdict_that_a_start_would_meet(database, settings, clock):
    (lungs,) = start.startable(database, settings, "ada", clock)
    assert lungs.verdict
    assert lungs.datasets == ("lung-ct",)
    change_a_file(settings)
    (lungs,) = start.startable(database, settings, "ada", clock)
    with pytest.raises(NotPermitted) as refusal:
        start.begin_session(database, settings, "ada", "lungs", clock=clock)
    assert lungs.verdict.reason == str(refusal.value)
    assert start.startable(database, settings, "bo", clock) == []


def test_a_new_version_is_what_the_next_session_sees(tmp_path, database, settings, clock):
    change_a_file(settings)
    publish_delivery(database, settings, a_delivery(tmp_path / "again"))
    spec = start.begin_session(database, settings, "ada", "lungs", clock=clock)
    assert spec.mounts[0].version == 2


def test_the_life_cycle_has_an_end_and_only_goes_on(database, settings, clock):
    assert set(MOVES) == set(State)
    assert frozenset({State.STARTING, State.RUNNING}) == OPEN
    spec = start.begin_session(database, settings, "ada", "lungs", clock=clock)
    start.mark_running(database, spec.session_id, clock)
    with pytest.raises(Conflict, match="is running and cannot run"):
        start.mark_running(database, spec.session_id, clock)
    clock.move(minutes=5)
    assert start.end_session(database, spec.session_id, "you stopped it", clock)
    assert not start.end_session(database, spec.session_id, "the kernel died", clock)
    ended = session(database, spec.session_id)
    assert (ended.state, ended.reason) == (State.ENDED, "you stopped it")
    assert ended.running_at < ended.ended_at
    with pytest.raises(Conflict, match="is ended and cannot run"):
        start.mark_running(database, spec.session_id, clock)
    with database.read() as tx:
        found = log.find(tx, subject=f"session:{spec.session_id}")
        assert [entry.event for entry in found] == [
            "session_started",
            "session_running",
            "session_ended",
        ]


def remove_ada(database, clock):
    govern.remove_member(database, "lungs", "ada", actor="os:root")


def withdraw_dataset(database, clock):
    with database.begin() as tx:  # the rule is about what the record says, not about how it came
        found = permits.project(tx, "lungs")
        permits.change_project(tx, replace(found, datasets=frozenset()))


def ask_to_stop(database, clock):
    with database.read() as tx:
        (open_session,) = store.open_sessions(tx)
    stop.request_stop(database, open_session.id, "maintenance at noon", actor="os:root")


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        pytest.param(None, "", id="nothing"),
        pytest.param(lambda _db, clock: clock.move(hours=24), "longest time", id="too long"),
        pytest.param(withdraw_dataset, "may no longer use lung-ct", id="a dataset withdrawn"),
        pytest.param(lambda db, clock: expire(db, None, clock), "lungs ended", id="project over"),
        pytest.param(lambda db, clock: disable(db, None, clock), "disabled", id="disabled"),
        pytest.param(remove_ada, "not a member", id="removed from the project"),
        pytest.param(ask_to_stop, "maintenance at noon", id="stopped"),
    ],
)
def test_an_open_session_ends_when_it_may_not_go_on(database, settings, clock, happens, reason):
    spec = start.begin_session(database, settings, "ada", "lungs", clock=clock)
    if happens is not None:
        happens(database, clock)
    to_end = stop.sessions_to_end(database, clock)
    assert [session_id for session_id, _ in to_end] == ([spec.session_id] if reason else [])
    for session_id, why in to_end:
        assert reason in why
        start.end_session(database, session_id, why, clock)
    assert not reason or stop.sessions_to_end(database, clock) == []


def test_a_request_to_stop_is_seen_until_the_session_has_ended(database, settings, clock):
    spec = start.begin_session(database, settings, "ada", "lungs", clock=clock)
    stop.request_stop(database, spec.session_id, "maintenance", actor="os:root")
    with database.read() as tx:
        assert [each.id for each in store.stop_requested(tx)] == [spec.session_id]
    start.end_session(database, spec.session_id, "maintenance", clock)
    with database.read() as tx:
        assert store.stop_requested(tx) == []
    with pytest.raises(Conflict, match="ended already: maintenance"):
        stop.request_stop(database, spec.session_id, "again", actor="os:root")


def test_what_the_hub_no_longer_finds_is_ended(database, settings, clock):
    alive = start.begin_session(database, settings, "ada", "lungs", clock=clock)
    lost = start.begin_session(database, settings, "bea", "lungs", clock=clock)
    ended = start.end_leftovers(database, [alive.session_id], "the node restarted", clock)
    assert ended == [lost.session_id]
    assert session(database, lost.session_id).reason == "the node restarted"
    assert session(database, alive.session_id).is_open
