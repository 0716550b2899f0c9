"""Decisions of a steward about free text: which values of which attribute stay, or become what."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from vitrine.errors import InvalidInput

DECIDED: Final = (
    "SeriesDescription", "StudyDescription", "ProtocolName", "ContrastBolusAgent",
    "RequestedProcedureDescription", "PerformedProcedureStepDescription", "AcquisitionProtocolName",
    "SegmentLabel", "SegmentDescription", "ROIName", "StructureSetLabel", "RTPlanLabel",
    "ConvolutionKernel", "SequenceName", "Manufacturer", "ManufacturerModelName",
    "SoftwareVersions", "BodyPartExamined", "AcquisitionDeviceProcessingDescription",
    "ContrastBolusRoute", "Radiopharmaceutical", "ImageComments", "DerivationDescription",
)  # fmt: skip
"""Attributes with free or makers' text whose values a steward is asked about."""

_LONGEST: Final = 64


@dataclass(frozen=True, slots=True)
class Values:
    """What becomes of each value, by keyword and value; what is not decided becomes nothing."""

    by_keyword: Mapping[str, Mapping[str, str]] = field(repr=False, default_factory=dict)

    def of(self, keyword: str, value: str) -> str | None:
        """What stands for `value` in attribute `keyword`; None when nothing may."""
        return self.by_keyword.get(keyword, {}).get(value.strip())


def read(path: Path) -> Values:
    """Decisions from JSON: `{keyword: {value: {"decision", "replacement"}}}`.

    Raises:
        InvalidInput: when the file is missing or says something else.
    """
    try:
        said = json.loads(path.read_text("utf-8"))
        found = {
            keyword: {value.strip(): _outcome(value, each) for value, each in decisions.items()}
            for keyword, decisions in said.items()
        }
    except OSError as problem:
        why = (problem.strerror or "").lower()
        raise InvalidInput(f"the decisions {path} cannot be read: {why}") from None
    except (ValueError, AttributeError, TypeError, KeyError):
        raise InvalidInput(
            f"{path.name} holds no decisions about values",
            hint='it is JSON of the form {"SeriesDescription": {"T1 AX": {"decision": "keep"}}}',
        ) from None
    return Values({k: {v: o for v, o in each.items() if o} for k, each in found.items()})


def _outcome(value: str, decided: Mapping[str, str]) -> str:
    match decided["decision"]:
        case "keep":
            return value.strip()[:_LONGEST]
        case "replace":
            return str(decided["replacement"]).strip()[:_LONGEST]
        case "drop":
            return ""
        case _:
            raise ValueError("unknown decision")
