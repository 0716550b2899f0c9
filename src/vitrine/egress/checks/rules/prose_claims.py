"""Sentences about everybody or nobody of a group, and about the one with the extreme value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vitrine.egress.checks.document import Document
from vitrine.egress.checks.rules.prose_sentences import sentences
from vitrine.egress.checks.rules.prose_words import (
    ADJECTIVES,
    OUTCOME,
    PERSONS,
    THINGS,
    WRITTEN,
    whole,
)

_PEOPLE: Final = rf"(?:{PERSONS}|{THINGS})"
_ALL: Final = re.compile(
    rf"(?<!\bof )\b(?:all|each|every(?: one)?|none|not one|no)\s+(?:of\s+)?"
    r"(?:the\s+|our\s+|these\s+)?"
    rf"(?:{WRITTEN}\s+)?{ADJECTIVES}{_PEOPLE}\b",
    re.IGNORECASE,
)
_NOBODY: Final = re.compile(
    r"\b(?:(?:were|are) all(?=\s)|"
    r"(?:everyone|everybody|nobody|no one|none|all)(?: of (?:them|whom|these|those))?"
    r"(?=\s+(?:with|in|at|from|on|had|have|has|were|was|are|died|survived|responded|relapsed"
    r"|progressed)\b))",
    re.IGNORECASE,
)
_RATE_OF: Final = re.compile(
    r"\b(?:recurrence|relapse|response|mortality|survival|complication|progression|infection"
    r"|readmission)\b[^.;\d]{0,60}?(?:was|of|is|[:=])\s*(?:100|0)(?:\.0+)?\s*(?:%|per\s?cent)",
    re.IGNORECASE,
)
_SEEN: Final = re.compile(
    r"\s+(?:who (?:were|was) )?(?:scanned|treated|seen|enrolled|included|examined|imaged)"
    r" (?:at|in|with|by)\b",
    re.IGNORECASE,
)
_WHOLE_SHARE: Final = re.compile(
    rf"(?<![\w.,±–-])(?:100|0)(?:\.0+)?\s*(?:%|per\s?cent)\s+(?:\(\s*\d+\s*/\s*\d+\s*\)\s*)?(?:of\s+(?:the\s+|our\s+|all\s+)?"
    rf"(?:{WRITTEN}\s+)?{ADJECTIVES}{_PEOPLE}\b|(?=died|relapsed|progressed|survived|responded))",
    re.IGNORECASE,
)
_WHOLE_PART: Final = re.compile(
    rf"(?<![\w.,/–=-])({WRITTEN}|0)\s*(?:/|of|out of)\s*(?:the\s+)?({WRITTEN})"
    rf"(?:\s*\(\s*(?:100|0)(?:\.0+)?\s*%\s*\))?\s+(?:among\s+|in\s+)?{ADJECTIVES}{_PEOPLE}\b",
    re.IGNORECASE,
)
_PROCEDURE: Final = re.compile(
    r"\b(?:consent\w*|scan(?:ned|s|ner)?|cts?|mris?|pet|imag(?:ed|es|ing)|underwent|included"
    r"|excluded|analy[sz]ed|read|reviewed|approved|recruited|enrolled|examined|invited|eligible"
    r"|aged|registered|identified|contacted|followed|collected|acquired|annotated|segmented"
    r"|resampled|normali[sz]ed|randomi[sz]ed|treated according|data|records?|informed|split"
    r"|assigned|available|written|confirmed|proven|informed|screen(?:ed|ing)|should|must|may|can"
    r"|will|required|considered|used|shown|reported|counted|defined|least)\b",
    re.IGNORECASE,
)
_CLAUSE: Final = 160

_NUMBER: Final = r"-?\d[\d,]{0,15}(?:\.\d{1,15})?"
_MEASURED: Final = (
    r"(?:ages?|aged|volumes?|diameters?|bmi|weights?|weighed|heights?|psa|follow-?up|stays?"
    r"|survival|suv\w*|blood pressure|creatinine|egfr|h(?:a)?emoglobin|glucose|tumou?rs?|lesions?"
    r"|nodules?|mass(?:es)?|metastas[ie]s|aneurysms?|burden|life|months to \w+|time to \w+|doubling"
    r"|length of stay|cholesterol|hba1c|calcium scores?|charlson|years old|years of age|patients?"
    r"|participants?|survivors?|wom[ae]n|m[ae]n|infants?|children)"
)
_TECHNICAL: Final = (
    r"(?:auc|auroc|dice|dsc|accuracy|sensitivity|specificity|kappa|icc|iou|f1|hausdorff|precision"
    r"|slices?|thickness|spacing|voltage|kvp?|mas|learning rates?|batch\w*|epochs?|folds?|seeds?"
    r"|windows?|interquartile|inter-quartile|iqr|quartiles?|hounsfield|hu|pixels?|voxels?|loss"
    r"|likert|ratings?|scale|matrix|fields?|tesla|models?|p-?values?|hazard|odds|correlations?"
    r"|coefficients?|probabilit\w+|thresholds?|layers?|resolution|inclusion|eligib\w+|criteri\w+"
    r"|invited|screening|ci|confidence|limited|capped|truncated|allowed|iterations?|per|reads?"
    r"|experience|readers?|radiologists?|hospitals?|sites?|cent(?:er|re)s?|memory|runtimes?"
    r"|adults|recommended|rounded|grouped|bands?|bins?|categor\w+|simulat\w+|phantoms?|doses?)"
)
_LIMITED: Final = re.compile(rf"\b(?!hospital\b){_TECHNICAL}\b", re.IGNORECASE)
_LAST_WORD: Final = re.compile(rf"\b(?:({_MEASURED})|({_TECHNICAL}))\b", re.IGNORECASE)
_SPAN: Final = re.compile(
    rf"\b(?:rang(?:e|es|ed|ing)|ran|varied|var(?:ies|ying)|spann?(?:ed|ing|s)|extend(?:ed|s|ing)|measur(?:ed|ing)"
    rf"|min\s*[-–/]\s*max|full range)\b(?:\s+in\s+[a-z]+)?"
    rf"(?:\s+(?:was|of|is|from|between)|[:,=\s(\[])*({_NUMBER})"
    rf"\s*(?:[a-zA-Z/%²]{{1,8}}\s+)?(?:to|and|[-–,])\s*({_NUMBER})",
    re.IGNORECASE,
)
_AGED: Final = re.compile(
    rf"\b(?:were|was|being)\s+aged\s+(?:between\s+)?{_NUMBER}\s*(?:to|and|[-–])\s*{_NUMBER}"
    rf"|\b(?:were|was)\s+between\s+{_NUMBER}\s+and\s+{_NUMBER}\s+years (?:old|of age)"
    rf"|\bages?\s*[:=]\s*{_NUMBER}\s*(?:to|[-–])\s*{_NUMBER}(?!\s*(?:,\s*\d|and))",
    re.IGNORECASE,
)
_MIN_MAX: Final = re.compile(
    rf"\bmin(?:imum)?\.?\s*[:=]?\s*{_NUMBER}[^.;\n]{{0,20}}\bmax(?:imum)?\.?\s*[:=]?\s*{_NUMBER}",
    re.IGNORECASE,
)
_SPREAD: Final = re.compile(
    rf"(?<!voxel )(?<!pixel )(?<!batch )(?<!kernel )(?<!matrix )(?<!step )"
    rf"\b(?:diameters?|sizes?|volumes?|weights?|heights?|bmi|psa|length of stay"
    r"|survival times?|ages?)"
    rf"\s*(?:(?:were|was)\s*(?:from|between)?|from|between|:)\s*{_NUMBER}\s*(?:[a-z]{{1,4}}\s+)?(?:to|and|[-–])"
    rf"\s*{_NUMBER}\s*(?:mm|cm|ml|cm3|kg|ng|days|months|years)\b"
    r"(?![^.]{0,30}\b(?:eligible|invited|included|excluded|classified))",
    re.IGNORECASE,
)
_HIGHEST: Final = re.compile(
    rf"\b(?:ages?|bmi|psa|weight|height|volume|diameter|suv)\s+(?:max|min)(?:imum)?\.?\s*"
    rf"[:=]?\s*{_NUMBER}|(?<=\d)[^.;]{{0,40}}\bthe (?:youngest|oldest|heaviest|lightest|tallest)\b",
    re.IGNORECASE,
)
_MEDIAN_RANGE: Final = re.compile(
    rf"{_NUMBER}\s*[(\[]\s*{_NUMBER}\s*[-–;,]\s*{_NUMBER}\s*[)\]]"
    r"(?=.*[(\[]\s*(?:range|min\W{1,4}max)\s*[)\]])",
    re.IGNORECASE,
)
_UP_TO: Final = re.compile(
    rf"\b(?:up to|as (?:high|large|low|small|long) as)\s+{_NUMBER}"
    r"\s*(?:ml|mm|cm|cm3|kg|months|days|ng)\b",
    re.IGNORECASE,
)
_EXTREME: Final = re.compile(
    r"\b(?:youngest|oldest|heaviest|lightest|tallest|largest|smallest|biggest|longest|shortest"
    r"|highest|lowest|most \w+|maxim(?:um|al)|minim(?:um|al))\s+(?:[a-z-]+\s+){0,2}?"
    rf"{_MEASURED}\b[^.;\d]{{0,40}}?(?<![\w.]){_NUMBER}",
    re.IGNORECASE,
)


def uniform_in(document: Document) -> Iterator[str]:
    """Places in texts that say something of all or none of a group."""
    for sentence in sentences(document):
        for offset in uniform_by(sentence.text):
            yield sentence.place(offset)


def uniform_by(line: str) -> Iterator[int]:
    """Where in a sentence, from 0, all or none of a group are said to have a property."""
    yield from (found.start() for found in _RATE_OF.finditer(line))
    for found in (*_ALL.finditer(line), *_NOBODY.finditer(line), *_WHOLE_SHARE.finditer(line)):
        said = _SEEN.sub("", line[found.end() : found.end() + _CLAUSE], count=1)
        of_whom = found.group()
        if found.re is _ALL and found.group().lower().startswith("no"):
            said = said[max((each.end() for each in _PROCEDURE.finditer(said)), default=0) :]
        counted = found.re is _WHOLE_SHARE and re.search(r"%\D*\d", of_whom)
        if counted or (OUTCOME.search(said) and not _PROCEDURE.search(said)):
            yield found.start()
    for found in _WHOLE_PART.finditer(line):
        part = 0 if found[1] == "0" else whole(found[1])
        if part in (0, whole(found[2])) and not _PROCEDURE.search(line[found.end() :][:_CLAUSE]):
            yield found.start()


def extremes_in(document: Document) -> Iterator[str]:
    """Places in texts that name the smallest or largest value of a property of persons."""
    for sentence in sentences(document):
        if any(map(str.isdigit, sentence.text)):
            for offset in extremes_by(sentence.text):
                yield sentence.place(offset)


def extremes_by(line: str) -> Iterator[int]:
    """Where in a sentence, from 0, an extreme of a property of persons stands."""
    for form in (_AGED, _SPREAD, _HIGHEST):
        for found in form.finditer(line):
            if not _LIMITED.search(line[max(0, found.start() - 40) : found.start()]):
                yield found.start()
    for form in (_SPAN, _MIN_MAX, _UP_TO, _MEDIAN_RANGE):
        for found in form.finditer(line):
            if _is_of_persons(line, found):
                yield found.start()
    for found in _EXTREME.finditer(line):
        if not _LIMITED.search(f"{found.group()}{line[found.end() :][:30]}"):
            yield found.start()


def _is_of_persons(line: str, found: re.Match[str]) -> bool:
    """Whether the last word before a range that says what it is about means persons."""
    before = line[max(0, found.start() - 90) : found.start()]
    words = list(_LAST_WORD.finditer(before))
    beyond = _LAST_WORD.search(line, found.end(), found.end() + 40)
    if words:
        return bool(words[-1][1]) and not re.match(r"\s*per\b", line[found.end() :])
    return bool(beyond and beyond[1] and found.re is not _UP_TO)
