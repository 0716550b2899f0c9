"""What a folder of DICOM files holds, and what is wrong with it."""

from __future__ import annotations

import os
import warnings

import pytest

from tests.support.deliveries import a_delivery, write_instance
from vitrine.dicom.inventory import take_inventory
from vitrine.dicom.part10 import NotDicom, UnreadableDicom, is_uid, read_instance


def test_series_are_ordered_by_instance_number_whatever_the_file_names(tmp_path):
    inventory = take_inventory(a_delivery(tmp_path, patients=2, slices=12).images)
    assert inventory.problems(with_names=True) == []
    assert [series.first.patient_id for series in inventory.series()] == ["PAT-1", "PAT-2"]
    for series in inventory.series():
        assert [each.instance_number for each in series.instances] == list(range(1, 13))


@pytest.mark.parametrize(
    ("attributes", "fault"),
    [
        pytest.param({"PatientIdentityRemoved": "NO"}, "PatientIdentityRemoved", id="says NO"),
        pytest.param({"PatientIdentityRemoved": None}, "PatientIdentityRemoved", id="is silent"),
        pytest.param({"PatientID": None}, "without a valid PatientID", id="no patient"),
        pytest.param({"SeriesInstanceUID": None}, "SeriesInstanceUID", id="no series"),
        pytest.param({"PatientID": "../../etc"}, "cannot name a folder", id="climbing patient"),
        pytest.param({"PatientID": ".."}, "cannot name a folder", id="dots as patient"),
        pytest.param({"PatientID": "a\\b"}, "cannot name a folder", id="several patients"),
    ],
)
def test_a_header_that_cannot_be_published_is_a_problem_of_its_file(tmp_path, attributes, fault):
    write_instance(tmp_path / "IM1", **attributes)
    (problem,) = take_inventory(tmp_path).problems(with_names=True)
    assert fault in problem
    assert problem.endswith(": IM1")


def test_a_uid_cannot_climb_out_of_the_store(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_instance(tmp_path / "IM1", SeriesInstanceUID="../1.2")
    (problem,) = take_inventory(tmp_path).problems(with_names=False)
    assert "without a valid SeriesInstanceUID" in problem
    assert not is_uid("1.2/3")
    assert not is_uid("1." * 40 + "1")


def test_two_files_with_one_sop_instance_uid_are_both_named(tmp_path):
    write_instance(tmp_path / "a.dcm")
    write_instance(tmp_path / "b.dcm")
    (problem,) = take_inventory(tmp_path).problems(with_names=True)
    assert problem == "2 files sharing a SOPInstanceUID with another file: a.dcm, b.dcm"


def test_one_series_cannot_belong_to_two_patients(tmp_path):
    write_instance(tmp_path / "a", PatientID="PAT-1", SOPInstanceUID="1.2.1")
    write_instance(tmp_path / "b", PatientID="PAT-2", SOPInstanceUID="1.2.2")
    (problem,) = take_inventory(tmp_path).problems(with_names=False)
    assert problem == "2 files in a series that spans several patients or studies"


def test_links_pipes_and_other_files_are_refused_without_being_opened(tmp_path):
    write_instance(tmp_path / "IM1")
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "link").symlink_to(tmp_path / "IM1")
    (tmp_path / "folder").symlink_to("/etc")
    os.mkfifo(tmp_path / "pipe")
    problems = take_inventory(tmp_path).problems(with_names=True)
    assert sorted(problems) == [
        "1 file not DICOM: notes.txt",
        "1 file without regular content (pipe, socket or device): pipe",
        "2 files linking elsewhere (symbolic link): folder, link",
    ]


def test_an_empty_folder_is_a_problem(tmp_path):
    (tmp_path / "empty").mkdir()
    assert take_inventory(tmp_path).problems(with_names=True) == ["the folder holds no files"]


def test_many_faulty_files_are_counted_and_a_few_named(tmp_path):
    for number in range(30):
        (tmp_path / f"{number:02d}.txt").write_text("x")
    (problem,) = take_inventory(tmp_path).problems(with_names=True)
    assert problem.startswith("30 files not DICOM: 00.txt, ")
    assert problem.endswith(" and 25 more")


def test_a_name_with_control_characters_cannot_reach_the_terminal(tmp_path):
    (tmp_path / "\x1b[31mred\n").write_text("x")
    (problem,) = take_inventory(tmp_path).problems(with_names=True)
    assert problem.isprintable()


def sentence_about(path):
    """What is said when the file at `path` cannot be read; empty when it can."""
    try:
        read_instance(path)
    except UnreadableDicom as error:
        return error.sentence()
    return ""


def test_a_damaged_header_is_no_crash_and_quotes_nothing(tmp_path):
    whole = write_instance(tmp_path / "whole", PatientID="MRN1-SECRET").read_bytes()
    said = []
    for cut in range(132, len(whole) - 20, 7):
        (tmp_path / "cut").write_bytes(whole[:cut])
        said.append(sentence_about(tmp_path / "cut"))
    assert any(said)
    assert "MRN1" not in " ".join(said)
    (tmp_path / "text").write_text("MRN1")
    with pytest.raises(NotDicom, match="text is not a DICOM file"):
        read_instance(tmp_path / "text")


def test_records_do_not_show_the_patient(tmp_path):
    write_instance(tmp_path / "IM1", PatientID="MRN1", SeriesDescription="of Mr MRN1")
    inventory = take_inventory(tmp_path)
    assert "MRN1" not in repr(inventory)
    assert "MRN1" not in repr(inventory.instances)
    assert "MRN1" not in repr(inventory.series())
