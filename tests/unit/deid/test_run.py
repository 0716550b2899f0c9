"""Runs over folders: every file is accounted for, nothing is half-written, a run goes on."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file

from vitrine.cli.main import run as command
from vitrine.deid import keys


@pytest.fixture
def key_file(tmp_path):
    """A key of mode 600."""
    path = tmp_path / "key"
    keys.new(path)
    return path


def a_folder(root: Path, count: int) -> Path:
    """Instances of one series, and a text."""
    source = root / "Doe^Jane"
    source.mkdir(parents=True)
    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    for number in range(count):
        dataset.SOPInstanceUID = f"1.3.6.1.4.1.99999.9.{number + 1}"
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.save_as(source / f"{number}.dcm")
    (source / "notes.txt").write_text("not an image")
    return source


def deid(capsys, *arguments) -> tuple[int, dict]:
    """Exit status and report of `vitrine deid run`."""
    status = command(["deid", "run", "--json", *map(str, arguments)])
    said = capsys.readouterr().out
    return status, json.loads(said) if said else {}


def test_every_file_is_written_or_refused(tmp_path, key_file, capsys):
    source = a_folder(tmp_path, 3)
    shutil.copy(source / "0.dcm", source / "again.dcm")
    (source / "link.dcm").symlink_to(source / "0.dcm")
    os.mkfifo(source / "pipe.dcm")
    status, report = deid(capsys, source, tmp_path / "out", "--key-file", key_file)
    counts = report["counts"]
    assert status == 1
    assert (counts["files"], counts["written"], counts["refused"]) == (7, 3, 4)
    assert all((each["output"] is None) == bool(each["refused"]) for each in report["files"])
    for each in report["files"]:
        assert each["output"] is None or (tmp_path / "out" / each["output"]).is_file()


def test_the_same_for_any_number_of_workers_and_again(tmp_path, key_file, capsys):
    source = a_folder(tmp_path, 5)
    reports = [
        deid(capsys, source, tmp_path / out, "--key-file", key_file, "--workers", workers)[1]
        for out, workers in (("one", 1), ("two", 2), ("two", 1))
    ]
    assert reports[0] == reports[1] == reports[2]


def test_nothing_that_is_written_names_a_source(tmp_path, key_file, capsys):
    source = a_folder(tmp_path, 2)
    deid(capsys, source, tmp_path / "out", "--key-file", key_file)
    for path in (tmp_path / "out").rglob("*"):
        assert "Jane" not in str(path.relative_to(tmp_path))
        assert path.is_dir() or b"Jane" not in path.read_bytes()


def test_another_profile_or_key_does_not_go_on_with_a_folder(tmp_path, key_file, capsys):
    source = a_folder(tmp_path, 1)
    deid(capsys, source, tmp_path / "out", "--key-file", key_file)
    status = command(
        ["deid", "run", str(source), str(tmp_path / "out"), "--key-file", str(key_file),
         "--profile", "basic"]
    )  # fmt: skip
    assert status == 1
    assert "begun with another profile" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("mode", "text", "said"),
    [
        (0o644, "ab" * 32, "open to others"),
        (0o600, "xyz", "64 hexadecimal"),
    ],
)
def test_an_unsafe_key_is_refused(tmp_path, capsys, mode, text, said):
    (tmp_path / "key").write_text(text)
    (tmp_path / "key").chmod(mode)
    source = a_folder(tmp_path, 1)
    status = command(
        ["deid", "run", str(source), str(tmp_path / "o"), "--key-file", str(tmp_path / "key")]
    )
    assert status == 2
    assert said in " ".join(capsys.readouterr().err.split())


def test_a_killed_run_leaves_no_half_file_and_goes_on(tmp_path, key_file, capsys):
    source = a_folder(tmp_path, 60)
    arguments = [str(source), str(tmp_path / "out"), "--key-file", str(key_file), "--workers", "1"]
    child = subprocess.Popen(
        [sys.executable, "-m", "vitrine.cli.main", "deid", "run", *arguments],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not list((tmp_path / "out").rglob("P*/*/*/*.dcm")):
        time.sleep(0.01)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    for path in (tmp_path / "out").rglob("P*/*/*/*.dcm"):
        assert len(pydicom.dcmread(path).PixelData) == 32768
    status, report = deid(capsys, *arguments)
    fresh = deid(capsys, source, tmp_path / "fresh", "--key-file", key_file)[1]
    assert status == 1
    assert report == fresh
    assert report["counts"]["written"] == 60


def test_a_damaged_value_is_quoted_nowhere(tmp_path, key_file, capfd):
    source = a_folder(tmp_path, 1)
    raw = (source / "0.dcm").read_bytes()
    uid = b"1.3.6.1.4.1.5962.1.2.1.20040119072730.12322"  # StudyInstanceUID of the test image
    assert raw.count(uid) == 1
    (source / "0.dcm").write_bytes(raw.replace(uid, b"QZXWVK" + uid[6:]))
    arguments = [str(source), str(tmp_path / "out"), "--key-file", str(key_file)]
    command(["deid", "run", *arguments, "--json"])
    said = capfd.readouterr()
    (tmp_path / "report.json").write_text(said.out)
    command(["deid", "verify", *arguments[:2], "--map", str(tmp_path / "report.json")])
    again = capfd.readouterr()
    assert "QZXWVK" not in said.out + said.err + again.out + again.err
