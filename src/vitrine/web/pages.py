"""Pages from templates: escaped always, with the few words and figures that every page needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

TEMPLATES: Final = Path(__file__).parent / "templates"
STATIC: Final = Path(__file__).parent / "static"


class Pages:
    """Renders templates of an application over the shared base page."""

    def __init__(self, folders: Sequence[Path], shared: Mapping[str, Any]) -> None:
        self._environment = Environment(
            loader=ChoiceLoader([FileSystemLoader(folder) for folder in (*folders, TEMPLATES)]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(
            bytes=bytes_text,
            moment=moment_text,
            iso=iso_text,
            age=age_text,
            count=count_text,
            sentence=sentence_text,
        )
        self._environment.globals.update(shared)

    def share(self, **values: Any) -> None:
        """Let every template use these, too."""
        self._environment.globals.update(values)

    def render(self, template: str, http_status: int = 200, /, **values: Any) -> HTMLResponse:
        """The page made from `template`."""
        text = self._environment.get_template(template).render(**values)
        return HTMLResponse(text, status_code=http_status)


def bytes_text(size: int | None) -> str:
    """A size as a person says it."""
    if size is None:
        return "unknown size"
    value, unit = float(size), "B"
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            break
        value /= 1024
    return f"{size} B" if unit == "B" else f"{value:.1f} {unit}"


def moment_text(moment: datetime | None) -> str:
    """A moment to the minute, in UTC, which the page says."""
    return "" if moment is None else moment.astimezone(UTC).strftime("%d %b %Y, %H:%M UTC")


def iso_text(moment: datetime | None) -> str:
    """A moment for machines."""
    return "" if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")


def age_text(since: datetime | None, now: datetime) -> str:
    """How long ago, in the largest unit that fits."""
    if since is None:
        return ""
    minutes = max(0, int((now - since).total_seconds() // 60))
    if minutes < 60:
        return count_text(minutes, "minute")
    if minutes < 48 * 60:
        return count_text(minutes // 60, "hour")
    return count_text(minutes // (24 * 60), "day")


def sentence_text(reason: str) -> str:
    """A reason as a sentence begins, unless it begins with the name of a file."""
    first = reason.partition(" ")[0].rstrip(".,:;")
    return reason if set(first) & set("./_") else reason[:1].upper() + reason[1:]


def count_text(number: int, noun: str, plural: str = "") -> str:
    """`1 file`, `2 files`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
