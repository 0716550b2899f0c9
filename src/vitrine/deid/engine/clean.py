"""De-identify one data set into a new one: PS3.15 Table E.1-1 at every level, then an allow-list.

What no rule names is not kept for that: private attributes, texts, unknown attributes and values
outside their vocabulary go. A type 2 attribute is emptied and a type 1 attribute gets a dummy, so
that the object stays what it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydicom import config
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag

from vitrine.deid.engine import codes, dates
from vitrine.deid.engine.known import DEPTH_LIMIT, Known, known_of
from vitrine.deid.engine.values import Values
from vitrine.deid.keys import Key
from vitrine.deid.rules import table
from vitrine.deid.rules.profile import Profile
from vitrine.errors import InvalidInput

ITEMS_LIMIT: Final = 2_000_000
_TEXT: Final = frozenset({"SH", "LO", "ST", "LT", "UT", "UC", "UR", "AE"})
_BYTES: Final = frozenset({"OB", "OW", "UN"})
_NUMBERS: Final = frozenset(
    {"FD", "FL", "SL", "SS", "UL", "US", "UV", "SV", "AT", "OF", "OD", "OL", "OV"}
)
# Makers write more than the 16 characters of PS3.5 6.2, and lose geometry if that is not read.
_DECIMAL: Final = re.compile(r"[-+]?(?:\d{1,16}(?:\.\d{0,20})?|\.\d{1,20})(?:[eE][-+]?\d{1,3})?")
_INTEGER: Final = re.compile(r"[-+]?\d{1,12}")
_BESIDE: Final = _NUMBERS | {"SQ", "DS", "IS", "DA", "DT", "TM", "UI"}
_FLAGS: Final = frozenset(
    [
        "PatientIdentityRemoved",
        "DeidentificationMethod",
        "DeidentificationMethodCodeSequence",
        "LongitudinalTemporalInformationModified",
    ]
)
_PSEUDONYMS: Final = frozenset({"PatientID", "PatientName"})
_REFERENCES: Final = frozenset({"X/Z/U*"})
_NUMBER_LEAST: Final = 5


@dataclass(slots=True)
class Cleaner:
    """What one object is cleaned with."""

    profile: Profile
    key: Key = field(repr=False)
    values: Values = field(repr=False)
    patient: str = field(repr=False)
    known: Known = field(repr=False)
    sop_class: str
    items: int = 0

    @property
    def days(self) -> int:
        """By how many days this patient's dates move."""
        return self.key.shift_days(self.patient, *self.profile.shift_days)


def deidentify(original: Dataset, profile: Profile, key: Key, values: Values) -> Dataset:
    """A new data set without what names anybody; `original` is read and left as it was.

    Raises:
        InvalidInput: when it is nested too deeply or lacks what an object must have.
    """
    patient = patient_of(original)
    cleaner = Cleaner(
        profile, key, values, patient, known_of(original), str(original.get("SOPClassUID", ""))
    )
    result = _level(original, cleaner, "", 0)
    pseudonym = key.pseudonym(patient)
    result.PatientID, result.PatientName = pseudonym, pseudonym
    result.PatientIdentityRemoved = "YES"
    result.DeidentificationMethod = [
        f"Vitrine, profile {profile.label}", f"PS3.15 Annex E, table of {table.EDITION}"
    ]  # fmt: skip
    result.DeidentificationMethodCodeSequence = [_code(*each) for each in profile.codes]
    result.LongitudinalTemporalInformationModified = (
        "MODIFIED" if profile.dates == "shift" else "REMOVED"
    )
    if "SpecificCharacterSet" in original:
        result.SpecificCharacterSet = "ISO_IR 192"
    return result


def patient_of(original: Dataset) -> str:
    """What the key makes a pseudonym of: PatientID, else the study, which then is one patient."""
    found = str(original.get("PatientID", "") or "").strip()
    return found or f"study {original.get('StudyInstanceUID', '')}"


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning[:64]
    return item


