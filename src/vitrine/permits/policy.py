"""What a project allows whom: pure rules, each with its reason."""

from __future__ import annotations

from datetime import datetime

from vitrine.access.account import Account, Role, may_act_as
from vitrine.access.verdict import ALLOWED, Verdict
from vitrine.ids import is_name
from vitrine.permits.project import LimitOverrides, Project


def may_use(account: Account, project: Project, now: datetime) -> Verdict:
    """Whether `account` may work on the data of `project` now."""
    researcher = may_act_as(account, Role.RESEARCHER)
    if not researcher:
        return researcher
    if account.name not in project.members:
        return Verdict(f"you are not a member of project {project.id}; ask an administrator")
    if project.is_expired(now):
        return Verdict(
            f"project {project.id} ended on {project.expires_at:%Y-%m-%d}; "
            "ask an administrator to extend it"
        )
    return ALLOWED


def may_review(account: Account, project: Project) -> Verdict:
    """Whether `account` may review what leaves `project`; its members may not."""
    checker = may_act_as(account, Role.OUTPUT_CHECKER)
    if not checker:
        return checker
    if account.name in project.members and not project.allow_same_project_review:
        return Verdict(
            f"you are a member of project {project.id}; "
            "its requests are reviewed by output checkers from outside"
        )
    return ALLOWED


def may_join(account: Account, project: Project) -> Verdict:
    """Whether `account` may become a member of `project`."""
    if account.is_disabled:
        return Verdict(f"the account {account.name} is disabled")
    if Role.RESEARCHER not in account.roles:
        return Verdict(f"the account {account.name} is not a researcher's")
    if account.name in project.members:
        return Verdict(f"{account.name} is a member of project {project.id} already")
    return ALLOWED


def may_exist(project: Project, now: datetime) -> Verdict:
    """Whether `project` can be created as it stands."""
    if not is_name(project.id) or len(project.id) > 30 or "--" in project.id:
        # A session's server is named after its project, and JupyterHub allows no more.
        return Verdict(
            "a project id is 2 to 30 lower-case letters, digits and single hyphens, "
            "starting with a letter and not ending with a hyphen"
        )
    if not project.title.strip() or len(project.title) > 200 or not project.title.isprintable():
        return Verdict("a project needs a title of one line, at most 200 characters")
    if not project.datasets:
        return Verdict("a project needs at least one dataset")
    if project.is_expired(now):
        return Verdict("a project must end in the future")
    if project.reviewers_required < 1:
        return Verdict("a release needs at least one reviewer")
    return _are_sane(project.limits)


def _are_sane(limits: LimitOverrides) -> Verdict:
    wrong = [name for name, value in limits.set_values().items() if not 0 < value < 1e9]
    return Verdict(f"{' and '.join(wrong)} must be greater than 0") if wrong else ALLOWED
