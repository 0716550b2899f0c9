"""The texts of a delivery that a steward is asked about."""

import json

import pydicom
from pydicom.data import get_testdata_file

from vitrine.cli.main import run


def a_delivery(root):
    """Three patients with two descriptions, one of which names its patient."""
    root.mkdir()
    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    for number, (name, text) in enumerate(
        [("Doe^Jane", "T1 AX"), ("Roe^Ann", "T1 AX"), ("Poe^Eve", "T1 AX of Eve")]
    ):
        dataset.PatientName, dataset.PatientID = name, f"X{number}"
        dataset.SeriesDescription = text
        dataset.SOPInstanceUID = f"1.2.3.4.{number}"
        dataset.save_as(root / f"{number}.dcm")
    (root / "notes.txt").write_text("no image")
    return root


def listed(capsys, *arguments):
    """What `vitrine deid values` lists, by attribute and value."""
    assert run(["deid", "values", "--json", *map(str, arguments)]) == 0
    return {(e["attribute"], e["value"]): e for e in json.loads(capsys.readouterr().out)}


def test_each_distinct_text_is_listed_with_its_patients(tmp_path, capsys):
    found = listed(capsys, a_delivery(tmp_path / "in"))
    assert found["SeriesDescription", "T1 AX"]["patients"] == 2
    assert not found["SeriesDescription", "T1 AX"]["names_somebody"]
    assert found["SeriesDescription", "T1 AX of Eve"]["names_somebody"]


def test_a_decision_shows_what_a_text_becomes_unless_it_names_its_patient(tmp_path, capsys):
    decisions = tmp_path / "d.json"
    kept = {"decision": "keep"}
    decisions.write_text(json.dumps({"SeriesDescription": {"T1 AX": kept, "T1 AX of Eve": kept}}))
    found = listed(capsys, a_delivery(tmp_path / "in"), "--values", decisions)
    assert found["SeriesDescription", "T1 AX"]["becomes"] == "T1 AX"
    assert found["SeriesDescription", "T1 AX of Eve"]["becomes"] is None


def test_a_missing_folder_is_said_so(tmp_path, capsys):
    assert run(["deid", "values", str(tmp_path / "none")]) == 2
    assert "there is no file or folder" in " ".join(capsys.readouterr().err.split())
