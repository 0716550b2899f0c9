"""SVG and HTML: everything that stands in a page, seen or not, without ever running it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final
from urllib.parse import unquote_to_bytes

from vitrine.egress.checks import kinds
from vitrine.egress.checks.document import Document, Role
from vitrine.egress.checks.readers import elements, embedded, plot_data, styles
from vitrine.egress.checks.readers.marks import Marks
from vitrine.egress.checks.readers.parts import Parts, from_base64, joined
from vitrine.errors import InvalidInput

ELEMENTS_LIMIT: Final = 400_000
DEPTH_LIMIT: Final = 1_000
LONG_ADDRESS: Final = "a very long address"
_LONG: Final = 300
UNCLOSED_LIMIT: Final = 2_000
NESTED_LIMIT: Final = 3
"""Pages within pages, as data URIs."""

_LOADING: Final = frozenset(
    {"src", "srcset", "data", "poster", "background", "action", "formaction", "href", "xlink:href"}
)
_LOADED_BY_LINK: Final = frozenset(
    {"link", "image", "use", "script", "feimage", "base", "form", "img", "lineargradient"}
)
_ACTIVE_TAGS: Final = {
    "iframe": "embedded page",
    "frame": "embedded page",
    "object": "embedded page",
    "embed": "embedded page",
    "applet": "embedded page",
    "foreignobject": "foreign object",
}
_ELSEWHERE: Final = re.compile(r"\s*(?:(?:https?|ftp|file|wss?):|//|\\\\)", re.IGNORECASE)
_STYLE_URL: Final = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)", re.IGNORECASE)
_DATA_URI: Final = re.compile(r"\s*data:([\w.+/-]*)([^,]{0,200}),", re.IGNORECASE)
_HIDDEN_LETTERS: Final = 12
_OF_PERSONS: Final = re.compile(
    r"\b(?:patients?|cases?|subjects?|participants?|ids?|mrns?|persons?|scans?|p|pt|sub)\b[^.]{0,20}\d"
    r"|(?<![\d.])\d{6,}(?![\d.])|\b(?:todo|note|fixme)\b[^.]{0,60}\d|\b(?:died|relapsed|excluded|withdrew|withdrawn)\b",
    re.IGNORECASE,
)
"""Words of a remark or of hidden text that speak of single persons or of few."""
_SHOWN_ON_POINTING: Final = ("title", "aria-label", "alt", "content", "value", "placeholder")
_CARRIED: Final = re.compile(r"\d{4,}|\d\D+\d\D+\d|\{.*\d")
"""What an attribute for scripts says of a person: a key, a day, several numbers."""
_FEWEST_CARRIED: Final = 8
_MARK_TAGS: Final = frozenset({"circle", "ellipse", "use", "path"})


def read(name: str, content: bytes, kind: str) -> Document:
    """A page as parts; places are `line n` of its source."""
    parts = Parts()
    read_into(parts, content.decode("utf-8"), "", is_svg=kind == "svg")
    return parts.document(name, kind, content)


def read_into(parts: Parts, page: str, at: str, *, is_svg: bool, depth: int = 0) -> None:
    """Put the parts of a page that lies at `at` into `parts`.

    Raises:
        InvalidInput: when it has more elements, or nests them deeper, than a person can check.
    """
    if page.count("<") > 2 * page.count(">") + UNCLOSED_LIMIT:
        raise InvalidInput("the page opens tags and does not close them")
    walker = _Walker(parts, page, at, is_svg=is_svg, depth=depth)
    walker.feed(page)
    walker.close()
    walker.finish()
    if not is_svg:
        parts.tables += embedded.tables_in_html(page, at)


class _Walker(HTMLParser):
    def __init__(self, parts: Parts, page: str, at: str, *, is_svg: bool, depth: int) -> None:
        super().__init__(convert_charrefs=True)
        self.parts, self.at, self.is_svg, self.depth = parts, at, is_svg, depth
        self.selectors = styles.hidden_selectors(page)
        self.open: list[elements.Open] = []
        self.count = 0
        self.marks = Marks()
        self.tooltips: list[int] = []
        self.carried: dict[str, dict[str, int]] = {}
        self.script: list[str] = []
        self.script_line = 1
        self.canvas: tuple[float, float, float, float] | None = None
        self.lines = {role: elements.Lines() for role in Role}

    def place(self) -> str:
        return joined(self.at, f"line {self.getpos()[0]}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._start(tag, attrs)
        if tag in elements.VOID and not self.is_svg:
            self._end(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._start(tag, attrs)
        self._end(tag.rpartition(":")[2])

    def handle_endtag(self, tag: str) -> None:
        self._end(tag.rpartition(":")[2])

    def _start(self, full_tag: str, attrs: list[tuple[str, str | None]]) -> None:
        tag = full_tag.rpartition(":")[2]
        attributes = {key: value or "" for key, value in attrs}
        self.count += 1
        if self.count > ELEMENTS_LIMIT:
            raise InvalidInput(f"the page has more than {ELEMENTS_LIMIT:,} elements")
        if len(self.open) > DEPTH_LIMIT:
            raise InvalidInput(f"the page nests elements deeper than {DEPTH_LIMIT}")
        self._close_implied(tag)
        parent = self.open[-1] if self.open else None
        groups = parent.groups if parent else ()
        if tag in ("g", "svg", "defs") and (own := elements.group_of(attributes, tag)):
            groups = (*groups, own)
        hidden = (parent is not None and parent.is_hidden) or self._hides(tag, attributes)
        self.open.append(elements.Open(tag, self.count, groups, hidden))
        if tag == "svg" and self.canvas is None:
            self.canvas = elements.canvas_of(attributes)
        if "defs" not in groups:
            self.marks.see(tag, attributes, groups, self.count)
        self._look_at(tag, attributes)
        if hidden and tag in ("img", "image", "table", "use", "circle"):
            self._unseen(_HIDDEN_LETTERS)

    def _close_implied(self, tag: str) -> None:
        """Close what HTML lets people leave open: a row ends where the next one begins."""
        for opened in reversed(self.open[-8:] if tag in elements.IMPLIED else ()):
            if opened.tag == tag:
                self._end(tag)
                return
            if opened.tag in elements.HOLDERS:
                return

    def _hides(self, tag: str, attributes: dict[str, str]) -> bool:
        if styles.is_hidden(tag, attributes, self.selectors):
            return True
        return tag in ("text", "tspan", "image") and self._is_off_canvas(attributes)

    def _is_off_canvas(self, attributes: dict[str, str]) -> bool:
        if self.canvas is None or "transform" in attributes:
            return False
        left, top, width, height = self.canvas
        try:
            x, y = float(attributes.get("x", "0")), float(attributes.get("y", "0"))
        except ValueError:
            return False
        return not (
            left - width / 2 <= x <= left + 1.5 * width
            and top - height / 2 <= y <= top + 1.5 * height
        )

    def _end(self, tag: str) -> None:
        found = next(
            (at for at in range(len(self.open) - 1, -1, -1) if self.open[at].tag == tag), -1
        )
        if found < 0:
            return
        if tag == "script" and self.script:
            self._keep_script()
        for closed in reversed(self.open[found:]):
            around = self.open[found - 1] if found else None
            if closed.unseen and around is not None and around.is_hidden:
                around.unseen += closed.unseen
            elif closed.unseen >= _HIDDEN_LETTERS:
                self.parts.remark("hidden element", joined(self.at, f"element {closed.number}"))
        del self.open[found:]

    def _unseen(self, amount: int) -> None:
        self.open[-1].unseen += amount

    def _look_at(self, tag: str, attributes: dict[str, str]) -> None:
        what = _ACTIVE_TAGS.get(tag)
        if what and (attributes or tag == "foreignobject"):
            self.parts.remark(what, self.place())
        if tag == "script":
            self.script_line = self.getpos()[0]
        if tag == "script" and not elements.is_data(attributes):
            self.parts.remark("script", self.place())
        if tag == "meta" and attributes.get("http-equiv", "").lower() == "refresh":
            self.parts.remark("external reference", self.place(), "refresh")
        for key, value in attributes.items():
            self._attribute(tag, key, value, attributes)
        self._spoken(tag, attributes)

    def _attribute(self, tag: str, key: str, value: str, attributes: dict[str, str]) -> None:
        compact = re.sub(r"[\s\x00-\x20]+", "", value[:60]).lower()
        if key.startswith("on") and len(key) > 3 and value.strip():
            self.parts.remark("event handler", self.place())
            self.lines[Role.CODE].add(self.getpos()[0], value)
        if compact.startswith(("javascript:", "vbscript:")):
            self.parts.remark("script", self.place(), "in an address")
        if key in _LOADING and (match := _DATA_URI.match(value)):
            caption = attributes.get("alt", "") or attributes.get("title", "")
            self._data_uri(match, value, caption)
        elif key in _LOADING and _ELSEWHERE.match(value):
            detail = LONG_ADDRESS if len(value) > _LONG else ""
            if detail or key not in ("href", "xlink:href") or tag in _LOADED_BY_LINK:
                self.parts.remark("external reference", self.place(), detail)
        if key == "style" or "url(" in value[:2000]:
            self._style(value)
        if key == "srcdoc":
            self._nested(value, is_svg=False)

    def _spoken(self, tag: str, attributes: dict[str, str]) -> None:
        """Words of attributes: on pointing, for screen readers, for scripts."""
        line = self.getpos()[0]
        for key in _SHOWN_ON_POINTING:
            if attributes.get(key):
                self.lines[Role.CAPTION].add(line, attributes[key])
        data = [f"{key[5:]}: {value}" for key, value in attributes.items() if key[:5] == "data-"]
        for each in data:
            self.lines[Role.HIDDEN].add(line, each)
            key, _, value = each.partition(": ")
            if _CARRIED.search(value):
                self.carried.setdefault(key, {}).setdefault(value, self.count)
        if tag in _MARK_TAGS and (data or "aria-label" in attributes or "title" in attributes):
            self.tooltips.append(self.count)

    def _style(self, style: str) -> None:
        for match in _STYLE_URL.finditer(style):
            target = match.group(1) or match.group(2)
            if uri := _DATA_URI.match(target):
                self._data_uri(uri, target, "")
            elif _ELSEWHERE.match(target):
                self.parts.remark("external reference", self.place())

    def _data_uri(self, match: re.Match[str], value: str, caption: str) -> None:
        media, options = match.group(1).lower(), match.group(2).lower()
        body = value[match.end() :]
        content = from_base64(body) if "base64" in options else unquote_to_bytes(body)
        if "font" in media or not content:
            return
        if media == "image/svg+xml" or media in ("text/html", "application/xhtml+xml"):
            self._nested(content.decode("utf-8", "replace"), is_svg="svg" in media)
        elif "javascript" in media:
            self.parts.remark("script", self.place(), "in an address")
            self.parts.text(content.decode("utf-8", "replace"), Role.CODE, self.place())
        elif media != "text/css" and not self._is_picture(content, caption):
            self.parts.text(content.decode("utf-8", "replace"), Role.HIDDEN, self.place())

    def _is_picture(self, content: bytes, caption: str) -> bool:
        return self.parts.opaque(content, self.place(), caption) in kinds.PICTURES

    def _nested(self, page: str, *, is_svg: bool) -> None:
        if self.depth >= NESTED_LIMIT:
            self.parts.remark("unread part", self.place(), "pages nested too deeply")
            return
        read_into(self.parts, page, self.place(), is_svg=is_svg, depth=self.depth + 1)

    def handle_data(self, data: str) -> None:
        if not data.strip():
            return
        here = self.open[-1] if self.open else None
        line = self.getpos()[0]
        if here is not None and here.tag == "script":
            self.script.append(data)
        elif here is not None and here.tag == "style":
            self._style(data)
        elif here is not None and here.is_hidden:
            self.lines[Role.HIDDEN].add(line, data)
            telling = bool(_OF_PERSONS.search(data))
            self._unseen(max(len(data.strip()), _HIDDEN_LETTERS * telling))
        else:
            if self._describes_a_mark():
                self.tooltips.append(self.open[-2].number)
            is_shown = here is None or not any(
                each.tag in ("defs", "metadata") for each in self.open
            )
            self.lines[Role.PROSE if is_shown else Role.HIDDEN].add(line, data)
            if not is_shown and _OF_PERSONS.search(data):
                self.parts.remark("hidden element", self.place())

    def _describes_a_mark(self) -> bool:
        return (
            len(self.open) > 1
            and self.open[-1].tag in ("title", "desc")
            and self.open[-2].tag in _MARK_TAGS
        )

    def _keep_script(self) -> None:
        script = "".join(self.script)
        self.script.clear()
        place = joined(self.at, f"line {self.script_line}")
        self.lines[Role.CODE].add(self.script_line, script)
        plot_data.keep_script_data(script, self.parts, place)

    def handle_comment(self, data: str) -> None:
        self.lines[Role.COMMENT].add(self.getpos()[0], data)
        if (len(data) > 200 and elements.is_mostly_numbers(data)) or _OF_PERSONS.search(data):
            self.parts.remark("comment with data", self.place())

    def handle_decl(self, decl: str) -> None:
        if "<!entity" in decl.lower() or re.match(r"entity\s", decl, re.IGNORECASE):
            self.parts.remark("entity", self.place())

    def unknown_decl(self, data: str) -> None:
        self.handle_data(data.removeprefix("CDATA["))

    def handle_pi(self, data: str) -> None:
        if "stylesheet" in data and _ELSEWHERE.search(data.partition("href=")[2].lstrip("'\"")):
            self.parts.remark("external reference", self.place())

    def finish(self) -> None:
        while self.open:
            self._end(self.open[-1].tag)
        for number in self.marks.places():
            self.parts.remark("marks", joined(self.at, f"element {number}"))
        if len(self.tooltips) >= 20:
            self.parts.remark("tooltips", joined(self.at, f"element {self.tooltips[0]}"))
        for values in self.carried.values():
            if len(values) >= _FEWEST_CARRIED:
                first = min(values.values())
                self.parts.remark("hidden data", joined(self.at, f"element {first}"))
        for role, lines in self.lines.items():
            self.parts.text(lines.joined(), role, self.at)
