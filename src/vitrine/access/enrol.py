"""What an administrator does to accounts: each is one change and one audit event."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from vitrine.access import password as passwords
from vitrine.access import store
from vitrine.access.account import Account, Role
from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock, utc_now
from vitrine.errors import Conflict, InvalidInput
from vitrine.storage.database import Database


@dataclass(frozen=True, slots=True, repr=False)
class Enrolment:
    """What is handed to a person once and kept nowhere. Hides itself in its `repr`."""

    account: Account
    password: str | None
    """The random password, or None when the caller brought one."""
    totp_secret: str | None


def parse_roles(words: Iterable[str]) -> frozenset[Role]:
    """The roles that these words name.

    Raises:
        InvalidInput: naming the word that is no role.
    """
    found = set()
    for word in words:
        try:
            found.add(Role(word.strip().lower().replace("-", "_")))
        except ValueError:
            known = ", ".join(role.value for role in Role)
            raise InvalidInput(f"{word!r} is not a role", hint=f"use one of {known}") from None
    return frozenset(found)


def enrol(
    db: Database,
    name: str,
    *,
    roles: frozenset[Role],
    actor: str,
    display_name: str = "",
    password: str | None = None,
    with_totp: bool = False,
    clock: Clock = utc_now,
) -> Enrolment:
    """Add an account, with a random password unless one is brought.

    Raises:
        InvalidInput: when name, roles or password cannot be used.
        Conflict: when the name is taken.
    """
    made = None if password is not None else passwords.random_password()
    secret = passwords.new_totp_secret() if with_totp else None
    password_hash = passwords.hashed(password if password is not None else made or "")
    with db.begin() as tx:
        account = store.add_account(
            tx,
            name,
            display_name=display_name,
            roles=roles,
            password_hash=password_hash,
            totp_secret=secret,
            clock=clock,
        )
        detail = {
            "roles": ",".join(sorted(role.value for role in roles)),
            "totp": "yes" if with_totp else "no",
        }
        _record(tx, Event.ACCOUNT_ADDED, name, actor, clock, **detail)
    return Enrolment(account, made, secret)


def reset(
    db: Database,
    name: str,
    *,
    actor: str,
    password: str | None = None,
    with_totp: bool | None = None,
    clock: Clock = utc_now,
) -> Enrolment:
    """Give an account a new password and end its lock-out.

    Args:
        with_totp: True sets up a new one-time secret, False takes it away, None leaves it.

    Raises:
        NotFound: when there is no such account.
        InvalidInput: when the password cannot be used.
    """
    made = None if password is not None else passwords.random_password()
    password_hash = passwords.hashed(password if password is not None else made or "")
    secret = passwords.new_totp_secret() if with_totp else None
    with db.begin() as tx:
        account = store.account(tx, name)
        present = store.credentials(tx, name) or store.Credentials(password_hash)
        changed = replace(
            present, password_hash=password_hash, failed_attempts=0, locked_until=None
        )
        if with_totp is not None:
            changed = replace(changed, totp_secret=secret, totp_last_step=-1)
        store.set_credentials(tx, name, changed)
        totp = {None: "unchanged", True: "new", False: "removed"}[with_totp]
        _record(tx, Event.PASSWORD_RESET, name, actor, clock, totp=totp)
    return Enrolment(account, made, secret)


def set_disabled(
    db: Database, name: str, is_disabled: bool, *, actor: str, clock: Clock = utc_now
) -> Account:
    """Disable an account, so that it can neither sign in nor act, or enable it again.

    Raises:
        NotFound: when there is no such account.
        Conflict: when it is so already.
    """
    with db.begin() as tx:
        account = store.account(tx, name)
        if account.is_disabled == is_disabled:
            state = "disabled" if is_disabled else "enabled"
            raise Conflict(f"the account {name} is {state} already", hint="nothing to do")
        store.set_disabled(tx, name, is_disabled)
        event = Event.ACCOUNT_DISABLED if is_disabled else Event.ACCOUNT_ENABLED
        _record(tx, event, name, actor, clock)
    return replace(account, is_disabled=is_disabled)


def set_roles(
    db: Database, name: str, roles: frozenset[Role], *, actor: str, clock: Clock = utc_now
) -> Account:
    """Give an account exactly these roles.

    Raises:
        NotFound: when there is no such account.
        InvalidInput: when there is no role.
    """
    with db.begin() as tx:
        account = store.account(tx, name)
        store.set_roles(tx, name, roles)
        detail = {
            "roles": ",".join(sorted(role.value for role in roles)),
            "roles_before": ",".join(sorted(role.value for role in account.roles)),
        }
        _record(tx, Event.ACCOUNT_CHANGED, name, actor, clock, **detail)
    return replace(account, roles=roles)


def set_mail(db: Database, name: str, mail: str, *, actor: str, clock: Clock = utc_now) -> None:
    """Say where notices to a person are sent by mail; empty for nowhere.

    Raises:
        NotFound: when there is no such account.
        InvalidInput: when it is no address.
    """
    with db.begin() as tx:
        store.set_mail(tx, name, mail)
        detail = {"mail": "set" if mail else "removed"}
        _record(tx, Event.ACCOUNT_CHANGED, name, actor, clock, **detail)


def _record(
    tx: Connection, event: Event, name: str, actor: str, clock: Clock, **detail: str
) -> None:
    log.record(tx, event, actor=actor, subject=f"account:{name}", detail=detail, clock=clock)
