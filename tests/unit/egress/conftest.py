from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.egress import House, a_house, a_parser
from vitrine.egress.sandbox.client import Parser


@pytest.fixture(scope="session")
def parser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parser]:
    with a_parser(tmp_path_factory.mktemp("parser") / "parser.sock") as running:
        yield running


@pytest.fixture
def house(tmp_path: Path, parser: Parser) -> House:
    return a_house(tmp_path, parser)
