"""`vitrine user`: people who may sign in."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from vitrine.access import enrol, store
from vitrine.access.account import Account, Role
from vitrine.access.enrol import Enrolment
from vitrine.access.password import otpauth_uri
from vitrine.cli.output import AsJson, DryRun, Node, say, show_record, show_rows, this_node
from vitrine.errors import Conflict, InvalidInput, NotFound

app = typer.Typer()

Name = Annotated[str, typer.Argument(help="The person's sign-in name.")]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


@app.command()
def add(
    name: Name,
    role: Annotated[
        list[str],
        typer.Option(help="A role; repeat it for more: " + ", ".join(role.value for role in Role)),
    ],
    display_name: Annotated[str, typer.Option(help="The person's name as others see it.")] = "",
    password_stdin: PasswordStdin = False,
    totp: Annotated[bool, typer.Option("--totp", help="Ask for a one-time code, too.")] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Add a person; a random password is printed once unless one is read from stdin."""
    node = this_node()
    roles = enrol.parse_roles(role)
    if dry_run:
        _require_absent(node, name)
        say(f"would add {name} as {', '.join(sorted(roles))}")
        return
    made = enrol.enrol(
        node.database,
        name,
        roles=roles,
        display_name=display_name,
        password=_read_password() if password_stdin else None,
        with_totp=totp,
        actor=node.actor,
    )
    _show_once(node, made, as_json=as_json)


@app.command()
def disable(
    name: Name,
    undo: Annotated[bool, typer.Option("--undo", help="Enable the account again.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Disable a person's account: no sign-in, no new session, no vote, no download."""
    node = this_node()
    if dry_run:
        with node.database.read() as tx:
            store.account(tx, name)
        say(f"would {'enable' if undo else 'disable'} {name}")
        return
    enrol.set_disabled(node.database, name, not undo, actor=node.actor)
    say(f"{name} is {'enabled' if undo else 'disabled'}")


@app.command()
def mail(
    name: Name,
    address: Annotated[str, typer.Argument(help="name@host; without it, no mail is sent.")] = "",
    dry_run: DryRun = False,
) -> None:
    """Say where notices to a person are sent, or that none are."""
    node = this_node()
    if dry_run:
        with node.database.read() as tx:
            store.account(tx, name)
        say(f"would {'set' if address else 'remove'} the address of {name}")
        return
    enrol.set_mail(node.database, name, address, actor=node.actor)
    say(f"notices to {name} are {'sent by mail' if address else 'not sent by mail'}")


@app.command()
def reset(
    name: Name,
    password_stdin: PasswordStdin = False,
    totp: Annotated[
        bool | None,
        typer.Option("--totp/--no-totp", help="Set up one-time codes anew, or take them away."),
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Give a person a new password and end a lock-out."""
    node = this_node()
    if dry_run:
        with node.database.read() as tx:
            store.account(tx, name)
        say(f"would give {name} a new password")
        return
    password = _read_password() if password_stdin else None
    made = enrol.reset(node.database, name, password=password, with_totp=totp, actor=node.actor)
    _show_once(node, made, as_json=as_json)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List every account; none is ever removed."""
    with this_node().database.read() as tx:
        rows = [_row(account) for account in store.accounts(tx)]
    columns = ("name", "display_name", "roles", "is_disabled", "created_at")
    show_rows(rows, columns, as_json=as_json, empty="no accounts yet: vitrine user add NAME")


def _row(account: Account) -> dict[str, object]:
    return {
        "name": account.name,
        "display_name": account.display_name,
        "roles": sorted(role.value for role in account.roles),
        "is_disabled": account.is_disabled,
        "created_at": account.created_at,
    }


def _show_once(node: Node, made: Enrolment, *, as_json: bool) -> None:
    """Print what is kept nowhere."""
    record: dict[str, object] = {"name": made.account.name}
    if made.password is not None:
        record["password"] = made.password
    if made.totp_secret is not None:
        uri = otpauth_uri(made.totp_secret, made.account.name, node.settings.node_name)
        record["otpauth_uri"] = uri
    show_record(record, as_json=as_json)
    if len(record) > 1:
        say("this is shown once and kept nowhere")


def _read_password() -> str:
    if sys.stdin.isatty():
        raise InvalidInput("--password-stdin reads a pipe, not a terminal")
    return sys.stdin.readline().rstrip("\r\n")


def _require_absent(node: Node, name: str) -> None:
    with node.database.read() as tx:
        try:
            store.account(tx, name)
        except NotFound:
            return
    raise Conflict(f"the account {name} exists already", hint="choose another name")
