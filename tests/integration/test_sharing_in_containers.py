"""Two people of one project and one of another, in real sessions, with the steward between them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support.node import RunningNode, wait_until, why_not
from tests.support.tenants import Tenant, a_tenant

pytestmark = [
    pytest.mark.docker,
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
]
SHARE = """
from pathlib import Path
from vitrine import workbench
Path("masks").mkdir()
Path("masks/lung.csv").write_text("label,voxels\\n1,4711\\n")
given = workbench.share("masks/lung.csv", note="corrected")
Path("masks/lung.csv").write_text("changed afterwards")
print(given.share_id)
"""
LIST = "print(*workbench.shared().share_id)"
RECEIVE = """
try:
    (path,) = workbench.receive({share!r})
    print(path, path.read_text())
except Exception as refusal:
    print(refusal)
"""


@pytest.fixture(scope="module")
def node() -> Iterator[RunningNode]:
    with RunningNode() as found:
        found.start_reviews()
        found.add_dataset()
        for name in ("ann", "bob", "cyd"):
            found.add_person(name)
        found.add_project("lungs", ["ann", "bob"])
        found.add_project("bones", ["cyd"])
        yield found


def shares_of(tenant: Tenant) -> list[str]:
    return tenant.run(f"from vitrine import workbench\n{LIST}").split()


def test_a_share_reaches_its_project_and_nobody_else(node: RunningNode) -> None:
    with (
        a_tenant(node, "ann", "lungs") as ann,
        a_tenant(node, "bob", "lungs") as bob,
        a_tenant(node, "cyd", "bones") as cyd,
    ):
        share = ann.run(SHARE).strip()
        wait_until(lambda: shares_of(bob) == [share], "the share is published")
        assert shares_of(cyd) == []

        said = bob.run(RECEIVE.format(share=share))
        place = f"/workspace/received/ann/{share}/masks/lung.csv"
        assert said == f"{place} label,voxels\n1,4711\n\n", "the bytes as they were shared"

        refused = cyd.run(RECEIVE.format(share=share))
        unknown = cyd.run(RECEIVE.format(share="shr-000000000000"))
        assert refused.replace(share, "") == unknown.replace("shr-000000000000", "")
        assert "4711" not in refused

    wait_until(lambda: node.audited("files_received"), "the steward notes the reception")
    (given,) = node.audited("files_shared")
    (received,) = node.audited("files_received")
    assert share in json.dumps(given)
    assert share in json.dumps(received)
