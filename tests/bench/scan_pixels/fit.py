"""Fit the model of `scan-pixels`: `python -m tests.bench.scan_pixels.fit [--write]`.

`VITRINE_EXAMPLE_SCANS` names the folder of the scans that do not come with a library.

Patients are kept together: every third is held out for the figures that the model's file reports;
the model that is written is then fitted on all of them. A picture is a bag of regions: of a
picture with a scan only those regions count as scans that the model so far finds best.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

from tests.bench.scan_pixels import safe, scans, sources
from tests.bench.scan_pixels.boosting import answers, fitted
from vitrine.egress.checks.document import Raster
from vitrine.egress.checks.rules import images_scan
from vitrine.egress.checks.rules.images_features import features_of
from vitrine.egress.checks.rules.images_regions import regions_of

TARGET = Path(images_scan.__file__).with_name("images_scan.json")
VERSION = 1
VARIANTS = 24
"""Ways of showing each patient, about."""
SAFE = 16
"""Pictures of each kind without a scan."""
SEEDS = (5, 6)
"""Both numbers hold for each of these."""
LIMITS = (-0.9, 1.2)
"""Log odds from which a region is doubtful, and from which it is clear."""


def examples(seeds=SEEDS):
    """Label, patient (or lot of safe pictures), way or kind, and pixels of every picture."""
    for seed in seeds:
        rng = np.random.default_rng(seed)
        for patient, pictures in sources.slices().items():
            each = max(5 if len(pictures) >= 8 else 1, VARIANTS // len(pictures))
            for picture in pictures:
                for name, shown in scans.variants(picture, rng, each):
                    yield 1, patient, name, shown
        for lot in range(4):
            for name, shown in safe.pictures(np.random.default_rng(20 * seed + lot), SAFE // 4):
                yield 0, f"lot {lot}", name, shown


def regions(found):
    """One row for each region: picture, label, patient, way, area, features."""
    for number, (label, patient, way, pixels) in enumerate(found):
        for picture in images_scan.pictures_of(Raster(pixels=pixels).pixels):
            for box in regions_of(picture):
                yield number, label, patient, way, features_of(box.of(picture))


def fit_bags(table, labels, bags, rounds=120):
    """Trees, fitted three times with fewer and fewer doubtful regions of pictures with scans."""
    weights = np.ones(len(labels))
    _, places = np.unique(bags, return_inverse=True)
    for turn in range(3):
        start, trees = fitted(table, labels, weights, depth=4, rounds=rounds if turn == 2 else 50)
        scores = start + answers(trees, table)
        best = np.full(places.max() + 1, -np.inf)
        np.maximum.at(best, places, scores)
        weights = np.where((labels == 1) & (scores < best[places]) & (scores < 0.5), 0.0, 1.0)
    return start, trees


def confusion(scores, rows, limits):
    """For every way and kind: pictures, flagged, blocked."""
    best = defaultdict(lambda: -np.inf)
    names = {}
    for score, (number, label, _, way, _) in zip(scores, rows, strict=True):
        best[number] = max(best[number], score)
        names[number] = (label, way.split()[-1])
    counts = defaultdict(lambda: [0, 0, 0])
    for number, score in best.items():
        label, way = names[number]
        for name in (way, "all scans" if label else "all safe"):
            counts[name][0] += 1
            counts[name][1] += int(score >= limits[0])
            counts[name][2] += int(score >= limits[1])
    return dict(counts)


def main():
    rows = list(regions(examples()))
    names = list(rows[0][4])
    table = np.array([[row[4][name] for name in names] for row in rows])
    labels = np.array([row[1] for row in rows], dtype=float)
    bags = np.array([row[0] for row in rows])
    patients = sorted({row[2] for row in rows if row[1]})
    held = {*patients[::3], "lot 3"}
    is_held = np.array([row[2] in held for row in rows])
    start, trees = fit_bags(table[~is_held], labels[~is_held], bags[~is_held])
    scores = start + answers(trees, table[is_held])
    limits = LIMITS
    counts = confusion(scores, [row for row in rows if row[2] in held], limits)
    for name, count in sorted(counts.items()):
        print(f"{name:20} {count}")
    if "--write" in sys.argv:
        start, trees = fit_bags(table, labels, bags)
        write(names, start, trees, counts, len(patients))


def write(names, start, trees, counts, patients):
    """The model as the check reads it."""
    head = {
        "version": VERSION,
        "how": "gradient boosting, 120 trees of depth 4 over the features of images_features; "
        f"fitted by tests/bench/scan_pixels/fit.py on pictures of {patients} patients and of "
        f"{len(set(safe.KINDS))} kinds without scans",
        "held_out": "pictures, of which flagged, of which blocked, before the fit on all",
        "counts": {name: counts[name] for name in ("all scans", "all safe")},
        "warn": LIMITS[0],
        "block": LIMITS[1],
        "features": names,
        "start": round(start, 5),
    }
    lines = ",\n".join(json.dumps(tree, separators=(",", ":")) for tree in trees)
    TARGET.write_text(json.dumps(head, indent=1)[:-2] + f',\n "trees": [\n{lines}\n ]\n}}\n')


if __name__ == "__main__":
    main()
