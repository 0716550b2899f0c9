"""Cases whose files are written out in full, so that the label and the text stand side by side."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tests.corpus.egress.case import Lane, Made

Files = str | bytes | Mapping[str, str | bytes]


class Written:
    """Declares cases of a lane from their very content.

    With one file, `path` is its name and `content` its text. With more, `content` maps names to
    texts, and `path` is the file with the defect.
    """

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    def unsafe(
        self,
        name: str,
        word: str,
        path: str,
        at: str,
        content: Files,
        *also: str,
        policy: str = "acro",
    ) -> None:
        """Declare an unsafe case with its defect, the place of it and other words for it."""
        self._lane.unsafe(
            name, word, _names(path, content), content, at=at, path=path, also=also, policy=policy
        )(_given)

    def safe(self, name: str, path: str, content: Files, *, policy: str = "acro") -> None:
        """Declare a safe case."""
        self._lane.safe(name, _names(path, content), content, policy=policy)(_given)


def _names(path: str, content: Files) -> tuple[str, ...]:
    return tuple(content) if isinstance(content, Mapping) else (path,)


def _given(rng: np.random.Generator, content: Made) -> Made:
    return content
