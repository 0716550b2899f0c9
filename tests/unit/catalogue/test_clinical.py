"""The clinical table."""

from __future__ import annotations

import csv
import io

import pytest

from vitrine.catalogue.clinical import read_clinical
from vitrine.errors import InvalidInput


def a_table(tmp_path, content, name="table.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_table_keeps_its_cells_through_publication(tmp_path):
    path = a_table(tmp_path, '\ufeffPatientID,note\r\n"P1","a ""b"", c"\r\nP1,second visit\r\n\r\n')
    table = read_clinical(path)
    assert table.patients == {"P1"}
    assert list(csv.reader(io.StringIO(table.as_csv().decode()))) == [
        ["PatientID", "note"],
        ["P1", 'a "b", c'],
        ["P1", "second visit"],
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param("", "is empty", id="empty"),
        pytest.param("PatientID,age\n", "has no rows", id="header only"),
        pytest.param("patient,age\nP1,50\n", "has no column PatientID", id="no PatientID"),
        pytest.param("PatientID;age\nP1;50\n", "separated by semicolons", id="semicolons"),
        pytest.param("PatientID,age\nP1,50\n,51\n", "no PatientID in line 3", id="nobody"),
        pytest.param("PatientID,age\nP1,MRN1,50\n", "3 cells in line 2", id="too many cells"),
        pytest.param("PatientID,a,a\nP1,1,2\n", "two columns of the same name", id="twice"),
        pytest.param("PatientID,\nP1,1\n", "column without a name", id="nameless"),
        pytest.param('PatientID,a\nP1,"x\n', "not well-formed", id="open quote"),
        pytest.param(b"PatientID,a\nP1,\xff\n", "is not UTF-8", id="latin"),
    ],
)
def test_what_is_no_clinical_table_is_refused_without_its_values(tmp_path, content, reason):
    with pytest.raises(InvalidInput) as refusal:
        read_clinical(a_table(tmp_path, content))
    assert reason in refusal.value.sentence()
    assert "MRN1" not in refusal.value.sentence()


@pytest.mark.parametrize("suffix", ["xlsx", "parquet"])
def test_other_formats_are_asked_for_as_csv(tmp_path, suffix):
    with pytest.raises(InvalidInput) as refusal:
        read_clinical(a_table(tmp_path, b"PK", name=f"table.{suffix}"))
    assert "save it as CSV" in refusal.value.sentence()


def test_rows_do_not_show_in_a_record(tmp_path):
    assert "MRN1" not in repr(read_clinical(a_table(tmp_path, "PatientID,a\nMRN1,2\n")))
