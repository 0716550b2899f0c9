"""Patterns of what names a patient, shared by texts and names; each with how sure it is.

Conservative: a pattern stands for something that says of itself what it is (a label, a checksum,
a form that nothing else has). Public DICOM class UIDs, versions and dates of writing are none.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from vitrine.egress.checks.document import Role
from vitrine.egress.checks.finding import Severity

_UID_LENGTH: Final = 30
_ROOTS: Final = ("1.2.840.10008.", "1.2.276.0.7230010.3.0.3.")
_PYDICOM: Final = "1.2.826.0.1.3680043.8.498.1"
"""The program's own name; longer numbers that begin so are of instances."""

_DATE: Final = (
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/. ](?:\d{1,2}|[A-Za-z]{3,9})[-/. ]\d{2,4}"
    r"|(?:19|20)\d{6})"
)
_IS: Final = r"""["'\])]*\s*(?:===?|!=|:=?|=>|=|\bin\b|\bis\b|\.eq\()\s*["'\[({b]*"""
_NUMBERED: Final = r"[A-Za-z]{0,6}[-_]?\d{3,}[\w-]*"
_NOBODY: Final = re.compile(
    r"anon|unknown|removed|redact|dummy|test|example|phantom|none|null|nan\b|xxx"
    r"|john\b|jane\b|doe\b"
    r"|^n/?a$",
    re.IGNORECASE,
)
_COUNTED: Final = re.compile(r"(?:unique|number of|distinct|total|count|\bn|no\. of)\W*$", re.I)


@dataclass(frozen=True, slots=True)
class Pattern:
    """One kind of identifier and the way to recognise it."""

    what: str
    """Follows "looks like it holds"."""

    severity: Severity
    form: re.Pattern[str]
    holds: Callable[[re.Match[str]], bool] = lambda _match: True
    roles: frozenset[Role] = frozenset(Role)


def _is_instance_uid(match: re.Match[str]) -> bool:
    uid = match.group()
    return len(uid) >= _UID_LENGTH and not _is_public(uid) and len(set(uid)) > 4


def _is_public(uid: str) -> bool:
    """Whether a UID is the standard's own (PS3.6 annex A) or names a well-known program."""
    return uid.startswith(_ROOTS) or uid == _PYDICOM


def _is_somebody(match: re.Match[str]) -> bool:
    value = match.group(match.lastindex or 0)
    before = match.string[max(0, match.start() - 20) : match.start()]
    return not _NOBODY.search(value) and not _COUNTED.search(before)


def _is_local(match: re.Match[str]) -> bool:
    """Whether a path is one of this machine, not part of an address on the web."""
    before = match.string[max(0, match.start() - 200) : match.start()]
    return "://" not in before.rpartition(" ")[2] and "doi" not in before.lower()[-40:]


def _is_labelled_uid(match: re.Match[str]) -> bool:
    return not _is_public(match.group(1))


def nhs_number(digits: str) -> bool:
    """Whether ten digits have the check digit of an NHS number (modulus 11)."""
    if len(digits) != 10 or digits[0] not in "4679" or len(set(digits)) == 1:
        return False
    total = sum(int(digit) * (10 - place) for place, digit in enumerate(digits[:9]))
    return (11 - total % 11) % 11 == int(digits[9])


def _is_nhs_number(match: re.Match[str]) -> bool:
    return nhs_number(re.sub(r"\D", "", match.group(1)))


def _pattern(
    what: str,
    severity: Severity,
    form: str,
    holds: Callable[[re.Match[str]], bool] = lambda _match: True,
    roles: frozenset[Role] = frozenset(Role),
    *,
    any_case: bool = True,
) -> Pattern:
    return Pattern(what, severity, re.compile(form, re.IGNORECASE if any_case else 0), holds, roles)


_BLOCK, _WARN, _INFO = Severity.BLOCK, Severity.WARN, Severity.INFO
_PRINTED: Final = frozenset({Role.OUTPUT, Role.HIDDEN, Role.CAPTION})

