"""Identifiers and encoded files in texts, and what must not be taken for them."""

from __future__ import annotations

import base64
import gzip
import os
import pickle
import textwrap
import zlib

import pytest

from tests.support.checked import findings, places, serious
from tests.unit.egress.checks.test_kinds import dicom, nifti, saved, zipped
from vitrine.egress.checks.finding import (
    LOCATIONS_LIMIT,
    Finding,
    Severity,
    bounded,
    merged,
)
from vitrine.egress.checks.rules import identifiers

UID = "1.2.826.0.1.3680043.8.498.45787841905188114249611671138104263"


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        pytest.param(f"series {UID} excluded", "block", id="instance UID"),
        pytest.param("StudyInstanceUID: 1.2.3.4.5.6.7", "block", id="labelled UID"),
        pytest.param("MRN: 4711002", "block", id="MRN"),
        pytest.param("df[df.mrn == 'AB4711002']", "block", id="MRN in code"),
        pytest.param('df.query("PatientID == \'P00042\'")', "block", id="PatientID in code"),
        pytest.param("patient_ids = ['00123', '00124']", "block", id="list of patients"),
        pytest.param("EXCLUDE = [] # hospital number 1234567 is wrong: hospital no: 1234567",
                     "block", id="hospital number in a comment"),
        pytest.param("(0010, 0010) Patient's Name  PN: 'Smith^Anna'", "block", id="DICOM dump"),
        pytest.param("(0010,0020) Patient ID LO: '4711'", "block", id="DICOM dump of the number"),
        pytest.param("Patient name: Anna Smith", "block", id="name"),
        pytest.param("the scan of SMITH^ANNA is cut", "block", id="DICOM name"),
        pytest.param("DOB: 12/03/1956", "block", id="date of birth"),
        pytest.param("date of birth 3 March 1956", "block", id="date of birth in words"),
        pytest.param("PatientBirthDate = 19560312", "block", id="date of birth in DICOM form"),
        pytest.param("NHS 943 476 5919", "block", id="NHS number"),
        pytest.param("nhs_number=9434765919", "block", id="NHS number in code"),
        pytest.param("Pt ID: 4711002", "block", id="short label"),
        pytest.param("Pat. No.: 4711002", "block", id="shorter label"),
        pytest.param("exclude = ['P00123', 'P00456', 'P00789']", "warn", id="list of numbers"),
        pytest.param("if pid == 'HX-00123':", "block", id="one number"),
        pytest.param("accession RAD0012345", "block", id="accession without a sign"),
        pytest.param("Patient: Anna Smith", "warn", id="a name after a word"),
        pytest.param("loading /mnt/pacs/0004711002/CT/1.dcm", "warn", id="number in a path"),
        pytest.param("open('/data/ACH-00123/ct.nii.gz')", "warn", id="code in a path"),
        pytest.param("bids/sub-001/anat", "warn", id="first subject"),
        pytest.param("Accession number: RAD1234567", "block", id="accession number"),
        pytest.param("load('/data/x/patient_0042/t1.nii.gz')", "warn", id="path of a patient"),
        pytest.param("bids/sub-0042/anat", "warn", id="BIDS path"),
        pytest.param("D:\\scans\\mrn00123\\a.dcm", "warn", id="Windows path"),
        pytest.param("failed on patient_00123", "warn", id="token of a patient"),
        pytest.param("Patient 12 was excluded", "warn", id="one patient"),
        pytest.param("a 67-year-old woman with a mass", "warn", id="case description"),
        pytest.param("phone: 020 7946 0018", "warn", id="telephone"),
        pytest.param("call +44 20 7946 0018", "warn", id="telephone with country"),
        pytest.param("ssn 536-22-1234", "warn", id="social security number"),
        pytest.param("Postcode: SW1A 1AA", "warn", id="postal code"),
    ],
)  # fmt: skip
def test_identifiers_are_found_with_their_line(text, severity):
    for name in ("notes.txt", "run.py"):
        content = f"# a\n\n{text}\n"
        assert serious(name, content) == {"text-identifiers": severity}
        assert places(name, content, "text-identifiers")[0] == "line 3"


