"""How much a region looks like a scan: boosted trees over named features, kept as data.

`images_scan.json` holds the trees, the limits and how they were fitted; the fitting lies in
`tests/bench/scan_pixels`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy

_FILE: Final = Path(__file__).parent / "images_scan.json"


@dataclass(frozen=True, slots=True)
class Model:
    """Trees whose leaves add up to log odds; each is a leaf or [feature, limit, less, more]."""

    version: int
    features: tuple[str, ...]
    start: float
    trees: tuple[Any, ...]
    warn: float
    """Log odds from which a region may be a scan."""

    block: float
    """Log odds from which it clearly is one."""

    def score(self, found: Mapping[str, float]) -> float:
        """Log odds that a region with these features shows a scan."""
        values = [found[name] for name in self.features]
        return self.start + sum(_leaf(tree, values) for tree in self.trees)


def _leaf(node: Any, values: list[float]) -> float:
    while isinstance(node, list):
        feature, limit, less, more = node
        node = less if values[feature] <= limit else more
    return float(node)


def load(path: Path = _FILE) -> Model:
    """The model that comes with Vitrine."""
    data = json.loads(path.read_bytes())
    return Model(
        version=int(data["version"]),
        features=tuple(data["features"]),
        start=float(data["start"]),
        trees=tuple(data["trees"]),
        warn=float(data["warn"]),
        block=float(data["block"]),
    )


def chance_of(score: float) -> float:
    """Log odds as a chance from 0 to 1."""
    return float(1 / (1 + numpy.exp(-numpy.clip(score, -50, 50))))