def _level(original: Dataset, cleaner: Cleaner, sequence: str, depth: int) -> Dataset:
    if depth > DEPTH_LIMIT:
        raise InvalidInput(f"it nests sequences deeper than {DEPTH_LIMIT}")
    result = Dataset()
    creators = _creators(original) if cleaner.profile.private_numbers else {}
    for tag in original.keys():  # noqa: SIM118 - to iterate would read every private element
        group = tag.group
        if tag.element == 0 or group in (0x0002, 0x7FE0) or group >= 0xFFFA:
            continue
        if group & 1:
            if (group << 16) | (tag.element & 0xFF00) in creators:
                _private(original[tag], creators, result)
            continue
        if 0x5000 <= group <= 0x501F or 0x6000 <= group <= 0x601F:
            continue  # curves and overlays (masks 50xx and 60xx): graphics go as a whole
        kept = _public(original[tag], cleaner, sequence, depth)
        if kept is not None:
            result.add(kept)
    return result


def _creators(original: Dataset) -> Mapping[int, str]:
    """Creators whose blocks may hold numbers that images need, by the first tag of each block.

    `0x00190010` names the creator of the block that begins with 0x00191000.
    """
    safe = table.vocabulary().creators
    found: dict[int, str] = {}
    for tag in original.keys():  # noqa: SIM118
        if tag.group & 1 and 0x10 <= tag.element <= 0xFF:
            creator = str(original[tag].value or "").strip()
            if (tag.group, creator) in safe:
                found[(tag.group << 16) | (tag.element << 8)] = creator
    return found


def _private(element: DataElement, creators: Mapping[int, str], result: Dataset) -> None:
    """Keep a private number that images need, its creator before it; nothing else."""
    tag = element.tag
    block = (tag.group << 16) | (tag.element & 0xFF00)
    creator = creators.get(block)
    if creator is None or tag.element < 0x1000:
        return
    safe = table.vocabulary().private.get((tag.group, creator, tag.element & 0xFF))
    if safe is None or element.VR not in safe["vrs"]:
        return
    numbers = _as_list(element.value)
    if numbers and _fit(numbers, safe["form"]):
        result.add_new(BaseTag((tag.group << 16) | (tag.element >> 8)), "LO", creator)
        result.add(DataElement(tag, element.VR, element.value))


def _fit(numbers: list[Any], form: str) -> bool:
    if form == "number":
        return all(isinstance(each, (int, float)) for each in numbers)
    return all(re.fullmatch(form, str(each).strip()) for each in numbers)


def _public(
    element: DataElement, cleaner: Cleaner, sequence: str, depth: int
) -> DataElement | None:
    tag, keyword = element.tag, element.keyword
    if not dictionary_has_tag(tag) or not keyword or keyword in _FLAGS:
        return None
    if element.VR not in dictionary_VR(tag).split(" or "):
        return _without(
            element, cleaner, sequence, "X"
        )  # another VR than the standard's hides text
    row = table.rows().get(int(tag))
    if element.VR == "SQ":
        return _sequence(element, row, cleaner, sequence, depth)
    if element.VR == "UI":
        return _uids(element, cleaner)
    if element.VR in ("DA", "DT", "TM"):
        return _dated(element, row, cleaner, sequence)
    if keyword in cleaner.profile.characteristics:
        return _characteristic(element, cleaner, sequence)
    if row is not None:
        return _by_rule(element, row, cleaner, sequence)
    return _by_vocabulary(element, cleaner, sequence)