PATTERNS: Final = (
    _pattern(
        "a UID of a study, series or instance",
        _BLOCK,
        r"(?<![\d.])(?:[0-2]\.\d{1,3}(?:\.(?:0|[1-9]\d{0,38})){4,}"
        r"|2\.25\.\d{26,39})(?:(?![\d.]*\w)|(?=\.(?:nii|dcm|nrrd|mha|png|jpe?g)\b))",
        _is_instance_uid,
    ),
    _pattern(
        "a UID of a study, series or instance",
        _BLOCK,
        r"(?:study|series|sop|frame ?of ?reference)[ _]?(?:instance)?[ _]?uid"
        r"\W{1,6}([0-2](?:\.\d+){4,})",
        _is_labelled_uid,
    ),
    _pattern(
        "a patient's number",
        _BLOCK,
        r"(?<![a-z])(?:mrn|m\.r\.n\.?"
        r"|(?:patient|pt|pat|subject|participant|hospital|medical record|nhs|chi|pseudo)"
        r"(?:'s|\.)?[ _-]?(?:ids?|no|nos|num|number|mrn)\.?)(?![a-z])" + _IS + rf"({_NUMBERED})",
        _is_somebody,
    ),
    _pattern(
        "a patient's number",
        _BLOCK,
        r"(?<![a-z])mrns?[ #_-]{1,2}([a-z]{0,3}\d{4,})",
        _is_somebody,
    ),
    _pattern(
        "a DICOM attribute that names the patient",
        _BLOCK,
        r"\(0010, ?00[1234][0-9]\)[^\n:]{0,60}:\s*['\"]([^'\"\n]{2,})['\"]",
        _is_somebody,
    ),
    _pattern(
        "a patient's name",
        _BLOCK,
        r"(?i:patient(?:'s)?[ _]?(?:full[ _]?)?name|name of (?:the )?patient)(?![a-z_])"
        r"(?i:" + _IS + r")([A-Z][\w'-]+(?:[ ^,]+[A-Z][\w'-]*)+)",
        _is_somebody,
        any_case=False,
    ),
    _pattern(
        "a patient's name",
        _BLOCK,
        r"(?<![\\\w{$^])([A-Z][A-Za-z'-]{2,}\^[A-Z][A-Za-z'-]{2,})(?![\w}$])",
        _is_somebody,
        any_case=False,
    ),
    _pattern(
        "a date of birth",
        _BLOCK,
        r"(?<![a-z])(?:d\.?o\.?b\.?|(?:date|day)[ _]of[ _]birth|patient'?s?[ _]?birth[ _]?date"
        r"|birth[ _]?date|born(?: on)?|geb\.?|geboren(?: am)?|geburtsdatum|née?(?:\(e\))? le"
        r"|date de naissance|nacid[oa] el|fecha de nacimiento|nat[oa] il|data di nascita"
        rf"|geboortedatum)(?![a-z])\W{{0,8}}{_DATE}",
    ),
    _pattern(
        "an NHS number",
        _BLOCK,
        r"(?<![\d.-])(\d{3}([ -])\d{3}\2\d{4})(?![\d.-])",
        _is_nhs_number,
    ),
    _pattern("an NHS number", _BLOCK, r"nhs\D{0,20}(\d{10})(?!\d)", _is_nhs_number),
    _pattern(
        "a social security number",
        _WARN,
        r"(?<![\d.-])(?!000|666|9)\d{3}-(?!00)\d{2}-\d{4}(?![\d-])",
    ),
    _pattern(
        "an accession number",
        _BLOCK,
        r"(?<![a-z])accession(?:[ _]?(?:numbers?|no|ids?))?\.?(?![a-z])"
        + _IS
        + r"((?!GSE|GSM|PRJ|SRR|EGA|NM_|PXD|phs)[A-Z]{0,4}[-_]?\d{5,})",
        _is_somebody,
    ),
    _pattern(
        "an accession number",
        _BLOCK,
        r"(?<![a-z])accession(?:[ _]?(?:numbers?|no|ids?))?\.?[ :#]{1,3}"
        r"((?!GSE|GSM|PRJ|SRR|EGA|NM_|PXD|phs)[A-Z]{2,4}\d{6,})",
        _is_somebody,
    ),
    _pattern(
        "a list of numbers of patients",
        _WARN,
        r"(?:patient|subject|mrn|\bp?ids?|case|exclu|skip|drop|keep|inclu|hold_?out|_set)\w*"
        r"\s*(?:==?|:|\+=|in|not in)\s*[\[({]\s*"
        r"(?:['\"][A-Z]{1,5}[-_]?\d{4,10}['\"]\s*,\s*){2,}",
    ),
    _pattern(
        "a patient's number", _BLOCK, r"\bpid\b\s*(?:==|!=|in)\s*[\[({]*['\"][A-Z]{1,4}-?\d{4,}"
    ),
    _pattern(
        "a patient's name",
        _WARN,
        r"(?m:^|[>;(])[^\w\n]{0,6}(?i:patient):[ \t]{1,3}([A-Z][a-z]+ [A-Z][a-z]{2,})(?! ?[a-z])",
        _is_somebody,
        any_case=False,
    ),
    _pattern(
        "a patient's name",
        _WARN,
        r"\b(?i:patient|participant|subject|volunteer|proband|woman|man)\b[^.:\n]{0,40}"
        r"[:(,]\s*([A-Z][a-z]+ [A-Z][a-z]{2,})(?=[,)]\s*(?i:born|aged?\b|dob|tel|ward|\d{2,}))",
        _is_somebody,
        any_case=False,
    ),
    _pattern(
        "a person's name",
        _WARN,
        r"(?<![\w.])(?:Mr|Mrs|Ms|Miss)\.? ([A-Z][a-z]{2,}(?: [A-Z][a-z]{2,})?)\b",
        _is_somebody,
        any_case=False,
    ),
    _pattern(
        "a path that names a patient",
        _WARN,
        r"[/\\](?:(?!20[0-3]\d)(?=0*[1-9])\d{7,12}|[A-Z]{2,5}[-_]\d{5,})(?=[/\\])",
        _is_local,
    ),
    _pattern(
        "a path that names a patient",
        _WARN,
        r"[/\\](?:patients?|subjects?|subj|sub|pat|mrn|pid|case)[-_]?(?=0*[1-9])\d{2,}"
        r"(?![a-z\d])|[/\\](?:patients?|subjects?|cases?|mrns?)[/\\][A-Za-z]{0,5}[-_]?\d{3,}",
    ),
    _pattern(
        "what names one patient",
        _WARN,
        r"(?<![a-z])(?:patient|subject|subj|sub|pat|pid)[-_](?=0*[1-9])\d{3,}(?!\w)",
    ),
    _pattern(
        "words about one patient",
        _WARN,
        r"\bpatient (?:no\.? ?|number |#)?\d{1,6}"
        r" (?:was|had|has|is|died|presented|showed|received)\b"
        r"|\b\d{1,3}[- ]year[- ]old (?:\w+ )?"
        r"(?:man|woman|male|female|boy|girl|patient|lady|gentleman)\b",
    ),
    _pattern(
        "a telephone number",
        _WARN,
        r"(?:(?<![a-z])(?:tel|telephone|phone|mobile|cell)(?: (?:no|number))?\.?\s*[:=]\s*[\"']?"
        r"\+?[\d (][\d ()-]{6,}\d)|(?<![\w+])\+\d{2}[ (-]?\d[\d ()-]{7,13}\d(?![\d.])"
        r"|(?<![\w.-])07\d{3} ?\d{3} ?\d{3}(?![\w.-])|(?<![\w.-])02\d \d{4} \d{4}(?![\w.-])",
    ),
    _pattern(
        "a postal address",
        _WARN,
        r"(?:post[ _]?code|address|zip[ _]code)[\"']?\s*[:=]\s*[\"']?[^\n]{0,60}?"
        r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b",
    ),
    _pattern(
        "an e-mail address",
        _WARN,
        r"(?<![\w.+-])(?!git@|user@|name@|noreply@)[\w.+-]{1,64}@(?!example\.|users\.noreply)"
        r"[a-z\d-]+(?:\.[a-z\d-]+){0,4}\.[a-z]{2,}(?![\w(])",
        roles=_PRINTED,
    ),
    _pattern(
        "an e-mail address",
        _INFO,
        r"(?<![\w.+-])(?!git@|user@|name@|noreply@)[\w.+-]{1,64}@(?!example\.|users\.noreply)"
        r"[a-z\d-]+(?:\.[a-z\d-]+){0,4}\.[a-z]{2,}(?![\w(])",
        roles=frozenset(Role) - _PRINTED,
    ),
)

