"""Safe tables of integers of a second generation."""

from __future__ import annotations

from tests.corpus.egress.case import Lane
from tests.corpus.egress.lanes.integers import WRITERS

lane = Lane("safe-integers", series="second-")

TABLES: dict[str, tuple[str, list[str], list[list[object]]]] = {
    "nnunet-patch": ("csv", ["axis", "patch", "pooling", "stride"], [
        ["z", 64, 4, 1], ["y", 192, 5, 2], ["x", 160, 5, 2]]),
    "pi-rads": ("html", ["score", "meaning"], [[1, "very low"], [2, "low"], [3, "intermediate"],
        [4, "high"], [5, "very high"]]),
    "ecog": ("md", ["ECOG", "description"], [[0, "fully active"], [1, "restricted"],
        [2, "ambulatory"], [3, "limited self-care"], [4, "disabled"]]),
    "gleason": ("csv", ["ISUP group", "primary", "secondary"], [
        [1, 3, 3], [2, 3, 4], [3, 4, 3], [4, 4, 4], [5, 4, 5]]),
    "ctcae": ("csv", ["grade", "intervention"], [
        [1, "none"], [2, "local"], [3, "hospital"], [4, "urgent"], [5, "death"]]),
    "scheduler": ("json", ["epoch", "learning rate x 1e6"], [[0, 200], [10, 100], [20, 50],
        [30, 5]]),
    "transformer": ("csv", ["stage", "depth", "heads", "window"], [
        [1, 2, 3, 7], [2, 2, 6, 7], [3, 6, 12, 7], [4, 2, 24, 7]]),
    "ports": ("csv", ["service", "port", "replicas"], [
        ["tensorboard", 6006, 1], ["dicom", 104, 1]]),
    "exit-codes": ("md", ["code", "meaning"], [[0, "done"], [1, "refused"], [2, "wrong call"]]),
    "dose-limits": ("csv", ["organ", "fractions", "max dose Gy"], [
        ["cord", 3, 18], ["cord", 5, 23], ["oesophagus", 5, 35]]),
    "suv-thresholds": ("csv", ["Deauville", "reference"], [[1, "none"], [2, "mediastinum"],
        [3, "liver"], [4, "above liver"], [5, "far above liver"]]),
    "phases": ("csv", ["phase", "delay s", "rate ml/s"], [
        ["arterial", 35, 4], ["portal", 70, 3], ["delayed", 180, 0]]),
    "ranking": ("tex", ["team", "rank Dice", "rank HD95", "mean rank"], [
        ["A", 1, 2, 1], ["B", 2, 1, 2], ["C", 3, 3, 3]]),
    "releases": ("csv", ["version", "year", "month"], [["1.0", 2021, 3], ["1.1", 2022, 7],
        ["2.0", 2024, 1]]),
    "vr-lengths": ("csv", ["VR", "max bytes"], [["CS", 16], ["DA", 8], ["TM", 14], ["UI", 64]]),
    "bit-depths": ("parquet", ["modality", "allocated", "stored", "high bit"], [
        ["CT", 16, 12, 11], ["MR", 16, 12, 11], ["US", 8, 8, 7]]),
    "lookup": ("xlsx", ["value", "label"], [[0, "background"], [1, "peripheral zone"],
        [2, "transition zone"], [3, "lesion"]]),
    "interim": ("csv", ["look", "planned month", "alpha x 10000"], [
        [1, 12, 5], [2, 24, 140], [3, 36, 450]]),
    "bins": ("csv", ["bin", "from HU", "to HU"], [[1, -160, -60], [2, -60, 40], [3, 40, 140],
        [4, 140, 240]]),
    "seeds-grid": ("csv", ["seed", "fold", "best epoch"], [
        [7, 1, 34], [7, 2, 9], [13, 1, 41], [13, 2, 6], [42, 1, 28]]),
}  # fmt: skip

for _name, (_kind, _head, _rows) in TABLES.items():
    lane.safe(_name, f"{_name}.{_kind}", _kind, _head, _rows)(
        lambda rng, kind, head, rows: WRITERS[kind](head, rows)
    )
