"""Words and numbers of sentences about people: what is counted, and how a count is written."""

from __future__ import annotations

import re
from typing import Final

_ONES: Final = dict(
    one=1, two=2, three=3, four=4, five=5, six=6, seven=7, eight=8, nine=9, ten=10, eleven=11,
    twelve=12, thirteen=13, fourteen=14, fifteen=15, sixteen=16, seventeen=17, eighteen=18,
    nineteen=19,
)  # fmt: skip
_TENS: Final = dict(
    twenty=20, thirty=30, forty=40, fifty=50, sixty=60, seventy=70, eighty=80, ninety=90
)
_TEEN: Final = "|".join(sorted(_ONES, key=len, reverse=True))
SPELLED: Final = rf"(?:(?:{'|'.join(_TENS)})(?:[- ](?:{_TEEN}))?|{_TEEN})"
DIGITS: Final = r"(?:\d{1,3}(?:,\d{3}){1,4}|\d{1,12})(?!\d|\.\d|,\d{3})"
WRITTEN: Final = rf"(?:{DIGITS}|{SPELLED}\b)"
"""A whole number in digits or words, as part of a pattern that ignores case."""

FREE: Final = r"(?<![\w.,/\-–=<>≤≥#^])"
"""What must not stand before such a number."""

PERSONS: Final = (
    r"(?:patients?|subjects?|participants?|individuals?|persons?|people|women|men|wom[ae]n|man"
    r"|girls?|boys?|child(?:ren)?|infants?|neonates?|newborns?|survivors?|donors?|volunteers?"
    r"|mothers?|deaths?|carriers?|smokers?|(?:non-?)?responders|twins|siblings|brothers|sisters"
    r"|adolescents|adults|females|males|respondents)"
)
THINGS: Final = (
    r"(?:(?<!use )cases?(?! stud)|controls|scans|images|examinations|exams"
    r"|admissions|lesions|nodules|events"
    r"|cancers"
    r"|tumou?rs|carcinomas|metastases|relapses|recurrences|fractures|ablations|procedures"
    r"|biopsies|operations|surgeries|resections|complications|h(?:a)?ematomas|readmissions"
    r"|mammograms|radiographs|false[ -](?:positive|negative)s|withdrawals|dropouts|exclusions"
    r"|infections|strokes|misclassifications)"
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
    r"|are|was|were|as|than|variables|percent|stage|grade|had|who|but|when|where|while|"
    rf"{NOT_PEOPLE[3:-1]})"
)
ADJECTIVES: Final = rf"(?:(?!{_STOP}\b)[A-Za-z][\w-]*\s+){{0,2}}"
"""Up to two words between a number and its noun."""

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
    return sum(_TENS.get(part, 0) + _ONES.get(part, 0) for part in parts)


def one_in(fraction: str) -> int:
    """How many go into one of a named fraction, such as 3 for `thirds`."""
    bare = fraction.lower()
    return _FRACTIONS.get(bare) or _FRACTIONS[bare.removesuffix("s")]