_DNI: Final = "TRWAGMYFPDXBNJZSQVHLCKE"


def _is_dni(match: re.Match[str]) -> bool:
    """Whether eight digits have the check letter of a Spanish identity number."""
    return _DNI[int(match[1]) % 23] == match[2].upper()


def _is_nir(match: re.Match[str]) -> bool:
    """Whether thirteen digits have the key of a French social security number (97 - n mod 97)."""
    digits = re.sub(r"\D", "", match.group())
    return len(digits) == 15 and 97 - int(digits[:13]) % 97 == int(digits[13:])


_EVENT: Final = (
    r"(?:scan|scanned|ct|mri|pet|biopsy|biopsied|surgery|operation|operated|admission|admitted"
    r"|presented|referred|discharged?|died|death|relapsed?|diagnos(?:is|ed)"
    r"|treated|imaged|examin(?:ation|ed)"
    r"|transplant\w*)"
)
_DAY: Final = (
    r"(?:\d{1,2}(?:st|nd|rd|th)? (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
    r" (?:19|20)\d\d|(?:19|20)\d\d-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./](?:19|20)\d\d)"
)
_PERIOD: Final = re.compile(
    r"\b(?:between|from|until|through|since|period|approv\w+|ethic\w*|version|accessed|frozen"
    r"|released|start|began|data|cut-?off|all|patients|cohort|studies|scans)\b",
    re.IGNORECASE,
)


