"""Vector figures: drawn elements written again from a list of what is allowed, nothing else.

No script, event, link, animation, page or file from elsewhere is on the list, so none is in a copy.
Pictures within are drawn again from their pixels. Names that elements gave themselves are replaced.
"""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError, register_namespace, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from vitrine.egress.checks.readers.elements import canvas_of
from vitrine.egress.sandbox.cleaned import Cleaned, some
from vitrine.egress.sandbox.filetypes import JPEG, PNG, SVG
from vitrine.egress.sandbox.images import clean_image
from vitrine.errors import InvalidInput

MAX_ELEMENTS: Final = 200_000
MAX_DEPTH: Final = 100
MAX_PICTURES: Final = 50

_SVG: Final = "{http://www.w3.org/2000/svg}"
_XLINK: Final = "{http://www.w3.org/1999/xlink}"
register_namespace("", _SVG[1:-1])
register_namespace("xlink", _XLINK[1:-1])

_ALLOWED: Final = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
_ELEMENTS: Final = frozenset(_ALLOWED["elements"])
_WORDS_IN: Final = frozenset({"text", "tspan"})
_GEOMETRY: Final = frozenset(_ALLOWED["geometry"])
_LOOKS: Final = frozenset(_ALLOWED["looks"])
_PLAIN: Final = re.compile(r"[^\\<>{};@\x00-\x08]*")
_NAMED: Final = re.compile(r"url\(\s*['\"]?#([^'\")\s]+)['\"]?\s*\)")
_ADDRESS: Final = re.compile(r"url\s*\(|image\s*\(|src\s*\(|image-set|expression", re.IGNORECASE)
_RULE: Final = re.compile(r"([^{}]+)\{([^{}]*)\}")
_SELECTOR: Final = re.compile(r"[\w\s.,*>-]+")
_PICTURE: Final = re.compile(r"\s*data:image/(png|jpe?g);base64,([A-Za-z0-9+/=\s]+)")
_HIDDEN: Final = {"display": {"none"}, "visibility": {"hidden", "collapse"}, "opacity": {"0"}}


def clean_figure(content: bytes) -> Cleaned:
    """The same drawing without anything that a static figure does not need.

    Raises:
        InvalidInput: when it is no well-formed figure, or too large to be one.
    """
    return _Figure(_parsed(content)).copy()


def figure_page(content: bytes) -> tuple[dict[str, Any], bytes]:
    """The size of a figure, and the figure, cleaned once more before it is drawn anywhere."""
    copy = clean_figure(content).content
    root = fromstring(copy)
    canvas = canvas_of({key.lower(): value for key, value in root.attrib.items()})
    width, height = (max(1, int(side)) for side in (canvas or (0, 0, 800, 600))[2:])
    head = {
        "kind": "figure",
        "width": width,
        "height": height,
        "views": [],
        "facts": [],
        "histogram": [],
        "start": 0,
        "page": 1,
        "total": 1,
        "unit": "figures",
    }
    return head, copy


def _parsed(content: bytes) -> Element:
    try:
        root: Element = fromstring(
            content, forbid_dtd=False, forbid_entities=True, forbid_external=True
        )
    except DefusedXmlException:
        raise InvalidInput("the figure declares entities of its own: save it again") from None
    except (ParseError, ValueError):
        raise InvalidInput("the figure is not well-formed XML: save it again") from None
    if root.tag != f"{_SVG}svg":
        raise InvalidInput("the file holds no figure in the SVG namespace: save it again")
    return root


