"""The engine on planted objects: whatever is put wherever, nothing of it is in the bytes."""

import io
from contextlib import nullcontext
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.datadict import DicomDictionary
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from vitrine.deid import keys
from vitrine.deid.engine import file as engine
from vitrine.deid.engine.values import Values
from vitrine.deid.rules import profile as profiles
from vitrine.errors import InvalidInput

CT = b"1.2.840.10008.5.1.4.1.1.2\0"
KEY = keys.Key(bytes(range(32)))
PROFILES = [profiles.load(name)[0] for name in profiles.available()]
TEXTS = {"PN", "LO", "SH", "ST", "LT", "UT", "UC", "UR", "AE", "CS", "UI", "DA", "DT", "AS"}
FORBIDDEN = {"SOPClassUID", "BurnedInAnnotation", "PhotometricInterpretation", "Modality"}
UNLISTED = ("AcquisitionContextSequence", "CTExposureSequence", "DeidentificationActionSequence")


def planted(vr: str, number: int) -> str:
    """A value that occurs nowhere else and is legal for its VR."""
    match vr:
        case "UI":
            return f"1.3.6.1.4.1.99999.7.{number}.11"
        case "DA":
            return f"17{number % 90 + 10}{number % 12 + 1:02d}{number % 28 + 1:02d}"
        case "DT":
            return f"17{number % 90 + 10}{number % 12 + 1:02d}{number % 28 + 1:02d}101112"
        case "AS":
            return "097Y"
        case _:
            return f"QZX{number:05d}WVK"


def a_planted_file(path: Path, name: str = "CT_small.dcm") -> list[bytes]:
    """An object with a value in every text attribute that there is, at three levels."""
    dataset = pydicom.dcmread(get_testdata_file(name))
    tokens, number = [], 0
    places = [dataset]
    for keyword in UNLISTED:
        inner, innermost = Dataset(), Dataset()
        inner.RequestAttributesSequence = Sequence([innermost])
        inner.RelatedSeriesSequence = Sequence([innermost])
        setattr(dataset, keyword, Sequence([inner]))
        places += [inner, innermost]
    for tag, (vr, multiplicity, _, _, keyword) in DicomDictionary.items():
        if vr not in TEXTS or not keyword or tag >> 16 in (0, 2, 4, 0x7FE0) or keyword in FORBIDDEN:
            continue
        if keyword == "SpecificCharacterSet" or multiplicity == "0":
            continue
        for place in places:
            number += 1
            value = planted(vr, number)
            place.add_new(tag, vr, value)
            if vr not in ("AS", "DA", "DT"):
                tokens.append(value.encode())
    block = dataset.private_block(0x0029, "QZXCREATORWVK", create=True)
    block.add_new(0x10, "LO", "QZXPRIVATEWVK")
    block.add_new(0x11, "OB", b"QZXBYTESWVK!")
    dataset.add_new(0x60000022, "LO", "QZXOVERLAYWVK")
    dataset.add_new(0x50000022, "LO", "QZXCURVEWVK")
    dataset.add_new(0x00091001, "UN", b"QZXUNKNOWNWVK ")
    dataset.add_new(0x00119999, "LO", "QZXODDWVK")
    dataset.add_new(0x0012ABCD, "LO", "QZXNOTAGWVK")
    dataset.file_meta.SourceApplicationEntityTitle = "QZXMETAWVK"
    dataset.preamble = b"QZXPREAMBLEWVK".ljust(128, b"\0")
    dataset.save_as(path)
    path.write_bytes(path.read_bytes() + b"\xfc\xff\xfc\xffOB\0\0\x0e\0\0\0QZXPADDINGWVK!")
    return [*tokens, b"QZX", b"WVK"]


@pytest.mark.parametrize("profile", PROFILES, ids=lambda each: each.name)
@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small_bigendian.dcm", "image_dfl.dcm"])
def test_nothing_planted_anywhere_is_in_the_output(tmp_path, profile, name):
    tokens = a_planted_file(tmp_path / "in.dcm", name)
    assert all(each in uncompressed(tmp_path / "in.dcm") for each in tokens[:50])
    engine.clean_file(tmp_path / "in.dcm", tmp_path / "out.dcm", keep(profile), KEY, Values())
    found = uncompressed(tmp_path / "out.dcm")
    assert [each for each in tokens if each in found] == []


def uncompressed(path: Path) -> bytes:
    """Everything of a file before its pixels, inflated, as little-endian text bytes are."""
    with open(path, "rb") as stream:
        raw = stream.read()
    dataset = pydicom.dcmread(path, force=True)
    if "99" in str(dataset.file_meta.TransferSyntaxUID)[-3:]:
        made = io.BytesIO()
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        dataset.save_as(made)
        raw += made.getvalue()
    return raw


def test_pixels_keep_their_bytes(tmp_path):
    for number, name in enumerate(["CT_small.dcm", "JPEG2000.dcm", "MR_small_RLE.dcm"]):
        source = Path(get_testdata_file(name))
        out = tmp_path / f"{number}.dcm"
        engine.clean_file(source, out, keep(PROFILES[0]), KEY, Values())
        before, after = pydicom.dcmread(source), pydicom.dcmread(out)
        assert after.PixelData == before.PixelData
        assert after.file_meta.TransferSyntaxUID == before.file_meta.TransferSyntaxUID


