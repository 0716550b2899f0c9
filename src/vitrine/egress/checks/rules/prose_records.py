"""Values of single persons in texts: listed in code or prose, printed line by line, drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from vitrine.egress.checks.document import Document, Role, Table, Text
from vitrine.egress.checks.rules.tables_words import word_set

_READ: Final = 1_000_000
_ROWS_READ: Final = 2_000
_SUMMED_UP: Final = 10
"""So many values or lines are no summary."""

_NUMBER: Final = r"[-+]?(?:\d{1,12}(?:\.\d{0,20})?|\.\d{1,20})(?![\w.])"
_LIST: Final = re.compile(
    r"(?<![\w.])(?:([A-Za-z_][\w .'\"-]{0,40}?(?:\([^()\n]{1,20}\))?)['\"]?\s*"
    r"(?:<-|=|:|\bwere\b|\bare\b)\s*)?"
    r"(?:[\w.]{0,20}\(\s*)?(?:\[|\bc\(|\{)?\s*"
    rf"({_NUMBER}\+?(?:(?:\s*[,;]\s*|[ \t]+|\s+and\s+){_NUMBER}\+?){{{_SUMMED_UP - 1},}})",
)
_COLUMN: Final = re.compile(
    rf"(?:^|(?<=\n))(?:([A-Za-z_][\w ]{{0,40}}):[ \t]*\n)?"
    rf"((?:[ \t]*(?:- )?{_NUMBER},?[ \t]*(?:\n|$)){{20,}})"
)
_PERSONAL: Final = word_set(
    "age ages bmi volume volumes size sizes diameter diameters weight weights height survival os "
    "pfs psa psas score scores dice dices dsc prob probs probability probabilities pred preds "
    "predicted prediction predictions y yhat ytrue yscore ypred ytest p truth gt labels label "
    "targets target outcome outcomes dead died death deaths event events status sex stage "
    "followup days months suv suvmax grade risk risks response responses change changes "
    "creatinine glucose values measurements patients subjects cases lesions tumour tumours tumor "
    "individual per case patient"
)
_TECHNICAL: Final = word_set(
    "bins bin breaks break threshold thresholds cutoff cutoffs grid range linspace levels ticks "
    "tick color colors colour colours palette rgb channels channel filters layers seeds seed lr "
    "lrs rates kernel sigma sigmas epoch epochs loss losses history mean means median medians std "
    "sds sd fpr tpr auc aucs fold folds x xs xticks yticks steps step quantiles percentiles "
    "weights_init gauss angles years year milestones n ns counts count sizes_mb shape spacing hu "
    "version requires nodes units widths depths boundaries edges lim xlim ylim figsize assert"
)
_TUPLES: Final = re.compile(
    r"[(\[]\s{0,9}((?:[-+]?[\d.]{1,24}|'[^'\n]{0,30}'|\"[^\"\n]{0,30}\")"
    r"(?:\s{0,9},\s{0,9}(?:[-+]?[\d.]{1,24}|'[^'\n]{0,30}'|\"[^\"\n]{0,30}\")){1,9})\s{0,9}[)\]]"
)
_CASE_LINE: Final = re.compile(
    r"(?<![A-Za-z])(?:patient|subject|case|participant|person|scan|image|lesion|nodule|woman|man"
    r"|study|sample|volume|pt|subj|p?id|mrn)s?[ _#:=-]{0,2}(?:id|no\.?|number)?[ _#:=-]{0,2}"
    r"([A-Za-z]{0,4}[-_]?\d{1,7})\b(?!\s*(?:of|/)\s*\d(?![^\n]*(?:label|pred|truth|dice)))"
    r"([^\n]{1,160})",
    re.IGNORECASE,
)
_FILE_LINE: Final = re.compile(
    r"(?<![\w-])([\w-]{0,40}\d)\.(?:nii(?:\.gz)?|dcm|nrrd|mha)\b([^\n]{1,160})"
)
_FIELD: Final = re.compile(
    r"['\"]?\b(?:age|bmi|volume|dice|psa|survival|weight|creatinine)['\"]?"
    r"\s*[:=]\s*(\d{1,6}(?:\.\d+)?)"
)
_BLOCK: Final = re.compile(
    r"(?:^[ \t]*(?:\w{1,12}(?:\.\d{1,9})?)"
    r"(?:[ \t]{0,20}[,;&\t ][ \t]{0,20}\w{1,12}(?:\.\d{1,9})?){1,9}[ \t\\]{0,20}\n){6,}",
    re.MULTILINE,
)
_PERSON: Final = re.compile(
    r"(?<![\w.])\d{2}\s*(?:y(?:o|rs?|ears?)?(?: old)?)?\s*[,/; ]\s*(?:m|f|male|female|man|woman)\b",
    re.IGNORECASE,
)
_VALUE: Final = re.compile(r"(?<![\w.])\d+\.\d+|\b(?:age|aged|stage|sex|[FM])\b")
_RAMP: Final = frozenset(" .,:;'`-_~^\"=+*!|/\\()<>i1oO0#%8&@MWX$░▒▓█▁▂▃▄▅▆▇▀")
_ART_LINES: Final = 12
_ART_WIDTH: Final = 24
_ART_TONES: Final = 5


def listed_in(document: Document) -> Iterator[str]:
    """Places of texts where the values of single persons are listed."""
    for text in document.texts:
        shown = text.text[:_READ]
        starts = {*_lists(shown), *_tuples(shown), *_fields(shown)}
        if document.kind in _WITH_BLOCKS:
            starts |= {*_blocks(shown)}
        if text.role is not Role.CODE:
            starts |= {*_case_lines(shown)}
        for start in sorted(starts):
            yield _place(text, start)
    if document.kind == "csv" and not document.path.lower().endswith((".csv", ".tsv")):
        yield from (table.at or "all rows" for table in document.tables if _are_case_lines(table))


def _are_case_lines(table: Table) -> bool:
    """Whether rows of a text that happens to have commas are lines about one case each."""
    rows = (table.columns, *table.rows[:_ROWS_READ])
    return any(True for _ in _case_lines("\n".join(", ".join(row) for row in rows)))


def _fields(shown: str) -> Iterator[int]:
    """Where a property of persons is first named, when many records name it with a value."""
    found = list(_FIELD.finditer(shown))
    if len(found) >= 5 and len({each[1] for each in found}) >= 4:
        yield found[0].start()


_WITH_BLOCKS: Final = frozenset({"code", "latex"})


def _blocks(shown: str) -> Iterator[int]:
    """Where lines of the same number of short values begin, as in data pasted into a program."""
    for found in _BLOCK.finditer(f"{shown}\n"):
        rows = [re.split(r"[\s,;&\\]+", line.strip(" \t\\")) for line in found.group().splitlines()]
        body = [row for row in rows if any(cell[:1].isdigit() for cell in row)]
        if body and len({len(row) for row in body}) == 1 and _are_rows(body):
            yield found.start()


def drawn_in(document: Document) -> Iterator[str]:
    """Places of texts where letters draw a picture."""
    for text in document.texts:
        for line in _drawings(text.text[:_READ].split("\n")):
            yield text.place(line)


def _place(text: Text, start: int) -> str:
    return text.place(text.text.count("\n", 0, start))


def _lists(shown: str) -> Iterator[int]:
    for found in (*_LIST.finditer(shown), *_COLUMN.finditer(shown)):
        values = [float(each) for each in re.findall(_NUMBER, found[2])]
        name = found[1] or ("values" if found.re is _COLUMN and "." in found[2] else "")
        if _are_of_cases(name, values, "." in found[2]):
            yield found.start(2)


def _are_of_cases(name: str, values: Sequence[float], has_decimals: bool) -> bool:
    """Whether numbers are one for each case: named so, or as scattered as measured values are."""
    words = {word.lower() for word in re.findall(r"[A-Za-z]+", name)}
    if words & _TECHNICAL or len(set(values)) < 2 or _is_curve(values):
        return False
    if not words & _PERSONAL:
        return False
    if set(values) <= {0.0, 1.0}:
        return len(values) >= _SUMMED_UP
    different = len(set(values)) / len(values)
    return different > (0.3 if has_decimals or words & {"age", "ages"} else 0.4)


def _is_curve(values: Sequence[float]) -> bool:
    """Whether numbers rise or fall by the same step or ever less: a raster or a curve."""
    steps = [b - a for a, b in pairwise(values)]
    if not (all(step >= 0 for step in steps) or all(step <= 0 for step in steps)):
        return False
    if len({round(step, 6) for step in steps}) <= 3:
        return True
    turns = [(b > a) != (c > b) for a, b, c in zip(steps, steps[1:], steps[2:], strict=False)]
    return sum(turns) * 3 < len(turns)


def _tuples(shown: str) -> Iterator[int]:
    """Where rows of several values follow each other: words among them, or points in no order."""
    rows: list[tuple[int, int, list[str]]] = []
    for found in (*_TUPLES.finditer(shown), None):
        cells = [cell.strip() for cell in found[1].split(",")] if found else []
        near = found and rows and found.start() - rows[-1][1] < 40
        if found and near and len(cells) == len(rows[-1][2]):
            rows.append((found.start(), found.end(), cells))
            continue
        if _are_rows([cells for _, _, cells in rows]):
            yield rows[0][0]
        rows = [(found.start(), found.end(), cells)] if found else []


def _are_rows(rows: Sequence[Sequence[str]]) -> bool:
    if len(rows) < 5:
        return False
    columns = list(zip(*rows, strict=True))
    numbers = [column for column in columns if all(re.fullmatch(_NUMBER, c) for c in column)]
    words = len(columns) - len(numbers)
    scattered = [[float(c) for c in column] for column in numbers]
    free = [
        values
        for values in scattered
        if not _is_curve(values) and len(set(values)) * 10 > 6 * len(values)
    ]
    if words:
        texts = [column for column in columns if column not in numbers]
        return bool(free) and any(len(set(column)) < len(column) for column in texts)
    return len(rows) >= _SUMMED_UP and len(free) == len(columns) and len(columns) > 1


def _case_lines(shown: str) -> Iterator[int]:
    """Where lines begin that give something of one numbered case each."""
    lines: dict[str, int] = {}
    for found in (*_CASE_LINE.finditer(shown), *_FILE_LINE.finditer(shown)):
        if _VALUE.search(found[2]):
            lines.setdefault(found[1].lower(), found.start())
    if len(lines) >= 5:
        yield min(lines.values())
    persons = [found.start() for found in _PERSON.finditer(shown)]
    if len(persons) >= 5:
        yield persons[0]


def _drawings(lines: Sequence[str]) -> Iterator[int]:
    """First lines of blocks of equally long lines made of letters of several tones."""
    block: list[str] = []
    for number, line in enumerate([*lines, ""]):
        if len(line) >= _ART_WIDTH and set(line) <= _RAMP and (
            not block or len(line) == len(block[0])
        ):  # fmt: skip
            block.append(line)
            continue
        if len(block) >= _ART_LINES and _is_drawing(block):
            yield number - len(block)
        block = []


def _is_drawing(block: Sequence[str]) -> bool:
    letters = "".join(block)
    tones = {letter for letter in set(letters) if letters.count(letter) * 200 > len(letters)}
    return len(tones) >= _ART_TONES and len(set(block)) * 2 > len(block)
