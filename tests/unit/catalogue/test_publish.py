"""Publishing: what gets in, what does not, and that nothing is ever half-published."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from tests.support.cellar import a_database, some_settings
from tests.support.deliveries import a_delivery, publish_delivery, write_instance
from vitrine.audit import log
from vitrine.catalogue import staging, store, tree
from vitrine.catalogue.publish import publish
from vitrine.catalogue.verify import check_unchanged, verify_full
from vitrine.errors import Conflict, InvalidInput, Unavailable


@pytest.fixture
def settings(tmp_path):
    return some_settings(tmp_path)


@pytest.fixture
def database(settings):
    return a_database(settings)


def versions_on_disk(settings, name="lung-ct"):
    home = settings.dataset_root / name
    return sorted(entry.name for entry in home.iterdir()) if home.exists() else []


def recorded(database, settings):
    with database.read() as tx:
        return store.versions(tx, settings.dataset_root)


def events(database):
    with database.read() as tx:
        return [(entry.event, dict(entry.detail)) for entry in log.entries(tx)]


def test_a_version_holds_each_image_once_and_says_what_it_is(tmp_path, settings, database):
    delivery = a_delivery(tmp_path, patients=2, slices=3)
    version = publish_delivery(database, settings, delivery)
    assert (version.n_patients, version.n_series, version.n_instances) == (2, 2, 6)
    with (version.path / "series.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == staging.SERIES_COLUMNS
    assert rows[0]["path"] == "images/PAT-1/1.2.1.2"
    assert rows[0]["n_instances"] == "3"
    files = sorted((version.path / rows[0]["path"]).iterdir())
    assert [file.name for file in files] == ["00001.dcm", "00002.dcm", "00003.dcm"]
    originals = {path.read_bytes() for path in (delivery.images / "doe1").iterdir()}
    assert {file.read_bytes() for file in files} == originals
    assert json.loads((version.path / "dataset.json").read_text())["version"] == 1


def test_the_manifest_has_the_sha256_of_every_other_file(tmp_path, settings, database):
    version = publish_delivery(database, settings, a_delivery(tmp_path))
    manifest = (version.path / "manifest.json").read_bytes()
    assert hashlib.sha256(manifest).hexdigest() == version.manifest_sha256
    found = {
        path.relative_to(version.path).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in version.path.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert {name: f["sha256"] for name, f in json.loads(manifest)["files"].items()} == found


def test_nothing_in_a_version_can_be_written_and_original_names_are_gone(
    tmp_path, settings, database
):
    version = publish_delivery(database, settings, a_delivery(tmp_path))
    for path in [version.path, *version.path.rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o555 if path.is_dir() else 0o444)
        assert "doe" not in path.name


def test_publishing_again_makes_a_new_version_and_leaves_the_old(tmp_path, settings, database):
    delivery = a_delivery(tmp_path)
    first = publish_delivery(database, settings, delivery)
    second = publish_delivery(database, settings, delivery)
    assert (first.version, second.version) == (1, 2)
    assert check_unchanged(first)
    assert check_unchanged(second)
    with database.read() as tx:
        assert store.latest_version(tx, settings.dataset_root, "lung-ct") == second
        assert [each.latest_version for each in store.datasets(tx)] == [2]


def test_an_unknown_patient_is_counted_and_not_named(tmp_path, settings, database):
    delivery = a_delivery(tmp_path, patients=3)
    delivery.clinical.write_text("PatientID,a\nPAT-1,1\nPAT-2,1\nMRN1,1\nMRN2,1\n")
    with pytest.raises(InvalidInput) as refusal:
        publish_delivery(database, settings, delivery)
    sentence = refusal.value.sentence()
    assert "2 patients of the clinical table without images" in sentence
    assert "1 patient of the images not in the clinical table" in sentence
    assert "MRN" not in sentence
    assert "PAT-" not in sentence


def test_a_refusal_is_audited_without_names_of_files(tmp_path, settings, database):
    delivery = a_delivery(tmp_path)
    (delivery.images / "mrs-doe.txt").write_text("x")
    with pytest.raises(InvalidInput, match="mrs-doe"):
        publish_delivery(database, settings, delivery)
    assert recorded(database, settings) == []
    assert versions_on_disk(settings) == []
    ((event, detail),) = events(database)
    assert (event, detail) == ("dataset_refused", {"reason": "1 file not DICOM"})


@pytest.mark.parametrize("name", ["../x", "Lung", "a", "a" * 33, "x/y", "-a"])
def test_a_name_that_is_no_name_is_refused(tmp_path, settings, database, name):
    with pytest.raises(InvalidInput, match="a dataset name is"):
        publish_delivery(database, settings, a_delivery(tmp_path), name)
    assert not settings.dataset_root.exists()


def test_the_clinical_table_may_lie_among_the_images(tmp_path, settings, database):
    delivery = a_delivery(tmp_path)
    inside = delivery.images / "table.csv"
    delivery.clinical.rename(inside)
    version = publish(
        database, settings, delivery.images, inside, name="lung-ct", title="L", actor="os:root"
    )
    assert version.n_instances == 6


def test_a_file_that_changes_between_check_and_copy_is_not_published(tmp_path, settings, database):
    delivery = a_delivery(tmp_path)

    def swap(what, done, total):
        if what == "copying images" and done == 1:
            for path in (delivery.images / "doe2").iterdir():
                write_instance(path, PatientID="MRN1", PatientIdentityRemoved="NO")

    with pytest.raises(Conflict, match="changed while it was copied"):
        publish(
            database,
            settings,
            delivery.images,
            delivery.clinical,
            name="lung-ct",
            title="L",
            actor="os:root",
            progress=swap,
        )
    assert versions_on_disk(settings) == []


def test_a_full_disk_publishes_nothing_and_says_so(tmp_path, settings, database, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(Unavailable) as refusal:
        publish_delivery(database, settings, a_delivery(tmp_path))
    assert "No space left on device: free space" in refusal.value.sentence()
    assert versions_on_disk(settings) == []


def test_two_publications_do_not_run_at_once(tmp_path, settings, database):
    delivery = a_delivery(tmp_path)
    publish_delivery(database, settings, delivery)
    with tree.exclusive(settings.dataset_root):
        with pytest.raises(Conflict, match="another publication is running"):
            publish_delivery(database, settings, delivery)


def test_a_version_that_the_database_forgot_is_neither_removed_nor_overwritten(
    tmp_path, settings, database
):
    delivery = a_delivery(tmp_path)
    forgotten = publish_delivery(database, settings, delivery)
    settings.sqlite_path.unlink()
    restored = a_database(some_settings(tmp_path))  # as if from a backup made before
    assert publish_delivery(restored, settings, delivery).version == 2
    assert check_unchanged(forgotten)


_PUBLISH = """
import sys
from pathlib import Path
from tests.support.cellar import some_settings
from tests.support.deliveries import Delivery, publish_delivery
from vitrine.storage.database import Database
root = Path(sys.argv[1])
settings = some_settings(root)
publish_delivery(Database.open(settings), settings, Delivery(root / "in", root / "table.csv"))
"""


def kill_while_publishing(root, delay_s):
    """Start a publication and kill it after a while."""
    child = subprocess.Popen([sys.executable, "-c", _PUBLISH, str(root)])
    time.sleep(delay_s)
    child.send_signal(signal.SIGKILL)
    return child.wait()


def test_a_killed_publication_leaves_whole_versions_and_the_next_cleans_up(
    tmp_path, settings, database
):
    delivery = a_delivery(tmp_path, patients=4, slices=40)
    settings.dataset_root.mkdir(parents=True)
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", _PUBLISH, str(tmp_path)], check=True)
    whole_s = time.monotonic() - started
    killed = 0
    for share in (0.55, 0.65, 0.75, 0.85, 0.9, 0.95, 0.98):
        killed += kill_while_publishing(tmp_path, whole_s * share) == -signal.SIGKILL
        for version in recorded(database, settings):
            assert verify_full(version).is_clean
    assert killed >= 3
    last = publish_delivery(database, settings, delivery)
    known = {version.version for version in recorded(database, settings)}
    expected = {f"{n}" for n in known} | {f"{n}.baseline.json" for n in known}
    assert set(versions_on_disk(settings)) == expected
    assert last.version == max(known)


@pytest.mark.parametrize("instant", ["copied", "sealed", "named"])
def test_a_publication_killed_at_its_worst_instants_is_never_found(
    tmp_path, settings, database, instant, monkeypatch
):
    delivery = a_delivery(tmp_path)

    def die(*_args, **_kwargs):
        os._exit(9)

    places = {
        "copied": (staging, "series_csv", die),
        "sealed": (staging.tree, "sync_filesystem", die),
        "named": (staging.Staging, "give_name", rename_and_die),
    }
    child = os.fork()
    if child == 0:
        monkeypatch.setattr(*places[instant])
        publish_delivery(a_database(some_settings(tmp_path)), settings, delivery)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert recorded(database, settings) == []
    assert versions_on_disk(settings) != []  # something to clean up
    assert publish_delivery(database, settings, delivery).version == 1
    assert versions_on_disk(settings) == ["1", "1.baseline.json"]
    assert [event for event, _ in events(database)] == ["dataset_published"]


def rename_and_die(self, version):
    self._root.rename(version.path)
    os._exit(9)
