"""`vitrine release`: what left, and what a receipt proves."""

from __future__ import annotations

import json

import pytest

from tests.support.commands import CommandLine
from tests.support.egress import TABLE
from vitrine.egress import download, release
from vitrine.storage import secrets


@pytest.fixture
def released(house, tmp_path, capsys, monkeypatch):
    """A command line, a receipt and the downloaded files of one release."""
    secrets.make_missing(house.settings)
    key = secrets.signing_key(house.settings)
    request = house.approved({"results/table.csv": TABLE})
    release.release_approved(house.db, house.blobs, house.settings, key, house.clock)
    ann = house.people["ann"]
    folder = tmp_path / "downloads"
    folder.mkdir()
    got = download.download(house.db, house.blobs, ann, request.id, request.files[0].id)
    (folder / "table.csv").write_bytes(got.content)
    receipt = folder / "receipt.json"
    signed = download.receipt_of(house.db, ann, request.id)
    receipt.write_text(json.dumps(signed.as_json(), indent=2))
    return CommandLine(capsys, monkeypatch).on(house.settings), receipt, folder


def test_releases_are_listed(released):
    vitrine, *_ = released
    (row,) = vitrine("release", "list", "--json").json
    assert (row["author"], row["project"], row["files"]) == ("ann", "lung", 1)
    assert vitrine("release", "list", "--project", "other", "--json").json == []


def test_a_genuine_receipt_and_its_files_verify_offline_with_the_public_key(
    released, house, monkeypatch, tmp_path
):
    vitrine, receipt, folder = released
    key = house.settings.secrets_root / "steward" / "signing.pub"
    answer = vitrine("release", "verify", receipt, "--files", folder, "--key", key, "--json")
    assert answer.code == 0, answer.stderr
    assert answer.json["verdict"] == "genuine"
    assert answer.json["reviewers"] == ["bo", "cy"]
    assert vitrine("release", "verify", receipt).code == 0


def test_a_changed_file_is_named(released):
    vitrine, receipt, folder = released
    (folder / "table.csv").write_bytes(TABLE + b" ")
    answer = vitrine("release", "verify", receipt, "--files", folder)
    assert answer.code == 1
    assert "results/table.csv has other bytes than were released" in answer.stderr


def test_a_missing_file_is_named(released):
    vitrine, receipt, folder = released
    (folder / "table.csv").unlink()
    answer = vitrine("release", "verify", receipt, "--files", folder)
    assert answer.code == 1
    assert "results/table.csv cannot be read" in answer.stderr


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["manifest"].update(author="flo"),
        lambda d: d["manifest"]["reviewers"].append("dan"),
        lambda d: d["manifest"]["files"][0].update(released_sha256="0" * 64),
        lambda d: d.update(signature="00" * 64),
        lambda d: d.update(signature="nothing"),
        lambda d: d.update(key="0" * 64),
    ],
    ids=["author", "reviewer", "digest", "signature", "no signature", "key"],
)
def test_a_changed_receipt_is_refused(released, change):
    vitrine, receipt, _ = released
    document = json.loads(receipt.read_text())
    change(document)
    receipt.write_text(json.dumps(document))
    answer = vitrine("release", "verify", receipt)
    assert answer.code == 1
    assert "verdict" not in answer.stdout


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b"[" * 100_000, b'{"format": 1}'])
def test_what_is_no_receipt_is_said_in_one_sentence(released, content):
    vitrine, receipt, _ = released
    receipt.write_bytes(content)
    answer = vitrine("release", "verify", receipt)
    assert answer.code == 1
    assert answer.stderr == "vitrine: this file is not a release receipt\n"
