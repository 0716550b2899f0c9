"""Who is in the table and who in the images; doubtful pairs are shown and never linked."""

import json

import pandas
import pydicom
import pytest
from pydicom.data import get_testdata_file

from vitrine.cli.main import run
from vitrine.deid.tables import join
from vitrine.deid.tables.decisions import Decisions, Patients
from vitrine.errors import InvalidInput


def a_table(*ids) -> pandas.DataFrame:
    return pandas.DataFrame({"pid": list(ids), "age": ["50"] * len(ids)})


def report(table_ids, image_ids, **decided):
    decisions = Decisions(patients=Patients(**decided))
    pixels = join.Pixels(frozenset(image_ids))
    return join.compared(a_table(*table_ids), "pid", pixels, decisions)


@pytest.mark.parametrize(
    ("own", "other", "because"),
    [
        ("A 7", "A7", "spaces"),
        ("a7", "A7", "case"),
        ("A-7", "a_7", "punctuation"),
        ("7", "007", "leading zeros"),
        ("A-07", "A7", "leading zeros"),
        ("HOSP^^^1234", "1234", "issuer"),
        ("0001234@north", "1234", "issuer"),
    ],
)  # fmt: skip
def test_an_id_in_another_way_of_writing_is_shown_and_not_linked(own, other, because):
    found = report([own], [other])
    assert [(v.table, v.images, v.because, v.is_ambiguous) for v in found.variants] == [
        (own, other, because, False)
    ]
    assert found.both == 0
    assert set(found.undecided) == {own, other}
    assert len(found.open) == 2


def test_two_that_may_be_one_are_ambiguous():
    found = report(["7"], ["07", "007"])
    assert [v.is_ambiguous for v in found.variants] == [True, True]


def test_ids_without_anything_in_common_are_no_variants():
    assert report(["12"], ["21", "120", "1 3"]).variants == ()


def test_each_patient_is_linked_dropped_or_waived():
    found = report(
        ["1", "2", "7", "8"], ["1", "007", "9"],
        link={"7": "007"}, drop=frozenset({"2"}), waive=frozenset({"8", "9"}),
    )  # fmt: skip
    assert (found.both, found.open, found.undecided) == (2, (), ())
    assert report(["1", "2"], ["1"], waive=frozenset({"3"})).undecided == ("2",)


def test_a_link_to_nobody_is_refused_without_an_id():
    with pytest.raises(InvalidInput) as caught:
        report(["M777"], ["1"], link={"M777": "M778"})
    assert "M77" not in caught.value.sentence()


def test_what_cannot_be_read_or_names_nobody_stays_open(tmp_path, capsys):
    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"), stop_before_pixels=True)
    images = tmp_path / "images"
    images.mkdir()
    dataset.PatientID = " M1 "
    dataset.save_as(images / "a.dcm")
    (images / "README").write_text("not DICOM")
    table = tmp_path / "t.csv"
    table.write_text("pid,age\nM1,50\n")
    arguments = ["deid", "join", str(table), "--id-column", "pid", "--images", str(images)]
    assert run([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["both"] == 1
    (images / "b.dcm").write_bytes((images / "a.dcm").read_bytes()[:300])
    table.write_text("pid,age\nM1,50\n,60\n")
    assert run([*arguments, "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["unreadable"], said["rows_without_patient"], len(said["open"])) == (1, 1, 2)
    assert run(arguments) == 1
    assert "M1" not in capsys.readouterr().out