@pytest.mark.parametrize(
    "text",
    [
        "SOP class 1.2.840.10008.5.1.4.1.1.2 (CT Image Storage)",
        "transfer syntax 1.2.840.10008.1.2.4.202.1.1.1.1.1",
        "SOPClassUID = 1.2.840.10008.5.1.4.1.1.4",
        "numpy==2.4.6.1 torch 2.5.1+cu124 1.2.3.4.5.6",
        "SNOMED 2.16.840.1.113883.6.96",
        "written on 2026-11-23, revised 2026-12-01",
        "run 20261123T101500",
        "Number of unique patient_id: 1234",
        "n patient IDs = 500",
        "patient_id    500 non-null   int64",
        "patient_id = row['patient_id']",
        "patient_id: int = 0",
        "for patient in patients: print(patient.id)",
        "PatientID = 'ANON0001'",
        "Patient name: Anonymous Patient",
        "x^2 + y^2, Delta^T, A^B",
        "git clone git@github.com:org/repo.git",
        "@pytest.mark.parametrize",
        "mean age 67.3 (SD 10.2), IQR 58-74",
        "patients were 65 years old on average",
        "OR 1.23 (95% CI 1.10-1.38), p < 0.001",
        "AUC 0.9434765919",
        "n = 943 476 of 1 234 567",
        "GEO accession: GSE123456",
        "/data/cohort/train/images.csv",
        "data/subjects/summary.csv",
        "patient-level split, 5 folds, seed 20240101",
        "version 12.04.1998 of the scanner software",
        "patient 3D scans",
        "tel-aviv 2024",
        "https://github.com/org/repo/actions/runs/1234567890/job",
        "icd = ['C34100', 'E11900', 'I21000']",
        "pid 12345 exited, pid = 4711002",
        "/data/20260101/run/20260102101500/a.csv",
        "Patient: inclusion and exclusion",
        "https://doi.org/10.1038/s41586-020-2649-2",
        "Copyright 2026 The Authors",
        "ORCID 0000-0002-1825-0097",
        "commit 3f2504e04f8941d39a0c0305e82c3301aa11bb22",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ],
)
def test_ordinary_words_are_not_identifiers(text):
    for name in ("notes.txt", "README.md", "run.py"):
        assert serious(name, f"{text}\n") == {}


def test_the_address_of_an_author_is_only_noted():
    (finding,) = findings("README.md", "Contact: Anna Smith <anna.smith@hospital.org>\n")
    assert (finding.check, str(finding.severity)) == ("text-identifiers", "info")


def test_many_addresses_are_more_than_authors():
    text = "\n".join(f"person{number}@hospital.org" for number in range(30))
    assert serious("list.md", text) == {"text-identifiers": "warn"}


def test_messages_hold_no_value():
    said = findings("notes.txt", "MRN: 4711002\nDOB: 12/03/1956\nSMITH^ANNA\n")
    assert len(said) == 1
    assert set(said[0].locations) == {"line 1", "line 2", "line 3"}
    assert not any(value in said[0].message for value in ("4711", "1956", "SMITH"))


def test_the_check_digit_of_nhs_numbers():
    assert identifiers.nhs_number("9434765919")
    assert not identifiers.nhs_number("9434765918")
    assert not identifiers.nhs_number("4444444444")


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


NOISE = bytes(range(256)) * 3
DICOM, NIFTI = dicom() + NOISE, nifti() + NOISE


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        pytest.param(b64(DICOM), "block", id="DICOM in base64"),
        pytest.param("\n".join(textwrap.wrap(b64(DICOM), 76)), "block", id="in lines"),
        pytest.param(f'x = (\n    "{b64(DICOM)[:800]}"\n)', "block", id="in code"),
        pytest.param("x = (\n" + "\n".join(f'    "{line}"' for line in
                     textwrap.wrap(b64(NIFTI), 76)) + "\n)", "block", id="in strings"),
        pytest.param(base64.urlsafe_b64encode(NIFTI).decode(), "block", id="url-safe"),
        pytest.param(b64(gzip.compress(os.urandom(400))), "block", id="gzip in base64"),
        pytest.param(b64(zipped({"a.csv": NOISE})), "block", id="zip in base64"),
        pytest.param(b64(pickle.dumps(NOISE)), "block", id="pickle in base64"),
        pytest.param(b64(zlib.compress(pickle.dumps(os.urandom(400)))), "block", id="zlib pickle"),
        pytest.param(b64(b64(DICOM).encode()), "block", id="twice"),
        pytest.param(DICOM.hex(), "block", id="DICOM in hexadecimal"),
        pytest.param("\n".join(textwrap.wrap(NIFTI.hex(), 64)), "block", id="hexadecimal lines"),
        pytest.param(repr(DICOM[128:]), "warn", id="bytes literal"),
        pytest.param(b64(os.urandom(600)), "warn", id="noise in base64"),
        pytest.param(os.urandom(600).hex(), "warn", id="noise in hexadecimal"),
        pytest.param(b64(saved("PNG") * 3), "warn", id="picture without a word about it"),
        pytest.param(base64.b85encode(os.urandom(900)).decode(), "warn", id="base85"),
        pytest.param("\n".join(" ".join(str((7 * x * y) % 251) for x in range(64))
                     for y in range(64)), "warn", id="pixels as numbers"),
    ],
)  # fmt: skip
def test_files_written_as_letters_are_found(text, severity):
    assert serious("notes.md", f"# Notes\n\n{text}\n").get("encoded-blob") == severity


