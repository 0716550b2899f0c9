"""What every command shares: who acts, on which node, and how an answer is shown.

Data goes to stdout, talk to stderr. Exit codes: 0 done, 1 the answer is no, 2 called wrongly.
"""

from __future__ import annotations

import json
import os
import pwd
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from vitrine import settings as settings_module
from vitrine.errors import NotPermitted
from vitrine.settings import Settings
from vitrine.storage.database import Database

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would change; change nothing.")]

_NO_LOGIN_UID: Final = 2**32 - 1


@dataclass(frozen=True)
class Node:
    """The node that a command works on."""

    settings: Settings

    @cached_property
    def database(self) -> Database:
        """This node's database; opened when it is first needed."""
        return Database.open(self.settings)

    @property
    def actor(self) -> str:
        """Who is doing this, as the audit log names people at the command line."""
        return f"os:{login_name()}"


def this_node() -> Node:
    """The node that the environment and its file describe.

    Raises:
        SettingsError: when they describe none.
    """
    return Node(settings_module.load())


def login_name() -> str:
    """The login of the person at this command line; never an option, never a variable.

    The kernel's login uid survives `sudo` and `su`; without one it is the real user.
    """
    try:
        uid = int(Path("/proc/self/loginuid").read_text())
    except (OSError, ValueError):
        uid = _NO_LOGIN_UID
    uid = os.getuid() if uid == _NO_LOGIN_UID else uid
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid-{uid}"


def require_root(what: str) -> None:
    """Pass when this process is root.

    Raises:
        NotPermitted: naming what needs root.
    """
    if os.geteuid() != 0:
        raise NotPermitted(f"only root may {what}", hint="run the same command with sudo")


def say(sentence: str) -> None:
    """A sentence for the person, on stderr."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(Text(sentence))


def show_json(value: Any) -> None:
    """A value as indented JSON on stdout."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


def show_rows(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool, empty: str = ""
) -> None:
    """Rows as a table of `columns`, or as a JSON list of whole rows.

    Args:
        empty: what to say on stderr when there are no rows to show as a table.
    """
    found = list(rows)
    if as_json:
        show_json(found)
        return
    if not found:
        say(empty or "nothing to show")
        return
    table = Table(*(column.replace("_", " ") for column in columns), box=None, pad_edge=False)
    for row in found:
        table.add_row(*(Text(cell_text(row.get(column))) for column in columns))
    # A pipe has no width: never fold or cut what another program reads.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 10_000)
    console.print(table)


def show_record(record: Mapping[str, Any], *, as_json: bool) -> None:
    """One record as `field  value` lines, or as a JSON object."""
    if as_json:
        show_json(dict(record))
        return
    longest = max((len(name) for name in record), default=0)
    for name, value in record.items():
        sys.stdout.write(f"{name.replace('_', ' '):<{longest}}  {cell_text(value)}\n")


def cell_text(value: Any) -> str:
    """A value as one printable line: control characters cannot reach the terminal."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(sorted(map(str, value))) or "-"
    return "".join(each if each.isprintable() else "�" for each in str(value))
