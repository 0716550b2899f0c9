"""A release that is taken back: no more downloads, and everybody who has a file is named."""

from __future__ import annotations

import pytest

from vitrine.egress import download, release, revoke
from vitrine.egress.request import Status
from vitrine.errors import InvalidInput, NotPermitted


def released(house):
    request = house.approved({"a.csv": b"site,n\nnorth,20\n", "b.csv": b"site,n\nsouth,20\n"})
    release.release_approved(house.db, house.blobs, house.settings, house.key, house.clock)
    return house.request(request.id)


def test_a_revoked_release_is_downloaded_no_more_and_its_holders_are_listed(house):
    request = released(house)
    ann, file = house.people["ann"], request.files[1]
    download.download(house.db, house.blobs, ann, request.id, file.id, clock=house.clock)
    holders = revoke.revoke(
        house.db, "os:root", request.id, reason="a small cell", clock=house.clock
    )
    assert [(h.person, h.file, h.sha256) for h in holders] == [
        ("ann", "b.csv", file.cleaned_sha256)
    ]
    after = house.request(request.id)
    assert (after.status, after.reason) == (Status.REVOKED, "a small cell")
    with pytest.raises(NotPermitted, match="only after release"):
        download.download(house.db, house.blobs, ann, request.id, file.id, clock=house.clock)
    assert [entry.detail["downloads"] for entry in house.events("revoked")] == [1]
    assert len(house.events("download_refused")) == 1


def test_only_a_release_is_revoked_and_never_without_a_reason(house):
    request = released(house)
    with pytest.raises(InvalidInput, match="with a reason"):
        revoke.revoke(house.db, "os:root", request.id, reason=" ", clock=house.clock)
    waiting = house.submitted()
    with pytest.raises(NotPermitted, match="cannot become REVOKED"):
        revoke.revoke(house.db, "os:root", waiting.id, reason="why", clock=house.clock)
    assert not house.events("revoked")
