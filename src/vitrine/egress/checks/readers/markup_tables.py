"""Tables in HTML, as elements; nothing in it is run or loaded."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

from vitrine.egress.checks.document import Table
from vitrine.egress.checks.readers.grid import table_of
from vitrine.egress.checks.readers.unreadable import SPAN_LIMIT, require_few_cells

_UNSEEN: Final = frozenset({"script", "style", "template"})
_VOID: Final = frozenset(
    {"br", "col", "hr", "img", "input", "link", "meta", "area", "base", "embed", "source", "wbr"}
)
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "p", "figcaption", "div"})


def tables_in_html(text: str, at: str = "") -> tuple[Table, ...]:
    """Every table of an HTML page or fragment: `table 1` and so on, rows from 1 in each.

    Raises:
        Unreadable: when there are too many cells.
    """
    if "<t" not in text.lower():
        return ()
    parser = _Tables()
    parser.feed(text)
    parser.close()
    parser.finish()
    found = []
    for number, grown in enumerate(parser.done, 1):
        place = f"table {number}"
        table = table_of(
            grown.grid(),
            at=f"{at}, {place}" if at else place,
            caption=" ".join(grown.caption.split()),
            is_hidden=grown.is_hidden,
            has_header=True if grown.has_one_header_row() else None,
        )
        if table:
            found.append(table)
    return tuple(found)


class _Grown:
    """A table while its elements arrive."""

    def __init__(self, is_hidden: bool, before: str) -> None:
        self.rows: list[list[tuple[str, int, int, bool]]] = []
        self.caption = before
        self.is_hidden = is_hidden
        self.text: list[str] | None = None
        self.span = (1, 1)
        self.heads = False
        self.in_caption = False

    def open_cell(self, span: tuple[int, int], heads: bool) -> None:
        self.close_cell()
        if not self.rows:
            self.rows.append([])
        self.text, self.span, self.heads = [], span, heads

    def close_cell(self) -> None:
        if self.text is not None:
            cell = " ".join("".join(self.text).split())
            self.rows[-1].append((cell, *self.span, self.heads))
        self.text = None

    def has_one_header_row(self) -> bool:
        """Whether all of the first row and none of the second are header cells, but its first."""
        if len(self.rows) < 2:
            return False
        first, second = ([cell[3] for cell in row] for row in self.rows[:2])
        return bool(first) and all(first) and not any(second[1:])

    def grid(self) -> list[list[str]]:
        """The cells with merged ones repeated to the right, empty below."""
        grid: list[list[str]] = []
        below: dict[tuple[int, int], str] = {}
        count = 0
        for number, row in enumerate(self.rows):
            line: list[str] = []
            for cell, width, height, _ in row:
                while (number, len(line)) in below:
                    line.append(below.pop((number, len(line))))
                for step in range(width):
                    for more in range(1, height):
                        below[number + more, len(line)] = ""
                    line.append(cell if step == 0 else "")
                count += width * height
                require_few_cells(count)
            grid.append(line)
        return grid


class _Tables(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.done: list[_Grown] = []
        self.open: list[_Grown] = []
        self.elements: list[tuple[str, bool]] = []
        self.before: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        hidden = _is_hidden(tag, told)
        if tag not in _VOID:
            self.elements.append((tag, hidden))
        if tag == "table":
            unseen = any(hidden for _, hidden in self.elements)
            self.open.append(_Grown(unseen, "".join(self.before)[-300:]))
            self.done.append(self.open[-1])
            self.before = []
            return
        if not self.open:
            if tag in _HEADINGS:
                self.before = []
            return
        grown = self.open[-1]
        if tag == "tr":
            grown.close_cell()
            grown.rows.append([])
            grown.is_hidden |= hidden
        elif tag in ("td", "th"):
            grown.open_cell((_span(told, "colspan"), _span(told, "rowspan")), tag == "th")
            grown.is_hidden |= hidden
        elif tag == "caption":
            grown.in_caption, grown.caption = True, grown.caption + " "
        elif tag == "br" and grown.text is not None:
            grown.text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        for depth in range(len(self.elements) - 1, -1, -1):
            if self.elements[depth][0] == tag:
                del self.elements[depth:]
                break
        if not self.open:
            return
        grown = self.open[-1]
        if tag in ("td", "th", "tr"):
            grown.close_cell()
        elif tag == "caption":
            grown.in_caption = False
        elif tag == "table":
            grown.close_cell()
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if any(tag in _UNSEEN for tag, _ in self.elements[-3:]):
            return
        if not self.open:
            self.before.append(data)
        elif self.open[-1].in_caption:
            self.open[-1].caption += data
        else:
            text = self.open[-1].text
            if text is not None:
                text.append(data)

    def finish(self) -> None:
        for grown in self.open:
            grown.close_cell()


def _is_hidden(tag: str, attributes: dict[str, str]) -> bool:
    style = "".join(attributes.get("style", "").lower().split())
    return (
        "hidden" in attributes
        or tag == "template"
        or "display:none" in style
        or "visibility:hidden" in style
    )


def _span(attributes: dict[str, str], name: str) -> int:
    told = attributes.get(name, "1").strip()
    return min(SPAN_LIMIT, max(1, int(told))) if told.isdecimal() and len(told) < 9 else 1
