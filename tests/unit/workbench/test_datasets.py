"""The tables that a researcher sees."""

import pytest

from vitrine import workbench
from vitrine.errors import IntegrityError, NotFound


@pytest.fixture
def two(data, slice_of):
    data.add_dataset("lung", clinical="PatientID,stage\n007,II\n0010,NA\n")
    data.add_dataset("brain")
    data.add_series("lung", [slice_of(0, 1), slice_of(1, 2)])
    data.add_series("lung", [slice_of(0, 1)], patient="0010")
    return data


def test_a_session_without_data_has_an_empty_table(data):
    assert workbench.datasets().empty
    assert workbench.series().empty


def test_each_dataset_is_counted(two):
    table = workbench.datasets().set_index("dataset")
    assert list(table.index) == ["brain", "lung"]
    assert table.loc["lung", ["patients", "series", "instances", "version"]].tolist() == [
        2,
        2,
        3,
        3,
    ]
    assert table.loc["brain", "series"] == 0


def test_series_of_all_datasets_or_of_one(two, slice_of):
    two.add_series("brain", [slice_of(0, 1)])
    assert workbench.series()["dataset"].tolist() == ["brain", "lung", "lung"]
    assert workbench.series("lung")["dataset"].unique().tolist() == ["lung"]


def test_identifiers_keep_their_leading_zeros_and_join_the_clinical_table(two):
    joined = workbench.series("lung").merge(workbench.clinical("lung"), on="PatientID")
    assert sorted(joined["PatientID"]) == ["0010", "007"]


def test_a_description_that_reads_NA_is_not_a_gap(two):
    assert set(workbench.series("lung")["SeriesDescription"]) == {"NA"}


def test_clinical_needs_a_name_only_where_there_is_a_choice(data, slice_of):
    data.add_dataset("lung")
    assert workbench.clinical()["PatientID"].tolist() == ["007"]
    data.add_dataset("brain")
    with pytest.raises(NotFound, match=r"say which dataset.*brain, lung"):
        workbench.clinical()


@pytest.mark.parametrize("name", ["liver", "../lung", "", "lung/images"])
def test_an_unknown_dataset_is_named_with_those_there_are(two, name):
    with pytest.raises(NotFound, match=r"no dataset .*it has brain, lung"):
        workbench.series(name)


@pytest.mark.parametrize("name", ["series.csv", "clinical.csv", "dataset.json"])
def test_a_damaged_file_is_named_with_its_dataset_and_without_its_content(two, name):
    (two.root / "lung" / name).write_bytes(b"\xff\xfe PAT-SECRET \x00")
    with pytest.raises(IntegrityError, match=f"{name} of dataset lung") as caught:
        workbench.datasets() if name != "clinical.csv" else workbench.clinical("lung")
    assert "PAT-SECRET" not in str(caught.value)
