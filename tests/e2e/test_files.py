"""Files of the workspace in JupyterLab: saved, renamed, uploaded, viewed; never downloaded."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.lab_page import LabPage
from tests.support.node import RunningNode, wait_until


@pytest.fixture
def workspace(node: RunningNode, page_of: LabPage) -> Path:
    """Where the session's workspace is on the host, mounted."""
    (workspace_id,) = node.mounts()
    return node.settings.workspace_root / str(workspace_id)


def test_a_saved_notebook_is_in_the_workspace(lab: LabPage, workspace: Path) -> None:
    lab.run("'kept ' + 'in the file'")
    lab.page.keyboard.press("Control+s")
    saved = workspace / lab.path
    wait_until(lambda: "kept in the file" in saved.read_text(), "the notebook is saved")
    cell = json.loads(saved.read_text())["cells"][0]
    assert cell["outputs"][0]["data"]["text/plain"] == "'kept in the file'"


def test_a_notebook_is_renamed(lab: LabPage, workspace: Path) -> None:
    old = lab.path
    lab.choose("File", "Rename Notebook…")
    lab.dialog.locator("input").fill(f"renamed-{old}")
    lab.accept()
    expect(lab.page.locator("#jp-main-dock-panel .lm-TabBar-tabLabel")).to_have_text(
        f"renamed-{old}"
    )
    assert (workspace / f"renamed-{old}").exists()
    assert not (workspace / old).exists()
    assert lab.run("print('still the same kernel')") == "still the same kernel"


def choose_file(lab: LabPage, source: Path) -> None:
    """Press the file browser's upload button and choose a file."""
    with lab.page.expect_file_chooser() as chooser:
        lab.page.get_by_role("button", name="Upload Files").click()
    chooser.value.set_files(source)


@pytest.mark.parametrize(
    "size_mb",
    [
        pytest.param(0, id="a small one"),
        pytest.param(30, id="30 MB, in chunks"),
        pytest.param(100, id="100 MB", marks=pytest.mark.slow),
    ],
)
def test_an_upload_arrives_unchanged(
    desk: LabPage,
    workspace: Path,
    tmp_path: Path,
    size_mb: int,
    record_property: Callable[[str, object], None],
) -> None:
    content = os.urandom(1 << 20) * size_mb + b"the end"
    source = tmp_path / f"upload-{size_mb}.bin"
    source.write_bytes(content)
    began = time.monotonic()
    choose_file(desk, source)
    if size_mb > 15:  # JupyterLab asks before it uploads much
        desk.accept()
    there = workspace / source.name
    wait_until(
        lambda: there.exists() and there.stat().st_size == len(content),
        "the upload is complete",
        timeout_s=120,
    )
    seconds = time.monotonic() - began
    print(f"upload of {size_mb} MB: {seconds:.1f} s")
    record_property("upload_s", seconds)
    assert hashlib.sha256(there.read_bytes()).digest() == hashlib.sha256(content).digest()
    there.unlink()


def test_a_file_that_is_dragged_in_is_uploaded(
    desk: LabPage, workspace: Path, tmp_path: Path
) -> None:
    source = tmp_path / "dragged.txt"
    source.write_text("dragged in")
    place = desk.page.locator(".jp-DirListing-content").first.bounding_box()
    assert place is not None
    browser = desk.page.context.new_cdp_session(desk.page)
    drag = {
        "x": place["x"] + 40,
        "y": place["y"] + place["height"] - 20,
        "data": {"items": [], "files": [str(source)], "dragOperationsMask": 1},
    }
    for kind in ("dragEnter", "dragOver", "drop"):
        browser.send("Input.dispatchDragEvent", {"type": kind, **drag})
    there = workspace / "dragged.txt"
    wait_until(lambda: there.exists() and there.read_text() == "dragged in", "the file is there")


def test_a_full_workspace_refuses_an_upload_with_a_sentence(
    desk: LabPage, workspace: Path, tmp_path: Path
) -> None:
    usage = shutil.disk_usage(workspace)
    filler = workspace / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, usage.free - (4 << 20))
    try:
        source = tmp_path / "too-much.bin"
        source.write_bytes(os.urandom(8 << 20))
        choose_file(desk, source)
        expect(desk.dialog).to_contain_text("the workspace is full")
        desk.dismiss()
    finally:
        filler.unlink()


def test_a_table_is_shown_as_a_table(lab: LabPage) -> None:
    lab.run("open('volumes.csv', 'w').write('patient,volume_ml\\nP0001,3.5\\nP0002,14.25\\n')")
    lab.open("volumes.csv")
    grid = ".jp-CSVViewer .lm-DataGrid, .jp-CSVDocument .lm-DataGrid"
    expect(lab.page.locator(grid)).to_be_visible()
    expect(lab.page.locator(".jp-Document:not(.lm-mod-hidden)")).to_be_visible()


def test_an_image_is_shown(lab: LabPage) -> None:
    lab.run(
        "import numpy, matplotlib.pyplot as plt\n"
        "plt.imsave('slice.png', numpy.eye(64), cmap='gray')"
    )
    lab.open("slice.png")
    picture = lab.page.locator(".jp-ImageViewer img")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [64, 64]


def test_a_direct_download_is_refused_with_a_sentence(node: RunningNode, lab: LabPage) -> None:
    lab.run("open('secret.csv', 'w').write('x')")
    answer = lab.page.goto(f"{lab.url}/files/secret.csv")
    assert answer is not None
    assert answer.status == 403
    expect(lab.page.locator("body")).to_have_text(
        "files are not downloaded here: request an export instead"
    )
    wait_until(
        lambda: "/files/secret.csv" in str(node.audited("request_refused")), "the audit event"
    )