def _sequence(
    element: DataElement, row: table.Row | None, cleaner: Cleaner, sequence: str, depth: int
) -> DataElement | None:
    kind = table.types().of(cleaner.sop_class, sequence, element.keyword)
    action = row.basic if row else ""
    if element.keyword == "ContentSequence" and not cleaner.profile.structured_content:
        action, kind = "X", "3"
    if action == "X" or (action and action not in (*_REFERENCES, "D", "U") and kind != "1"):
        return _empty(element) if kind == "2" else None
    items = []
    for item in element.value or ():
        cleaner.items += 1
        if cleaner.items > ITEMS_LIMIT:
            raise InvalidInput(f"it has more than {ITEMS_LIMIT} items in its sequences")
        made = codes.clean(item) if codes.is_code(item) else _level(
            item, cleaner, element.keyword, depth + 1
        )  # fmt: skip
        if codes.is_code(item) and made is not None:
            made.update(_beside(item, cleaner, element.keyword, depth))
        if made is not None and (len(made) or kind == "1"):
            items.append(made)
    if not items and kind in ("1", "1C") and any(codes.is_code(i) for i in element.value or ()):
        items = [codes.placeholder()]
    if not items and kind in ("3", "1C"):
        return None
    return DataElement(element.tag, "SQ", items)


def _beside(item: Dataset, cleaner: Cleaner, keyword: str, depth: int) -> Dataset:
    """What a coded concept carries besides its code: its own sequences."""
    return Dataset({e.tag: e for e in _level(item, cleaner, keyword, depth + 1) if e.VR in _BESIDE})


def _uids(element: DataElement, cleaner: Cleaner) -> DataElement | None:
    mapped = [cleaner.key.uid(str(each)) for each in _as_list(element.value)]
    return _with(element, mapped if len(mapped) != 1 else mapped[0])


def _dated(
    element: DataElement, row: table.Row | None, cleaner: Cleaner, sequence: str
) -> DataElement | None:
    profile = cleaner.profile
    longitudinal = row is None or "rtnLongModifDatesOpt" in row.options
    if profile.dates == "remove" or not longitudinal or element.keyword == "PatientBirthDate":
        return _without(element, cleaner, sequence, row.basic if row else "X")
    values = [str(each) for each in _as_list(element.value)]
    if element.VR == "TM":
        made = [v if profile.dates == "shift" and dates.is_time(v) else "" for v in values]
    elif profile.dates == "generalise":
        made = [dates.first_of_year(each) for each in values]
    else:
        move = dates.shifted_date if element.VR == "DA" else dates.shifted_datetime
        made = [move(each, cleaner.days) if each.strip() else "" for each in values]
    if not any(made) and any(values):
        return _without(element, cleaner, sequence, "X")
    return _with(element, made if len(made) != 1 else made[0])


def _characteristic(element: DataElement, cleaner: Cleaner, sequence: str) -> DataElement | None:
    if element.VR == "AS":
        made = dates.capped_age(str(element.value or ""), cleaner.profile.age_cap_years)
        return _with(element, made) if made else _without(element, cleaner, sequence, "X")
    return _by_vocabulary(element, cleaner, sequence)


def _by_rule(
    element: DataElement, row: table.Row, cleaner: Cleaner, sequence: str
) -> DataElement | None:
    if element.keyword in _PSEUDONYMS:
        return _with(element, cleaner.key.pseudonym(cleaner.patient))
    if "cleanDescOpt" in row.options and element.VR in _TEXT:
        decided = _decided(element, cleaner)
        if decided:
            return _with(element, decided)
    return _without(element, cleaner, sequence, row.basic)


def _decided(element: DataElement, cleaner: Cleaner) -> list[str] | str | None:
    """What a steward's decisions make of a text; None unless every value of it is decided."""
    made = [cleaner.values.of(element.keyword, str(each)) for each in _as_list(element.value)]
    known = [each for each in made if each and not cleaner.known.is_in(each)]
    if not made or len(known) < len(made):
        return None
    return known if len(known) != 1 else known[0]


