"""The seam of the stage that looks into pixels, and what a dying stage costs."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
from dataclasses import replace

import pydicom
import pytest

from tests.unit.deid.conftest import WHEEL
from vitrine.deid.engine.stage import Mask, Painted
from vitrine.deid.engine.values import Values
from vitrine.deid.rules import profile
from vitrine.deid.run import run
from vitrine.errors import InvalidInput


def die(source, header):
    """Kill the process at one file."""
    if source.name == "MR_small.dcm":
        os.kill(os.getpid(), signal.SIGKILL)
    return Painted()


def paint(source, header):
    """Make an image black and say so."""
    size = header.Rows * header.Columns * header.BitsAllocated // 8
    return Painted((Mask("all", (0, 0, header.Columns, header.Rows)),), bytes(size))


def doubt(source, header):
    """Refuse what cannot be looked into."""
    raise InvalidInput("its pixels cannot be looked into")


@pytest.fixture
def staged(tmp_path, key):
    """Runs a stage over a CT and an MR image."""
    (tmp_path / "in").mkdir()
    for name in ("CT_small.dcm", "MR_small.dcm"):
        shutil.copy(WHEEL / name, tmp_path / "in" / name)
    loaded, digest = profile.load("research")
    chosen = replace(loaded, burned_in="ocr")

    def go(stage):
        where = (tmp_path / "in", tmp_path / "out")
        return run(*where, chosen, digest, key, Values(), workers=2, stage=stage)

    return go


def test_a_process_that_dies_costs_one_file(staged):
    ct, mr = staged(die).files
    assert ct.refused is None
    assert "ended" in mr.refused


def test_painted_pixels_are_written_and_their_masks_reported_again(staged, tmp_path):
    first = staged(paint)
    ct = first.files[0].as_json()
    path = tmp_path / "out" / ct["output"]
    assert ct["masks"] == [{"frames": "all", "box": [0, 0, 128, 128]}]
    assert not pydicom.dcmread(path).pixel_array.any()
    assert hashlib.sha256(path.read_bytes()).hexdigest() == ct["sha256_out"]
    assert staged(paint).files == first.files


def test_what_the_stage_doubts_is_refused_with_its_reason(staged):
    assert {each.refused for each in staged(doubt).files} == {"its pixels cannot be looked into"}


def test_without_a_stage_an_ultrasound_is_refused_where_one_is_asked_for(tmp_path, key):
    loaded, digest = profile.load("research")
    report = run(
        WHEEL / "examples_palette.dcm",
        tmp_path / "out",
        replace(loaded, burned_in="ocr"),
        digest,
        key,
        Values(),
        workers=1,
    )
    assert "text" in report.files[0].refused


def test_the_output_holds_what_the_report_says_and_nothing_else(tmp_path, key):
    (tmp_path / "in").mkdir()
    for name in ("CT_small.dcm", "MR_small.dcm"):
        shutil.copy(WHEEL / name, tmp_path / "in" / name)
    chosen, digest = profile.load("research")

    def go():
        where = (tmp_path / "in", tmp_path / "out")
        return run(*where, chosen, digest, key, Values(), workers=1)

    for _ in range(2):
        said = {each.output for each in go().files}
        found = {path for path in (tmp_path / "out").rglob("*") if path.is_file()}
        assert said == {path.relative_to(tmp_path / "out").as_posix() for path in found}
        (tmp_path / "in" / "MR_small.dcm").unlink(missing_ok=True)
