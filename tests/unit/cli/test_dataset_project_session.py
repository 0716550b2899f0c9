"""`vitrine dataset`, `project` and `session`: what a data steward types and reads."""

from __future__ import annotations

import os

import pytest

from tests.support.deliveries import a_delivery, a_person, a_project, publish_delivery
from vitrine.audit import log
from vitrine.cli.output import login_name
from vitrine.workspaces import start, store


@pytest.fixture
def published(database, settings, tmp_path):
    return publish_delivery(database, settings, a_delivery(tmp_path))


def publish_arguments(delivery, *more):
    return (
        *("dataset", "publish", str(delivery.images), "--clinical", str(delivery.clinical)),
        *("--name", "lung-ct", "--title", "Lungs", *more),
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="publishing needs root")
def test_publishing_lists_a_version_and_names_the_login(vitrine, database, tmp_path):
    delivery = a_delivery(tmp_path)
    rehearsal = vitrine(*publish_arguments(delivery, "--dry-run"))
    assert "would publish 6 instances in 2 series of 2 patients" in rehearsal.stderr
    assert vitrine("dataset", "list", "--json").json == []
    assert vitrine(*publish_arguments(delivery)).code == 0
    (version,) = vitrine("dataset", "list", "--json").json
    assert (version["dataset"], version["version"], version["n_instances"]) == ("lung-ct", 1, 6)
    with database.read() as tx:
        (entry,) = log.find(tx, event="dataset_published")
    assert entry.actor == f"os:{login_name()}"


def test_a_refused_delivery_is_one_sentence_and_exit_code_1(vitrine, database, tmp_path):
    delivery = a_delivery(tmp_path)
    (delivery.images / "notes.txt").write_text("x")
    answer = vitrine(*publish_arguments(delivery, "--dry-run"))
    assert answer.code == 1
    assert "1 file not DICOM: notes.txt" in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_verification_names_files_and_answers_with_its_exit_code(vitrine, published):
    assert vitrine("dataset", "verify", "lung-ct").code == 0
    assert vitrine("dataset", "verify", "lung-ct", "--full").code == 0
    target = next(published.path.rglob("00001.dcm"))
    os.utime(target)
    name = target.relative_to(published.path).as_posix()
    quick = vitrine("dataset", "verify", "lung-ct")
    assert quick.code == 1
    assert quick.stdout.split() == ["changed", name]
    full = vitrine("dataset", "verify", "lung-ct", "--full", "--json")
    assert full.code == 1
    assert full.json["touched"] == [name]
    assert vitrine("dataset", "verify", "lung-ct", "--renew").code == 2
    assert vitrine("dataset", "verify", "lung-ct", "--version", "7").code == 1


def test_a_project_is_made_filled_shown_and_ended(vitrine, database, published):
    a_person(database, "ada")
    create = ("project", "create", "lungs", "--title", "Lungs", "--expires", "2030-01-31")
    assert vitrine(*create, "--dataset", "moon").code == 1
    assert vitrine(*create, "--dataset", "lung-ct", "--memory-mb", "2048").code == 0
    assert vitrine("project", "add", "lungs", "ada", "--dry-run").code == 0
    assert vitrine("project", "add", "lungs", "ada").code == 0
    shown = vitrine("project", "show", "lungs", "--json").json
    assert shown["members"] == ["ada"]
    assert shown["limits"] == ["memory_mb=2048"]
    assert shown["expires_at"].startswith("2030-01-31T23:59:59")
    change = ("project", "change", "lungs", "--title", "Lungs 2", "--memory-mb", "512")
    assert "would change" in vitrine(*change, "--dry-run").stderr
    assert vitrine("project", "show", "lungs", "--json").json["title"] == "Lungs"
    assert vitrine(*change, "--json").json["limits"] == ["memory_mb=512"]
    assert vitrine(*change).code == 1
    assert vitrine("project", "expire", "lungs", "--on", "tomorrow").code == 1
    assert vitrine("project", "expire", "lungs").code == 0
    assert vitrine("project", "list", "--json").json[0]["is_over"] is True
    assert vitrine("project", "remove", "lungs", "ada").code == 0


def test_a_session_is_listed_and_asked_to_stop(vitrine, database, settings, published):
    a_person(database, "ada")
    a_project(database, "ada")
    spec = start.begin_session(database, settings, "ada", "lungs")
    (listed,) = vitrine("session", "list", "--json").json
    assert (listed["id"], listed["state"]) == (spec.session_id, "starting")
    unheard = vitrine("session", "stop", spec.session_id, "--wait-s", "1")
    assert unheard.code == 1  # no Hub runs here
    assert "has not ended after 1 s; the request stays" in unheard.stderr
    with database.read() as tx:
        assert [each.id for each in store.stop_requested(tx)] == [spec.session_id]
    start.end_session(database, spec.session_id, "over")
    assert vitrine("session", "list", "--json").json == []
    assert len(vitrine("session", "list", "--all", "--json").json) == 1
    assert vitrine("session", "stop", spec.session_id).code == 1
