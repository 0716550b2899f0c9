"""PS3.15 Table E.1-1 with its options, and what PS3.3 says of attributes, read from data.

Each table is loaded once per process and checked against the digest that this code was written
for: a changed rule is a new edition, not a surprise.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from vitrine.errors import IntegrityError

EDITION: Final = "2026c"
SHA256: Final = "53cd3820e10d9f9fe2832e95fb955d30c9c9358fb90f65b3874ff9c5572aae73"
_HERE: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Row:
    """One attribute of Table E.1-1."""

    basic: str
    """Action of the Basic Profile: X, Z, D, U or one of their combinations."""

    options: Mapping[str, str]
    """Actions by option, K or C; names of options as in the data."""


@lru_cache(maxsize=1)
def rows() -> Mapping[int, Row]:
    """Every concrete row by its tag; groups 50xx and 60xx are removed as a whole.

    Raises:
        IntegrityError: when the table is not the one of `EDITION`.
    """
    content = (_HERE / "ps3.15-e1-2026c.json").read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise IntegrityError(f"the table of PS3.15 E.1-1 is not that of edition {EDITION}")
    more = {each["tag"]: each["options"] for each in _json("additions.json")}
    return {
        int(each["tag"], 16): Row(each["basic"], {**each["options"], **more.get(each["tag"], {})})
        for each in json.loads(content)
        if "X" not in each["tag"]
    }


@dataclass(frozen=True, slots=True)
class Types:
    """Which attributes an object must have: type 1 with a value, type 2 perhaps without."""

    top: Mapping[str, Mapping[str, str]]
    """`1`, `1C` or `2` by keyword, by SOP class."""

    nested: Mapping[str, str]
    """The same by `SequenceKeyword>Keyword`."""

    def of(self, sop_class: str, sequence: str, keyword: str) -> str:
        """`1`, `1C`, `2` or `3`; of an unknown SOP class what all image classes share."""
        if sequence:
            return self.nested.get(f"{sequence}>{keyword}", "3")
        return self.top.get(sop_class, _COMMON).get(keyword, "3")


_COMMON: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"), "1"
    ),
    **dict.fromkeys(("PatientName", "PatientID", "PatientBirthDate", "PatientSex"), "2"),
    **dict.fromkeys(("StudyDate", "StudyTime", "StudyID", "AccessionNumber"), "2"),
    **dict.fromkeys(("ReferringPhysicianName", "SeriesNumber", "InstanceNumber"), "2"),
    "Modality": "1",
}


@lru_cache(maxsize=1)
def types() -> Types:
    """Types of attributes, from PS3.3."""
    data = _json("types.json")
    top: dict[str, Mapping[str, str]] = {}
    for group in data["classes"]:
        known = {each: kind for kind in ("1C", "2", "1") for each in group[kind]}
        top.update(dict.fromkeys(group["sop_classes"], known))
    nested = {each: kind for kind in ("1C", "2", "1") for each in data["nested"][kind]}
    return Types(top, nested)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What of an attribute without a rule may stay: known terms, forms of technical texts."""

    terms: Mapping[str, frozenset[str]]
    everywhere: frozenset[str]
    only_listed: frozenset[str]
    texts: Mapping[str, re.Pattern[str]]
    bytes_kept: frozenset[str]
    private: Mapping[tuple[int, str, int], Mapping[str, Any]]
    """Safe private attributes by group, creator and last byte of the element."""

    creators: frozenset[tuple[int, str]]
    """Group and creator of these."""

    def knows_term(self, keyword: str, value: str) -> bool:
        """Whether `value` is a defined term of the CS attribute `keyword`, or one of all."""
        if value in self.terms.get(keyword, ()):
            return True
        return keyword not in self.only_listed and value in self.everywhere

    def knows_text(self, keyword: str, value: str) -> bool:
        """Whether `value` has the form of a technical text of `keyword`."""
        form = self.texts.get(keyword)
        return form is not None and form.fullmatch(value) is not None


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """Terms of PS3.3 and those that makers use besides."""
    own = _json("vocabulary.json")
    terms: dict[str, set[str]] = {
        key: set(each) for key, each in _json("terms.json")["terms"].items()
    }
    for key, more in own["terms"].items():
        if key in own["only_listed"]:
            terms[key] = set()
        terms.setdefault(key, set()).update(more)
    private = {
        (int(each["group"], 16), each["creator"], int(each["element"], 16)): each
        for each in own["private"]
    }
    return Vocabulary(
        {key: frozenset(each) for key, each in terms.items()},
        frozenset(own["everywhere"]).union(
            *(t for k, t in terms.items() if k not in own["only_listed"])
        ),
        frozenset(own["only_listed"]),
        {key: _form(form) for key, form in own["texts"].items()},
        frozenset(own["bytes"]),
        private,
        frozenset((group, creator) for group, creator, _ in private),
    )


def _form(form: str) -> re.Pattern[str]:
    """A form of which each alternative may ignore case by itself, as older Pythons allowed."""
    ignores = "(?i)" in form
    return re.compile(form.replace("(?i)", ""), re.IGNORECASE if ignores else 0)


def _json(name: str) -> Any:
    return json.loads((_HERE / name).read_text("utf-8"))
