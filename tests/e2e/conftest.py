"""One whole node for all browser tests: real Hub, real containers, Debian's Chromium."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Playwright, expect, sync_playwright

from tests.support.album import PICTURES as GUIDE_PICTURES
from tests.support.album import Album
from tests.support.lab_page import CHROMIUM, PATIENCE_MS, SWITCHES, LabPage, sign_in
from tests.support.node import PASSWORD, REPOSITORY, RunningNode, why_not

PICTURES = REPOSITORY / "var" / "e2e"
"""What the pages of a failed test looked like."""

WINDOW = {"width": 1400, "height": 900}
PROJECT = "lungs"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the pictures of the guide be taken anew."""
    parser.addoption(
        "--walkthrough", action="store_true", help="write the pictures of docs/walkthrough.md"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here needs an engine and a browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.docker)
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Keep a picture of every open page when a test fails."""
    report = yield
    if report.when in ("setup", "call") and report.failed:
        PICTURES.mkdir(parents=True, exist_ok=True)
        for context in item.funcargs.get("chromium", _Nothing).contexts:  # type: ignore[attr-defined]
            for number, page in enumerate(context.pages):
                name = re.sub(r"\W+", "-", f"{item.name}-{number}")
                with contextlib.suppress(Error):  # a page may be too busy for a picture
                    page.screenshot(path=PICTURES / f"{name}.png", timeout=5000)
        if lab := item.funcargs.get("page_of"):  # type: ignore[attr-defined]
            report.sections.append(("what the page did", "\n".join(lab.traffic)))
        if running := item.funcargs.get("node"):  # type: ignore[attr-defined]
            for program in ("hub", "proxy", "gate"):
                report.sections.append((f"log of the {program}", running.log(program)[-3000:]))
            report.sections.append(("the newest journal", _newest_journal(running)))
    return report


def _newest_journal(node: RunningNode) -> str:
    """The last records of the journal that was written to last, without contents."""
    journals = sorted(
        node.settings.journal_root.glob("*/journal.jsonl"), key=lambda path: path.stat().st_mtime
    )
    lines = journals[-1].read_text().splitlines()[-60:] if journals else []
    told = []
    for line in lines:
        record = json.loads(line)
        fields = record["body"].items()
        shown = {key: value for key, value in fields if key not in ("content", "sha256", "header")}
        told.append(f"{record['t'][11:23]} {record['kind']} {json.dumps(shown)[:160]}")
    return "\n".join(told)


class _Nothing:
    contexts: tuple[BrowserContext, ...] = ()


@pytest.fixture(scope="session")
def node() -> Iterator[RunningNode]:
    """A node with two researchers, two output checkers and a project."""
    if missing := why_not():
        pytest.fail(f"browser tests need a whole node: {missing}")
    with RunningNode(workspace_mb=512, session_memory_mb=640) as found:
        found.start_reviews()
        found.add_dataset()
        for name in ("ann", "bob"):
            found.add_person(name)
        for name in ("olga", "omar"):
            found.add_person(name, "output_checker")
        found.add_person("vera", "researcher", "output_checker")
        found.add_person("sena", "output_checker", "senior_checker")
        found.add_project(PROJECT, ["ann", "bob"])
        found.add_project("bones", ["vera"])
        found.add_project("closed", ["ann"])
        found.cli("project", "expire", "closed")
        yield found


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver, which downloads nothing."""
    with sync_playwright() as found:
        yield found


@pytest.fixture
def album(request: pytest.FixtureRequest, tmp_path: Path) -> Album:
    """Where pictures of the walk go: to the guide when that is asked for, else nowhere lasting."""
    is_wanted = request.config.getoption("walkthrough", default=False)
    return Album(GUIDE_PICTURES if is_wanted else tmp_path / "pictures")


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Debian's Chromium."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(SWITCHES))
    yield browser
    browser.close()


SignedIn = Callable[..., BrowserContext]


@pytest.fixture(scope="session")
def signed_in(node: RunningNode, chromium: Browser) -> Iterator[SignedIn]:
    """Makes a browser profile in which somebody is signed in at the Hub."""
    made: list[BrowserContext] = []

    def make(name: str, **options: Any) -> BrowserContext:
        context = chromium.new_context(viewport=WINDOW, **options)
        context.set_default_timeout(PATIENCE_MS)
        made.append(context)
        page = context.new_page()
        sign_in(page, node.settings.hub_url, name, PASSWORD)
        page.close()
        return context

    yield make
    for context in made:
        context.close()


def start_session(node: RunningNode, context: BrowserContext, project: str = PROJECT) -> str:
    """Press Start, or Open, on the home page; JupyterLab's URL."""
    page = context.new_page()
    page.goto(f"{node.settings.hub_url}/hub/home")
    card = page.locator(f"[data-project={project}]")
    card.get_by_role("button", name="Start").or_(card.get_by_role("link", name="Open")).click()
    expect(page.locator("#jp-main-dock-panel")).to_be_visible(timeout=120_000)
    url = page.url.split("/lab")[0]
    page.close()
    return url


def stop_session(node: RunningNode, context: BrowserContext, project: str = PROJECT) -> None:
    """Press Stop, when there is something to stop, and wait until Start is offered again."""
    page = context.new_page()
    page.goto(f"{node.settings.hub_url}/hub/home")
    card = page.locator(f"[data-project={project}]")
    if card.get_by_role("button", name="Stop").count():
        card.get_by_role("button", name="Stop").click()
    expect(card.get_by_role("button", name="Start")).to_be_visible(timeout=60_000)
    page.close()


@pytest.fixture(scope="session")
def ann(signed_in: SignedIn) -> BrowserContext:
    """The browser profile of a researcher."""
    return signed_in("ann")


@pytest.fixture
def page_of(node: RunningNode, ann: BrowserContext) -> Iterator[LabPage]:
    """A tab of the researcher, whose session runs; nothing is opened in it yet."""
    page = LabPage(ann, f"{node.settings.hub_url}/user/ann/{PROJECT}")
    if not is_running(node):
        start_session(node, ann)
    yield page
    if is_running(node):
        page.end_kernels()
    for left in ann.pages:
        left.close()


def is_running(node: RunningNode) -> bool:
    """Whether both containers of the session run."""
    sessions = node.cli("session", "list", "--json")
    own = {each["id"] for each in sessions if each["project"] == PROJECT}
    return sum(half.is_running and half.session_id in own for half in node.halves()) == 2


@pytest.fixture
def desk(page_of: LabPage) -> LabPage:
    """A page with JupyterLab and no document yet."""
    return page_of.open()


@pytest.fixture
def lab(page_of: LabPage) -> LabPage:
    """A page on a new notebook of one empty cell, whose kernel is idle."""
    return page_of.new_notebook()
