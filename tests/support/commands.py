"""The `vitrine` command, run in this process the way a shell would run it."""

from __future__ import annotations

import io
import json
import os
from dataclasses import dataclass
from typing import Any

import pytest

from vitrine.cli.main import run
from vitrine.settings import Settings


@dataclass(frozen=True)
class Answer:
    """What a command said and how it ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


class CommandLine:
    """Runs `vitrine …` against one node."""

    def __init__(self, capture: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self._capture, self._patch = capture, patch

    def on(self, settings: Settings) -> CommandLine:
        """The same command line on another node."""
        self._patch.setenv("VITRINE_ENV_FILE", os.devnull)  # this machine may be a node itself
        self._patch.setenv("VITRINE_STATE_ROOT", str(settings.state_root))
        self._patch.setenv("VITRINE_RUN_ROOT", str(settings.run_root))
        return self

    def __call__(self, *words: object, stdin: str = "") -> Answer:
        self._patch.setattr("sys.stdin", io.StringIO(stdin))
        self._capture.readouterr()
        code = run([str(word) for word in words])
        captured = self._capture.readouterr()
        return Answer(code, captured.out, captured.err)
