from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient

from egress_review.app import create_app
from tests.support.egress import House, a_house, a_parser
from tests.support.hub import SmallHub, a_small_hub
from vitrine.egress.sandbox.client import Parser

REVIEW = "http://localhost:8010"
SECRET = "a shared secret"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="session")
def parser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parser]:
    with a_parser(tmp_path_factory.mktemp("parser") / "parser.sock") as running:
        yield running


@pytest.fixture
def house(tmp_path: Path, parser: Parser) -> House:
    return a_house(tmp_path, parser)


@pytest.fixture
def hub() -> Iterator[SmallHub]:
    with a_small_hub(SECRET, f"{REVIEW}/oauth_callback") as running:
        yield running


class Door:
    """The review application of a house, and browsers in front of it."""

    def __init__(self, house: House, hub: SmallHub) -> None:
        token = house.settings.secrets_root / "review" / "review_token"
        token.parent.mkdir(parents=True)
        token.touch(0o600)
        token.write_text(SECRET)
        settings = dataclasses.replace(house.settings, hub_url=hub.url, review_url=REVIEW)
        self.hub = hub
        self.house = house
        self.app = create_app(settings, house.clock)
        self.app.state.desk = dataclasses.replace(self.app.state.desk, parser=house.parser)

    def browser(self) -> TestClient:
        """A browser that nobody has signed in with, and that says what browsers say."""
        return TestClient(
            self.app,
            base_url=REVIEW,
            headers=SAME_ORIGIN,
            follow_redirects=False,
            raise_server_exceptions=False,
        )

    def sign_in(self, name: str) -> TestClient:
        """A browser in which `name` has signed in through the Hub."""
        self.hub.person = name
        client = self.browser()
        away = client.get("/login").headers["location"]
        back = urlsplit(httpx.get(away).headers["location"])
        answer = client.get(f"{back.path}?{back.query}")
        assert answer.status_code == 303, answer.text
        return client


@pytest.fixture
def door(house: House, hub: SmallHub) -> Door:
    return Door(house, hub)


@pytest.fixture
def sign_in(door: Door) -> Callable[[str], TestClient]:
    return door.sign_in
