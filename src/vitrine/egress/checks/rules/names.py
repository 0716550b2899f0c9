"""Names of files: endings that say something else than the content, hidden letters, identifiers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Final

from vitrine.egress.checks import disguises
from vitrine.egress.checks.document import Document
from vitrine.egress.checks.finding import Severity
from vitrine.egress.checks.kinds import TEXT_KINDS
from vitrine.egress.checks.rule import Rule
from vitrine.egress.checks.rules import identifiers
from vitrine.egress.disclosure import DisclosurePolicy

Answer = Iterable[tuple[Severity, str, Sequence[str]]]

_BY_ENDING: Final = {
    ".png": {"png"},
    ".jpg": {"jpeg"},
    ".jpeg": {"jpeg"},
    ".pdf": {"pdf"},
    ".xlsx": {"xlsx"},
    ".parquet": {"parquet"},
    ".safetensors": {"safetensors"},
    ".onnx": {"onnx"},
    ".csv": {"csv", "tsv"},
    ".tsv": {"csv", "tsv"},
    ".tab": {"csv", "tsv"},
    ".txt": {"text", "csv", "tsv", "json", "markdown"},
    ".log": {"text", "json", "csv", "tsv"},
}
"""What a file of this ending may be by its content."""

_WRITTEN: Final = frozenset({"text", "markdown", "latex", "code", "yaml", "toml", "csv", "tsv"})
_DISGUISED: Final = frozenset(
    {".exe", ".dll", ".bat", ".cmd", ".com", ".scr", ".js", ".vbs", ".ps1", ".jar", ".msi", ".app"}
    | {".dcm", ".nii", ".mha", ".mhd", ".nrrd", ".npy", ".npz", ".h5", ".hdf5", ".mat", ".pkl"}
    | {".zip", ".tar", ".gz", ".tgz", ".7z", ".rar", ".pt", ".pth", ".joblib", ".tif", ".tiff"}
    | {".docx", ".xlsx", ".pdf", ".html", ".htm", ".svg", ".csv", ".png", ".jpg", ".jpeg"}
)
"""Endings that must not stand before the last one."""

_INVISIBLE: Final = frozenset({"Cf", "Cc", "Co", "Cs", "Zl", "Zp"})


def _mismatch(document: Document, policy: DisclosurePolicy) -> Answer:
    suffix = PurePosixPath(document.path).suffix.lower()
    fitting = _BY_ENDING.get(suffix) or _kinds_of_text(suffix)
    if fitting and document.kind not in fitting:
        yield (
            Severity.WARN,
            f"the name ends in {suffix} but the content is {document.kind}",
            (),
        )


def _kinds_of_text(suffix: str) -> frozenset[str]:
    named = TEXT_KINDS.get(suffix)
    if named is None:
        return frozenset()
    return _WRITTEN | {"json"} if named in _WRITTEN else frozenset({named})


def _double_ending(document: Document, policy: DisclosurePolicy) -> Answer:
    *inner, last = PurePosixPath(document.path).suffixes or [""]
    hidden = [each for each in inner if each.lower() in _DISGUISED]
    if hidden and last.lower() != hidden[-1].lower():
        yield Severity.WARN, "the name has two endings; keep the one that is true", ()
    stem = PurePosixPath(document.path).name
    if stem != stem.strip() or re.search(r"\s{3,}\S*$", stem) or stem.endswith("."):
        yield Severity.WARN, "the name has spaces or full stops that hide its ending", ()


def _hidden_letters(document: Document, policy: DisclosurePolicy) -> Answer:
    if any(unicodedata.category(letter) in _INVISIBLE for letter in document.path):
        yield (
            Severity.BLOCK,
            "the name holds invisible or direction-changing letters: rename the file",
            (),
        )
    elif _mixes_alphabets(PurePosixPath(document.path).name):
        yield Severity.WARN, "a word of the name mixes alphabets that look alike", ()


def _mixes_alphabets(name: str) -> bool:
    for word in re.findall(r"[^\W\d_]+", name):
        scripts = {unicodedata.name(letter, "?").split()[0] for letter in word}
        if len(scripts & {"LATIN", "CYRILLIC", "GREEK", "FULLWIDTH"}) > 1:
            return True
    return False


def _identifiers(document: Document, policy: DisclosurePolicy) -> Answer:
    found = identifiers.in_name(PurePosixPath(document.path).name)
    for what, severity in found:
        yield severity, f"the name of the file looks like it holds {what}: rename it", ()


def _polyglot(document: Document, policy: DisclosurePolicy) -> Answer:
    if others := disguises.also(document.kind, document.content):
        yield (
            Severity.BLOCK,
            f"the file is {document.kind} and at once {' and '.join(others)}",
            (),
        )


RULES: Final = (
    Rule("name-mismatch", 1, _mismatch),
    Rule("double-extension", 1, _double_ending),
    Rule("name-characters", 1, _hidden_letters),
    Rule("name-identifiers", 1, _identifiers),
    Rule("polyglot", 1, _polyglot),
)
