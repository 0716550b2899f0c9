"""The labelled corpus of release requests that the checks of egress are judged by.

`cases()` lists the labels, `write()` makes the files of one case. Nothing here knows a check.
"""

from __future__ import annotations

from pathlib import Path

from tests.corpus.egress.case import WORDS, Case, Defect
from tests.corpus.egress.lanes import ALL
from tests.corpus.egress.sources import available

__all__ = ["LANES", "SPLITS", "WORDS", "Case", "Defect", "cases", "missing", "write"]

LANES = tuple(dict.fromkeys(lane.name for lane in ALL))
SPLITS = ("development", "frozen")


def cases(split: str | None = None, lane: str | None = None) -> list[Case]:
    """The cases of a split, of a lane, or all."""
    if split not in (None, *SPLITS):
        raise ValueError(f"there is no split {split}; there are {', '.join(SPLITS)}")
    if lane not in (None, *LANES):
        raise ValueError(f"there is no lane {lane}; there are {', '.join(LANES)}")
    return [
        case
        for each in ALL
        for case in each.cases
        if lane in (None, case.lane) and split in (None, case.split)
    ]


def missing(case: Case) -> tuple[str, ...]:
    """The sources that a case needs and this machine lacks; such a case is skipped."""
    return tuple(source for source in case.needs if not available(source))


def write(case: Case, directory: Path) -> list[Path]:
    """Write the files of a case into `directory`, which is made; the paths in their order."""
    written = []
    for name, content in case.contents().items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        written.append(path)
    return written