def test_a_hexadecimal_dump_is_found():
    rows = [f"{at:08x}: " + DICOM[at : at + 16].hex(" ", 2) for at in range(0, len(DICOM), 16)]
    assert serious("notes.md", "\n".join(rows))["encoded-blob"] == "block"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("word " * 500, id="words"),
        pytest.param("a" * 1000, id="one letter"),
        pytest.param("=" * 500 + "\n" + "-" * 500, id="rules"),
        pytest.param("ACGTTGCA" * 200, id="a sequence"),
        pytest.param("\n".join(f"{n:064x}  file{n}.csv" for n in range(50)), id="hashes"),
        pytest.param("/".join(["results", "figures", "main"] * 40), id="a long path"),
        pytest.param("https://example.org/" + "&".join(f"a{n}=b{n}" for n in range(99)), id="URL"),
        pytest.param("\n".join(f"epoch {n} loss {1 / n:.4f}" for n in range(1, 900)), id="a log"),
        pytest.param("x = [" + ", ".join(map(str, range(300))) + "]", id="a short list"),
        pytest.param("snake_case_name_" * 30, id="long names"),
    ],
)
def test_long_texts_are_not_files(text):
    assert serious("notes.md", text) == {}


def test_directions_hidden_in_a_text_are_found():
    assert serious("run.py", "x = 1 # \u202e\u2066 a \u2069\n") == {"invisible-letters": "warn"}
    assert serious("README.md", "👩‍⚕️ family 👨‍👩‍👧\n") == {}


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "letters",
    [
        "1",
        "1.1.",
        "a.b-c+",
        "a@",
        "+44 ",
        "\\x41",
        '"A1b",\n ',
        "patient id = ",
        "/a",
        "^Ab",
        "1234 ",
    ],
)
def test_long_texts_are_read_in_time(letters):
    assert serious("a.md", letters * (300_000 // len(letters))) is not None


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "letters", ["<", "<a ", "</", "<!-- ", "&#", "<p a='", "<script>[", "<svg>"]
)
@pytest.mark.parametrize("name", ["a.html", "a.svg"])
def test_broken_pages_are_read_in_time(letters, name):
    assert serious(name, "<svg>" + letters * (200_000 // len(letters))) is not None


def test_a_check_has_one_finding_for_a_file_with_every_place_and_the_worst_severity():
    found = findings("notes.txt", f"series {UID}\nPatient 12 was excluded\nbids/sub-0042/anat\n")
    (one,) = [each for each in found if each.check == "text-identifiers"]
    assert (str(one.severity), set(one.locations)) == ("block", {"line 1", "line 2", "line 3"})


def test_places_beyond_the_limit_are_still_counted_when_findings_become_one():
    def finding(severity: Severity, first: int, more: int) -> Finding:
        places = [f"row {number}" for number in range(first, first + LOCATIONS_LIMIT)]
        return Finding(
            check="a", version=1, severity=severity, message="m", locations=bounded(places, more)
        )

    (one,) = merged([finding(Severity.WARN, 1, 7), finding(Severity.BLOCK, 1000, 0)])
    assert (one.severity, len(one.locations)) == (Severity.BLOCK, LOCATIONS_LIMIT + 1)
    assert one.locations[0] == "row 1000"
    assert one.locations[-1] == f"and {LOCATIONS_LIMIT + 7} more"


def test_the_name_of_a_program_is_public_and_numbers_that_begin_like_it_are_not():
    own, instance = "1.2.826.0.1.3680043.8.498.1", "1.2.826.0.1.3680043.8.498.11787841905188114249"
    for uid, is_found in ((own, False), (instance, True)):
        assert bool(findings("log.txt", f"read with {uid}\n".encode())) is is_found, uid
