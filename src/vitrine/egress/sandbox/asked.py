"""Which part of a copy a page asks to see, as it travels from an address to the parser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

MAX_ZOOM: Final = 800
_LARGEST: Final = 1 << 31


@dataclass(frozen=True, slots=True)
class Asked:
    """A part of a copy, and how it is to be shown; everything is optional."""

    start: int = 0
    """First row, line or cell of the page, zero-based."""

    row: int = 0
    """A row or line of the file, from 1, whose page is meant instead; 0 when none is."""

    part: int = 0
    """Sheet of a workbook, or page of a document; zero-based."""

    sort: int = 0
    """Column to sort by, from 1; negative for the largest first; 0 as the file stands."""

    hide: tuple[int, ...] = ()
    """Columns that are not shown, from 1."""

    view: str = ""
    """`text` for the plain text, or an aspect of a picture."""

    zoom: int = 0
    """Width of a picture in per cent of its pixels; 0 when it is to fit."""

    is_drawn: bool = False
    """Whether the picture itself is wanted, not what is known of it."""

    @property
    def as_text(self) -> bool:
        """Whether the plain text is meant."""
        return self.view == "text"

    def as_json(self) -> dict[str, Any]:
        """The same for a frame."""
        return asdict(self)

    def query(self, **changes: Any) -> str:
        """The address of the same view with `changes`, from its question mark on."""
        values = asdict(replace(self, **changes))
        return "?" + urlencode({k: v for k, v in values.items() if v}, doseq=True)


FIRST: Final = Asked()
"""The first page of a copy, as it stands."""


def asked_of(values: Mapping[str, Any]) -> Asked:
    """What a frame asks for; what makes no sense is left out."""
    hide = values.get("hide")
    return Asked(
        start=max(0, _whole(values.get("start"))),
        row=max(0, _whole(values.get("row"))),
        part=max(0, _whole(values.get("part"))),
        sort=_whole(values.get("sort")),
        hide=tuple(sorted({_whole(each) for each in hide})) if isinstance(hide, list) else (),
        view=str(values.get("view") or "")[:40],
        zoom=min(MAX_ZOOM, max(0, _whole(values.get("zoom")))),
        is_drawn=values.get("is_drawn") is True,
    )


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and -_LARGEST < value < _LARGEST else 0