def keep(profile):
    return replace(profile, burned_in="keep")


def test_flags_and_envelope_are_as_the_standard_asks(tmp_path):
    engine.clean_file(
        Path(get_testdata_file("CT_small.dcm")), tmp_path / "o.dcm", PROFILES[1], KEY, Values()
    )
    cleaned = pydicom.dcmread(tmp_path / "o.dcm")
    assert cleaned.PatientIdentityRemoved == "YES"
    assert cleaned.DeidentificationMethodCodeSequence[0].CodeValue == "113100"
    assert cleaned.SOPInstanceUID == cleaned.file_meta.MediaStorageSOPInstanceUID
    assert cleaned.preamble == b"\0" * 128
    assert str(cleaned.StudyInstanceUID).startswith("2.25.")


@pytest.mark.parametrize("gap", [0, 1, 48, 400])
def test_intervals_of_a_patient_are_exact(tmp_path, gap):
    research = next(each for each in PROFILES if each.name == "research")
    days = []
    for number, moved in enumerate((0, gap)):
        dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
        dataset.StudyDate = f"{date(2019, 1, 30) + timedelta(days=moved):%Y%m%d}"
        dataset.save_as(tmp_path / f"{number}.dcm")
        engine.clean_file(
            tmp_path / f"{number}.dcm", tmp_path / f"o{number}.dcm", research, KEY, Values()
        )
        made = pydicom.dcmread(tmp_path / f"o{number}.dcm").StudyDate
        assert made != dataset.StudyDate
        days.append(date(int(made[:4]), int(made[4:6]), int(made[6:])))
    assert (days[1] - days[0]).days == gap


def test_a_type_2_attribute_is_emptied_and_never_deleted(tmp_path):
    engine.clean_file(
        Path(get_testdata_file("CT_small.dcm")), tmp_path / "o.dcm", PROFILES[0], KEY, Values()
    )
    cleaned = pydicom.dcmread(tmp_path / "o.dcm")
    for keyword in ("PatientBirthDate", "StudyID", "AccessionNumber", "ReferringPhysicianName"):
        assert keyword in cleaned
        assert not cleaned[keyword].value


def test_a_decided_text_stays_and_one_with_a_name_in_it_does_not(tmp_path):
    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    values = Values({"SeriesDescription": {"T1 AX": "T1 AX", "AX Compressed": "AX Compressed"}})
    for text, stays in (("T1 AX", True), ("AX Compressed", False)):
        dataset.SeriesDescription = text  # the patient is called CompressedSamples
        dataset.PatientName = "Compressed^Samples"
        dataset.save_as(tmp_path / "i.dcm")
        (tmp_path / "o.dcm").unlink(missing_ok=True)
        engine.clean_file(tmp_path / "i.dcm", tmp_path / "o.dcm", PROFILES[0], KEY, values)
        assert ("SeriesDescription" in pydicom.dcmread(tmp_path / "o.dcm")) is stays


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda raw: raw[:200], "transfer syntax|damaged"),
        (lambda raw: raw[:-1000], "beyond the file"),
        (lambda raw: b"\0" * 500, "no DICOM"),
        (lambda raw: raw.replace(CT, b"1.2.840.10008.1.3.10".ljust(26, b"\0")), "DICOMDIR"),
    ],
    ids=["header only", "truncated pixels", "zeros", "a directory"],
)
def test_what_cannot_be_cleaned_is_refused_with_a_reason(tmp_path, change, why):
    raw = Path(get_testdata_file("CT_small.dcm")).read_bytes()
    (tmp_path / "i.dcm").write_bytes(change(raw))
    with pytest.raises(InvalidInput, match=why):
        engine.clean_file(tmp_path / "i.dcm", tmp_path / "o.dcm", PROFILES[0], KEY, Values())


@pytest.mark.parametrize(
    ("change", "is_refused"),
    [
        pytest.param({}, False, id="an axial slice"),
        pytest.param({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, True, id="localizer"),
        pytest.param({"ImageType": "LOCALIZER"}, True, id="localizer as a single value"),
        pytest.param({"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]}, True, id="screen"),
        pytest.param({"Modality": "CR"}, True, id="film by modality"),
        pytest.param({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.1"}, True, id="CR by class"),
        pytest.param({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.1"}, True, id="DX by class"),
        pytest.param({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.2"}, True, id="MG by class"),
    ],
)
@pytest.mark.parametrize("profile", PROFILES, ids=lambda each: each.name)
def test_images_that_often_show_text_are_refused_while_nobody_looks(
    tmp_path, profile, change, is_refused
):
    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    for keyword, value in change.items():
        setattr(dataset, keyword, value)
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.save_as(tmp_path / "in.dcm")
    refusal = pytest.raises(InvalidInput, match="show text") if is_refused else nullcontext()
    with refusal:
        engine.clean_file(tmp_path / "in.dcm", tmp_path / "o.dcm", profile, KEY, Values())
    assert (tmp_path / "o.dcm").exists() is not is_refused
