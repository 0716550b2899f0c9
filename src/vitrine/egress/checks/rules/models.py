"""Model files: what kind, what is kept in them, and the evidence that they may leave."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Final

from vitrine.egress.checks.document import Document
from vitrine.egress.checks.finding import Severity
from vitrine.egress.checks.kinds import PICKLES
from vitrine.egress.checks.rule import RequestRule, Rule
from vitrine.egress.checks.rules.codes import CODE, PERSONS, is_keyed, stem_of
from vitrine.egress.disclosure import DisclosurePolicy

Answer = Iterable[tuple[Severity, str, Sequence[str]]]
Answers = Iterable[tuple[str, Severity, str, Sequence[str]]]

_KEY: Final = re.compile(rf"(?<![A-Za-z\d-])(?:{CODE}|\d{{5,10}})(?![A-Za-z\d])")
_KEYS: Final = 5
_SCANNED: Final = 1_000_000

_PATH: Final = re.compile(
    r"(?:/(?:home|data|mnt|scratch|media|srv|nas|Users)/|\b[A-Z]:\\{1,2})[\w.-]+"
    r"|[\w.-]+\.(?:dcm|nii(?:\.gz)?|mha|nrrd)\b"
)
WEIGHTS: Final = frozenset({"safetensors", "onnx"})
"""Kinds of models that can be read without running anything."""


def _runs_code(document: Document, policy: DisclosurePolicy) -> Answer:
    if document.kind in PICKLES:
        yield (
            Severity.BLOCK,
            "opening a pickle runs the code in it: save the weights as safetensors or ONNX",
            (),
        )
    elif any(each.what == "stored code" for each in document.remarks):
        yield Severity.BLOCK, "the model holds code of its own that runs when it is opened", ()


def _inventory(document: Document, policy: DisclosurePolicy) -> Answer:
    for each in document.remarks:
        if each.what == "inventory":
            yield Severity.INFO, f"the model has {each.detail}", ()


def _records(document: Document, policy: DisclosurePolicy) -> Answer:
    seen = [each for each in document.remarks if each.what in ("training records", "pixels")]
    named = list(_listed_keys(document))
    if not seen:
        possible = [each.at for each in document.remarks if each.what == "possible records"]
        if possible or named:
            said = "the model may keep a record for each person: say in its card what these are"
            yield Severity.WARN, said, tuple(dict.fromkeys((*possible, *named)))
        return
    places = tuple(dict.fromkeys(each.at for each in seen))
    called = "pictures" if all(each.what == "pixels" for each in seen) else "training records"
    yield Severity.BLOCK, f"the model keeps what looks like {called}", places


def _listed_keys(document: Document) -> Iterator[str]:
    """Names of tensors, or words of the metadata, that list keys of persons."""
    for text in document.texts if document.kind in WEIGHTS else ():
        keys: dict[str, set[str]] = {}
        for match in _KEY.finditer(text.text[:_SCANNED]):
            key = match.group()
            stem = ("number" if is_keyed(key) else "") if key.isdigit() else stem_of(key)
            if stem in PERSONS or text.text[match.start() - 1 : match.start()] != "_":
                keys.setdefault(stem, set()).add(key)
        keys.pop("", None)
        if any(len(found) >= _KEYS for found in keys.values()):
            yield text.at


def _state(document: Document, policy: DisclosurePolicy) -> Answer:
    places = [each.at for each in document.remarks if each.what == "optimiser state"]
    if places:
        yield (
            Severity.WARN,
            "the model holds the state of its optimiser: save the weights alone",
            tuple(dict.fromkeys(filter(None, places))),
        )


def _structure(document: Document, policy: DisclosurePolicy) -> Answer:
    remarked = {each.what for each in document.remarks}
    if "bytes outside tensors" in remarked:
        yield Severity.BLOCK, "the model holds bytes that belong to no tensor", ()
    elif "external data" in remarked:
        yield Severity.WARN, "some tensors lie in other files: save the model as one file", ()
    elif "model metadata" in remarked:
        yield Severity.WARN, "the model has very long metadata", ("metadata",)


def _paths(document: Document, policy: DisclosurePolicy) -> Answer:
    places = [
        text.place(text.text.count("\n", 0, match.start()))
        for text in document.texts
        if document.kind in WEIGHTS
        for match in [_PATH.search(text.text[:_SCANNED])]
        if match is not None
    ]
    if places:
        yield Severity.WARN, "the model names files or folders that it was trained with", places


RULES: Final = (
    Rule("model-paths", 1, _paths),
    Rule("model-pickle", 1, _runs_code),
    Rule("model-kind", 1, _inventory),
    Rule("model-records", 1, _records),
    Rule("model-state", 1, _state),
    Rule("model-structure", 1, _structure),
)

_CARD: Final = re.compile(r"model[ _-]?card|model[ _-]details|intended[ _-]use", re.IGNORECASE)
_CARD_NAME: Final = re.compile(r"model[ _-]?card", re.IGNORECASE)
_SACROML: Final = re.compile(
    r"attack_experiment_logger|sacro-?ml|\baisdc\b|attack_results", re.IGNORECASE
)
_ATTACKED: Final = re.compile(r"attack_experiment_logger|attack_results|\"?metrics?\"?\s*:", re.I)
_CLASSES: Final = (
    ("instance-based", r"k[- ]?nearest|\bknn\b|support vector|\bsvm\b|gaussian process"),
    (
        "generative",
        r"generative|diffusion|\bgan\b|variational auto|autoencoder|\bvae\b|language model",
    ),
    ("segmentation", r"segment|u-?net"),
    ("regression", r"regress"),
    ("classifier", r"classif|detection of|diagnos"),
)
_TRAINED_ON: Final = re.compile(
    r"(?<![\d.,])(\d{1,3}(?:,\d{3})+|\d{2,7})\s+(?:\w+\s+)?"
    r"(?:patients|subjects|participants|persons|people|images|scans|volumes|cases|studies)\b",
    re.IGNORECASE,
)
_TASK: Final = re.compile(r"(?:task|type|class|pipeline_tag)[\"'*: \t|-]{1,8}([^\n]{2,80})", re.I)


def _evidence(documents: Sequence[Document], policy: DisclosurePolicy) -> Answers:
    weights = [each for each in documents if each.kind in WEIGHTS]
    if not weights:
        return
    others = [each for each in documents if each.kind not in WEIGHTS]
    cards = [each for each in others if _is_card(each)]
    reports = [each for each in others if _is_report(each)]
    for model in weights:
        own = [each for each in cards if _is_about(each, model, weights)]
        attacks = [each for each in reports if _is_about(each, model, weights)]
        if any(each.what == "training records" for each in model.remarks):
            kind = "instance-based"
        else:
            kind = _class_of(own)
        yield from _missing(model.path, kind, policy, has_card=bool(own), has_report=bool(attacks))
        yield from _a_row_each(model, own)


def _is_about(evidence: Document, model: Document, models: Sequence[Document]) -> bool:
    """Whether a card or report is evidence for `model` and not for another one of the request."""
    at, path = PurePosixPath(evidence.path).parent, PurePosixPath(model.path)
    stems = {PurePosixPath(each.path).with_suffix("") for each in models}
    if len(stems) == 1 or path.name in _words(evidence):
        return True
    others = {each for each in stems if each.parent.is_relative_to(at)} - {path.with_suffix("")}
    return path.is_relative_to(at) and not others


def _a_row_each(model: Document, cards: Sequence[Document]) -> Answers:
    """Whether tensors have as many rows as a card says that there were patients or images."""
    said = {
        int(number.replace(",", ""))
        for card in cards
        for number in _TRAINED_ON.findall(_words(card))
    }
    places = [each.at for each in model.remarks if each.what == "rows" and int(each.detail) in said]
    if places:
        message = "a tensor has a row for each patient or image that the card speaks of"
        yield model.path, Severity.WARN, message, tuple(dict.fromkeys(places))


def _missing(
    path: str, kind: str, policy: DisclosurePolicy, *, has_card: bool, has_report: bool
) -> Answers:
    needed = policy.model_evidence.get(kind)
    if needed == "refused":
        yield path, Severity.BLOCK, f"models of class {kind} keep records and are refused", ()
    elif not has_card and not has_report:
        yield (
            path,
            Severity.BLOCK,
            "a model leaves only with its evidence: add a model card or a SACRO-ML report",
            (),
        )
    elif needed == "sacroml" and not has_report:
        yield path, Severity.BLOCK, f"a {kind} needs a SACRO-ML report in the same request", ()
    elif not kind and not has_report:
        yield path, Severity.WARN, f"the model card does not say the class: {_named(policy)}", ()


def _named(policy: DisclosurePolicy) -> str:
    return ", ".join(sorted(policy.model_evidence))


def _words(document: Document) -> str:
    if document.texts:
        return "\n".join(each.text for each in document.texts)[:200_000]
    return document.content[:200_000].decode("utf-8", "ignore")


def _is_card(document: Document) -> bool:
    if document.kind not in ("markdown", "text", "yaml", "json", "html", "pdf"):
        return False
    return bool(_CARD_NAME.search(document.path) or _CARD.search(_words(document)[:20_000]))


def _is_report(document: Document) -> bool:
    """A report of attacks on the model, not a word about the tool."""
    if document.kind not in ("json", "pdf"):
        return False
    words = _words(document) + " ".join(
        " ".join((*table.columns, *map(" ".join, table.rows[:200]))) for table in document.tables
    )
    named = _SACROML.search(words)
    return bool(_SACROML.search(document.path) or (named and _ATTACKED.search(words)))


def _class_of(cards: Sequence[Document]) -> str:
    """The class that the cards state in a line about the task, or else speak of most."""
    words = "\n".join(_words(each) for each in cards)
    stated = " ".join(_TASK.findall(words))
    for name, form in _CLASSES:
        if re.search(form, stated, re.IGNORECASE):
            return name
    spoken = {
        name: len(re.findall(form, words, re.IGNORECASE))
        for name, form in _CLASSES
        if name != "instance-based"
    }
    most = max(spoken, key=lambda name: spoken[name])
    return most if spoken[most] else ""


REQUEST_RULES: Final = (RequestRule("model-evidence", 1, _evidence),)
