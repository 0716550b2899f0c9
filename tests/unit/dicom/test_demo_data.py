"""The demo's datasets: publishable, measurable, and without a trace of their sources' identity."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from vitrine.catalogue.publish import check_delivery

PHANTOMS = Path(__file__).parents[3] / "deploy" / "demo" / "phantoms.py"
WHEEL = Path(pydicom.__file__).parent / "data" / "test_files"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """What the generator wrote, and what it said about it."""
    out = tmp_path_factory.mktemp("demo") / "data"
    run = subprocess.run(
        [sys.executable, str(PHANTOMS), str(out)], check=True, capture_output=True, text=True
    )
    return out, {each["name"]: each for each in json.loads(run.stdout)["datasets"]}


def volume(demo, dataset, patient, series):
    folder = demo[0] / dataset / "images" / patient / series
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return reader.Execute()


def table(demo, dataset):
    with (demo[0] / dataset / "clinical.csv").open() as stream:
        return {row["PatientID"]: row for row in csv.DictReader(stream)}


@pytest.mark.parametrize("name", ["lung-ct", "prostate-mr", "reference-scans"])
def test_each_dataset_can_be_published_and_is_what_was_said(demo, name):
    said = demo[1][name]
    delivery = check_delivery(Path(said["images"]), Path(said["clinical"]))
    assert len(delivery.inventory.instances) == said["instances"]
    assert len(delivery.inventory.series()) == said["series"]
    assert len(delivery.inventory.patients) == said["patients"]


def test_nodules_measure_what_the_clinical_table_says(demo):
    truth = json.loads((demo[0] / "truth.json").read_text())
    for patient, row in table(demo, "lung-ct").items():
        image = volume(demo, "lung-ct", patient, "ct")
        assert image.GetSpacing() == pytest.approx((2.8, 2.8, 5.0))
        assert int(row["nodule_count"]) == len(truth[patient])
        array = sitk.GetArrayFromImage(image)
        for lesion in truth[patient]:
            if lesion["diameter_mm"] < 14:
                continue  # a few voxels, and vessels next to it
            measured = sphere_ml(image, array > -400, lesion)
            expected = np.pi / 6 * lesion["diameter_mm"] ** 3 / 1000
            assert measured == pytest.approx(expected, rel=0.25)
            inside = image.TransformPhysicalPointToIndex(lesion["centre_mm"])
            assert image[inside] == pytest.approx(lesion["value"], abs=70)


def sphere_ml(image, mask, lesion):
    """Volume of `mask` within the lesion's sphere and 2 mm around it."""
    z, y, x = np.indices(mask.shape)
    spacing, origin = image.GetSpacing(), image.GetOrigin()
    centre = lesion["centre_mm"]
    squares = [(origin[i] + axis * spacing[i] - centre[i]) ** 2 for i, axis in enumerate((x, y, z))]
    near = np.sqrt(sum(squares)) < lesion["diameter_mm"] / 2 + 2
    return float((mask & near).sum() * np.prod(spacing) / 1000)


def test_prostate_contrasts_share_one_grid_and_show_the_lesion(demo):
    truth = json.loads((demo[0] / "truth.json").read_text())
    t2, dwi, adc = (volume(demo, "prostate-mr", "PROS-005", s) for s in ("t2", "dwi", "adc"))
    assert t2.GetOrigin() == dwi.GetOrigin() == adc.GetOrigin()
    assert t2.GetSize() == dwi.GetSize() == adc.GetSize() == (128, 128, 24)
    (lesion,) = truth["PROS-005"]
    inside = adc.TransformPhysicalPointToIndex(lesion["centre_mm"])
    assert adc[inside] == pytest.approx(lesion["value"], abs=250)
    assert dwi[inside] > 250
    assert t2[inside] < 330


def test_nothing_that_identified_a_reference_scan_is_left(demo):
    written = b"".join(p.read_bytes() for p in (demo[0] / "reference-scans").rglob("*.dcm"))
    for name in ("CT_small.dcm", "MR_small.dcm"):
        original = pydicom.dcmread(WHEEL / name, stop_before_pixels=True)
        for keyword in ("PatientName", "PatientID", "StudyInstanceUID", "SOPInstanceUID"):
            assert str(original[keyword].value).encode() not in written
    for path in (demo[0] / "reference-scans").rglob("*.dcm"):
        instance = pydicom.dcmread(path)
        assert not [element for element in instance if element.tag.is_private]
        assert instance.Modality in ("CT", "MR")
        assert instance.pixel_array.max() > 0
