"""Keys of persons: codes such as `HN0121` or `LUNG1-012`, and long numbers, told from names."""

from __future__ import annotations

import re
from typing import Final

_THINGS: Final = re.compile(
    r"feat\w*|radiomic\w*|protein|marker|probe|region|voxel|topic|var|variable|variant|split|sim"
    r"|boot\w*|draw|point|time|slice|scenario|item|code|parcel|edge|coef|component|word|ckpt|job"
    r"|task|layer|epoch|exp|run|trial|fold|model|step|token|gene|roi|channel|dim|emb|class|config"
    r"|conv|block|bn|fc|week|year|month|day|bin|rs|icd|cluster|seed|version|snp|original|wavelet"
    r"|node|unit|stage|head|site|centre|center|resnet|densenet|vgg|vit|efficientnet|unet|iter"
    r"|batch|checkpoint|table|figure|fig|phase|arm|group|section|page|gh|pr|issue|cve|rfc|iso|pep"
    r"|ensg|ensp|enst|nm|np|chr|go|hp|doid|omim|loc|loinc|snomed|hsa|mir|mni|sha|md5|utf|int"
    r"|float|uint|complex|cuda|gpu|cpu|port|http|rgb|step|level|scale|kernel|bootstrap|gse|gsm"
    r"|matmul|gemm|add|mul|const\w*|initializer|param|tensor|weight|bias|value|val|input|output"
    r"|tmp|buffer|data|expert|adapter|lora|attn|mlp|norm|proj|embed|relu|reshape|transpose|concat"
    r"|egfr|cd|hu|px|mm|mb|gb|q|v|x|f|t|n|m|c|j|i",
    re.IGNORECASE,
)
"""Stems of numbered names that are no persons."""

PERSONS: Final = frozenset(
    {"p", "pt", "pat", "patient", "sub", "subj", "subject", "case", "id", "pid", "mrn", "eid"}
)
CODE: Final = r"(?:[A-Za-z]{1,10}\d{0,2}[-_]?\d{2,12}[A-Za-z]?(?:[-_][A-Za-z\d]{1,8}){0,2})"
"""A code such as `HN0121` or `LUNG1-012`."""

_SPLIT: Final = re.compile(r"([A-Za-z]{1,10})(\d{0,2}(?=[-_])|)([-_]?)(\d{2,12})")


def stem_of(code: str) -> str:
    """The letters before the number of a code of a person; empty when it names a thing."""
    found = _SPLIT.match(code)
    if found is None:
        return ""
    stem, within, mark, number = found.groups()
    known = stem.lower() in PERSONS
    is_long = len(stem) == 1 and len(number) >= 4 and not number.startswith(("19", "20"))
    if _THINGS.fullmatch(stem) and not is_long:
        return ""
    if len(number) + len(within) < 3 and not (known and mark):
        return ""
    return stem.lower()


def is_keyed(number: str) -> bool:
    """Whether digits look like a key: five to ten of them, no round number, no date, no size."""
    if not 5 <= len(number) <= 10 or number.endswith("00") or len(set(number)) < 3:
        return False
    if len(number) in (8, 10) and number.startswith(("19", "20", "16", "17")):
        return False
    return not _is_power_of_two(int(number))


def _is_power_of_two(number: int) -> bool:
    return number > 0 and number & (number - 1) == 0
