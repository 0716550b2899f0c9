"""Which elements of a page are not to be seen, by their attributes and style sheets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_HIDING: Final = re.compile(
    r"display:none|visibility:(?:hidden|collapse)|(?:^|;)(?:fill-)?opacity:0?(?:\.0+)?(?:;|%|$|!)"
    r"|font-size:(?:0|1px|0?\.\d+px)|(?:^|;)(?:left|top|text-indent|margin-left):-\d{3,}"
    r"|color:transparent|clip:rect\(0|clip-path:inset\((?:50|100)%|transform:scale\(0\)"
    r"|content-visibility:hidden|(?:^|;)(?:max-)?(?:height|width):0(?:px)?;.*overflow:hidden"
)
_RULE: Final = re.compile(r"([^{}@;]{1,400})\{([^{}]{1,2000})\}")
_SIMPLE: Final = re.compile(r"[a-z]*([.#][\w-]+)$", re.IGNORECASE)
_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
_SHEET: Final = re.compile(r"<style\b[^>]*>(.*?)</style", re.IGNORECASE | re.DOTALL)

_SHOWN_ELSEWHERE: Final = ("sk-", "xr-")
"""Classes of what scikit-learn and xarray print twice, as text and as a page."""

Attributes = Mapping[str, str]


def hidden_selectors(page: str) -> frozenset[str]:
    """Classes (`.name`) and ids (`#name`) that a style sheet of the page hides."""
    found = set()
    for sheet in _SHEET.findall(page):
        for selectors, body in _RULE.findall(_COMMENT.sub("", sheet)):
            if hides(body):
                for each in selectors.split(","):
                    if match := _SIMPLE.fullmatch(each.strip()):
                        found.add(match.group(1))
    return frozenset(found)


def hides(style: str) -> bool:
    """Whether declarations of a style make an element invisible."""
    return bool(_HIDING.search(re.sub(r"\s+", "", style.lower())))


def is_hidden(tag: str, attributes: Attributes, selectors: frozenset[str]) -> bool:
    """Whether an element with all that is in it cannot be seen."""
    if attributes.get("class", "").startswith(_SHOWN_ELSEWHERE):
        return False
    if tag in ("template", "noscript") or "hidden" in attributes:
        return True
    if attributes.get("display") == "none" or attributes.get("visibility") == "hidden":
        return True
    if re.fullmatch(r"0?(?:\.0+)?", attributes.get("opacity", "1")):
        return True
    if tag == "text" and re.fullmatch(r"0|0?\.\d+(?:px)?|1px", attributes.get("font-size", "9")):
        return True
    if "style" in attributes and hides(attributes["style"]):
        return True
    if not selectors:
        return False
    names = {f".{name}" for name in attributes.get("class", "").split()}
    return not selectors.isdisjoint(names | {f"#{attributes.get('id', '')}"})
