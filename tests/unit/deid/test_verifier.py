"""The verifier: silent about what is clean, and it sees each fault that an engine may have."""

import json
import shutil
from copy import deepcopy
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from tests.unit.deid.test_engine import a_planted_file
from vitrine.cli.main import run as command
from vitrine.deid import keys
from vitrine.deid.verifier.finding import Kind, Verdict, verdict_of
from vitrine.deid.verifier.verify import verify

NAMES = ("Li^Wu", "May^Art", "Ng^Jo", "Kim^Ann", "Ito^Rex", "Lee^Al", "Fox^Ray", "Oh^Bo")


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """Sources of people with short names, their outputs and the report."""
    root = tmp_path_factory.mktemp("deid")
    (root / "in").mkdir()
    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    for number, name in enumerate(NAMES):
        dataset.PatientName, dataset.PatientID = name, f"{number + 7}"
        for slice_number in range(2):
            dataset.StudyDate = f"2019{number + 1:02d}0{slice_number + 1}"
            dataset.StudyInstanceUID = f"1.3.6.1.4.1.99999.1.{number}"
            dataset.SeriesInstanceUID = f"1.3.6.1.4.1.99999.2.{number}"
            dataset.SOPInstanceUID = f"1.3.6.1.4.1.99999.3.{number}.{slice_number}"
            dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
            dataset.save_as(root / "in" / f"{number}-{slice_number}.dcm")
    keys.new(root / "key")
    return root, run(root / "in", root / "out", root / "key")


def run(source, output, key, *more) -> dict:
    """The report of a run."""
    from io import StringIO
    from unittest.mock import patch

    with patch("sys.stdout", new=StringIO()) as said:
        command(["deid", "run", str(source), str(output), "--key-file", str(key), "--json", *more])
    return json.loads(said.getvalue())


def test_people_with_short_names_raise_nothing_in_a_clean_run(clean):
    root, report = clean
    assert verify(root / "in", root / "out", report) == []


def test_an_unmodified_copy_shows_every_place(tmp_path):
    (tmp_path / "in").mkdir()
    a_planted_file(tmp_path / "in" / "a.dcm")
    shutil.copytree(tmp_path / "in", tmp_path / "out")
    from vitrine.deid.verifier.verify import _sha256

    digest = _sha256(tmp_path / "in" / "a.dcm")
    entry = {"source": "a.dcm", "output": "a.dcm", "sha256_in": digest, "sha256_out": digest}
    found = verify(tmp_path / "in", tmp_path / "out", {"dates": "shift", "files": [entry]})
    assert verdict_of(found) is Verdict.RESIDUAL
    kinds = {each.kind for each in found}
    assert {Kind.NAME, Kind.UID, Kind.DATE, Kind.TEXT, Kind.PRIVATE, Kind.ENVELOPE} <= kinds
    places = {each.place for each in found}
    for keyword in (
        "PatientName",
        "ImageComments",
        "StudyDate",
        "OperatorsName",
        "AccessionNumber",
    ):
        assert any(place.endswith(keyword) for place in places)
        assert any("RequestAttributesSequence[0]" in p and p.endswith(keyword) for p in places)


def nested(dataset, keyword, value):
    item = Dataset()
    setattr(item, keyword, value)
    dataset.AcquisitionContextSequence = [item]


def set_to(keyword, value):
    return lambda new, old: setattr(new, keyword, value)


def kept(keyword):
    return lambda new, old: new.__setitem__(keyword, deepcopy(old[keyword]))


