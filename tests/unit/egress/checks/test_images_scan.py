import io
import time

import numpy as np
import pydicom
import pytest
import skimage.data
from PIL import Image
from pydicom.data import get_testdata_file
from scipy import ndimage

from tests.bench.scan_pixels import safe, scans
from vitrine.egress import disclosure
from vitrine.egress.checks import readers
from vitrine.egress.checks.document import Document, Raster
from vitrine.egress.checks.rules import images_features, images_regions, images_scan

POLICY = disclosure.load()
(RULE,) = images_scan.RULES


def a_slice(name="examples_overlay.dcm"):
    values = pydicom.dcmread(get_testdata_file(name)).pixel_array.astype(float)
    low, high = np.percentile(values, [1, 99.5])
    return (np.clip((values - low) / (high - low), 0, 1) * 255).astype(np.uint8)


ABDOMEN = a_slice()
PLOTS = [
    "curves",
    "roc",
    "survival",
    "boxes",
    "scatter",
    "bars",
    "confusion",
    "kernels",
    "gradient",
    "contours",
    "diagram",
    "network",
    "logo",
    "table",
    "code",
    "pie",
    "flow",
    "dark_plot",
    "dendrogram",
    "waterfall",
]


def found(*pixels, places=None):
    rasters = tuple(
        Raster(pixels=each, at=at)
        for each, at in zip(pixels, places or [""] * len(pixels), strict=True)
    )
    return RULE.findings(Document(path="a", kind="png", size_bytes=1, rasters=rasters), POLICY)


def severity(pixels):
    findings = found(pixels)
    return str(findings[0].severity) if findings else ""


@pytest.mark.parametrize("way", sorted({way.__name__ for way in scans.WAYS} - {"centre", "noisy"}))
def test_a_scan_is_found_however_it_is_shown(way):
    shown = getattr(scans, way)(ABDOMEN, np.random.default_rng(7))
    assert severity(shown) in ("block", "warn")


@pytest.mark.parametrize("way", ["bare", "figure", "compressed", "montage", "turned"])
def test_a_plain_scan_is_blocked(way):
    assert severity(getattr(scans, way)(ABDOMEN, np.random.default_rng(7))) == "block"


@pytest.mark.parametrize("kind", PLOTS)
def test_a_plot_is_no_scan(kind):
    for seed in range(3):
        assert severity(getattr(safe, kind)(np.random.default_rng(seed))) == ""


@pytest.mark.parametrize(
    "kind", ["saliency", "noise", "spectrogram", "correlation", "attention", "classes", "waves"]
)
def test_a_heat_map_is_not_blocked(kind):
    for seed in range(3):
        assert severity(getattr(safe, kind)(np.random.default_rng(seed))) != "block"


@pytest.mark.parametrize("name", ["camera", "coffee", "astronaut", "chelsea", "rocket", "brick"])
def test_a_photograph_is_not_blocked(name):
    assert severity(getattr(skimage.data, name)()) != "block"


def test_a_drawn_phantom_is_not_blocked():
    assert severity((skimage.data.shepp_logan_phantom() * 255).astype(np.uint8)) != "block"


def filtered(name):
    values = ndimage.gaussian_filter(ABDOMEN.astype(float), 1)
    found = {
        "differences": ABDOMEN - np.roll(ABDOMEN.astype(float), 3, axis=0),
        "second derivative": 6 * ndimage.laplace(values),
        "gradient": 4 * np.gradient(values)[0],
    }
    return (128 + found[name]).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", ["differences", "second derivative", "gradient"])
def test_a_scan_behind_a_filter_of_edges_is_found(name):
    assert severity(filtered(name)) == "warn"


def test_a_faint_scan_is_found():
    assert severity((255 - ABDOMEN * 0.12).astype(np.uint8)) == "warn"


def blobs(seed):
    smooth = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(256, 256)), 12)
    return smooth / np.abs(smooth).max()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["strongest", "signed", "all"])
def test_a_map_of_saliency_without_anatomy_is_no_scan(kind, seed):
    found = blobs(seed)
    shown = {
        "strongest": 255 * np.where(found > 0.3, found, 0),
        "signed": 128 + 127 * np.where(np.abs(found) > 0.3, found, 0),
        "all": 128 + 127 * found,
    }[kind]
    assert severity(shown.astype(np.uint8)) == ""


def test_kernels_of_a_first_layer_are_no_scans():
    rng = np.random.default_rng(5)
    panes = [ndimage.zoom(rng.normal(size=(7, 7)), 5) for _ in range(48)]
    panes = [(each - each.min()) / np.ptp(each) * 255 for each in panes]
    rows = [np.hstack([np.pad(p, 2, constant_values=255) for p in panes[n:n + 8]])
            for n in range(0, 48, 8)]  # fmt: skip
    assert severity(np.vstack(rows).astype(np.uint8)) == ""


def test_every_place_is_named_in_one_finding():
    plot = safe.curves(np.random.default_rng(1))
    (finding,) = found(
        ABDOMEN, plot, scans.beside_plot(ABDOMEN, np.random.default_rng(7)),
        places=["cell 3 output 1", "cell 4 output 1", "page 2"],
    )  # fmt: skip
    assert finding.locations[0] == "cell 3 output 1"
    assert finding.locations[1].startswith("page 2, region ")
    assert not any("cell 4" in place for place in finding.locations)


def test_a_scan_under_transparent_pixels_is_found():
    clear = np.dstack([np.repeat(ABDOMEN[..., None], 3, 2), np.zeros_like(ABDOMEN)])
    assert severity(clear) == "block"


def test_a_scan_of_sixteen_bits_is_found():
    assert severity(ABDOMEN.astype(np.uint16) * 16) == "block"


def test_an_icon_is_too_small_to_judge():
    assert severity(ABDOMEN[:20, :20]) == ""


def test_a_file_is_read_and_judged():
    out = io.BytesIO()
    Image.fromarray(ABDOMEN).save(out, "JPEG", quality=85)
    document = readers.read("a.jpg", out.getvalue(), "jpeg")
    assert [str(each.severity) for each in RULE.findings(document, POLICY)] == ["block"]


def test_enlarged_pixels_count_once():
    small = np.repeat(ABDOMEN[:64, :64, None], 3, 2)
    large = small.repeat(5, 0).repeat(7, 1)
    assert images_features.native_pixels(large).shape == small.shape


def test_axes_are_found_in_a_figure():
    boxes = images_regions.regions_of(scans.beside_plot(ABDOMEN, np.random.default_rng(7)))
    assert len(boxes) >= 2
    assert min(box.left for box in boxes) < 450 < max(box.left for box in boxes)


@pytest.mark.parametrize("shape", [(1, 1), (24, 24), (24, 3000), (300, 25), (30, 30, 4)])
@pytest.mark.parametrize("fill", ["flat", "noise"])
def test_no_picture_is_too_odd(shape, fill):
    random = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    found(random if fill == "noise" else np.full(shape, 128, np.uint8))


def test_a_large_picture_takes_less_than_two_seconds():
    large = np.asarray(Image.fromarray(ABDOMEN).resize((1500, 1500)))
    start = time.process_time()
    found(large)
    assert time.process_time() - start < 2
