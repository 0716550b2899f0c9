"""The gate: what passes, what is held and why, per patient and never by a value."""

import json

import pandas
import pydicom
import pytest
from pydicom.data import get_testdata_file

from vitrine.cli.main import run


def risk(capsys, *arguments) -> tuple[int, dict]:
    """Exit status and report of `vitrine risk assess`."""
    status = run(["risk", "assess", "--json", *map(str, arguments)])
    said = capsys.readouterr().out
    return status, json.loads(said) if said else {}


def a_table(path, patients=60, **columns):
    """A table in which ten patients each look alike."""
    frame = pandas.DataFrame(
        {
            "pid": [f"A{n:03d}" for n in range(patients)],
            "sex": ["f" if n % 2 else "m" for n in range(patients)],
            "age": [50 + 10 * (n // 20) for n in range(patients)],
            "outcome": [["alive", "dead", "lost"][n % 3] for n in range(patients)],
            **columns,
        }
    )
    frame.to_csv(path, index=False)
    return path


def some_images(root, patients=60):
    """One instance for each patient of the table."""
    root.mkdir()
    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"), stop_before_pixels=True)
    for number in range(patients):
        dataset.PatientID = f"A{number:03d}"
        dataset.PatientSex = "F" if number % 2 else "M"
        dataset.SOPInstanceUID = f"1.2.3.{number}"
        dataset.save_as(root / f"{number}.dcm")
    return root


def test_patients_who_look_alike_pass(tmp_path, capsys):
    status, report = risk(capsys, "--table", a_table(tmp_path / "t.csv"), "--id-column", "pid")
    assert (status, report["verdict"], report["because"]) == (0, "pass", [])
    measures = report["scopes"]["table"]["acquaintance"]
    assert (report["patients"], measures["k"], measures["unique"]) == (60, 10, 0)
    assert measures["l"] >= 2
    assert 0 < measures["t"] < 1


def test_for_download_more_must_look_alike(tmp_path, capsys):
    arguments = ("--table", a_table(tmp_path / "t.csv"), "--id-column", "pid", "--download")
    status, report = risk(capsys, *arguments)
    assert (status, report["verdict"]) == (1, "hold")
    assert "k is 10 and must be 11" in report["because"][0]


def test_one_patient_apart_holds_everything(tmp_path, capsys):
    path = a_table(tmp_path / "t.csv")
    frame = pandas.read_csv(path)
    frame.loc[0, "age"] = 97
    frame.to_csv(path, index=False)
    status, report = risk(capsys, "--table", path, "--id-column", "pid")
    assert (status, report["scopes"]["table"]["acquaintance"]["k"]) == (1, 1)
    assert "age" in report["because"][0]
    assert "97" not in json.dumps(report["because"])


def test_several_rows_of_a_patient_are_one_patient(tmp_path, capsys):
    path = a_table(tmp_path / "t.csv")
    frame = pandas.read_csv(path)
    pandas.concat([frame, frame, frame.head(1)]).to_csv(path, index=False)
    _, report = risk(capsys, "--table", path, "--id-column", "pid")
    assert report["patients"] == 60
    assert report["scopes"]["table"]["acquaintance"]["k"] == 10


def test_the_join_is_worse_than_either_part_and_says_who_is_missing(tmp_path, capsys):
    table, images = a_table(tmp_path / "t.csv"), some_images(tmp_path / "i", 50)
    _, report = risk(capsys, "--table", table, "--id-column", "pid", "--images", images)
    assert set(report["scopes"]) == {"table", "headers", "join"}
    assert report["unmatched"] == {"table": 10, "images": 0}
    for profile, measures in report["scopes"]["join"].items():
        assert measures["k"] <= report["scopes"]["headers"][profile]["k"]


def test_an_insider_is_reported_and_does_not_decide(tmp_path, capsys):
    table = a_table(tmp_path / "t.csv")
    images = some_images(tmp_path / "i")
    dataset = pydicom.dcmread(images / "0.dcm")
    dataset.ManufacturerModelName = "one of a kind"
    dataset.save_as(images / "0.dcm")
    status, report = risk(capsys, "--table", table, "--id-column", "pid", "--images", images)
    assert report["scopes"]["headers"]["insider"]["k"] == 1
    assert report["causes"]["insider"][0] == "device"
    assert report["controls"]
    assert (status, report["verdict"]) == (0, "pass")


@pytest.mark.parametrize("patients", [0, 4])
def test_few_or_no_patients_never_pass(tmp_path, capsys, patients):
    images = some_images(tmp_path / "i", patients)
    status, report = risk(capsys, "--images", images)
    assert (status, report["verdict"]) == (1, "hold")


def test_nobody_in_both_is_held(tmp_path, capsys):
    table, images = a_table(tmp_path / "t.csv"), some_images(tmp_path / "i")
    frame = pandas.read_csv(table)
    frame["pid"] = "B" + frame["pid"]
    frame.to_csv(table, index=False)
    status, report = risk(capsys, "--table", table, "--id-column", "pid", "--images", images)
    assert status == 1
    assert any("no patient is in both" in each for each in report["because"])


@pytest.mark.parametrize(
    "arguments",
    [[], ["--table", "none.csv", "--id-column", "pid"], ["--table", "t.csv"],
     ["--images", "nowhere"], ["--images", ".", "--policy", "nowhere"]],
    ids=["nothing", "no file", "no id column", "no folder", "no policy"],
)  # fmt: skip
def test_a_wrong_call_is_said_so(tmp_path, capsys, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    assert run(["risk", "assess", *arguments]) == 2
    assert capsys.readouterr().err
