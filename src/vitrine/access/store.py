"""Accounts and credentials in the database: the only SQL of this room.

Credentials lie in a table of their own, which on PostgreSQL only the Hub's role may read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Integer,
    Row,
    Table,
    Text,
    insert,
    select,
    update,
)

from vitrine.access.account import Account, Role
from vitrine.clock import Clock, timestamp, utc_now
from vitrine.errors import Conflict, InvalidInput, NotFound
from vitrine.ids import is_name
from vitrine.storage.database import metadata

accounts_table: Final = Table(
    "accounts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("display_name", Text, nullable=False),
    Column("roles", Text, nullable=False),
    Column("is_disabled", Boolean, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("mail", Text, nullable=False, server_default=""),
)

credentials_table: Final = Table(
    "credentials",
    metadata,
    Column("name", Text, ForeignKey("accounts.name"), primary_key=True),
    Column("password_hash", Text, nullable=False),
    Column("totp_secret", Text),
    Column("totp_last_step", BigInteger, nullable=False),
    Column("failed_attempts", Integer, nullable=False),
    Column("locked_until", Text),
)

_MAX_DISPLAY_NAME: Final = 100
_MAX_MAIL: Final = 254
_MAIL: Final = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """What a sign-in is checked against. Hides everything in its `repr`."""

    password_hash: str
    totp_secret: str | None = None
    totp_last_step: int = -1
    failed_attempts: int = 0
    locked_until: str | None = None


def add_account(
    tx: Connection,
    name: str,
    *,
    display_name: str = "",
    roles: frozenset[Role],
    password_hash: str,
    totp_secret: str | None = None,
    clock: Clock = utc_now,
) -> Account:
    """Add an account; the caller records the audit event in the same transaction.

    Raises:
        InvalidInput: when the name cannot be used or there is no role.
        Conflict: when the name is taken.
    """
    if not is_name(name):
        raise InvalidInput(
            f"{name!r} cannot be a person's name here",
            hint="use 2 to 32 lower-case letters, digits and hyphens, beginning with a letter",
        )
    if not roles:
        raise InvalidInput(f"the account {name} needs at least one role")
    shown = display_name.strip() or name
    if len(shown) > _MAX_DISPLAY_NAME or not shown.isprintable():
        raise InvalidInput(f"a display name is printable and at most {_MAX_DISPLAY_NAME} long")
    if tx.execute(select(accounts_table.c.name).filter_by(name=name)).first():
        raise Conflict(f"the account {name} exists already", hint="choose another name")
    account = Account(name, shown, roles, False, timestamp(clock()))
    tx.execute(
        insert(accounts_table).values(
            name=name,
            display_name=shown,
            roles=_roles_text(roles),
            is_disabled=False,
            created_at=account.created_at,
        )
    )
    tx.execute(
        insert(credentials_table).values(
            name=name,
            password_hash=password_hash,
            totp_secret=totp_secret,
            totp_last_step=-1,
            failed_attempts=0,
            locked_until=None,
        )
    )
    return account


def account(tx: Connection, name: str) -> Account:
    """The account of that name.

    Raises:
        NotFound: when there is none.
    """
    row = tx.execute(select(accounts_table).where(accounts_table.c.name == name)).first()
    if row is None:
        raise NotFound(f"there is no account {name!r}", hint="vitrine user list shows them")
    return _account(row)


def accounts(tx: Connection) -> list[Account]:
    """Every account, by name."""
    rows = tx.execute(select(accounts_table).order_by(accounts_table.c.name))
    return [_account(row) for row in rows]


def set_disabled(tx: Connection, name: str, is_disabled: bool) -> None:
    """Disable or enable an account that exists."""
    _update(tx, accounts_table, name, is_disabled=is_disabled)


def set_roles(tx: Connection, name: str, roles: frozenset[Role]) -> None:
    """Give an account that exists exactly these roles.

    Raises:
        InvalidInput: when there is no role.
    """
    if not roles:
        raise InvalidInput(f"the account {name} needs at least one role")
    _update(tx, accounts_table, name, roles=_roles_text(roles))


def set_mail(tx: Connection, name: str, mail: str) -> None:
    """Set where notices to an account that exists are sent; empty for nowhere.

    Raises:
        InvalidInput: when it is no address.
    """
    if mail and not (len(mail) <= _MAX_MAIL and _MAIL.fullmatch(mail)):
        raise InvalidInput("a mail address has the form name@host, in plain letters")
    _update(tx, accounts_table, name, mail=mail)


def credentials(tx: Connection, name: str) -> Credentials | None:
    """What a sign-in as `name` is checked against, or None when there is no such account."""
    row = tx.execute(select(credentials_table).where(credentials_table.c.name == name)).first()
    if row is None:
        return None
    return Credentials(
        row.password_hash,
        row.totp_secret,
        row.totp_last_step,
        row.failed_attempts,
        row.locked_until,
    )


def set_credentials(tx: Connection, name: str, changed: Credentials) -> None:
    """Replace the credentials of an account that exists."""
    _update(
        tx,
        credentials_table,
        name,
        password_hash=changed.password_hash,
        totp_secret=changed.totp_secret,
        totp_last_step=changed.totp_last_step,
        failed_attempts=changed.failed_attempts,
        locked_until=changed.locked_until,
    )


def _update(tx: Connection, table: Table, name: str, **values: Any) -> None:
    if tx.execute(update(table).where(table.c.name == name).values(**values)).rowcount != 1:
        raise NotFound(f"there is no account {name!r}", hint="vitrine user list shows them")


def _account(row: Row[Any]) -> Account:
    roles = frozenset(Role(each) for each in row.roles.split(","))
    return Account(
        row.name, row.display_name, roles, bool(row.is_disabled), row.created_at, row.mail
    )


def _roles_text(roles: frozenset[Role]) -> str:
    return ",".join(sorted(role.value for role in roles))
