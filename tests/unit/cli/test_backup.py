"""A backup is checked in full before anything is written, and never over something."""

import json
import os
import shutil

import pytest

from tests.support.cellar import PASSWORD, an_account, some_settings
from vitrine.access.login import authenticate
from vitrine.activity.journal import JournalWriter
from vitrine.cli.safekeeping import archive
from vitrine.storage import layout
from vitrine.storage.blobs import BlobStore
from vitrine.storage.database import Database

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root reads every record")


@pytest.fixture(autouse=True)
def accounts_are_there(monkeypatch):
    """Everything belongs to root here: the accounts of a node need not exist for a test."""
    monkeypatch.setattr(layout, "require_accounts", lambda settings: None)
    real = layout.directories

    def for_root(settings):
        return [
            layout.Directory(each.path, "root", "root", each.mode, each.is_kept)
            for each in real(settings)
        ]

    monkeypatch.setattr(layout, "directories", for_root)
    monkeypatch.setattr(layout, "give", lambda path, owner, mode: path.chmod(mode))


@pytest.fixture
def full(vitrine, settings, database):
    """A node with an account, a stored file, a journal and a checkpoint."""
    an_account(database, "ann")
    settings.draft_root.mkdir()
    BlobStore(settings.blob_root).put(b"a result")
    writer = JournalWriter(settings.journal_root, "ses-1", opening={"person": "ann"})
    writer.close()
    vitrine("audit", "checkpoint")
    return settings


@pytest.fixture
def backup(vitrine, full, tmp_path):
    target = tmp_path / "backup"
    answer = vitrine("backup", target, "--with-secrets", "--json")
    assert answer.code == 0, answer.stderr
    return target


@pytest.fixture
def other(tmp_path):
    settings = some_settings(tmp_path / "other", run_root=f"/tmp/vt-{os.getpid()}/other")
    yield settings
    shutil.rmtree(settings.run_root.parent, ignore_errors=True)


def test_a_restored_node_is_the_one_that_was_backed_up(vitrine, backup, full, other):
    vitrine.on(other)
    answer = vitrine("restore", backup, "--against", full.audit_sink, "--json")
    assert answer.code == 0, answer.stderr
    database = Database.open(other)
    assert authenticate(database, "ann", PASSWORD, settings=other).name == "ann"
    assert len(BlobStore(other.blob_root).digests()) == 1
    assert (other.journal_root / "ses-1" / "journal.jsonl").read_bytes() == (
        full.journal_root / "ses-1" / "journal.jsonl"
    ).read_bytes()
    assert vitrine("audit", "verify", "--against", full.audit_sink).code == 0
    assert vitrine("audit", "checkpoint").code == 0  # the key came along


def test_secrets_stay_behind_unless_asked_for(vitrine, full, tmp_path, other):
    target = tmp_path / "backup"
    vitrine("backup", target)
    key = (full.secrets_root / "steward" / "signing.pem").read_bytes()
    for path in target.rglob("*"):
        assert not path.is_file() or key not in path.read_bytes()
    vitrine.on(other)
    answer = vitrine("restore", target)
    assert answer.code == 0
    assert "bring back" in answer.stderr


def test_a_node_that_has_something_is_not_overwritten(vitrine, backup):
    answer = vitrine("restore", backup)
    assert answer.code == 1
    assert "has blobs already" in answer.stderr


def test_a_dry_run_checks_and_writes_nothing(vitrine, backup, other):
    vitrine.on(other)
    assert vitrine("restore", backup, "--dry-run").code == 0
    assert not other.state_root.exists()


def flip(path):
    path.chmod(0o600)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("part", ["blobs", "journal", "secrets", "database.jsonl", "signing.pub"])
def test_a_flipped_byte_anywhere_is_named_and_nothing_is_restored(vitrine, backup, other, part):
    found = backup / part
    path = found if found.is_file() else next(each for each in found.rglob("*") if each.is_file())
    flip(path)
    vitrine.on(other)
    answer = vitrine("restore", backup)
    assert answer.code == 1
    assert str(path.relative_to(backup)) in answer.stderr
    assert not other.state_root.exists()


def test_a_missing_or_foreign_file_is_named(vitrine, backup, other):
    vitrine.on(other)
    (backup / "foreign").write_text("x")
    assert "foreign in" in vitrine("restore", backup).stderr
    (backup / "foreign").unlink()
    (backup / "datasets.json").unlink()
    assert "datasets.json in" in vitrine("restore", backup).stderr


def forge(backup, change):
    """Rewrite the database of a backup and make its manifest fit."""
    path = backup / "database.jsonl"
    path.write_text("".join(change(path.read_text().splitlines(keepends=True))))
    manifest = json.loads((backup / "MANIFEST.json").read_text())
    kept = [each for each in manifest["files"] if each["path"] != "database.jsonl"]
    fresh = [
        {"path": item.path, "size_bytes": item.size_bytes, "mode": item.mode, "sha256": item.sha256}
        for item in archive._items(backup)
        if item.path == "database.jsonl"
    ]
    manifest["files"] = kept + fresh
    (backup / "MANIFEST.json").write_text(json.dumps(manifest))


def test_a_forged_audit_log_is_found_although_the_manifest_fits(vitrine, backup, other):
    forge(backup, lambda lines: [line.replace("account_added", "account_xdded") for line in lines])
    vitrine.on(other)
    answer = vitrine("restore", backup)
    assert answer.code == 1
    assert "entry 1 was altered" in answer.stderr
    assert not other.state_root.exists()


def test_an_audit_log_cut_short_is_found_although_the_manifest_fits(vitrine, backup, other):
    forge(backup, lambda lines: [line for line in lines if not line.startswith('["audit_log"')])
    vitrine.on(other)
    assert "the end was cut off" in vitrine("restore", backup).stderr


def test_a_growing_journal_is_copied_in_whole_lines(vitrine, full, tmp_path):
    journal = full.journal_root / "ses-1" / "journal.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"half":')
    vitrine("backup", tmp_path / "backup")
    assert (tmp_path / "backup" / "journal" / "ses-1" / "journal.jsonl").read_bytes() == whole


def test_an_existing_directory_is_never_written_into(vitrine, full, tmp_path):
    (tmp_path / "backup").mkdir()
    answer = vitrine("backup", tmp_path / "backup")
    assert answer.code == 1
    assert "exists already" in answer.stderr


def test_what_is_no_backup_says_so(vitrine, tmp_path):
    answer = vitrine("restore", tmp_path)
    assert answer.code == 1
    assert "is no backup" in answer.stderr


def test_another_signing_key_is_not_overwritten(vitrine, backup, other):
    steward = other.secrets_root / "steward"
    steward.mkdir(parents=True)
    (steward / "signing.pub").write_text("another")
    vitrine.on(other)
    answer = vitrine("restore", backup)
    assert answer.code == 1
    assert "is not the one of the backup" in answer.stderr


def test_a_backup_is_audited_with_the_digest_of_its_manifest(vitrine, backup):
    (entry,) = vitrine("audit", "list", "--event", "backed_up", "--json").json
    assert entry["detail"]["manifest_sha256"] == archive.manifest_digest(backup)
