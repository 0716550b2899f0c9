import io
import shutil

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.data import get_testdata_file

from tests.bench.scan_pixels import safe, scans
from vitrine.egress import disclosure
from vitrine.egress.checks import apart, images_index
from vitrine.egress.checks.document import Document, Raster
from vitrine.egress.checks.rules import images_match

POLICY = disclosure.load()
WAYS = (
    "bare",
    "smaller",
    "larger",
    "cropped",
    "turned",
    "gamma",
    "compressed",
    "coloured",
    "panels",
)


def shown(name, low=1.0, high=99.5):
    values = pydicom.dcmread(get_testdata_file(name)).pixel_array.astype(float)
    low, high = np.percentile(values, [low, high])
    return (np.clip((values - low) / (high - low), 0, 1) * 255).astype(np.uint8)


@pytest.fixture(scope="module")
def rule(tmp_path_factory):
    root = tmp_path_factory.mktemp("images")
    for folder, name in (("one", "CT_small.dcm"), ("two", "examples_overlay.dcm")):
        (root / folder).mkdir()
        shutil.copy(get_testdata_file(name), root / folder)
    (root / "two" / "notes.txt").write_text("no image")
    return images_match.rule_for(images_index.index_of(root))


def found(rule, pixels):
    document = Document(
        path="a", kind="png", size_bytes=1, rasters=(Raster(pixels=pixels, at="page 3"),)
    )
    return rule.findings(document, POLICY)


@pytest.mark.parametrize("way", WAYS)
def test_an_image_of_the_project_is_found_however_it_is_shown(rule, way):
    picture = shown("examples_overlay.dcm", 2.0, 98.0)
    (finding,) = found(rule, getattr(scans, way)(picture, np.random.default_rng(3)))
    assert finding.severity == "block"
    assert "folder 2 of 2" in finding.message
    assert finding.locations[0].startswith("page 3, region ")


@pytest.mark.parametrize("name", ["693_J2KI.dcm", "J2K_pixelrep_mismatch.dcm"])
def test_a_scan_from_elsewhere_is_not_of_the_project(rule, name):
    assert found(rule, shown(name)) == []


def test_plots_are_not_of_the_project(rule):
    for _, picture in safe.pictures(np.random.default_rng(6), 1):
        assert found(rule, picture) == []


def test_an_empty_folder_finds_nothing(tmp_path):
    assert (
        found(images_match.rule_for(images_index.index_of(tmp_path)), shown("CT_small.dcm")) == []
    )


def test_it_runs_in_the_confined_child(rule):
    out = io.BytesIO()
    Image.fromarray(shown("CT_small.dcm")).save(out, "PNG")
    (report,) = apart.check([("a.png", out.getvalue)], POLICY, more=[rule])
    assert "image-match" in [each.check for each in report.findings]
