"""The slice viewer: what it draws, and that its controls draw it anew."""

import io

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from vitrine import workbench
from vitrine.errors import InvalidInput


def an_image(spacing=(1.0, 1.0, 4.0), unit="HU"):
    """20 slices of 8 rows and 10 columns; the value is the slice's number."""
    array = np.repeat(np.arange(20, dtype=np.int16), 80).reshape(20, 8, 10)
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(spacing)
    image.SetMetaData("vitrine.unit", unit)
    return image


def drawn(view):
    return np.asarray(Image.open(io.BytesIO(view.picture.value)))


def middle(picture):
    return picture[picture.shape[0] // 2, picture.shape[1] // 2].tolist()


def test_it_opens_in_the_middle_and_says_what_it_shows():
    view = workbench.viewer(an_image())
    assert (view.slice.value, view.slice.max) == (10, 19)
    assert "axial slice 10 of 0 to 19" in view.value.value
    assert "HU" in view.value.value


def test_scrolling_draws_another_slice():
    view = workbench.viewer(an_image(), window=20, level=10)
    view.slice.value = 0
    dark = middle(drawn(view))
    view.slice.value = 19
    assert middle(drawn(view))[0] > dark[0] + 200


def test_a_slice_has_the_proportions_of_the_patient():
    view = workbench.viewer(an_image())
    assert drawn(view).shape[:2] == (410, 512)
    view.plane.value = "coronal"
    assert drawn(view).shape[:2] == (512, 64)


def test_the_head_is_up_in_a_coronal_view():
    view = workbench.viewer(an_image(), window=20, level=10)
    view.plane.value = "coronal"
    picture = drawn(view)
    assert picture[5, 5, 0] > picture[-5, 5, 0]


def test_window_and_level_map_values_to_grey():
    view = workbench.viewer(an_image(), window=10, level=10)
    for index, grey in ((5, 0), (10, 127), (15, 255)):
        view.slice.value = index
        assert middle(drawn(view)) == [grey] * 3


def test_a_preset_sets_window_and_level_even_beyond_the_values_of_the_image():
    view = workbench.viewer(an_image())
    view.preset.value = "lung"
    assert (view.window.value, view.level.value) == (1500, -600)


def test_presets_in_hounsfield_units_are_offered_for_ct_only():
    assert "lung" in workbench.viewer(an_image()).preset.options
    assert list(workbench.viewer(an_image(unit="raw")).preset.options) == ["automatic"]


def test_a_mask_is_painted_and_can_be_faded_out():
    image = an_image()
    mask = image > 15
    view = workbench.viewer(image, mask, window=20, level=10)
    view.slice.value = 18
    red, green, _ = middle(drawn(view))
    assert red > green + 30
    view.opacity.value = 0.0
    assert len(set(middle(drawn(view)))) == 1


def test_every_label_has_a_colour():
    labels = np.zeros((1, 8, 70), dtype=np.int64)
    labels[0] = np.arange(70)
    view = workbench.viewer(np.zeros((1, 8, 70)), labels)
    assert len(np.unique(drawn(view).reshape(-1, 3), axis=0)) >= 6


def test_an_oblique_image_is_shown_in_the_patients_directions():
    image = an_image()
    image.SetDirection((0, 0, 1, 1, 0, 0, 0, 1, 0))
    view = workbench.viewer(image)
    assert view.slice.max + 1 == 8


@pytest.mark.parametrize(
    "flat",
    [
        pytest.param(np.zeros((3, 4, 4)), id="zeros"),
        pytest.param(np.full((3, 4, 4), np.float32(7)), id="constant"),
        pytest.param(np.zeros((3, 4, 4), dtype=bool), id="booleans"),
        pytest.param(np.zeros((4, 4), dtype=np.uint8), id="one slice"),
        pytest.param(np.zeros((2, 4, 4, 3), dtype=np.uint8), id="colour"),
        pytest.param(np.full((2, 4, 4), np.nan), id="nothing but gaps"),
    ],
)
def test_images_without_contrast_are_drawn(flat):
    assert drawn(workbench.viewer(flat)).shape[2] == 3


def test_a_mask_of_another_size_is_refused_with_both_sizes_and_the_fix():
    with pytest.raises(InvalidInput, match=r"2 × 8 × 10.*20 × 8 × 10.*Resample"):
        workbench.viewer(an_image(), np.zeros((2, 8, 10)))


@pytest.mark.parametrize("shape", [(3,), (0, 4, 4), (1, 2, 3, 4, 5)])
def test_what_has_no_slices_is_refused(shape):
    with pytest.raises(InvalidInput, match="slices × rows × columns"):
        workbench.viewer(np.zeros(shape))
