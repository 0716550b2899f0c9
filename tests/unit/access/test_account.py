"""A verdict says why not, and a role ends with its account."""

import pytest

from vitrine.access.account import Account, Role, may_act_as
from vitrine.access.verdict import ALLOWED, Verdict
from vitrine.errors import NotPermitted

ANN = Account("ann", "Ann", frozenset({Role.RESEARCHER}))
GONE = Account("bob", "Bob", frozenset({Role.RESEARCHER}), is_disabled=True)


@pytest.mark.parametrize(
    ("account", "role", "reason"),
    [
        pytest.param(ANN, Role.RESEARCHER, "", id="has the role"),
        pytest.param(ANN, Role.OUTPUT_CHECKER, "does not have the role", id="lacks the role"),
        pytest.param(GONE, Role.RESEARCHER, "is disabled", id="disabled"),
    ],
)
def test_a_role_is_held_by_an_open_account(account, role, reason):
    verdict = may_act_as(account, role)
    assert bool(verdict) is (reason == "")
    assert reason in verdict.reason
    assert account.has(role) is bool(verdict)


def test_no_is_raised_with_its_reason():
    ALLOWED.require()
    with pytest.raises(NotPermitted, match="because"):
        Verdict("because").require()
