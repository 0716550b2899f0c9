"""`vitrine <noun> <verb>`: the administrator's door."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Final

import typer

from vitrine.errors import VitrineError

NOUNS: Final[dict[str, str]] = {
    "user": "People who may sign in.",
    "project": "Who may work on which datasets, until when.",
    "batch": "Deliveries of images and tables, until they are published.",
    "deid": "De-identification, its keys and its verifier.",
    "risk": "How identifiable data still are.",
    "dataset": "Published images and clinical tables.",
    "session": "Running sessions.",
    "activity": "Journals of what was run.",
    "egress": "Output checking: what may leave.",
    "release": "What has left, and its receipts.",
    "audit": "The log of everything that happened.",
    "node": "This machine.",
}
"""Commands with verbs below them: one module each."""

VERBS: Final = ("doctor", "backup", "restore")
"""Commands without a noun: one module each, whose own commands are mounted at the top."""

DONE: Final = 0
REFUSED: Final = 1
"""The answer is no. Being called wrongly is 2, which typer says itself."""


def build(wanted: str | None = None) -> typer.Typer:
    """The command line, or only the part below `wanted`, which starts quicker."""
    app = typer.Typer(
        name="vitrine",
        help="Look at everything, take nothing: the command line of a Vitrine node.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # a traceback with locals could show a secret
        rich_markup_mode=None,
    )
    app.callback()(_top)
    for noun, purpose in NOUNS.items():
        if wanted in (None, noun) and (module := _module(noun)):
            app.add_typer(module.app, name=noun, help=purpose, no_args_is_help=True)
    for verb in VERBS:
        if wanted in (None, verb) and (module := _module(verb)):
            app.registered_commands.extend(module.app.registered_commands)
    return app


def _top() -> None:
    """Look at everything, take nothing: the command line of a Vitrine node."""


def _module(name: str) -> ModuleType | None:
    """The module of a command, or None when this version does not have it."""
    qualified = f"vitrine.cli.{name}"
    try:
        return importlib.import_module(qualified)
    except ModuleNotFoundError as error:
        if error.name != qualified:
            raise
        return None


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    first = next((each for each in arguments if not each.startswith("-")), None)
    wanted = first if first in NOUNS or first in VERBS else None
    try:
        build(wanted)(arguments, prog_name="vitrine")
    except VitrineError as error:
        sys.stderr.write(f"vitrine: {error.sentence()}\n")
        return REFUSED
    except SystemExit as exit_:  # how typer ends, also after it explained a misuse (2)
        return exit_.code if isinstance(exit_.code, int) else DONE
    return DONE


def main() -> None:
    """Entry point of the `vitrine` command."""
    raise SystemExit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
