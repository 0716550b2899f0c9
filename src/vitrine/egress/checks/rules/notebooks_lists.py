"""Lists in the outputs of notebooks: keys of persons, their dates, a value for each of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

import numpy

from vitrine.egress.checks.document import Document
from vitrine.egress.checks.finding import Severity
from vitrine.egress.checks.rule import Rule
from vitrine.egress.checks.rules.codes import CODE, PERSONS, is_keyed, stem_of
from vitrine.egress.checks.rules.notebooks_cells import METRIC, STRONG, Shown, asked, shown_in
from vitrine.egress.disclosure import DisclosurePolicy

Answer = Iterable[tuple[Severity, str, Sequence[str]]]

FEW: Final = 5
"""Keys from which on a list of them counts, where nothing says that they are of persons."""
VALUES: Final = 20
_LINES: Final = 3
_FEWER: Final = 2
_SCANNED: Final = 200_000

_NAMES_OF_THINGS: Final = re.compile(
    r"columns|keys\(|dtypes|parameters\(|state_dict|modules\(|dir\("
)
_OF_PERSONS: Final = re.compile(
    r"(?<![a-z])(?:p?ids?|eids?|mrns?|cases?|patients?|subjects?|persons?|accessions?|index"
    r"|excluded|worst|outliers?)(?![a-z])",
    re.IGNORECASE,
)
_QUOTED: Final = re.compile(rf"['\"]({CODE})['\"]")
_NUMBERS: Final = re.compile(r"[\[{(]\s*(\d{5,10}(?:\s*,\s*\d{5,10}){1,})\s*,?\s*(?:\.\.\.)?")
_LABELLED: Final = re.compile(
    rf"\b(?:patient|subject|case|pid|mrn|eid)(?:_?id)?\s*[=:]\s*['\"]?({CODE}|\d{{4,10}})\b"
    r"|descrip\s*:\s*b?'[A-Z][A-Za-z'-]+[ ^,]+[A-Z]",
    re.IGNORECASE,
)
_ATTRIBUTE: Final = re.compile(
    r"\b(?:Patient(?:ID|Name|Birth\w*|sName)|(?:Study|Series|SOP)Instance(?:UID)?|AccessionNumber"
    r"|StudyDate|AcquisitionDate)\b"
)
_NUMBERED_ONLY: Final = re.compile(r"nunique|\blen\(|\.count\(|\.shape|isna|isnull|duplicated")
_RUN: Final = re.compile(
    rf"(?:(?:{CODE}|\d{{6,10}})[ \t]{{0,4}}[,;\s][ \t]{{0,4}}){{4,}}(?:{CODE}|\d{{6,10}})"
)
_KEY: Final = re.compile(rf"(?<![\w.,:/+-])(?:{CODE}|\d{{6,10}})(?![\w]|[.,/:]\d|%|/)")
_BEFORE: Final = re.compile(
    r"(?:step|iter\w*|epoch|seed|batch|total|params?|size|pid|port|line|took|job|tokens?|at)\W{0,3}$",
    re.IGNORECASE,
)
_AFTER: Final = re.compile(
    r"\s*(?:bytes|[kmg]i?b\b|samples|params|parameters|images|voxels|pixels|steps|iterations|it\b|s\b"
    r"|ms\b|rows|records|slices)",
    re.IGNORECASE,
)
_TROUBLE: Final = re.compile(
    r"skip|missing|\bno\b|fail|error|warn|process|empty|exclud", re.IGNORECASE
)
_DAYS: Final = re.compile(
    r"['\"]?(?:19|20)\d\d-[01]\d-[0-3]\d(?:[T ][\d:.]+)?['\"]?"
    r"(?:\s*,\s*['\"]?(?:19|20)\d\d-[01]\d-[0-3]\d(?:[T ][\d:.]+)?['\"]?){3,}"
)
_ARRAY: Final = re.compile(r"[\[(]\s*(-?[\d.]+(?:e[+-]?\d+)?(?:,?\s+-?[\d.]+(?:e[+-]?\d+)?){19,})")
_TAKEN: Final = re.compile(
    r"\.(?:values|to_numpy\(|tolist\(|to_list\()|predict|proba|logits|risks?\b|(?<![a-z])y_(?:true|pred)"
)
_FOUND: Final = "outputs list keys of persons or images: show how many there are instead"


def _keys(document: Document, policy: DisclosurePolicy) -> Answer:
    places = [place for shown in shown_in(document) for place in _keyed(shown)]
    if places:
        yield Severity.WARN, _FOUND, tuple(dict.fromkeys(places))


def _keyed(shown: Shown) -> Iterator[str]:
    text = shown.text.text[:_SCANNED]
    named = asked(shown.source)
    if _NAMES_OF_THINGS.search(named):
        return
    fewest = 2 if _OF_PERSONS.search(f"{named} {text[:200]}") else FEW
    for found in (
        _quoted(text, fewest),
        _numbered(text, fewest),
        _listed(text),
        _templated(text),
        _spoken(text),
        _labelled(text, named),
    ):
        if found is not None:
            yield shown.text.place(text.count("\n", 0, found))


def _quoted(text: str, fewest: int) -> int | None:
    """Where the first of several quoted codes stands."""
    stems: dict[str, set[str]] = {}
    first: dict[str, int] = {}
    for match in _QUOTED.finditer(text):
        stem = stem_of(match.group(1))
        if stem:
            stems.setdefault(stem, set()).add(match.group(1))
            first.setdefault(stem, match.start())
    many = [stem for stem, codes in stems.items() if len(codes) >= fewest]
    return min((first[stem] for stem in many), default=None)


def _numbered(text: str, fewest: int) -> int | None:
    """Where a list of long whole numbers in no order of its own begins."""
    for match in _NUMBERS.finditer(text):
        numbers = re.findall(r"\d+", match.group(1))
        if len(numbers) >= fewest and _are_keys(numbers):
            return match.start()
    return None


def _are_keys(numbers: Sequence[str]) -> bool:
    lengths = {len(number) for number in numbers}
    if max(lengths) - min(lengths) > 1 or len(set(numbers)) < len(numbers):
        return False
    steps = {int(after) - int(before) for before, after in pairwise(numbers)}
    is_even = len(steps) == 1 and len(numbers) > 2
    return not is_even and sum(map(is_keyed, numbers)) * 5 >= len(numbers) * 4


def _listed(text: str) -> int | None:
    """Where keys begin that stand one after another, between commas, blanks or lines."""
    for match in _RUN.finditer(text):
        tokens = re.split(r"[,;\s]+", match.group())
        stems = {stem_of(each) for each in tokens if not each.isdigit()}
        digits = [each for each in tokens if each.isdigit()]
        if len(digits) == len(tokens) and _are_keys(tokens):
            return match.start()
        if not digits and len(stems) <= 2 and "" not in stems and len(set(tokens)) >= FEW:
            return match.start()
    return None


def _spoken(text: str) -> int | None:
    """Where the first of several codes stands that begin like `P` or `case`."""
    found = [match for match in _KEY.finditer(text) if stem_of(match.group()) in PERSONS]
    return found[0].start() if len({match.group() for match in found}) >= FEW else None


def _labelled(text: str, words: str) -> int | None:
    """Where a key stands that says so itself, or for which the source asked."""
    if _ATTRIBUTE.search(words) and not _NUMBERED_ONLY.search(words):
        shown = re.search(r"\d{4,}|\w\^\w", text)
        if shown:
            return shown.start()
    match = _LABELLED.search(text)
    return match.start() if match else None


def _templated(text: str) -> int | None:
    """Where lines begin that say the same of one key after another, as loops print them."""
    seen: dict[str, set[str]] = {}
    at = 0
    for line in text.splitlines(keepends=True):
        match = next((each for each in _KEY.finditer(line[:400]) if _is_person(each)), None)
        if match is not None:
            before = re.sub(r"[^A-Za-z]+", " ", line[: match.start()]).strip()
            keys = seen.setdefault(before or line[match.end() :].strip()[:8], set())
            keys.add(match.group())
            if len(keys) >= (_FEWER if _TROUBLE.search(line) else _LINES) and _are_alike(keys):
                return at
        at += len(line)
    return None


def _is_person(match: re.Match[str]) -> bool:
    before, after = match.string[: match.start()], match.string[match.end() :]
    if _BEFORE.search(before) or _AFTER.match(after):
        return False
    key = match.group()
    return is_keyed(key) if key.isdigit() else bool(stem_of(key))


def _are_alike(keys: set[str]) -> bool:
    stems = {stem_of(key) for key in keys}
    if len(stems) == 1 and (stems <= PERSONS or "" not in stems):
        return True
    return all(key.isdigit() for key in keys) and len({len(key) for key in keys}) <= 2


def _values(document: Document, policy: DisclosurePolicy) -> Answer:
    places = [place for shown in shown_in(document) for place in _each(shown)]
    if places:
        said = "outputs list a value or a day for each person: show a summary instead"
        yield Severity.WARN, said, tuple(dict.fromkeys(places))


def _each(shown: Shown) -> Iterator[str]:
    text = shown.text.text[:_SCANNED]
    for match in _DAYS.finditer(text):
        days = re.findall(r"\d{4}-\d\d-\d\d", match.group())
        if len(set(days)) >= 4 and not all(day.endswith("-01") for day in days):
            yield shown.text.place(text.count("\n", 0, match.start()))
    words = asked(shown.source)
    personal = any(word in STRONG for word in re.findall(r"[a-z]+", words.lower()))
    if METRIC.search(words):
        return
    for match in _ARRAY.finditer(text):
        numbers = re.findall(r"-?[\d.]+(?:e[+-]?\d+)?", match.group(1))
        if _is_unordered(numbers) and (personal or _TAKEN.search(words) or _are_chances(numbers)):
            yield shown.text.place(text.count("\n", 0, match.start()))


def _is_unordered(numbers: Sequence[str]) -> bool:
    try:
        values = numpy.array([float(each) for each in numbers])
    except ValueError:
        return False
    steps = numpy.diff(values)
    if bool((steps >= 0).all() or (steps <= 0).all()) or values.std() == 0:
        return False
    centred = values - values.mean()
    return float((centred[1:] * centred[:-1]).sum() / (centred**2).sum()) < 0.5


def _are_chances(numbers: Sequence[str]) -> bool:
    """Whether values are from 0 to 1 and are no parts of one whole."""
    values = [float(each) for each in numbers]
    return all(0 <= each <= 1 for each in values) and abs(sum(values) - 1) > 0.02


RULES: Final = (Rule("notebook-keys", 1, _keys), Rule("notebook-values", 1, _values))