def _is_one_event(match: re.Match[str]) -> bool:
    """Whether a day is that of one person's event, not the bound of a period."""
    before = match.string[max(0, match.start() - 60) : match.start()].rpartition("\n")[2]
    after = match.string[match.end() : match.end() + 30].partition("\n")[0]
    return not _PERIOD.search(f"{before}{match.group()}{after}")


MORE: Final = (
    _pattern(
        "a Spanish identity number",
        _BLOCK,
        r"(?<![\w-])(\d{8})-?([A-HJ-NP-TV-Z])(?!\w)",
        _is_dni,
        any_case=False,
    ),
    _pattern(
        "an Italian fiscal code",
        _BLOCK,
        r"(?<!\w)[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?!\w)",
        any_case=False,
    ),
    _pattern(
        "a French social security number",
        _BLOCK,
        r"(?<![\d.])[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?\d{2} ?\d{3} ?\d{3} ?\d{2}(?![\d.])",
        _is_nir,
    ),
    _pattern(
        "a name with a day of birth",
        _BLOCK,
        r"(?<![A-Za-z])[A-Z]{2,}[_^-][A-Z]{2,}[_^-](?:19|20)\d{6}(?!\d)",
        any_case=False,
    ),
    _pattern(
        "a patient's number",
        _WARN,
        r"(?<![a-z])(?:pt|pat|patient)\.? #?(?=0*[1-9])(\d{5,10})"
        r"(?![\d.,]*\d|\s*(?:scans|images|patients))",
        _is_somebody,
    ),
    _pattern(
        "a patient's number",
        _WARN,
        r"\b(?:hospital|unit|chart|case|record) (?:number|no\.?) ?#?([A-Z]{0,3}\d{5,10})\b"
        r"|\b(?:subject|patient|participant|case|pt) ([A-Z]{1,4}-?\d{3,8})\b(?!-\d)",
        _is_somebody,
    ),
    _pattern(
        "a list of numbers of patients",
        _WARN,
        r"\b(?:patients?|subjects?|cases|participants|ids?)(?: ids?| numbers?)?:?"
        r"(?: (?:nos?\.?|numbers?))? (?=(\d{3,7}))(?!(?:19"
        r"|20)\d\d\b)(?:\d{3,7}(?:, ?| and |, and )){2,}\d{3,7}\b"
        r"(?! (?:patients|scans|images|years))",
    ),
    _pattern(
        "one person's record",
        _WARN,
        r"\b(?:id|pid|mrn|case)\s*[=:]\s*[A-Z]{0,3}-?\d{3,}\b[^\n]{0,40}\b(?:age|sex"
        r"|dob|born|outcome)\s*[=:]",
    ),
    _pattern(
        "a path that names a patient",
        _WARN,
        r"/(?:pacs|patients?|dicom|raw|scans|cases|incoming"
        r"|export)/(?:[\w.-]+/){0,3}[A-Z][a-z]{2,}[_^-][A-Z][a-z]{2,}(?=/)",
        any_case=False,
    ),
    _pattern(
        "a private e-mail address",
        _WARN,
        r"(?<![\w.+-])[\w.+-]{2,64}@(?:gmail|hotmail|yahoo|outlook|gmx|web|icloud"
        r"|aol|live|btinternet)"
        r"\.[a-z.]{2,6}(?![\w(])",
    ),
    _pattern(
        "the day of one person's event",
        _WARN,
        rf"\b{_EVENT}\b[^.\n]{{0,25}}?(?<![\d-]){_DAY}(?!\d)",
        _is_one_event,
    ),
    _pattern(
        "a patient's name",
        _WARN,
        r"\b(?i:Patient(?:in)?|Paciente|Paziente|Patiente?)[: ]+"
        r"([A-ZÀ-Ý][a-zà-ÿ]{2,},? [A-ZÀ-Ý][a-zà-ÿ]{2,})"
        r"(?=[,;]? (?:geb|née?|nacid|nat[oa]|born|\())",
        _is_somebody,
        any_case=False,
    ),
)
"""Numbers of other countries, and single days."""

