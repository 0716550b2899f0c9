"""The gate: whether data with a report may go on, and who may let them although it says no."""

from __future__ import annotations

from typing import Final

from vitrine.access.account import Account, Role, may_act_as
from vitrine.access.verdict import ALLOWED, Verdict
from vitrine.deid.tables.columns import Kind
from vitrine.risk.attackers import Purpose, RiskPolicy
from vitrine.risk.report import RiskReport

_SHORTEST_REASON: Final = 20


def gate(report: RiskReport, policy: RiskPolicy, purpose: Purpose) -> Verdict:
    """Whether data with this report may go on; everything against it, at once."""
    against = reasons(report, policy, purpose)
    return Verdict("; ".join(against)) if against else ALLOWED


def reasons(report: RiskReport, policy: RiskPolicy, purpose: Purpose) -> tuple[str, ...]:
    """Everything against it, one sentence each, with what to do; none when it passes.

    What was not measured counts against it: nobody, unreadable files, no match, another policy.
    """
    said = []
    if report.policy != policy.label:
        said.append(f"it was assessed by policy {report.policy}, not {policy.label}: assess again")
    if not report.patients:
        said.append("no patient was assessed, so nothing can be said")
    for scope in report.empty:
        what = "no patient is in both" if scope == "join" else "it holds no patient"
        said.append(f"{scope}: {what}, so nothing can be said of it: correct what is assessed")
    if unreadable := report.files.get("unreadable", 0):
        said.append(f"headers: {unreadable} files cannot be read: repair or remove them")
    said += _columns(report)
    for scope in report.scopes:
        for name in policy.deciding:
            said += _small(report, scope, name, policy.least(purpose))
    return tuple(said)


def _columns(report: RiskReport) -> list[str]:
    """Columns that nothing can group: they identify, or may."""
    patient, *_ = (*report.columns, "")
    return [
        f"table: the column {column} is taken for {kind}: drop it, or say what it is"
        for column, kind in report.columns.items()
        if column != patient and kind in (Kind.IDENTIFIER, Kind.FREE_TEXT)
    ]


def _small(report: RiskReport, scope: str, name: str, least: int) -> list[str]:
    measures = report.scopes[scope].get(name)
    if measures is None:
        return [f"{scope}, {name}: this profile was not assessed: assess again"]
    if measures.k >= least:
        return []
    worst = ", ".join(report.details[scope][name].causes) or "all columns together"
    return [
        f"{scope}, {name}: k is {measures.k} and must be {least}; {measures.unique} of "
        f"{report.patients} patients are unique, most by {worst}: generalise or suppress these "
        "(vitrine risk propose)"
    ]


def may_override(account: Account, report: RiskReport, *, author: str, reason: str) -> Verdict:
    """Whether `account` may let data go on that the gate holds.

    Args:
        author: who ran the assessment, as an account's name.
        reason: why, in words that everybody who uses the data will read.
    """
    if report.is_passed:
        return Verdict("this assessment passed; there is nothing to override")
    if not (verdict := may_act_as(account, Role.DATA_PROTECTION_OFFICER)):
        return verdict
    if Role.AUDITOR in account.roles:
        return Verdict("auditors read; they change nothing and take nothing")
    if account.name == author:
        return Verdict("you ran this assessment yourself; another officer has to decide")
    if not report.patients:
        return Verdict("nothing was measured, so nobody can answer for it; assess again")
    if len(reason.strip()) < _SHORTEST_REASON:
        return Verdict(f"give a reason of at least {_SHORTEST_REASON} characters")
    return ALLOWED
