"""What is planted is gone, what analysis needs is there, and the object stays what it is."""

from __future__ import annotations

import copy

import pydicom
import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.unit.deid.conftest import WHEEL
from vitrine.deid.engine import clean
from vitrine.deid.engine.values import Values
from vitrine.deid.rules import profile
from vitrine.errors import InvalidInput

SOURCES = ("CT_small.dcm", "MR_small.dcm", "rtplan.dcm", "rtdose.dcm", "test-SR.dcm")
NEEDED = {
    "CT_small.dcm": "PixelSpacing SliceThickness KVP RescaleSlope RescaleIntercept "
    "ImagePositionPatient ImageOrientationPatient WindowCenter ConvolutionKernel Manufacturer",
    "MR_small.dcm": "RepetitionTime EchoTime FlipAngle MagneticFieldStrength PixelSpacing",
}


def plant(dataset):
    """Tokens at every kind of place; the same `TOKEN` stem in all."""
    nested = Dataset()
    nested.PatientName = "TOKEN^Nested"
    nested.StudyDate = "19870605"
    nested.ReferencedSOPInstanceUID = "1.9.9.9.1"
    nested.add(DataElement(0x00091001, "LO", "TOKEN private nested"))
    inner = Dataset()
    inner.ReferencedSOPSequence = Sequence([nested])
    inner.OperatorsName = "TOKEN^Operator"
    dataset.PatientName = "TOKEN^Anna"
    dataset.PatientID = "TOKEN77123"
    dataset.InstitutionName = "TOKEN clinic"
    dataset.SeriesDescription = "TOKEN ax"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "TOKEN"]
    dataset.ScanOptions = "TOKEN"
    dataset.Manufacturer = "TOKEN Ltd"
    dataset.add(DataElement(0x00190010, "LO", "TOKEN creator"))
    dataset.add(DataElement(0x00191001, "UN", b"TOKEN bytes "))
    dataset.add(DataElement(0x60000022, "LO", "TOKEN overlay"))
    dataset.add(DataElement(0x50000022, "LO", "TOKEN curve"))
    dataset.add(DataElement(0x00080FF1, "LO", "TOKEN unknown"))
    dataset.ReferencedSeriesSequence = Sequence([inner])
    dataset.ReasonForStudy = "TOKEN"
    dataset.DeviceUID = "1.9.9.9.2"
    return dataset


def cleaned(dataset, key, name="research", values=None):
    return clean.deidentify(dataset, profile.load(name)[0], key, values or Values())


def text_of(dataset):
    return "\n".join(str(element.value) for element in dataset.iterall())


@pytest.mark.parametrize("name", ["research", "basic", "strict"])
@pytest.mark.parametrize("source", SOURCES)
def test_nothing_that_was_planted_is_left(source, name, key):
    original = plant(pydicom.dcmread(WHEEL / source))
    said = text_of(cleaned(original, key, name))
    assert "TOKEN" in text_of(original)
    for trace in ("TOKEN", "19870605", "1.9.9.9", "77123"):
        assert trace not in said


def test_the_original_is_left_as_it_was(key):
    original = plant(pydicom.dcmread(WHEEL / "CT_small.dcm"))
    before = copy.deepcopy(original)
    cleaned(original, key)
    assert original == before


@pytest.mark.parametrize("source", NEEDED)
def test_what_analysis_needs_is_as_it_was(source, key):
    original = pydicom.dcmread(WHEEL / source)
    result = cleaned(original, key)
    for keyword in NEEDED[source].split():
        assert (keyword in result) == (keyword in original), keyword
        if keyword in original:
            assert result[keyword].value == original[keyword].value


def test_type_2_attributes_are_empty_and_never_missing(key):
    result = cleaned(pydicom.dcmread(WHEEL / "CT_small.dcm"), key)
    for keyword in ("AccessionNumber", "ReferringPhysicianName", "StudyID", "PatientBirthDate"):
        assert keyword in result, keyword
        assert not result[keyword].value


