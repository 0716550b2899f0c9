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
    arguments = (
        "--table",
        a_table(tmp_path / "t.csv"),
        "--id-column",
        "pid",
        "--purpose",
        "download",
    )
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
    assert report["details"]["headers"]["insider"]["causes"][0] == "images.device"
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


def test_ids_keep_their_leading_zeros(tmp_path, capsys):
    images = some_images(tmp_path / "i", 6)
    for number in range(6):
        dataset = pydicom.dcmread(images / f"{number}.dcm")
        dataset.PatientID = f"00{number}"
        dataset.save_as(images / f"{number}.dcm")
    table = tmp_path / "t.csv"
    table.write_text("pid,sex\n" + "".join(f"00{n},f\n" for n in range(6)))
    _, report = risk(capsys, "--table", table, "--id-column", "pid", "--images", images)
    assert report["unmatched"] == {"table": 0, "images": 0}


def test_the_same_values_in_another_order_of_visits_are_the_same_patient(tmp_path, capsys):
    table = tmp_path / "t.csv"
    rows = [f"{p},{v}" for p in range(12) for v in (("a", "b") if p % 2 else ("b", "a"))]
    table.write_text("pid,city\n" + "\n".join(rows) + "\n")
    _, report = risk(capsys, "--table", table, "--id-column", "pid")
    assert report["scopes"]["table"]["acquaintance"]["k"] == 12


def test_somebody_with_more_visits_is_known_to_an_insider(tmp_path, capsys):
    table = tmp_path / "t.csv"
    table.write_text("pid,sex\n" + "".join(f"{n},f\n" for n in [*range(8), 3]))
    status, report = risk(capsys, "--table", table, "--id-column", "pid")
    assert report["scopes"]["table"]["insider"]["k"] == 1
    assert (status, report["scopes"]["table"]["register"]["k"]) == (0, 8)


def test_a_sensitive_number_keeps_its_order_with_several_rows_for_each_patient(tmp_path, capsys):
    """All of one sex have low values: far apart as numbers, half as far as categories."""
    rows = [(n, "f" if n < 6 else "m", n) for n in range(12)]
    measured = []
    for times in (1, 3):
        table = tmp_path / f"{times}.csv"
        lines = [f"{p},{s},{o}" for p, s, o in rows * times]
        table.write_text("pid,sex,outcome\n" + "\n".join(lines) + "\n")
        _, report = risk(capsys, "--table", table, "--id-column", "pid")
        measured.append(report["scopes"]["table"]["acquaintance"]["t"])
    assert measured[0] == measured[1] == pytest.approx(3 / 11)


def test_days_are_months_for_an_acquaintance_and_shifted_ones_are_intervals(tmp_path, capsys):
    table = tmp_path / "t.csv"
    rows = [f"{n},2020-03-{n + 1:02d}\n{n},2020-03-{n + 11:02d}" for n in range(10)]
    table.write_text("pid,seen\n" + "\n".join(rows) + "\n")
    _, report = risk(capsys, "--table", table, "--id-column", "pid")
    k = {name: each["k"] for name, each in report["scopes"]["table"].items()}
    assert k == {"acquaintance": 10, "register": 1, "insider": 1}
    arguments = ("--table", table, "--id-column", "pid", "--kind", "seen=shifted date")
    status, report = risk(capsys, *arguments)
    assert status == 0
    assert report["scopes"]["table"]["insider"]["k"] == 10


def test_missing_values_are_a_value_that_can_set_apart(tmp_path, capsys):
    table = tmp_path / "t.csv"
    table.write_text("pid,city\n" + "".join(f"{n},x\n" for n in range(9)) + "9,\n")
    status, report = risk(capsys, "--table", table, "--id-column", "pid")
    assert (status, report["scopes"]["table"]["acquaintance"]["k"]) == (1, 1)


def test_rows_without_a_patient_hide_nobody(tmp_path, capsys):
    table = tmp_path / "t.csv"
    table.write_text("pid,city\n" + "1,x\n2,x\n" + ",y\n,y\n,y\n")
    _, report = risk(capsys, "--table", table, "--id-column", "pid")
    assert (report["patients"], report["scopes"]["table"]["acquaintance"]["k"]) == (5, 2)


def test_a_damaged_image_holds_and_another_file_does_not(tmp_path, capsys):
    images = some_images(tmp_path / "i", 20)
    (images / "README.txt").write_text("twenty people")
    status, report = risk(capsys, "--images", images)
    assert (status, report["files"]) == (0, {"read": 20, "unreadable": 0, "not_dicom": 1})
    (images / "20.dcm").write_bytes((images / "0.dcm").read_bytes()[:200])
    (images / "21.dcm").write_bytes(b"nothing")
    status, report = risk(capsys, "--images", images)
    assert (status, report["files"]["unreadable"]) == (1, 2)


def test_images_without_a_patient_are_one_patient_for_each_study(tmp_path, capsys):
    images = some_images(tmp_path / "i", 3)
    for number in range(3):
        dataset = pydicom.dcmread(images / f"{number}.dcm")
        dataset.PatientID, dataset.StudyInstanceUID = "", f"1.2.{number}"
        dataset.save_as(images / f"{number}.dcm")
    _, report = risk(capsys, "--images", images)
    assert report["patients"] == 3
