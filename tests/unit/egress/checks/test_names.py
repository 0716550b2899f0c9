"""Names of files: what they hide and what they give away."""

from __future__ import annotations

import pytest

from tests.support.checked import serious
from tests.unit.egress.checks.test_kinds import saved

TEXT = b"nothing special\n"


@pytest.mark.parametrize(
    ("name", "check", "severity"),
    [
        ("scan.dcm.txt", "double-extension", "warn"),
        ("setup.exe.txt", "double-extension", "warn"),
        ("volume.nii.gz.txt", "double-extension", "warn"),
        ("report.txt          .exe.txt", "double-extension", "warn"),
        ("gnp\u202egpj.txt", "name-characters", "block"),
        ("a\u200bb.txt", "name-characters", "block"),
        ("\u0430pple_results.txt", "name-characters", "warn"),
        ("patient_0042.txt", "name-identifiers", "warn"),
        ("MRN4711002.txt", "name-identifiers", "warn"),
        ("sub-12_auc.txt", "name-identifiers", "warn"),
        ("SMITH^ANNA.txt", "name-identifiers", "block"),
        ("dob_19560312.txt", "name-identifiers", "block"),
        ("smith_1956-03-12.txt", "name-identifiers", "block"),
        ("1.2.826.0.1.3680043.8.498.45787841905188114249.txt", "name-identifiers", "block"),
        ("1.2.826.0.1.3680043.8.498.11787841905188114249.txt", "name-identifiers", "block"),
        ("9434765919.txt", "name-identifiers", "warn"),
    ],
)
def test_a_telling_name(name, check, severity):
    assert serious(name, TEXT)[check] == severity


@pytest.mark.parametrize(
    "name",
    [
        "results.txt",
        "table_1.final.txt",
        "figure_2_v1.0.2.txt",
        "roc_20261123.txt",
        "log_20261123101500.txt",
        "patients_by_age.txt",
        "subgroup_12.txt",
        "model-resnet50-epoch100.txt",
        "step_1000000.txt",
        "Ergebnisse_für_Ärzte.txt",
        "résumé.txt",
        "case_control_2.txt",
        "sub_analysis.txt",
        "λ_search.txt",
        "out/2026-11-23/fold_3/metrics.txt",
        "3f2504e04f8941d39a0c0305e82c3301.txt",
    ],
)
def test_an_ordinary_name(name):
    assert serious(name, TEXT) == {}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"<!DOCTYPE html><html><body>1</body></html>"),
        ("a.csv", b'{"a": [1, 2, 3]}'),
        ("a.png", saved("JPEG")),
        ("a.jpg", saved("PNG")),
        ("a.pdf", saved("PNG")),
        ("a.md", saved("PNG")),
        ("a.png", TEXT),
        ("a.pdf", TEXT),
        ("a.py", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ],
)
def test_a_name_that_says_something_else(name, content):
    assert serious(name, content)["name-mismatch"] == "warn"
