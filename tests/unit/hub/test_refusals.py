"""Which answers of the Hub count as refusals."""

from __future__ import annotations

import pytest

from vitrine.hub.refusals import is_refusal


@pytest.mark.parametrize(
    ("status", "path", "expected"),
    [
        pytest.param(200, "/hub/home", False, id="a page"),
        pytest.param(403, "/hub/api/users/ann/tokens", True, id="a token"),
        pytest.param(404, "/hub/api/users/bob/servers/lungs", True, id="another's server"),
        pytest.param(400, "/hub/api/users/ann/servers/a.b", True, id="an impossible name"),
        pytest.param(400, "/hub/spawn/ann/a.b", True, id="an impossible name on a page"),
        pytest.param(404, "/hub/favicon.ico", False, id="nothing there"),
        pytest.param(503, "/hub/spawn/ann/lungs", False, id="something is broken"),
    ],
)
def test_a_refusal_is_told_from_a_slip_and_from_a_fault(
    status: int, path: str, expected: bool
) -> None:
    assert is_refusal(status, path) is expected
