"""JupyterLab is stock and normal: what researchers do all day, in the real thing."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.support.lab_page import LabPage
from tests.support.node import RunningNode, wait_until

FLOOD = """
import time
try:
    while True:
        print("x" * 200, flush=True)
except KeyboardInterrupt:
    open("interrupted", "w").write(str(time.time()))
    raise
"""


def test_a_cell_runs(lab: LabPage) -> None:
    assert lab.run("print(6 * 7)\n'the ' + 'end'").split() == ["42", "'the", "end'"]


def test_an_ordinary_page_asks_for_nothing_that_is_refused(
    node: RunningNode, desk: LabPage
) -> None:
    refused: list[str] = []
    desk.page.on(
        "response", lambda answer: refused.append(answer.url) if answer.status == 403 else None
    )
    desk.new_notebook().run("1")
    assert refused == []


def test_a_plot_is_shown(lab: LabPage) -> None:
    lab.run("import matplotlib.pyplot as plt\nplt.plot([3, 1, 2])\nplt.show()")
    picture = lab.output().locator("img")
    expect(picture).to_have_attribute("src", re.compile("^data:image/png;base64,"))
    assert picture.evaluate("image => image.naturalWidth") > 300


SLIDER = """
import ipywidgets as widgets
slider, label = widgets.IntSlider(3, max=100), widgets.Label("untouched")
slider.observe(lambda change: setattr(label, "value", f"kernel saw {change.new}"), "value")
display(slider, label)
"""


def test_a_slider_that_is_moved_moves_in_the_kernel(lab: LabPage) -> None:
    lab.run(SLIDER)
    handle = lab.output().locator(".noUi-handle")
    handle.click()
    lab.page.keyboard.press("ArrowRight")
    lab.page.keyboard.press("ArrowRight")
    expect(lab.output()).to_contain_text("kernel saw 5")
    lab.page.keyboard.press("Escape")
    lab.page.keyboard.press("b")
    assert lab.run("print(slider.value * 10)") == "50"


def test_input_asks_and_gets_its_answer(lab: LabPage) -> None:
    lab.press_run("name = input('who? ')\nprint('hello', name)")
    box = lab.output().locator("input.jp-Stdin-input")
    box.fill("ann")
    box.press("Enter")
    lab.wait_for_end()
    assert "hello ann" in lab.text()


def test_tab_completes_a_name(lab: LabPage) -> None:
    lab.run("patient_volumes = [1]")
    lab.write("patient_vol")
    lab.page.keyboard.press("Control+End")
    lab.page.keyboard.press("Tab")
    expect(lab.page.locator(".jp-Completer")).to_contain_text("patient_volumes")
    lab.page.keyboard.press("Enter")
    expect(lab.cell()).to_contain_text("patient_volumes")


def test_shift_tab_shows_the_documentation(lab: LabPage) -> None:
    lab.run("def burden(scan):\n    'Millilitres of nodule in a scan.'")
    lab.write("burden")
    lab.page.keyboard.press("Control+End")
    lab.page.keyboard.press("Shift+Tab")
    expect(lab.page.locator(".jp-Tooltip")).to_contain_text("Millilitres of nodule in a scan.")


def test_an_interrupt_overtakes_a_flood(
    node: RunningNode, lab: LabPage, record_property: Callable[[str, object], None]
) -> None:
    (workspace_id,) = node.mounts()
    mark = node.settings.workspace_root / str(workspace_id) / "interrupted"
    place = lab.page.get_by_role("button", name="Interrupt the kernel").bounding_box()
    assert place is not None
    lab.press_run(FLOOD)
    expect(lab.output()).to_contain_text("xxx")
    time.sleep(2)
    began = time.time()
    # A hand does not wait until a page that draws without a pause is at rest.
    lab.page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    wait_until(mark.exists, "the kernel is interrupted", timeout_s=30)
    wait_until(lambda: bool(mark.read_text()), "the time is noted")
    kernel_s = float(mark.read_text()) - began
    expect(lab.output()).to_contain_text("KeyboardInterrupt", timeout=90_000)
    lab.wait_for_end(timeout_s=90)
    page_s = time.time() - began
    print(f"interrupt during a flood: kernel {kernel_s:.2f} s, shown {page_s:.2f} s")
    record_property("interrupt_s", kernel_s)
    record_property("interrupt_shown_s", page_s)
    assert kernel_s < 2, "measured on a machine with nothing else to do: 0.1 to 0.4 s"
    assert page_s < 30, "measured on a machine with nothing else to do: 0.5 to 4 s"


def test_the_interrupt_button_stops_a_cell(lab: LabPage) -> None:
    lab.press_run("import time\nprint('begun', flush=True)\ntime.sleep(100)")
    expect(lab.output()).to_contain_text("begun")
    lab.page.get_by_role("button", name="Interrupt the kernel").click()
    lab.wait_for_end(timeout_s=10)
    assert "KeyboardInterrupt" in lab.text()


def test_a_restart_forgets_variables_and_runs_on(lab: LabPage) -> None:
    lab.run("kept = 1")
    lab.page.get_by_role("button", name="Restart the kernel", exact=True).click()
    lab.accept()
    lab.wait_for_idle()
    assert "NameError" in lab.run("print(kept)")


def test_a_kernel_that_ends_says_so_and_comes_back(lab: LabPage) -> None:
    lab.press_run("import os\nos._exit(3)")
    expect(lab.output()).to_contain_text(
        "the kernel ended (exit code 3), its variables are gone: run the cells again"
    )
    lab.dismiss()
    lab.wait_for_idle()
    assert lab.run("print('alive')") == "alive"


def test_two_kernels_and_two_tabs_do_not_mix(desk: LabPage) -> None:
    here = desk.new_notebook(["who = 'first'", ""])
    there = desk.beside().new_notebook(["who = 'second'", ""])
    again = desk.beside(here.path)
    here.run(number=0)
    there.run(number=0)
    assert here.run("print(who)", 1) == "first"
    assert there.run("print(who)", 1) == "second"
    again.page.bring_to_front()
    assert again.run("print(who + ' again')", 1) == "first again"
    assert here.kernel_id() == again.kernel_id() != there.kernel_id()


@pytest.mark.parametrize(
    "command", ["%pip install numpy", "!pip install numpy", "!conda install x"]
)
def test_an_installation_is_answered_with_one_sentence_at_once(lab: LabPage, command: str) -> None:
    began = time.monotonic()
    said = lab.run(command, timeout_s=10)
    print(f"{command}: {time.monotonic() - began:.2f} s")
    assert "no network" in said
    assert len([line for line in said.splitlines() if line.strip()]) <= 2


def test_running_out_of_memory_ends_the_kernel_with_a_sentence_and_not_the_session(
    node: RunningNode, lab: LabPage
) -> None:
    before = {half.container_id for half in node.halves()}
    lab.press_run("x = []\nwhile True:\n    x.append(bytearray(50_000_000))")
    expect(lab.output()).to_contain_text(
        "the kernel ran out of memory (640 MB for this session) and was stopped", timeout=60_000
    )
    assert {half.container_id for half in node.halves() if half.is_running} == before
    lab.dismiss()
    lab.wait_for_idle()
    assert lab.run("print('alive')") == "alive"


def test_the_debugger_is_absent(lab: LabPage) -> None:
    expect(lab.page.locator(".jp-DebuggerBugButton, [data-command^=debugger]")).to_have_count(0)
    assert not any("Debug" in entry for entry in lab.menu_entries("Kernel"))


def test_menus_do_not_offer_what_is_refused(lab: LabPage) -> None:
    entries = [
        entry for menu in ("File", "View", "Settings", "Help") for entry in lab.menu_entries(menu)
    ]
    assert "Save Notebook" in entries
    forbidden = ("Download", "Export", "Print", "Terminal", "Extension Manager", "Licenses", "URL")
    assert [entry for entry in entries if any(word in entry for word in forbidden)] == []
    lab.page.locator(".jp-DirListing-item").first.click(button="right")
    shown = lab.shown_entries()
    assert "Rename" in shown
    assert [entry for entry in shown if "Download" in entry or "Shareable" in entry] == []
    lab.page.keyboard.press("Escape")
    lab.open()
    expect(lab.page.locator(".jp-Launcher")).to_be_visible()
    expect(lab.page.locator(".jp-LauncherCard", has_text="Terminal")).to_have_count(0)
