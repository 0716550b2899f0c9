"""Which names, notes and sizes a share may have, who may give one, and when it is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from vitrine.access.account import Account, Role
from vitrine.access.verdict import ALLOWED
from vitrine.errors import InvalidInput
from vitrine.permits.project import Project
from vitrine.sharing import policy
from vitrine.sharing.share import (
    Share,
    SharedFile,
    check_paths,
    checked_files,
    checked_note,
    decode,
    encode,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DIGEST = "a" * 64
LUNG = Project(
    id="lung",
    title="Lung",
    members=frozenset({"ada"}),
    datasets=frozenset(),
    expires_at=NOW + timedelta(days=10),
    reviewers_required=2,
)
SHARE = Share(
    id="shr-0123456789ab",
    project="lung",
    sender="ada",
    note="masks é",
    shared_at=NOW,
    expires_at=NOW + timedelta(days=1),
    files=(SharedFile("a/b.csv", 3, DIGEST), SharedFile("a/c.csv", 0, "b" * 64)),
)


def account(name: str = "ada", *, is_disabled: bool = False) -> Account:
    return replace(_ADA, name=name, is_disabled=is_disabled)


_ADA = Account(name="ada", display_name="Ada", roles=frozenset({Role.RESEARCHER}))


def test_a_share_reads_as_it_was_written_in_the_same_bytes():
    assert decode(encode(SHARE)) == SHARE
    assert encode(decode(encode(SHARE))) == encode(SHARE)


@pytest.mark.parametrize(
    "path",
    ["../x", "a/../x", "/etc/passwd", "", "a//b", "./a", "a/", ".", "a\0b", "a\nb", "\u202ea",
     "x" * 241, "é" * 130],
)  # fmt: skip
def test_a_name_that_is_no_plain_path_below_a_folder_is_refused(path):
    with pytest.raises(InvalidInput):
        check_paths(["fine.csv", path])
    text = encode(replace(SHARE, files=(SharedFile(path, 1, DIGEST),)))
    with pytest.raises(InvalidInput):
        decode(text)


@pytest.mark.parametrize("paths", [["a", "A"], ["a", "a/b"], ["A/b", "a"]])
def test_files_that_cannot_lie_beside_each_other_are_refused(paths):
    with pytest.raises(InvalidInput):
        check_paths(paths)


@pytest.mark.parametrize(
    "entry",
    [
        {},
        [],
        "a",
        {"path": 7, "size_bytes": 1, "sha256": DIGEST},
        {"path": "a", "size_bytes": -1, "sha256": DIGEST},
        {"path": "a", "size_bytes": True, "sha256": DIGEST},
        {"path": "a", "size_bytes": 1, "sha256": "../" + "a" * 61},
    ],
)
def test_a_file_without_name_size_or_digest_is_refused(entry):
    with pytest.raises(InvalidInput):
        checked_files([entry])


@pytest.mark.parametrize("count", [0, 51])
def test_a_share_has_files_but_not_too_many(count):
    entries = [{"path": f"f{n}", "size_bytes": 1, "sha256": DIGEST} for n in range(count)]
    with pytest.raises(InvalidInput, match="1 to 50"):
        checked_files(entries)


def test_a_note_is_one_printable_line():
    assert checked_note("two\nlines \u202e\x1b[2J") == "two lines [2J"
    for note in (7, ["x"], "x" * 501):
        with pytest.raises(InvalidInput):
            checked_note(note)


@pytest.mark.parametrize(
    ("who", "project", "reason"),
    [
        pytest.param(account(), LUNG, "", id="a member"),
        pytest.param(account("bob"), LUNG, "not a member", id="somebody else"),
        pytest.param(account(is_disabled=True), LUNG, "disabled", id="a disabled account"),
        pytest.param(account(), replace(LUNG, expires_at=NOW), "ended", id="project over"),
    ],
)
def test_only_a_member_of_a_live_project_shares(who, project, reason):
    verdict = policy.may_share(who, project, ALLOWED, NOW)
    assert bool(verdict) is (reason == "")
    assert reason in verdict.reason


def test_what_a_project_shares_is_bounded_in_bytes_and_in_number():
    mib = 1 << 20
    assert policy.has_room([mib], mib, 2)
    assert "at most 2 MiB" in policy.has_room([mib], mib + 1, 2).reason
    assert policy.has_room([0] * 199, 0, 2)
    assert "200 shares" in policy.has_room([0] * 200, 0, 2).reason


def test_a_share_ends_after_its_days_or_with_its_project():
    assert policy.end_of(LUNG, 5, NOW) == NOW + timedelta(days=5)
    assert policy.end_of(LUNG, 30, NOW) == LUNG.expires_at
    assert SHARE.is_expired(SHARE.expires_at)
    assert policy.why_over(SHARE.expires_at, LUNG, NOW) == ""
    assert policy.why_over(SHARE.expires_at, LUNG, SHARE.expires_at) == "expired"
    assert policy.why_over(SHARE.expires_at, LUNG, LUNG.expires_at) == "project over"