class _Figure:
    """A figure while it is written again."""

    def __init__(self, root: Element) -> None:
        self._lost: Counter[str] = Counter()
        self._elements = self._pictures = 0
        used = {
            name
            for element in root.iter()
            for value in (*element.attrib.values(), element.text or "")
            for name in _NAMED.findall(value)
        }
        used |= {
            value[1:]
            for element in root.iter()
            for key, value in element.attrib.items()
            if key in ("href", f"{_XLINK}href") and value.startswith("#")
        }
        owned = [name for element in root.iter() if (name := element.get("id")) in used and name]
        self._names = {name: f"n{at}" for at, name in enumerate(dict.fromkeys(owned), start=1)}
        self._root = root

    def copy(self) -> Cleaned:
        """The figure, written again."""
        made = self._element(self._root, 0)
        if made is None:
            raise InvalidInput("the figure is hidden as a whole")
        notes = ["written again from what it draws; names, comments and metadata removed"]
        notes += [f"{some(count, what)} removed" for what, count in sorted(self._lost.items())]
        return Cleaned(tostring(made, encoding="utf-8") + b"\n", SVG, tuple(notes))

    def _element(self, element: Element, depth: int) -> Element | None:
        self._elements += 1
        if self._elements > MAX_ELEMENTS or depth > MAX_DEPTH:
            raise InvalidInput("the figure has more elements, or nests them deeper, than it may")
        tag = element.tag.removeprefix(_SVG) if isinstance(element.tag, str) else ""
        if tag not in _ELEMENTS:
            self._lost["element that draws nothing"] += 1
            return None
        made = Element(f"{_SVG}{tag}", self._attributes(element, tag))
        if any(self._value_of(made, key) in values for key, values in _HIDDEN.items()):
            self._lost["hidden element"] += 1
            return None
        if tag == "image" and f"{_XLINK}href" not in made.attrib:
            self._lost["picture from elsewhere"] += 1
            return None
        if tag == "style":
            made.text = self._sheet(element.text or "")
            return made
        if tag in _WORDS_IN:
            made.text = element.text
        for child in element:
            kept = self._element(child, depth + 1)
            if kept is not None:
                made.append(kept)
                kept.tail = child.tail if tag in _WORDS_IN else None
        return made

    def _attributes(self, element: Element, tag: str) -> dict[str, str]:
        kept: dict[str, str] = {}
        for key, value in element.attrib.items():
            if key in ("href", f"{_XLINK}href"):
                if address := self._reference(value, tag):
                    kept[f"{_XLINK}href"] = address
            elif key == "id" and value in self._names:
                kept["id"] = self._names[value]
            elif key == "style":
                kept["style"] = self._declarations(value)
            elif key == "class" and _SELECTOR.fullmatch(value):
                kept["class"] = value
            elif key in _GEOMETRY | _LOOKS and (safe := self._safe(value)) is not None:
                kept[key] = safe
            elif key.startswith("on"):
                self._lost["event handler"] += 1
        return kept

    def _reference(self, value: str, tag: str) -> str:
        if value.startswith("#"):
            named = self._names.get(value[1:])
            return f"#{named}" if named else ""
        found = _PICTURE.fullmatch(value) if tag == "image" else None
        return self._picture(found[1], found[2]) if found else ""

    def _picture(self, form: str, text: str) -> str:
        self._pictures += 1
        if self._pictures > MAX_PICTURES:
            raise InvalidInput(f"the figure holds more than {MAX_PICTURES} pictures")
        kind = PNG if form == "png" else JPEG
        try:
            content = base64.b64decode("".join(text.split()), validate=True)
        except ValueError:
            raise InvalidInput("a picture in the figure is damaged: save it again") from None
        drawn = base64.b64encode(clean_image(content, kind).content).decode("ascii")
        return f"data:{kind.media_type};base64,{drawn}"

    def _safe(self, value: str) -> str | None:
        """`value` with its references renamed; None when it could load or run something."""
        bare = _NAMED.sub("", value)
        if not _PLAIN.fullmatch(bare) or _ADDRESS.search(bare):
            self._lost["unsafe value"] += 1
            return None
        return _NAMED.sub(lambda found: f"url(#{self._names.get(found[1], 'none')})", value)

    def _declarations(self, text: str) -> str:
        kept = []
        for declaration in text.split(";"):
            key, colon, value = (part.strip() for part in declaration.partition(":"))
            if colon and key.lower() in _LOOKS and (safe := self._safe(value)) is not None:
                kept.append(f"{key.lower()}: {safe}")
        return "; ".join(kept)

    def _sheet(self, text: str) -> str:
        bare = re.sub(r"/\*.*?\*/|<!--|-->", "", text, flags=re.DOTALL)
        if "@" in bare:
            self._lost["style sheet that loads something"] += 1
            return ""
        rules = (
            f"{found[1].strip()} {{{self._declarations(found[2])}}}"
            for found in _RULE.finditer(bare)
            if _SELECTOR.fullmatch(found[1])
        )
        return "\n".join(rules)

    @staticmethod
    def _value_of(element: Element, key: str) -> str:
        """What an element says of how it looks, in its attribute or its style."""
        inline = dict(
            (name.strip(), value.strip())
            for name, _, value in (
                each.partition(":") for each in element.get("style", "").split(";")
            )
        )
        return inline.get(key, element.get(key, "")).lower()
