"""`python -m vitrine.egress.sandbox`: the parser process, in a network namespace of its own."""

from __future__ import annotations

import argparse
import contextlib
import os
import pwd
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from vitrine import settings as node
from vitrine.egress.sandbox import confine
from vitrine.egress.sandbox.server import Server
from vitrine.errors import SettingsError, Unavailable, VitrineError


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop; 1 when this process must not start as it is."""
    options = _options(arguments)
    try:
        _refuse_unsafe_start(options)
        path, uids = _where_and_for_whom(options)
        stopping: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda received, _frame: stopping.append(received))
        confine.harden_server()
        os.chdir("/")
        print(f"parser: listening at {path}", file=sys.stderr, flush=True)
        Server(path, uids).serve(lambda: bool(stopping))
        with contextlib.suppress(OSError):
            path.unlink()
    except VitrineError as error:
        print(f"parser: {error.sentence()}", file=sys.stderr)
        return 1
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="vitrine.egress.sandbox", description=__doc__)
    parser.add_argument("--socket", type=Path, help="where to listen; default: from the settings")
    parser.add_argument(
        "--allow", action="append", metavar="ACCOUNT", help="whom to answer, beside root"
    )
    parser.add_argument(
        "--allow-network", action="store_true", help="start although there is a network (tests)"
    )
    parser.add_argument(
        "--allow-root", action="store_true", help="start although this is root (tests)"
    )
    return parser.parse_args(arguments)


def _refuse_unsafe_start(options: argparse.Namespace) -> None:
    found = confine.network_interfaces()
    if found and not options.allow_network:
        raise Unavailable(
            f"this process can see the network interfaces {', '.join(found)}, and a parser of "
            "hostile files must see none",
            hint="start it in an empty network namespace, as deploy/systemd does",
        )
    if os.geteuid() == 0 and not options.allow_root:
        raise Unavailable(
            "this process is root, and a parser of hostile files must be nobody",
            hint="start it as the account VITRINE_ACCOUNT_PARSER",
        )


def _where_and_for_whom(options: argparse.Namespace) -> tuple[Path, set[int]]:
    names, path = options.allow or [], options.socket
    if path is None or not names:
        settings = node.load()
        path = path or settings.parser_socket
        names = names or [settings.account_steward, settings.account_review]
    uids = {0}
    for name in names:
        try:
            uids.add(pwd.getpwnam(name).pw_uid)
        except KeyError:
            raise SettingsError(f"there is no Unix account {name}") from None
    path.parent.mkdir(parents=True, exist_ok=True)
    return path, uids


if __name__ == "__main__":
    sys.exit(main())
