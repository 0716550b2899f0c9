"""What names a person, or a file about one: in headers, cells and lines of text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from vitrine.egress.checks.document import Document, Table
from vitrine.egress.checks.finding import Severity
from vitrine.egress.checks.rule import Rule
from vitrine.egress.checks.rules.tables_profile import profiles
from vitrine.egress.checks.rules.tables_words import Kind, tokens_of, word_set
from vitrine.egress.disclosure import DisclosurePolicy

Answer = Iterable[tuple[Severity, str, Sequence[str]]]
_Found = tuple[str, str, Severity]
"""Place, what it is, severity."""

_ROWS: Final = 20_000
_HEADERS: Final = (
    (r"\bmrn\b|medical record|hospital (?:number|no|id)|\bnhs(?:[ _]?(?:number|no|nr))\b|\bssn\b"
     r"|social security|\bchi[ _]number|insurance (?:number|no)"
     r"|\bpid\b|patient[ _]?(?:id|nr|no\b|number)"
     r"|^(?:person|participant|subject)[ _]?(?:id|nr|number|code)$|\bpseudonym|\bpat[ _]?id\b",
     "record or patient numbers"),
    (r"accession|study[ _]?id$|study[ _]?instance|series[ _]?(?:instance|uid|id)|sop[ _]?instance"
     r"|\buid\b|instance[ _]uid|\bexam[ _]?id\b", "study or series identifiers"),
    (r"\bdob\b|date of birth|birth[ _]?date|geburtsdatum|date[ _]naissance", "dates of birth"),
    (r"^(?:patient[ _]?name|surname|last[ _]?name|first[ _]?name|forename|given[ _]?name"
     r"|family[ _]?name|full[ _]?name|initials|nachname|vorname)$", "names"),
    (r"^(?:e[-_ ]?mail|phone|telephone|mobile|fax|tel)\b", "contact details"),
    (r"post[ _]?code|zip[ _]?code|^zip$|^address|street|^plz$", "addresses"),
)  # fmt: skip
_NAMED: Final = tuple((re.compile(pattern, re.IGNORECASE), what) for pattern, what in _HEADERS)
_UID: Final = re.compile(
    r"(?<![\d.])(?:1\.2\.(?:840|826|276|392|250|124|752|528)|2\.25|1\.3\.(?:6\.1\.4\.1|12\.2|46\.670589))"
    r"\.[\d.]{6,58}\d"
)
_PUBLIC_UID: Final = "1.2.840.10008."
_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}")
_DICOM_NAME: Final = re.compile(r"\b[A-Z][A-Za-z'-]+\^[A-Z][A-Za-z'-]*(?:\^[A-Za-z]*)*")
_CHECKED: Final = 4
"""So many numbers of a column that all pass a check digit do not do so by chance."""
_TEN_DIGITS: Final = re.compile(r"\d{3}[ -]?\d{3}[ -]?\d{4}")
_SPACED_NHS: Final = re.compile(r"(?<!\d)\d{3}[ -]\d{3}[ -]\d{4}(?!\d)")
_SSN: Final = re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])")
_POSTCODE: Final = re.compile(r"[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2}")
_PHONE: Final = re.compile(
    r"\+\d{1,3}[ -]?\(?\d[\d ()-]{7,}\d|\(?0\d{2,4}\)?[ -]\d{3,4}[ -]?\d{3,4}"
)
_PATH: Final = re.compile(
    r"[^\s,;\"']*(?:\.dcm|\.nii(?:\.gz)?|\.mha|\.nrrd|\.ima)\b"
    r"|(?:[/\\]|\b)(?:sub|patient|pat|subject|case|mrn|pid)[-_]?\d{2,}[/\\]",
    re.IGNORECASE,
)
_PATH_MARKS: Final = (".dcm", ".nii", ".mha", ".nrrd", ".ima", "sub", "pat", "case", "mrn", "pid")
_WINDOW: Final = 2000
_OVERLAP: Final = 200
_SUBJECT_FILE: Final = re.compile(
    r"\d{3,}|(?:sub|pat|subject|patient|case|mrn|pid|im|img|image|scan)[-_]?\d{2,}", re.IGNORECASE
)
_HASH: Final = re.compile(
    r"(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{16})"
    r"|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}",
    re.IGNORECASE,
)
_HASH_OF_FILES: Final = frozenset(
    {"sha256", "sha1", "md5", "checksum", "digest", "commit", "revision", "git", "weights", "image"}
)
_NAME: Final = re.compile(r"[A-Z][\w'\u2019-]+,? (?:[A-Z]\.? )?[A-Z][\w'\u2019-]+")
_OF_PATIENTS: Final = word_set(
    "age sex gender bmi diagnosis outcome stage grade histology died death smoker ethnicity lesion "
    "psa patient subject case participant finding los"
)
_EVENTS: Final = word_set(
    "birth admission admitted discharge scan study exam examination acquisition death surgery "
    "operation diagnosis diagnosed visit referral treatment biopsy event followup appointment"
)


def _identifiers(document: Document, policy: DisclosurePolicy) -> Answer:
    found = [each for table in document.tables for each in _in_table(table)]
    if found:
        kinds = ", ".join(dict.fromkeys(what for _, what, _ in found))
        blocks = any(severity is Severity.BLOCK for _, _, severity in found)
        places = tuple(dict.fromkeys(place for place, _, _ in found))
        yield Severity.BLOCK if blocks else Severity.WARN, f"identifiers: {kinds}", places


def _in_table(table: Table) -> Iterator[_Found]:
    for column, name in enumerate(table.columns):
        cells = [row[column] for row in table.rows[:_ROWS]]
        filled = [cell for cell in cells if cell]
        spot = f"column {name}"
        place = f"{table.at}, {spot}" if table.at else spot
        what = _by_header(name, filled)
        if what:
            yield place, what, Severity.BLOCK
            continue
        if len(filled) >= _CHECKED and all(_checks_as_nhs(each) for each in filled):
            yield place, "record or patient numbers", Severity.BLOCK
            continue
        if _are_hashes(name, filled):
            yield place, "hashes or random keys, one for each row", Severity.BLOCK
            continue
        for number, cell in enumerate(cells):
            for what in _in_cell(cell):
                yield table.place(number, column), what, Severity.BLOCK
    for column, name in enumerate(table.columns):
        for what in _in_cell(name):
            spot = f"row {max(1, table.first_row - 1)}, column {column + 1}"
            yield f"{table.at}, {spot}" if table.at else spot, what, Severity.BLOCK
    yield from _key_values(table)
    yield from _event_dates(table)
    yield from _person_names(table)


def _by_header(name: str, filled: Sequence[str]) -> str:
    words = " ".join(tokens_of(name))
    for pattern, what in _NAMED:
        if pattern.search(name) or pattern.search(words):
            coded = [cell for cell in filled if _could_identify(cell, what)]
            if coded and len(coded) * 2 >= len(filled):
                return what
    return ""


def _could_identify(cell: str, what: str) -> bool:
    """Whether a cell under such a header is an entry, not a count, a type or a mark."""
    if what in ("names", "addresses", "contact details"):
        return len(cell) > 2 and cell.lower() not in ("string", "str", "text", "object", "removed")
    if not any(letter.isdigit() for letter in cell):
        return False
    return what != "dates of birth" or len(cell) >= 6


def _are_hashes(name: str, filled: Sequence[str]) -> bool:
    if len(filled) < 2 or set(tokens_of(name)) & _HASH_OF_FILES:
        return False
    hashed = sum(bool(_HASH.fullmatch(c)) and not c.isdecimal() for c in filled)
    return hashed * 5 >= len(filled) * 4


def _in_cell(cell: str) -> Iterator[str]:
    if len(cell) > _WINDOW:
        for part in _windows(cell):
            yield from _in_cell(part)
        return
    if len(cell) < 5:
        return
    bare = cell.strip()
    for what, is_there in (
        ("UIDs", any(not each.startswith(_PUBLIC_UID) for each in _UID.findall(cell))),
        ("e-mail addresses", "@" in cell and _EMAIL.search(cell)),
        ("names", "^" in cell and _DICOM_NAME.search(cell)),
        ("record or patient numbers", _is_nhs_number(cell) or _SSN.fullmatch(bare)),
        ("addresses", _POSTCODE.fullmatch(bare)),
        ("contact details", _PHONE.fullmatch(bare)),
        ("paths of images or of a person's folder", _names_a_subject(cell)),
    ):
        if is_there:
            yield what


def _names_a_subject(text: str) -> bool:
    lowered = text.lower()
    if not any(mark in lowered for mark in _PATH_MARKS):
        return False
    return any(_SUBJECT_FILE.search(each.group()) for each in _PATH.finditer(text))


def _is_nhs_number(text: str) -> bool:
    """Whether a number is written and checks as an NHS number (modulus 11)."""
    return bool(_SPACED_NHS.fullmatch(text.strip())) and _checks_as_nhs(text)


def _checks_as_nhs(text: str) -> bool:
    """Whether ten digits end in their NHS check digit, as one in eleven numbers does by chance."""
    if not _TEN_DIGITS.fullmatch(text.strip()):
        return False
    digits = [int(each) for each in text if each.isdigit()]
    check = 11 - sum((10 - k) * digit for k, digit in enumerate(digits[:9])) % 11
    return check % 11 == digits[9]


def _event_dates(table: Table) -> Iterator[_Found]:
    """Columns of exact days on which something happened to the person of the row."""
    columns = profiles(table)
    if any(each.kind in (Kind.COUNT, Kind.PEOPLE) and each.is_numeric for each in columns):
        return
    personal = any(each.words & _OF_PATIENTS for each in columns)
    personal = personal and not any(each.is_result for each in columns)
    for each in columns:
        if len(each.filled) > 1 and each.are_dates() and (each.words & _EVENTS or personal):
            spot = f"column {each.name}"
            yield f"{table.at}, {spot}" if table.at else spot, "exact dates", Severity.BLOCK


def _person_names(table: Table) -> Iterator[_Found]:
    """Columns of names of persons, beside what is said of them."""
    columns = profiles(table)
    for each in columns:
        if not each.words & {"name", "patient", "participant", "subject", "person"}:
            continue
        named = sum(bool(_NAME.fullmatch(cell)) for cell in each.filled)
        inverted = sum("," in cell for cell in each.filled) == len(each.filled)
        personal = any(other.is_personal for other in columns)
        personal = personal and not any(other.is_result for other in columns)
        if named and named * 5 >= len(each.filled) * 4 and (personal or inverted):
            spot = f"column {each.name}"
            yield f"{table.at}, {spot}" if table.at else spot, "names", Severity.BLOCK


def _key_values(table: Table) -> Iterator[_Found]:
    """Rows like `PatientID, …` of a table of names and values."""
    if len(table.columns) != 2:
        return
    for number, (name, value) in enumerate(table.rows[:2000]):
        what = _by_header(name, [value]) if 2 < len(name) < 60 and value else ""
        if what and len(tokens_of(value)) < 6:
            yield table.place(number, 1), what, Severity.BLOCK


def _windows(line: str) -> Iterator[str]:
    """A line in parts that overlap, so that no search takes long."""
    for start in range(0, len(line), _WINDOW - _OVERLAP):
        yield line[start : start + _WINDOW]


RULES: Final = (Rule("identifiers", 1, _identifiers),)
