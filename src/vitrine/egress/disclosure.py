"""A disclosure policy: every number and list that decides what may leave, as data with sources.

The policies that come with Vitrine lie in `policies/`; code holds no threshold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Final

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from vitrine.errors import InvalidInput

POLICIES: Final = Path(__file__).parent / "policies"
DEFAULT: Final = "acro"

Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosurePolicy:
    """One version of a policy; the unit of every count is the patient."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: str
    version: Count
    title: str
    sources: tuple[str, ...]

    threshold: Count
    """Smallest number of patients that a cell may show; 1 to `threshold` - 1 are disclosive."""

    zeros_are_disclosive: bool
    rounding_base: Count
    """Counts must be multiples of this; 0 when they need not be rounded."""

    nk_n: Count
    nk_k: Share
    """Dominance: the largest `nk_n` contributors may not make up `nk_k` of a total or more."""

    p_percent: Share
    degrees_of_freedom: Count
    """Fewest residual degrees of freedom of a model."""

    max_decimals: Count
    """Significant decimals beyond which a number is more precise than any result needs."""

    max_rows: Count
    max_file_bytes: Count
    max_request_bytes: Count
    max_files: Count
    allowed_kinds: frozenset[str]
    """Kinds of `checks.kinds` that may be submitted."""

    model_evidence: Mapping[str, str]
    """What a model file needs, by its class: `sacroml`, `model card`, or `refused`."""

    example_images: Count
    """How many example images an exception request may ask for; 0 forbids them."""

    example_image_px: Count
    reviewers: Count
    approvals_need_opening: bool = True
    """Whether a checker approves only copies that this checker has opened."""

    required_checks: frozenset[str]
    """Optional checks that must have run; without their extra a file is `not checked`."""


def available() -> tuple[str, ...]:
    """Names of the policies that come with Vitrine."""
    return tuple(sorted(path.stem for path in POLICIES.glob("*.json")))


def load(name: str = DEFAULT) -> DisclosurePolicy:
    """A policy by its name, or from a file of the same form.

    Raises:
        InvalidInput: when there is none, or a value is missing, unknown or of the wrong kind.
    """
    path = POLICIES / f"{name}.json" if name in available() else Path(name)
    if not path.is_file():
        raise InvalidInput(
            f"there is no disclosure policy {name}",
            hint=f"use one of {', '.join(available())}, or the path of a JSON file of that form",
        )
    return from_json(path.read_bytes(), path.name)


def from_json(text: bytes | str, origin: str) -> DisclosurePolicy:
    """A policy from JSON.

    Raises:
        InvalidInput: naming what is missing, unknown or of the wrong kind.
    """
    try:
        return _READER.validate_json(text, strict=True)
    except ValidationError as error:
        said = [f"{'.'.join(map(str, e['loc'])) or 'it'}: {e['msg']}" for e in error.errors()[:5]]
        raise InvalidInput(f"{origin} is no disclosure policy: {'; '.join(said)}") from None


def to_json(policy: DisclosurePolicy) -> str:
    """The policy as JSON, which `from_json` reads."""
    return _READER.dump_json(policy).decode()


_READER: Final = TypeAdapter(DisclosurePolicy)