_STAMP: Final = re.compile(
    r"20[1-9]\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])(?:\d{4}|\d{6})?$|1[67]\d{8}$"
)
_PERSON: Final = re.compile(
    r"(?<![a-z])(?:patient|pat|subject|subj|sub|mrn|pid|nhs|case)"
    r"[-_ ]?(?=0*[1-9])\d{2,}(?![a-z\d])",
    re.IGNORECASE,
)
_BORN: Final = re.compile(r"(?<![a-z])(?:dob|born|birth)[-_ ]?" + _DATE, re.IGNORECASE)
_OLD_DATE: Final = re.compile(
    r"(?<!\d)19\d\d[-_]?(?:0[1-9]|1[0-2])[-_]?(?:0[1-9]|[12]\d|3[01])(?!\d)"
    r"|(?<!\d)(?:0?[1-9]|[12]\d|3[01])[-_.](?:0?[1-9]|1[0-2])[-_.]19\d\d(?!\d)"
)
_LONG_NUMBER: Final = re.compile(r"(?<![\da-zA-Z.])\d{7,}(?![\da-zA-Z])")


def in_name(name: str) -> list[tuple[str, Severity]]:
    """What the name of a file gives away, and how serious it is."""
    found: dict[str, Severity] = {}
    if any(map(_is_instance_uid, PATTERNS[0].form.finditer(re.sub(r"\.[A-Za-z]\w*$", "", name)))):
        found["a UID of a study, series or instance"] = _BLOCK
    if re.search(r"[A-Za-z]{3,}\^[A-Za-z]{2,}", name):
        found["a patient's name"] = _BLOCK
    if _BORN.search(name) or _OLD_DATE.search(name):
        found["a date of birth"] = _BLOCK
    if _PERSON.search(name) or any(map(_is_personal, _LONG_NUMBER.findall(name))):
        found["a patient's number"] = _WARN
    return list(found.items())


def _is_personal(number: str) -> bool:
    return not (_STAMP.match(number) or number.endswith("000") or len(number) > 12)


def in_text(text: str, role: Role) -> dict[tuple[str, Severity], set[int]]:
    """What a text gives away, with the lines where it stands, counted from 0."""
    found: dict[tuple[str, Severity], set[int]] = {}
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    for pattern in (*PATTERNS, *MORE):
        if role not in pattern.roles:
            continue
        for match in pattern.form.finditer(text):
            if pattern.holds(match):
                lines = found.setdefault((pattern.what, pattern.severity), set())
                lines.add(bisect.bisect_right(starts, match.start()) - 1)
    return found
