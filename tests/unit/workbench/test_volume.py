"""Series as volumes: order, spacing, values, and what is not one volume."""

import random
import warnings

import numpy as np
import pytest
import SimpleITK as sitk

from vitrine import workbench
from vitrine.errors import IntegrityError, InvalidInput, NotFound


@pytest.fixture
def load(data, slice_of):
    """Publishes slices as one series of the dataset `lung`, and loads it."""
    data.add_dataset("lung")

    def publish_and_load(slices, **options):
        return workbench.load_series(data.add_series("lung", slices), **options)

    return publish_and_load


def test_slices_are_in_the_order_of_their_positions_not_of_their_files(load, slice_of):
    heights = [2.5 * index for index in range(8)]
    random.Random(1).shuffle(heights)
    slices = [slice_of(z, int(z * 2), number=99 - n) for n, z in enumerate(heights)]
    image = load(slices)
    array = sitk.GetArrayFromImage(image)
    assert array.shape == (8, 4, 6)
    assert image.GetSize() == (6, 4, 8)
    assert image.GetSpacing() == pytest.approx((0.7, 0.5, 2.5))
    assert image.GetOrigin() == pytest.approx((10, 20, 0))
    assert array[:, 0, 0].tolist() == [2 * (5 * n) - 1000 for n in range(8)]


def test_ct_is_in_hounsfield_units_and_axes_are_x_y_z(load, slice_of):
    image = load([slice_of(0, 1000), slice_of(1, 1000)])
    assert image[0, 0, 0] == 1000
    assert image[4, 1, 0] == 1002
    assert image.GetMetaData("vitrine.unit") == "HU"
    assert image.GetMetaData("vitrine.dataset") == "lung"


@pytest.mark.parametrize(
    ("changed", "unit"),
    [
        pytest.param({"Modality": "MR"}, "raw", id="MR is raw"),
        pytest.param({"Modality": "PT", "Units": "BQML"}, "BQML", id="PET as the file says"),
        pytest.param({"RescaleType": "OD"}, "OD", id="CT with a stated other type"),
        pytest.param({"RescaleSlope": None, "RescaleIntercept": None}, "raw", id="CT unscaled"),
    ],
)
def test_the_unit_is_said(load, slice_of, changed, unit):
    image = load([slice_of(z, 7, **changed) for z in (0, 1)])
    assert image.GetMetaData("vitrine.unit") == unit


def test_sagittal_slices_have_their_direction(load, slice_of):
    orientation = [0, 1, 0, 0, 0, -1]
    slices = [
        slice_of(0, n, ImageOrientationPatient=orientation, ImagePositionPatient=[3.0 * n, 0, 0])
        for n in range(3)
    ]
    image = load(slices)
    assert image.GetSpacing()[2] == pytest.approx(3.0)
    inwards = np.array(image.GetDirection()).reshape(3, 3)[:, 2]
    first, last = (sitk.GetArrayFromImage(image)[n, 0, 0] for n in (0, -1))
    end = image.TransformIndexToPhysicalPoint((0, 0, 2))
    assert {(round(image.GetOrigin()[0]), int(first)), (round(end[0]), int(last))} == {
        (0, -1000),
        (6, -996),
    }
    assert abs(inwards[0]) == pytest.approx(1)


def test_a_single_file_is_a_volume_of_one_slice(load, slice_of):
    assert load([slice_of(0, 5)]).GetSize() == (6, 4, 1)


def test_a_missing_slice_is_said_and_may_be_accepted(load, slice_of, data):
    slices = [slice_of(z, 1) for z in (0, 1, 2, 4, 5)]
    with pytest.raises(InvalidInput, match=r"of dataset lung has unevenly.*accept_gaps=True"):
        load(slices)
    assert load([slice_of(z, 1) for z in (0, 1, 2, 4, 5)], accept_gaps=True).GetSize()[2] == 5


