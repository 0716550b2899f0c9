"""Words and numbers of sentences about people: what is counted, and how a count is written."""

from __future__ import annotations

import re
from typing import Final

_ONES: Final = dict(
    one=1, two=2, three=3, four=4, five=5, six=6, seven=7, eight=8, nine=9, ten=10, eleven=11,
    twelve=12, thirteen=13, fourteen=14, fifteen=15, sixteen=16, seventeen=17, eighteen=18,
    nineteen=19,
)  # fmt: skip
_ELSEWHERE: Final = dict(
    zwei=2, drei=3, vier=4, fünf=5, sechs=6, sieben=7, acht=8, neun=9, zehn=10, elf=11, zwölf=12,
    dos=2, tres=3, cuatro=4, cinco=5, seis=6, siete=7, ocho=8, nueve=9, diez=10, doce=12,
    deux=2, trois=3, quatre=4, cinq=5, sept=7, huit=8, neuf=9, douze=12,
    due=2, tre=3, quattro=4, cinque=5, sei=6, sette=7, otto=8, nove=9, dieci=10, dodici=12,
    twee=2, drie=3, vijf=5, zes=6, zeven=7, negen=9, tien=10,
)  # fmt: skip
"""German, Spanish, French, Italian and Dutch, but words that English has, too."""
_TENS: Final = dict(
    twenty=20, thirty=30, forty=40, fifty=50, sixty=60, seventy=70, eighty=80, ninety=90
)
_TEEN: Final = "|".join(sorted(_ONES, key=len, reverse=True))
_FOREIGN: Final = "|".join(sorted(_ELSEWHERE, key=len, reverse=True))
SPELLED: Final = rf"(?:(?:{'|'.join(_TENS)})(?:[- ](?:{_TEEN}))?|{_TEEN}|(?:{_FOREIGN})(?! to\b))"
DIGITS: Final = r"(?:\d{1,3}(?:,\d{3}){1,4}|\d{1,12})(?!\d|\.\d|,\d{3})"
WRITTEN: Final = rf"(?:{DIGITS}|{SPELLED}\b)"
"""A whole number in digits or words, as part of a pattern that ignores case."""

FREE: Final = r"(?<![\w.,/\-–=<>≤≥#^])"
"""What must not stand before such a number."""

PERSONS: Final = (
    r"(?:patients?|subjects?|participants?|individuals?|persons?|people|women|men|wom[ae]n|man"
    r"|girls?|boys?|child(?:ren)?|infants?|neonates?|newborns?|survivors?|donors?|volunteers?"
    r"|mothers?|deaths?|carriers?|smokers?|(?:non-?)?responders|twins|siblings|brothers|sisters"
    r"|adolescents|adults|females|males|respondents"
    r"|patienten|patientinnen|probanden|probandinnen|teilnehmer(?:innen)?|personen|frauen|männer"
    r"|kinder|verstorbene|todesfälle|pacientes|mujeres|hombres|niñ[oa]s|personas|participantes"
    r"|fallecidos|pazient[ie]|donne|uomini|bambini|soggetti|partecipanti|decessi|patientes|femmes"
    r"|hommes|enfants|sujets|personnes|décès|patiënten|vrouwen|mannen|deelnemers)"
)
THINGS: Final = (
    r"(?:(?<!use )cases?(?! stud)|controls|scans|images|examinations|exams"
    r"|admissions|lesions|nodules|events"
    r"|cancers"
    r"|tumou?rs|carcinomas|metastases|relapses|recurrences|fractures|ablations|procedures"
    r"|biopsies|operations|surgeries|resections|complications|h(?:a)?ematomas|readmissions"
    r"|mammograms|radiographs|false[ -](?:positive|negative)s|withdrawals|dropouts|exclusions"
    r"|infections|strokes|misclassifications|positives|negatives|malignanc(?:y|ies)"
    r"|fälle|rezidive|metastasen|komplikationen|casos|recidivas|metástasis|complicaciones|casi"
    r"|recidive|metastasi|complicanze|cas|récidives|métastases|complications|gevallen)"
)
NOT_PEOPLE: Final = (
    r"(?:folds?|seeds?|runs?|repeats?|repetitions?|readers?|raters?|layers?|experiments?"
    r"|iterations?|epochs?|features?|models?|splits?|sites?|cent(?:er|re)s?|trees?|radiologists?"
    r"|experts?|neighbou?rs?|bootstraps?|resamples|clusters?|components?|classes|authors?"
    r"|reviewers?|points?|items?|questions?|hospitals?|trusts?|scanners?|vendors?|files?"
    r"|parameters?|methods?|networks?|books?|papers?|studies|figures?|tables?|meetings?)"
)
_STOP: Final = (
    r"(?:years?|yrs?|days?|months?|weeks?|hours?|minutes?|mm|cm|ml|mg|kg|of|the|in|on|and|or|with"
    r"|to|for|by|at|from|per|between|types?|classes|groups?|times|slices|datasets|that|which|is"
    r"|are|was|were|as|than|variables|percent|stage|grade|had|who|but|when|where|while"
    r"|der|die|das|von|und|mit|bei|im|de|la|el|los|las|con|en|y|le|les|du|des|et|avec|di|il|i|del"
    r"|della|e|per|van|met|"
    rf"{NOT_PEOPLE[3:-1]})"
)
ADJECTIVES: Final = rf"(?:(?!{_STOP}\b)[A-Za-zÀ-ÿ][\w-]*\s+){{0,2}}"
"""Up to two words between a number and its noun."""

