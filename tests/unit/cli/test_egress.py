"""`vitrine egress check`: what it opens, what it skips, and what it says."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from vitrine.cli import egress
from vitrine.cli.main import run


def checked(capsys: pytest.CaptureFixture[str], *paths: Path) -> tuple[int, dict[str, object]]:
    """Exit status and the answer as JSON."""
    status = run(["egress", "check", "--json", *map(str, paths)])
    said = capsys.readouterr().out
    return status, json.loads(said) if said else {}


@pytest.fixture
def folder(tmp_path):
    """A folder with one file that says nothing about anybody."""
    (tmp_path / "a.txt").write_text("AUC 0.91\n")
    return tmp_path


@pytest.mark.timeout(30)
def test_what_is_no_file_is_named_and_never_opened(folder, capsys):
    (folder / "link.txt").symlink_to("/etc/hostname")
    (folder / "inner").symlink_to("/etc")
    os.mkfifo(folder / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "socket"))
        status, answer = checked(capsys, folder)
    names = {Path(each["path"]).name: each["reason"] for each in answer["not_opened"]}
    assert status == 0
    assert [Path(each["path"]).name for each in answer["files"]] == ["a.txt"]
    assert set(names) == {"link.txt", "inner", "pipe.csv", "socket"}
    assert "not followed" in names["inner"]
    assert "pipe" in names["pipe.csv"]


STAGES = "stage,patients\nI,150\nII,{}\nIII,121\n"


@pytest.mark.parametrize(("released", "asked"), [(141, 137), (137, 141)])
def test_a_table_a_few_off_one_that_has_left_is_found(tmp_path, capsys, released, asked):
    for name, count in (("before", released), ("now", asked)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "table.csv").write_text(STAGES.format(count))
    _, alone = checked(capsys, tmp_path / "now")
    _, answer = checked(capsys, tmp_path / "now", "--earlier", tmp_path / "before")
    (found,) = answer["files"][0]["findings"]
    assert alone["files"][0]["findings"] == []
    assert (found["check"], found["location"]) == ("differencing", "row 3, column patients")
    assert "released earlier/table.csv" in found["message"]


def test_what_left_before_is_not_reported_again(tmp_path, capsys):
    (tmp_path / "before").mkdir()
    (tmp_path / "before" / "small.csv").write_text("stage,patients\nI,150\nII,3\n")
    (tmp_path / "a.txt").write_text("AUC 0.91\n")
    _, answer = checked(capsys, tmp_path / "a.txt", "--earlier", tmp_path / "before")
    assert [each["findings"] for each in answer["files"]] == [[]]


def test_checks_that_were_not_made_are_named_with_the_reason(folder, capsys):
    _, answer = checked(capsys, folder)
    assert {each["check"] for each in answer["skipped"]} == {"image-match", "earlier-releases"}
    assert all(each["why"] for each in answer["skipped"])


def test_a_file_given_twice_is_one_file(folder, capsys):
    _, answer = checked(capsys, folder / "a.txt", folder, folder / "." / "a.txt")
    assert len(answer["files"]) == 1


def test_a_file_that_may_not_be_read_is_not_checked(folder, capsys, monkeypatch):
    def refused(path: Path, limit: int) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(egress, "_bytes", refused)
    status, answer = checked(capsys, folder)
    (found,) = answer["files"][0]["findings"]
    assert status == 0
    assert (found["check"], found["severity"]) == ("unchecked", "warn")
    assert "permission denied" in found["message"]


def test_an_empty_file_is_said_to_be_empty(folder, capsys):
    (folder / "a.txt").write_bytes(b"")
    _, answer = checked(capsys, folder)
    assert "the file is empty" in [each["message"] for each in answer["files"][0]["findings"]]


@pytest.mark.parametrize("missing", ["nowhere", "nothing", "pipe"])
def test_nothing_to_check_is_an_error(tmp_path, capsys, missing):
    (tmp_path / "nothing").mkdir()
    os.mkfifo(tmp_path / "pipe")
    assert run(["egress", "check", str(tmp_path / missing)]) == 1
    assert "there is no file" in capsys.readouterr().err