def test_time_points_must_be_chosen(load, slice_of):
    def slices():
        return [slice_of(z, 10 * t + z, number=1 + z + 3 * t) for t in range(2) for z in range(3)]

    with pytest.raises(InvalidInput, match=r"2 images at each position.*volume=0"):
        load(slices())
    second = sitk.GetArrayFromImage(load(slices(), volume=1))
    assert second[:, 0, 0].tolist() == [2 * (10 + z) - 1000 for z in range(3)]
    with pytest.raises(InvalidInput, match="volumes 0 to 1, not 2"):
        load(slices(), volume=2)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        pytest.param({"Rows": 5}, "different sizes", id="sizes differ"),
        pytest.param({"ImageOrientationPatient": [1, 0, 0, 0, 0, 1]}, "directions", id="localizer"),
        pytest.param({"ImagePositionPatient": [10, 20, 0]}, "1 to 2 images at one", id="one twice"),
    ],
)
def test_what_is_not_one_volume_is_refused_with_the_way_on(load, slice_of, changed, reason):
    with pytest.raises(InvalidInput, match=rf"{reason}.*SimpleITK.ReadImage"):
        load([slice_of(0, 1), slice_of(1, 2), slice_of(2, 3, **changed)])


def test_images_without_positions_come_in_the_order_of_their_numbers_with_a_warning(load, slice_of):
    nowhere = {"ImagePositionPatient": None, "ImageOrientationPatient": None}
    with pytest.warns(UserWarning, match="does not say where"):
        image = load([slice_of(0, 9, number=2, **nowhere), slice_of(0, 4, number=1, **nowhere)])
    assert sitk.GetArrayFromImage(image)[:, 0, 0].tolist() == [-992, -982]


def test_a_tilted_gantry_is_said(load, slice_of):
    slices = [slice_of(0, 1, ImagePositionPatient=[0, 0.3 * n, n]) for n in range(4)]
    with pytest.warns(UserWarning, match="tilted gantry"):
        load(slices)


def test_an_upright_regular_series_gives_no_warning(load, slice_of):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load([slice_of(z, 1) for z in (0, 1.001, 2, 2.999)])


def test_a_row_names_its_dataset_where_two_have_the_series(data, slice_of):
    data.add_dataset("a")
    data.add_dataset("b")
    uid = data.add_series("a", [slice_of(0, 1)])
    data.add_series("b", [slice_of(0, 1)])
    row = workbench.series("b").iloc[0]
    assert workbench.load_series(row).GetMetaData("vitrine.dataset") == "b"
    assert workbench.load_series(uid).GetMetaData("vitrine.dataset") == "a"
    assert workbench.load_series({"SeriesInstanceUID": uid}).GetMetaData("vitrine.series") == uid


def test_an_unknown_series_and_a_whole_table_are_refused(data):
    data.add_dataset("lung")
    with pytest.raises(NotFound, match=r"no dataset of this session has a series 1\.2"):
        workbench.load_series("1.2")
    with pytest.raises(InvalidInput, match="takes a row"):
        workbench.load_series({"path": "x"})


@pytest.mark.parametrize("keep", [0, 200, -40])
def test_a_damaged_file_is_named_without_its_content(data, slice_of, keep):
    data.add_dataset("lung")
    uid = data.add_series("lung", [slice_of(z, 1, PatientName="SECRET") for z in (0, 1)])
    second = data.files("lung", uid)[1]
    second.write_bytes(second.read_bytes()[:keep])
    with pytest.raises(
        (IntegrityError, InvalidInput), match=r"series .* of dataset lung"
    ) as caught:
        workbench.load_series(uid)
    assert "SECRET" not in str(caught.value)


def test_a_report_is_said_to_hold_no_images(load, slice_of):
    with pytest.raises(InvalidInput, match=r"holds no images.*pydicom.dcmread"):
        load([slice_of(0, 1, Modality="SR", Rows=0)])


def test_the_manual_says_axes_spacing_and_unit():
    manual = workbench.load_series.__doc__ or ""
    for word in ("slices × rows × columns", "in mm", "Hounsfield", "raw", "LPS"):
        assert word in manual
