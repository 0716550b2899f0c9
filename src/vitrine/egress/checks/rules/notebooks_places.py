"""Paths in notebooks that name persons, and keys of persons written into code and comments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from vitrine.egress.checks.document import Document, Role, Text
from vitrine.egress.checks.finding import Severity
from vitrine.egress.checks.rule import Rule
from vitrine.egress.checks.rules.codes import CODE, is_keyed, stem_of
from vitrine.egress.checks.rules.identifiers import nhs_number
from vitrine.egress.checks.rules.notebooks_cells import STRONG, is_output
from vitrine.egress.checks.rules.tables_words import word_set
from vitrine.egress.disclosure import DisclosurePolicy

Answer = Iterable[tuple[Severity, str, Sequence[str]]]

_SCANNED: Final = 400_000
_HOME: Final = re.compile(
    r"(?:/home/|/Users/|\b[A-Z]:\\{1,2}(?:Users|Documents and Settings)\\{1,2})"
    r"([A-Za-z][\w.-]{1,40})(?=[/\\])"
)
_NOBODY: Final = word_set(
    "user users jovyan ubuntu root app runner rstudio vscode jupyter researcher work admin public "
    "shared student conda docker default me username researchers notebook mambauser sagemaker-user "
    "runneradmin anonymous guest project you name yourname your_name"
)
_NAMED: Final = re.compile(r"[/\\]([A-Z][A-Z'-]{2,}(?:[_^ ,]{1,2}[A-Z][A-Z'-]+){1,2})(?=[/\\.])")
_TECHNICAL: Final = word_set(
    "TRAIN TEST VAL VALID DATA DATASET IMAGES IMAGE MASKS MASK LABELS LABEL FIGURE FIGURES TABLE "
    "TABLES CT MR MRI PET SCAN SCANS SERIES STUDY STUDIES FLAIR DWI ADC HEAD NECK CHEST LUNG BRAIN "
    "ABDOMEN BREAST PROSTATE LIVER SIEMENS PHILIPS GE RESULTS RESULT OUTPUT OUTPUTS MODEL MODELS "
    "NEW OLD FINAL RAW README LICENSE AXIAL SAGITTAL CORONAL POST PRE CONTRAST ONE TWO THREE FOUR "
    "PROCESSED CLEAN VERSION RELEASE SITE COHORT TEMPLATE ATLAS NIFTI DICOM TUMOUR TUMOR WEIGHTS "
    "CHECKPOINTS LOGS CONFIG REPORT REPORTS PAPER CODE SRC TMP CACHE DO NOT FOR ALL AND SET SPLIT"
)
_IMAGE: Final = re.compile(
    r"(?<![\w{}.^~/\\-])(?:[\w.^~-]{0,100}[/\\]){0,30}[\w.^-]{0,100}"
    r"\.(?:dcm|ima|nii(?:\.gz)?|mha|mhd|nrrd|svs|ndpi)\b",
    re.I,
)
_SHARED: Final = re.compile(
    r"mni|atlas|template|icbm|brodmann|harvard|site-packages|/usr/|example|phantom|mean|average"
    r"|group|mask_all|\bfsl|talairach|spm|freesurfer",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"(?<!\d)(?!20\d\d(?!\d)|19\d\d(?!\d))\d{3,}")
_COMMENT: Final = re.compile(r"#\s?([^\n]{3,300})")
_ACT: Final = re.compile(
    r"exclu|leave|left out|drop|skip|remov|wrong|bad\b|mislab|has no|have no|without|motion"
    r"|artefact|artifact|missing|swap|flip|corrupt|broken|outlier|relabel|withdr|died|check\b",
    re.IGNORECASE,
)
_KEY: Final = re.compile(
    rf"(?<![\w./:=-])(?:{CODE}|\d{{5,10}})(?![\w]|[./:-]\d|\s*(?:px|pixels|rows))"
)
_SUBJECT: Final = (
    r"(?:case|subject|subj|patient|pat|person|participant|pid|eid|mrn|accession)"
    r"(?:s|[_ ]?(?:ids?|no|num|number|code|key))?"
)
_COMPARED: Final = re.compile(
    rf"\b{_SUBJECT}\b['\"\])]*\s*(?:==|!=)\s*['\"]?({CODE}|\d{{4,10}})\b", re.IGNORECASE
)
_CHOSEN: Final = re.compile(rf"\.(?:loc|at|xs)\s*[\[(]\s*['\"]({CODE})['\"]")
_LISTED: Final = re.compile(
    rf"\b\w{{0,30}}(?:exclu|skip|drop|bad|remov|hold|keep|outlier|ids?\b|patients?|subjects?|cases?)"
    rf"\w{{0,30}}\s*=\s*[\[({{]\s*((?:['\"]?(?:{CODE}|\d{{4,10}})['\"]?\s*,\s*)+['\"]?(?:{CODE}|\d{{4,10}}))",
    re.IGNORECASE,
)
_SPOKEN: Final = re.compile(
    rf"\b(?:patient|subject|participant)\s+(?:no\.?\s*|number\s*|#|id\s*:?\s*)?"
    rf"({CODE}|\d{{4,10}})\b",
    re.IGNORECASE,
)
_KEYED: Final = re.compile(rf"['\"]({CODE})['\"]\s*:")
_FRAME: Final = re.compile(r"['\"](\w+)['\"]\s*:\s*(?:\[(?:[^\[\],]+,){4,}|list\()")


def _paths(document: Document, policy: DisclosurePolicy) -> Answer:
    if document.kind != "notebook":
        return
    people: list[str] = []
    homes: list[str] = []
    for text in document.texts:
        source = text.text[:_SCANNED]
        people += [_at(text, start) for start in _of_persons(source)]
        if is_output(text.at):
            homes += [
                _at(text, match.start())
                for match in _HOME.finditer(source)
                if match.group(1).lower() not in _NOBODY
            ]
    if people:
        yield Severity.WARN, "a path names a person or the image of one", _once(people)
    if homes:
        yield Severity.WARN, "outputs show whose folder this ran in: clear them", _once(homes)


def _of_persons(text: str) -> Iterator[int]:
    for match in _NAMED.finditer(text):
        words = set(re.split(r"[_^ ,]+", match.group(1)))
        if len(words) > 1 and words.isdisjoint(_TECHNICAL):
            yield match.start()
    for match in _IMAGE.finditer(text):
        if _NUMBER.search(match.group()) and not _SHARED.search(match.group()):
            yield match.start()


def _code(document: Document, policy: DisclosurePolicy) -> Answer:
    if document.kind != "notebook":
        return
    looks = {Role.CODE: _in_code, Role.PROSE: _in_prose}
    places = [
        _at(text, start)
        for text in document.texts
        if text.role in looks and not is_output(text.at)
        for start in looks[text.role](text.text[:_SCANNED])
    ]
    if places:
        said = "cells name single persons: read such lists from a file that stays"
        yield Severity.WARN, said, _once(places)
    written = [
        text.at
        for text in document.texts
        if text.role is Role.CODE and _writes_records(text.text[:_SCANNED])
    ]
    if written:
        yield Severity.WARN, "code has values of single persons written into it", _once(written)


def _in_prose(source: str) -> Iterator[int]:
    for match in _SPOKEN.finditer(source):
        if _is_person(match.group(1), fewest=4):
            yield match.start()


def _in_code(source: str) -> Iterator[int]:
    for match in _COMMENT.finditer(source):
        acts = _ACT.search(match.group(1))
        for key in _KEY.finditer(match.group(1)):
            if _is_person(key.group(), fewest=6 if acts else 11):
                yield match.start()
    for form in (_COMPARED, _CHOSEN):
        yield from (
            match.start() for match in form.finditer(source) if _is_person(match.group(1), fewest=4)
        )
    for match in _LISTED.finditer(source):
        keys = re.split(r"['\"\s,]+", match.group(1).strip("'\""))
        if len(keys) >= 2 and all(_is_person(each, fewest=5) for each in keys):
            yield match.start()
    stems = [stem_of(match.group(1)) for match in _KEYED.finditer(source)]
    if any(stem and stems.count(stem) >= 3 for stem in set(stems)):
        found = _KEYED.search(source)
        yield found.start() if found else 0


def _is_person(key: str, fewest: int) -> bool:
    """Whether a key is of a person: digits with an NHS number's check digit, long, or a code."""
    if not key.isdigit():
        return bool(stem_of(key))
    return nhs_number(key) or (len(key) >= fewest and (is_keyed(key) or len(key) == 4))


def _writes_records(source: str) -> bool:
    if "DataFrame" not in source:
        return False
    return len({name.lower() for name in _FRAME.findall(source)} & STRONG) >= 2


def _at(text: Text, start: int) -> str:
    return text.place(text.text.count("\n", 0, start))


def _once(places: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(places))


RULES: Final = (Rule("notebook-paths", 1, _paths), Rule("notebook-code", 1, _code))
