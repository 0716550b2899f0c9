"""Changed, missing and extra files are found and named."""

from __future__ import annotations

import os
import shutil
import time

import pytest

from tests.support.cellar import a_database, some_settings
from tests.support.deliveries import a_delivery, publish_delivery
from vitrine.audit import log
from vitrine.catalogue import manifest, store, tree
from vitrine.catalogue.dataset import Findings
from vitrine.catalogue.verify import check_unchanged, compare, verify, verify_full
from vitrine.errors import IntegrityError

SLICE = "images/PAT-1/1.2.1.2/00002.dcm"


@pytest.fixture
def settings(tmp_path):
    return some_settings(tmp_path)


@pytest.fixture
def database(settings):
    return a_database(settings)


@pytest.fixture
def version(tmp_path, settings, database):
    return publish_delivery(database, settings, a_delivery(tmp_path))


def unseal(version):
    """Let this test, which may not be root, change the version."""
    for folder, _, _ in os.walk(version.path):
        os.chmod(folder, 0o755)


def flip_a_byte(path):
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    path.chmod(0o444)


def keep_times(path, change):
    before = path.stat()
    change(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_fresh_version_is_clean(version):
    assert check_unchanged(version)
    assert compare(version).is_clean
    assert verify_full(version).is_clean


def test_one_flipped_byte_is_named_even_when_size_and_mtime_are_put_back(version):
    unseal(version)
    keep_times(version.path / SLICE, flip_a_byte)
    assert compare(version) == Findings(changed=(SLICE,))
    assert verify_full(version).changed == (SLICE,)
    verdict = check_unchanged(version)
    assert "lung-ct version 1" in verdict.reason
    assert "ask the data steward" in verdict.reason


def test_a_replaced_file_of_the_same_content_is_only_touched(version):
    unseal(version)
    target = version.path / SLICE
    content = target.read_bytes()
    target.unlink()
    target.write_bytes(content)
    assert not check_unchanged(version)
    findings = verify_full(version)
    assert findings == Findings(touched=(SLICE,))
    assert findings.is_intact


def test_missing_and_extra_files_are_named(version):
    unseal(version)
    (version.path / SLICE).rename(version.path / "moved.dcm")
    (version.path / "link").symlink_to("/etc/passwd")
    for findings in (compare(version), verify_full(version)):
        assert findings.missing == (SLICE,)
        assert findings.extra == ("link", "moved.dcm")
    assert not check_unchanged(version)


def test_a_file_turned_into_a_link_is_changed(version):
    unseal(version)
    target = version.path / SLICE
    target.rename(version.path.parent / "away")
    target.symlink_to(version.path.parent / "away")
    assert compare(version).changed == (SLICE,)
    assert verify_full(version).changed == (SLICE,)
    assert not check_unchanged(version)


def test_a_rewritten_manifest_is_no_proof(version):
    unseal(version)
    flip_a_byte(version.path / SLICE)
    listing = version.path / "manifest.json"
    contents = manifest.parse_manifest(listing.read_bytes())
    contents[SLICE] = manifest.content_of(version.path / SLICE)
    listing.chmod(0o644)
    listing.write_bytes(manifest.manifest_bytes("lung-ct", 1, contents))
    with pytest.raises(IntegrityError, match=r"manifest.json of dataset lung-ct is not"):
        verify_full(version)


def test_a_rewritten_baseline_is_no_proof(version):
    unseal(version)
    flip_a_byte(version.path / SLICE)
    baseline = manifest.baseline_bytes(manifest.traces(version.path))
    tree.replace_durably(version.baseline_path, baseline)
    assert not check_unchanged(version)
    with pytest.raises(IntegrityError, match=r"1.baseline.json of dataset lung-ct is not"):
        compare(version)


def test_a_version_that_is_gone_is_a_reason_not_a_crash(version):
    unseal(version)
    shutil.rmtree(version.path)
    assert "cannot be read on this node" in check_unchanged(version).reason
    with pytest.raises(IntegrityError, match="cannot be read"):
        verify_full(version)


def test_verification_is_audited_with_counts_only(version, database):
    verify(database, version, full=True, actor="os:root")
    unseal(version)
    (version.path / SLICE).unlink()
    verify(database, version, full=False, actor="os:root")
    with database.read() as tx:
        _, good, bad = log.entries(tx)
    assert (good.event, bad.event) == ("dataset_verified", "dataset_changed")
    assert bad.detail["missing"] == 1
    assert "PAT-1" not in str(bad.detail)


def test_restored_files_are_accepted_only_after_every_byte_was_read(version, settings, database):
    unseal(version)
    copy = version.path.with_name("copy")
    shutil.copytree(version.path, copy)
    tree.remove(version.path)
    copy.rename(version.path)  # as a restore from backup: same bytes, new inodes
    assert not check_unchanged(version)
    assert verify(database, version, full=True, renew=True, actor="os:root").is_clean
    with database.read() as tx:
        renewed = store.latest_version(tx, settings.dataset_root, "lung-ct")
    assert check_unchanged(renewed)
    assert compare(renewed).is_clean
    flip_a_byte(version.path / SLICE)
    assert not verify(database, renewed, full=True, renew=True, actor="os:root").is_clean
    with database.read() as tx:
        assert not check_unchanged(store.latest_version(tx, settings.dataset_root, "lung-ct"))


def test_ten_thousand_files_are_compared_within_a_second(tmp_path, version):
    for folder in range(100):
        series = tmp_path / "many" / str(folder)
        series.mkdir(parents=True)
        for number in range(100):
            (series / f"{number}.dcm").touch()
    started = time.process_time()
    assert len(manifest.traces(tmp_path / "many")) == 10_000
    manifest.digest(manifest.baseline_bytes(manifest.traces(tmp_path / "many")))
    assert time.process_time() - started < 1
