"""What leaves is what was voted on, or nothing leaves."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable

import pytest
from sqlalchemy import text

from tests.support.egress import TABLE, House, a_notebook, a_png
from vitrine.access import store as access
from vitrine.access.account import Role
from vitrine.cli.checkup.finding import Level
from vitrine.cli.checkup.records import check_database
from vitrine.clock import timestamp
from vitrine.egress import download, receipt, release
from vitrine.egress.request import Status, Vote
from vitrine.errors import IntegrityError, NotPermitted
from vitrine.permits import store as permits

FILES = {"table.csv": TABLE, "figure.png": a_png(), "run.ipynb": a_notebook("print(1)")}


def let_go(house: House) -> list[release.Release]:
    return release.release_approved(house.db, house.blobs, house.settings, house.key, house.clock)


def test_two_approvals_release_exactly_the_voted_copies_with_a_receipt_that_verifies(
    house: House,
) -> None:
    request = house.approved(FILES)
    assert request.status is Status.APPROVED
    (made,) = let_go(house)
    signed = receipt.Receipt(made.manifest, made.signature, made.key)
    again = receipt.parse(json.dumps(signed.as_json()).encode())
    receipt.verify(again, house.key.public_key())
    author = house.people["ann"]
    for file in house.request(request.id).outputs:
        got = download.download(
            house.db, house.blobs, author, request.id, file.id, clock=house.clock
        )
        assert hashlib.sha256(got.content).hexdigest() == file.cleaned_sha256
        assert dict(receipt.files_of(again))[file.path] == file.cleaned_sha256
        assert b"MRN-4711" not in got.content
    assert house.request(request.id).status is Status.RELEASED
    manifest = json.loads(made.manifest)
    votes = [vote["reviewer"] for vote in manifest["files"][0]["votes"]]
    assert votes == ["bo", "cy"]
    assert len(house.events("downloaded")) == len(FILES)


def test_a_released_request_is_not_released_again(house: House) -> None:
    house.approved()
    assert len(let_go(house)) == 1
    assert let_go(house) == []


def sql(statement: str) -> Callable[[House, str], None]:
    def change(house: House, request_id: str) -> None:
        with house.db.begin() as tx:
            tx.execute(text(statement), {"id": request_id})

    return change


def flip_a_byte(house: House, request_id: str) -> None:
    path = house.blobs.path(house.request(request_id).outputs[0].cleaned_sha256 or "")
    content = bytearray(path.read_bytes())
    content[5] ^= 1
    os.chmod(path, 0o600)
    path.write_bytes(content)


def lose_the_copy(house: House, request_id: str) -> None:
    house.blobs.path(house.request(request_id).outputs[0].cleaned_sha256 or "").unlink()


def forge_the_log(house: House, _request_id: str) -> None:
    with house.db.begin() as tx:
        tx.execute(text("DROP TRIGGER audit_log_no_update"))
        tx.execute(text("UPDATE audit_log SET actor = 'person:cy' WHERE event = 'vote_cast'"))


def join_the_project(house: House, _request_id: str) -> None:
    with house.db.begin() as tx:
        permits.add_member(tx, "lung", "bo", added_at=timestamp(house.clock()))


def lose_the_role(house: House, _request_id: str) -> None:
    with house.db.begin() as tx:
        access.set_roles(tx, "cy", frozenset({Role.RESEARCHER}))


TAMPERING = [
    pytest.param(flip_a_byte, "other bytes", id="one byte of the copy flipped"),
    pytest.param(lose_the_copy, "not stored", id="the copy removed"),
    pytest.param(
        sql(f"UPDATE egress_votes SET sha256 = '{'0' * 64}' WHERE reviewer = 'bo'"),
        "not the one that was cast",
        id="a vote says other bytes",
    ),
    pytest.param(
        sql("UPDATE egress_votes SET reviewer = 'eve' WHERE reviewer = 'bo'"),
        "not the one that was cast",
        id="a vote says another reviewer",
    ),
    pytest.param(
        sql("DELETE FROM egress_votes WHERE reviewer = 'bo'"), "missing", id="a vote removed"
    ),
    pytest.param(
        sql("DELETE FROM egress_reviews WHERE reviewer = 'bo'"),
        "reviews",
        id="a review removed",
    ),
    pytest.param(
        sql(f"UPDATE egress_files SET cleaned_sha256 = '{'0' * 64}'"),
        "not what its author submitted",
        id="the file names another copy",
    ),
    pytest.param(
        sql("UPDATE egress_files SET path = 'other.csv'"),
        "not what its author submitted",
        id="the file has another name",
    ),
    pytest.param(
        sql("UPDATE egress_requests SET author = 'flo'"),
        "not what its author submitted",
        id="another author",
    ),
    pytest.param(
        sql("UPDATE egress_requests SET reviewers_required = 1"),
        "not what its author submitted",
        id="fewer reviewers",
    ),
    pytest.param(forge_the_log, "not the one that was written", id="the log forged"),
    pytest.param(join_the_project, "member of project lung", id="a reviewer joined the project"),
    pytest.param(lose_the_role, "does not have the role", id="a reviewer lost the role"),
]


@pytest.mark.parametrize(("tamper", "reason"), TAMPERING)
def test_whatever_changed_after_approval_is_refused_and_audited(
    house: House, tamper: Callable[[House, str], None], reason: str
) -> None:
    request = house.approved()
    tamper(house, request.id)
    assert let_go(house) == []
    assert house.request(request.id).status is Status.APPROVED
    (entry,) = house.events("release_refused")
    assert reason in str(entry.detail["reason"])
    (finding,) = [each for each in check_database(house.settings) if each.check == "releases"]
    assert finding.level is Level.FAIL
    assert f"{request.id} is approved and not released: " in finding.found
    assert let_go(house) == []
    assert len(house.events("release_refused")) == 1  # said once


def test_a_vote_turned_into_an_approval_in_the_database_releases_nothing(house: House) -> None:
    request = house.submitted()
    house.review("bo", request)
    house.review("cy", request, Vote.CHANGES_REQUESTED)
    with house.db.begin() as tx:
        tx.execute(text("UPDATE egress_votes SET value = 'approved', reason = ''"))
        tx.execute(text("UPDATE egress_requests SET status = 'APPROVED'"))
    assert let_go(house) == []
    assert house.request(request.id).status is not Status.RELEASED


@pytest.mark.parametrize("who", ["bo", "dan", "eve", "flo"])
def test_nobody_but_the_author_downloads(house: House, who: str) -> None:
    request = house.approved()
    let_go(house)
    with pytest.raises(NotPermitted):
        download.download(house.db, house.blobs, house.people[who], request.id, request.files[0].id)
    assert len(house.events("download_refused")) == 1
    assert not house.events("downloaded")


def test_the_author_downloads_nothing_before_release(house: House) -> None:
    request = house.approved()
    with pytest.raises(NotPermitted, match="only after release"):
        download.download(
            house.db, house.blobs, house.people["ann"], request.id, request.files[0].id
        )
    assert len(house.events("download_refused")) == 1


def test_bytes_changed_after_release_are_not_downloaded(house: House) -> None:
    request = house.approved()
    let_go(house)
    flip_a_byte(house, request.id)
    with pytest.raises(IntegrityError):
        download.download(
            house.db, house.blobs, house.people["ann"], request.id, request.files[0].id
        )
    assert not house.events("downloaded")


def test_a_changed_receipt_does_not_verify(house: House) -> None:
    house.approved()
    (made,) = let_go(house)
    document = receipt.Receipt(made.manifest, made.signature, made.key).as_json()
    document["manifest"]["files"][0]["name"] = "other.csv"
    with pytest.raises(IntegrityError, match="was changed"):
        receipt.verify(receipt.parse(json.dumps(document).encode()), house.key.public_key())