def _by_vocabulary(element: DataElement, cleaner: Cleaner, sequence: str) -> DataElement | None:
    """Keep what no rule names where its value says nothing: numbers, terms, technical texts."""
    values = [each for each in _as_list(element.value) if str(each).strip()]
    if not values:
        return _empty(element)
    if element.VR in _NUMBERS or (
        element.VR in _BYTES and element.keyword in table.vocabulary().bytes_kept
    ):
        return _with(element, element.value)
    if element.VR in ("DS", "IS"):
        form = _DECIMAL if element.VR == "DS" else _INTEGER
        if all(form.fullmatch(w := _written(v)) and not _is_id(w, cleaner) for v in values):
            return _with(element, element.value)
    elif element.VR == "CS":
        return _terms(element, values, cleaner, sequence)
    elif element.VR in _TEXT:
        vocabulary = table.vocabulary()
        texts = [str(each).strip() for each in values]
        if all(vocabulary.knows_text(element.keyword, t) for t in texts) and not any(
            cleaner.known.is_in(text) for text in texts
        ):
            return _with(element, texts if len(texts) != 1 else texts[0])
        decided = _decided(element, cleaner)
        if decided:
            return _with(element, decided)
    elif element.VR == "AS":
        made = dates.capped_age(str(element.value), cleaner.profile.age_cap_years)
        return _with(element, made) if made and cleaner.profile.characteristics else None
    return _without(element, cleaner, sequence, "X")


def _written(value: Any) -> str:
    return str(getattr(value, "original_string", value)).strip()


def _is_id(written: str, cleaner: Cleaner) -> bool:
    """Whether a number is one that names the patient or a day of theirs."""
    digits = re.sub(r"\D", "", written)
    return len(digits) >= _NUMBER_LEAST and digits in cleaner.known.ids


def _terms(
    element: DataElement, values: list[Any], cleaner: Cleaner, sequence: str
) -> DataElement | None:
    """A CS attribute with the terms that are defined; of several, an unknown one says OTHER."""
    vocabulary = table.vocabulary()
    raw = [str(each).strip() for each in _as_list(element.value)]
    known = [not each or vocabulary.knows_term(element.keyword, each) for each in raw]
    if all(known):
        return _with(element, raw if len(raw) != 1 else raw[0])
    decided = _decided(element, cleaner)
    if decided:
        return _with(element, decided)
    if any(known) and any(each for each, fine in zip(raw, known, strict=True) if fine):
        return _with(element, [e if ok else "OTHER" for e, ok in zip(raw, known, strict=True)])
    return _without(element, cleaner, sequence, "X")


def _without(
    element: DataElement, cleaner: Cleaner, sequence: str, action: str
) -> DataElement | None:
    """The attribute without its value: gone, empty, or a dummy, by action and type."""
    kind = table.types().of(cleaner.sop_class, sequence, element.keyword)
    choices = action.replace("*", "").split("/")
    if kind == "1" or (choices == ["D"] and element.VR != "UN"):
        return _dummy(element, cleaner)
    if kind == "1C" and element.VR in _TEXT and element.value:
        return _dummy(element, cleaner)  # whether its condition holds, the source has decided
    if kind == "2" or choices == ["Z"] or (choices == ["Z", "D"]):
        return _empty(element)
    return None


def _dummy(element: DataElement, cleaner: Cleaner) -> DataElement | None:
    keyword = element.keyword
    if keyword in _PSEUDONYMS:
        return _with(element, cleaner.key.pseudonym(cleaner.patient))
    made: Any = {
        "DA": dates.DUMMY_DATE, "DT": dates.DUMMY_DATE, "TM": dates.DUMMY_TIME, "AS": "000Y",
        "PN": "-", "SH": "-", "LO": "-", "ST": "-", "LT": "-", "UT": "-", "UC": "-",
        "UR": "urn:-", "AE": "-", "CS": "OTHER",
        "DS": "0", "IS": "0",
    }.get(element.VR)  # fmt: skip
    return _empty(element) if made is None else _with(element, made)


def _with(element: DataElement, value: Any) -> DataElement:
    return DataElement(
        element.tag, element.VR, value, validation_mode=config.IGNORE, already_converted=False
    )


def _empty(element: DataElement) -> DataElement:
    return DataElement(element.tag, element.VR, [] if element.VR == "SQ" else None)


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, MultiValue | list | tuple) else [value]
