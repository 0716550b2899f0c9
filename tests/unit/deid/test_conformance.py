"""What is cleaned stays the object that it was, by a checker of the standard."""

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from vitrine.deid import keys
from vitrine.deid.engine import file as engine
from vitrine.deid.engine.values import Values
from vitrine.deid.rules import profile as profiles

KEY = keys.Key(bytes(range(32)))
RESEARCH = replace(profiles.load()[0], burned_in="keep")
NAMES = ("CT_small.dcm", "MR_small.dcm", "liver_1frame.dcm", "rtdose.dcm", "test-SR.dcm")


def cleaned(tmp_path: Path, source: Path) -> Path:
    """The output of one file."""
    engine.clean_file(source, tmp_path / "o.dcm", RESEARCH, KEY, Values())
    return tmp_path / "o.dcm"


def test_a_code_of_nobody_leaves_a_placeholder_where_one_must_be(tmp_path):
    dataset = pydicom.dcmread(get_testdata_file("test-SR.dcm"))
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "QZX", "99WARD", "Doe"
    dataset.ConceptNameCodeSequence = [code]
    dataset.save_as(tmp_path / "i.dcm")
    made = pydicom.dcmread(cleaned(tmp_path, tmp_path / "i.dcm"))
    (found,) = made.ConceptNameCodeSequence
    assert (found.CodeValue, found.CodingSchemeDesignator) == ("removed", "99VITRINE")


@pytest.mark.parametrize("name", NAMES)
def test_no_error_appears_that_the_source_has_not(tmp_path, name):
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is not installed (Debian's dicom3tools)")
    source = Path(get_testdata_file(name))
    assert errors(cleaned(tmp_path, source)) - errors(source) == set()


def errors(path: Path) -> set[str]:
    """The kinds of errors that dciodvfy names, without numbers of items and values."""
    said = subprocess.run(["dciodvfy", path], capture_output=True, text=True, errors="replace")
    lines = [line for line in said.stderr.splitlines() if line.startswith("Error")]
    return {re.sub(r"\[\d+\]|value <[^>]*>|\d+(?:\.\d+){2,}", "", line) for line in lines}