def test_a_reference_keeps_its_class_and_gets_the_uid_of_its_target(key):
    original = pydicom.dcmread(WHEEL / "CT_small.dcm")
    item = Dataset()
    item.ReferencedSOPClassUID = original.SOPClassUID
    item.ReferencedSOPInstanceUID = original.SOPInstanceUID
    original.ReferencedImageSequence = Sequence([item])
    result = cleaned(original, key)
    assert result.ReferencedImageSequence[0].ReferencedSOPClassUID == original.SOPClassUID
    assert result.ReferencedImageSequence[0].ReferencedSOPInstanceUID == result.SOPInstanceUID


def test_a_patients_intervals_are_exact_in_days_and_times(key):
    def moved(day, moment):
        original = pydicom.dcmread(WHEEL / "CT_small.dcm")
        original.StudyDate, original.AcquisitionDateTime = day, moment
        result = cleaned(original, key)
        return result.StudyDate, str(result.AcquisitionDateTime)

    first, first_moment = moved("20200101", "20200101235959.5+0100")
    last, last_moment = moved("20200218", "20200218000001+0100")
    days = pydicom.valuerep.DA(last) - pydicom.valuerep.DA(first)
    assert days.days == 48
    assert first_moment == f"{first}235959.5+0100"
    assert last_moment == f"{last}000001+0100"


@pytest.mark.parametrize(
    ("age", "shown"), [("089Y", "089Y"), ("090Y", "090Y"), ("101Y", "090Y"), ("005D", "005D")]
)
def test_ages_from_90_on_are_one(age, shown, key):
    original = pydicom.dcmread(WHEEL / "CT_small.dcm")
    original.PatientAge = age
    assert cleaned(original, key).PatientAge == shown


def test_a_private_b_value_stays_and_its_neighbours_go(key):
    original = pydicom.dcmread(WHEEL / "MR_small.dcm")
    block = original.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    block.add_new(0x0C, "IS", "1000")
    block.add_new(0x0D, "CS", "TOKEN")
    result = cleaned(original, key)
    assert result[0x0019100C].value == 1000
    assert result.private_block(0x0019, "SIEMENS MR HEADER")
    assert 0x0019100D not in result


def test_a_text_stays_when_it_was_decided_and_names_nobody(key):
    original = pydicom.dcmread(WHEEL / "CT_small.dcm")
    original.PatientName = "Dorsal^Anna"
    values = Values({"SeriesDescription": {"CHEST": "CHEST", "dorsal chest": "dorsal chest"}})
    original.SeriesDescription = "CHEST"
    assert cleaned(original, key, values=values).SeriesDescription == "CHEST"
    original.SeriesDescription = "dorsal chest"
    assert "dorsal" not in text_of(cleaned(original, key, values=values)).lower()


def test_a_reference_to_itself_ends_in_a_refusal(key):
    original = pydicom.dcmread(WHEEL / "CT_small.dcm")
    item = Dataset()
    original.RequestAttributesSequence = Sequence([item])
    item.RequestAttributesSequence = Sequence([item])
    with pytest.raises((InvalidInput, RecursionError)):
        cleaned(original, key)


def test_the_result_says_what_was_done_to_it(key):
    result = cleaned(pydicom.dcmread(WHEEL / "CT_small.dcm"), key)
    assert result.PatientIdentityRemoved == "YES"
    assert result.LongitudinalTemporalInformationModified == "MODIFIED"
    codes = {item.CodeValue for item in result.DeidentificationMethodCodeSequence}
    assert {"113100", "113107", "113108"} <= codes


def test_a_direction_with_more_digits_than_the_standard_allows_stays(key):
    original = pydicom.dcmread(WHEEL / "MR_small.dcm")
    written = ["0.999032176441525", "-0.0217883751691557", "0.0382096472372976", "0", "1", "0"]
    original.ImageOrientationPatient = written
    assert [str(each) for each in cleaned(original, key).ImageOrientationPatient] == written