FAULTS = {
    "the name is kept": kept("PatientName"),
    "the number is kept in a comment": set_to("ImageComments", "see 1234abcd"),
    "the name is in an unrelated text": set_to("SeriesDescription", "scan of Wu"),
    "an instance keeps its UID": kept("SOPInstanceUID"),
    "a reference keeps its UID": lambda new, old: nested(
        new, "ReferencedSOPInstanceUID", old.SOPInstanceUID
    ),
    "a date is kept": kept("StudyDate"),
    "a nested date is kept in a text": lambda new, old: nested(
        new, "TextValue", f"on {old.StudyDate}"
    ),
    "a date stands in words": set_to("ImageComments", "1 January 2019"),
    "a date moved by another amount": set_to("StudyDate", "20120101"),
    "a private text is kept": lambda new, old: new.add(old[0x00091001]),
    "a free text is kept": kept("StudyDescription"),
    "an overlay keeps its description": lambda new, old: new.add_new(0x60000022, "LO", "Wu"),
    "a flag is absent": lambda new, old: new.__delitem__("PatientIdentityRemoved"),
    "the method is absent": lambda new, old: (
        new.__delitem__("DeidentificationMethod"),
        new.__delitem__("DeidentificationMethodCodeSequence"),
    ),
    "a pixel is another": lambda new, old: setattr(
        new, "PixelData", b"\1" + new.PixelData[1:] if new.PixelData[0] != 1 else b"\2"
    ),
    "the institution is kept": kept("InstitutionName"),
    "a date is none": set_to("ContentDate", "20201399"),
    "the preamble is kept": lambda new, old: setattr(new, "preamble", b"Wu".ljust(128, b"\0")),
    "the source's title is in the file meta": lambda new, old: setattr(
        new.file_meta, "SourceApplicationEntityTitle", old.file_meta.SourceApplicationEntityTitle
    ),
    "the file meta name another instance": lambda new, old: setattr(
        new.file_meta, "MediaStorageSOPInstanceUID", "2.25.1"
    ),
    "two patients are one": set_to("PatientID", "P"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_of_the_engine_is_found(clean, tmp_path, fault):
    root, report = clean
    shutil.copytree(root / "out", tmp_path / "out")
    shutil.copytree(root / "in", tmp_path / "in")
    report = deepcopy(report)
    for entry in report["files"]:
        if fault is FAULTS["two patients are one"] or entry["source"] == "0-0.dcm":
            damage(tmp_path, entry, fault)
    assert verify(tmp_path / "in", tmp_path / "out", report) != []


def damage(root: Path, entry: dict, fault) -> None:
    """Write an output again as a faulty engine would have; the report fits it."""
    from vitrine.deid.verifier.verify import _sha256

    target, source = root / "out" / entry["output"], root / "in" / entry["source"]
    old = pydicom.dcmread(source)
    old.file_meta.SourceApplicationEntityTitle = "WARD7PACS"
    old.StudyDescription = "Follow-up of a rare case"
    old.save_as(source)
    entry["sha256_in"] = _sha256(source)
    new = pydicom.dcmread(target)
    fault(new, old)
    new.save_as(target, enforce_file_format=False)
    entry["sha256_out"] = _sha256(target)


@pytest.mark.parametrize(
    "harm",
    [
        lambda out, path, report: path.unlink(),
        lambda out, path, report: path.write_bytes(path.read_bytes() + b"x"),
        lambda out, path, report: (out / "more.dcm").write_bytes(b"x"),
        lambda out, path, report: report["files"].pop(),
        lambda out, path, report: report["files"][0].update(output=None),
    ],
    ids=["missing", "changed", "one more", "one unreported", "neither written nor refused"],
)
def test_what_does_not_fit_is_unverifiable(clean, tmp_path, harm):
    root, report = clean
    shutil.copytree(root / "out", tmp_path / "out")
    report = deepcopy(report)
    harm(tmp_path / "out", tmp_path / "out" / report["files"][0]["output"], report)
    found = verify(root / "in", tmp_path / "out", report)
    assert verdict_of(found) is Verdict.UNVERIFIABLE


def test_a_finding_never_holds_a_value(tmp_path, clean):
    root, report = clean
    shutil.copytree(root / "out", tmp_path / "out")
    shutil.copytree(root / "in", tmp_path / "in")
    report = deepcopy(report)
    damage(tmp_path, report["files"][0], FAULTS["the name is kept"])
    said = json.dumps([str(each) for each in verify(tmp_path / "in", tmp_path / "out", report)])
    assert "Wu" not in said
    assert "PatientName" in said
