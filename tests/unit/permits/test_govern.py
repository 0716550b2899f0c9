"""Creating, changing and ending projects: change and audit event, or neither."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tests.support.cellar import SetClock, a_database, some_settings
from tests.support.deliveries import FAR, a_delivery, a_person, a_project, publish_delivery
from vitrine.access.account import Role
from vitrine.audit import log
from vitrine.errors import Conflict, InvalidInput, NotFound
from vitrine.permits import govern, store
from vitrine.permits.project import LimitOverrides


@pytest.fixture
def database(tmp_path):
    settings = some_settings(tmp_path)
    database = a_database(settings)
    publish_delivery(database, settings, a_delivery(tmp_path))
    return database


def events(database):
    with database.read() as tx:
        return [entry.event for entry in log.entries(tx)][1:]  # after the publication


def project(database, project_id="lungs"):
    with database.read() as tx:
        return store.project(tx, project_id)


def create(database, **changes):
    wanted = {
        "project_id": "lungs",
        "title": "Lungs",
        "datasets": ["lung-ct"],
        "expires_at": FAR,
        "reviewers_required": 2,
        "actor": "os:root",
        "clock": SetClock(),
        **changes,
    }
    return govern.create_project(database, **wanted)


def test_a_project_reads_back_as_it_was_created(database):
    made = create(database, limits=LimitOverrides(memory_mb=2048, cpus=0.5))
    assert project(database) == made
    assert events(database) == ["project_created"]


def test_a_project_needs_published_datasets_and_a_free_id(database):
    with pytest.raises(NotFound, match="'brain-mr'"):
        create(database, datasets=["lung-ct", "brain-mr"])
    create(database)
    with pytest.raises(Conflict, match="lungs exists already"):
        create(database)
    assert events(database) == ["project_created"]


def test_members_come_and_go(database):
    a_person(database, "ada")
    a_project(database, "ada")
    with database.read() as tx:
        assert [each.id for each in store.projects_of(tx, "ada")] == ["lungs"]
    with pytest.raises(InvalidInput, match="a member of project lungs already"):
        govern.add_member(database, "lungs", "ada", actor="os:root")
    govern.remove_member(database, "lungs", "ada", actor="os:root")
    with pytest.raises(NotFound, match="'ada' is not a member"):
        govern.remove_member(database, "lungs", "ada", actor="os:root")
    assert project(database).members == frozenset()
    assert events(database)[-2:] == ["project_member_added", "project_member_removed"]


def test_only_researchers_with_an_account_become_members(database):
    a_person(database, "bo", Role.OUTPUT_CHECKER)
    a_project(database)
    with pytest.raises(NotFound, match="no account 'eve'"):
        govern.add_member(database, "lungs", "eve", actor="os:root")
    with pytest.raises(InvalidInput, match="not a researcher's"):
        govern.add_member(database, "lungs", "bo", actor="os:root")
    with pytest.raises(NotFound, match="no project 'brains'"):
        govern.add_member(database, "brains", "bo", actor="os:root")


def test_an_end_in_the_past_is_an_expiry_and_a_later_one_a_change(database):
    clock = SetClock()
    a_project(database)
    govern.set_expiry(database, "lungs", clock.now, actor="os:root", clock=clock)
    assert project(database).is_expired(clock.now)
    govern.set_expiry(database, "lungs", FAR, actor="os:root", clock=clock)
    assert events(database)[-2:] == ["project_expired", "project_changed"]


def test_a_dry_run_checks_everything_and_changes_nothing(database):
    create(database, dry_run=True)
    with pytest.raises(NotFound):
        project(database)
    with pytest.raises(NotFound):
        create(database, datasets=["brain-mr"], dry_run=True)
    assert events(database) == []


def test_a_project_may_be_used_on_its_last_day():
    end = govern.end_of(date(2026, 12, 31))
    assert datetime(2026, 12, 31, 23, 59, tzinfo=UTC) < end < datetime(2027, 1, 1, tzinfo=UTC)


def change(database, **changes):
    return govern.change_project(database, "lungs", actor="os:root", clock=SetClock(), **changes)


def newest(database):
    with database.read() as tx:
        return next(log.find(tx, limit=1, newest_first=True))


def test_a_project_changes_in_what_is_given_and_in_nothing_else(database):
    before = create(database, limits=LimitOverrides(memory_mb=512, cpus=1.5))
    change(database, title="Lungs and more", limits={"memory_mb": 0, "pids": 64})
    after = project(database)
    assert after.title == "Lungs and more"
    assert after.limits == LimitOverrides(cpus=1.5, pids=64)
    assert (after.datasets, after.expires_at) == (before.datasets, before.expires_at)
    entry = newest(database)
    assert entry.event == "project_changed"
    assert entry.detail == {
        "title": "Lungs -> Lungs and more",
        "limits": "memory_mb=512 cpus=1.5 -> cpus=1.5 pids=64",
    }


@pytest.mark.parametrize(
    ("changes", "problem", "sentence"),
    [
        ({}, InvalidInput, "nothing of project lungs would change"),
        ({"title": "Lungs"}, InvalidInput, "nothing of project lungs would change"),
        ({"add_datasets": ["liver-mr"]}, NotFound, "liver-mr"),
        ({"remove_datasets": ["liver-mr"]}, InvalidInput, "does not use liver-mr"),
        ({"remove_datasets": ["lung-ct"]}, InvalidInput, "at least one dataset"),
        ({"reviewers_required": 0}, InvalidInput, "at least one reviewer"),
        ({"limits": {"cpus": -1}}, InvalidInput, "cpus must be greater than 0"),
    ],
)
def test_a_change_that_cannot_be_changes_nothing(database, changes, problem, sentence):
    before = create(database)
    said = events(database)
    with pytest.raises(problem, match=sentence):
        change(database, **changes)
    assert project(database) == before
    assert events(database) == said


def test_a_rehearsed_change_is_undone(database):
    before = create(database)
    assert change(database, title="Other", dry_run=True).title == "Other"
    assert project(database) == before
    assert events(database) == ["project_created"]