OUTCOME: Final = re.compile(
    r"\b(?:died|dead|death|alive|surviv\w+|relaps\w+|progress\w+|recurr\w+|respon(?:ded|se)"
    r"|positive|negative|malignan\w+|benign|cancers?|carcino\w+|metasta\w+|tumou?rs?|missed"
    r"|smok\w+|diabet\w+|pregnan\w+|hiv|hypertens\w+|(?:fe)?male|wom[ae]n|men|readmi\w+|recalled"
    r"|variants?|mutat\w+|mutant|emphysema|covid\w*|obes\w+|overweight|complication\w*|infect\w*"
    r"|adverse|depress\w+|dement\w+|alcohol\w*|disease|stage (?:i{1,3}v?|iv|[1-4])|failure"
    r"|hospitali\w+|ventilat\w+|steroids?|surgery|operated|transplant\w*|biops\w+|fractures?"
    r"|\w+oma|\w+itis|\w+pathy|\w+emia|\w+osis|symptom\w*|detected|carriers?|white|black|asian)\b",
    re.IGNORECASE,
)
"""Words about what became of people, or what they have."""

SUPPOSED: Final = re.compile(
    r"\b(?:suppose|assum(?:e|ing)|hypothetical\w*|imagine|simulat\w+|representatives?|lay members"
    r"|steering|et al|previous stud(?:y|ies)|(?:would|may|might|could|should"
    r"|must) be (?:needed|required)"
    r"|batch(?:es)? (?:of|that|size)|same (?:rank|score))\b",
    re.IGNORECASE,
)
"""Of what a sentence speaks that counts none of the patients of a study."""
COMPARED: Final = re.compile(
    r"(?:[<>≤≥]=?|at least|at most|(?:fewer|less|more) than|up to|first|last)\s*$", re.IGNORECASE
)

_FRACTIONS: Final = {
    "half": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
    "eighth": 8, "ninth": 9, "tenth": 10, "twelfth": 12, "twentieth": 20,
}  # fmt: skip
FRACTION: Final = rf"(?:{'|'.join(_FRACTIONS)})s?"


def whole(written: str) -> int:
    """The value of a whole number in digits or words."""
    bare = written.strip().lower()
    if bare[:1].isdigit():
        return int(re.sub(r"\D", "", bare)[:18])
    parts = re.split(r"[- ]", bare)
    return sum(_TENS.get(part, 0) + _ONES.get(part, 0) + _ELSEWHERE.get(part, 0) for part in parts)


def one_in(fraction: str) -> int:
    """How many go into one of a named fraction, such as 3 for `thirds`."""
    bare = fraction.lower()
    return _FRACTIONS.get(bare) or _FRACTIONS[bare.removesuffix("s")]
