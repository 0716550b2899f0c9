"""Who may sign in, and what for."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from vitrine.access.verdict import ALLOWED, Verdict


class Role(StrEnum):
    """What a person does here. One person may have several roles."""

    RESEARCHER = "researcher"
    OUTPUT_CHECKER = "output_checker"
    SENIOR_CHECKER = "senior_checker"
    """An output checker who may lift what a check blocks."""

    DATA_STEWARD = "data_steward"
    """Receives, de-identifies and publishes data."""

    DATA_PROTECTION_OFFICER = "data_protection_officer"
    """May let data on that the risk gate holds, with a reason that everybody reads."""

    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Account:
    """A person who may sign in. Holds no secret."""

    name: str
    display_name: str
    roles: frozenset[Role]
    is_disabled: bool = False
    created_at: str = ""
    mail: str = field(default="", repr=False)
    """Where notices are sent by mail; empty for nowhere."""

    @property
    def actor(self) -> str:
        """This person as the audit log names people."""
        return f"person:{self.name}"

    def has(self, role: Role) -> bool:
        """Whether this person has `role` and is not disabled."""
        return not self.is_disabled and role in self.roles


def may_act(account: Account) -> Verdict:
    """Whether `account` may do more than read: nobody who is disabled, and no auditor."""
    if account.is_disabled:
        return Verdict(f"account {account.name} is disabled")
    if Role.AUDITOR in account.roles:
        return Verdict("auditors read; they change nothing and take nothing")
    return ALLOWED


def may_act_as(account: Account, role: Role) -> Verdict:
    """Whether `account` may do what `role` is for."""
    if account.is_disabled:
        return Verdict(f"the account {account.name} is disabled")
    if role not in account.roles:
        return Verdict(f"{account.name} does not have the role {role.value}")
    return ALLOWED
