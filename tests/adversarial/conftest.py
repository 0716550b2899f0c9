"""One running node for the attacks that need one; each module brings its own people to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.node import RunningNode
from tests.support.tenants import a_node_of

PROJECTS = {
    "hildegard": "lungs-north",
    "bartholomew": "livers-south",
    "mechthild": "brains-east",
    "ekkehard": "bones-west",
}
"""People, and the project of each."""


@pytest.fixture(scope="package")
def node() -> Iterator[RunningNode]:
    """A node with steward and reviews, small sessions and journals of at most 24 MiB."""
    with a_node_of(PROJECTS, journal_limit_mb=24) as found:
        found.start_reviews()
        yield found
