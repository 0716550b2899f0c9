"""Writes the demo's datasets: two cohorts of synthetic patients and a few real reference scans.

    python deploy/demo/phantoms.py OUT_DIR [--shared DIR] [--seed N]

Each dataset is a folder `images` and a table `clinical.csv`, ready for `vitrine dataset publish`.
What was written is printed as JSON. The same seed writes the same bytes. `truth.json` holds the
place, size and value of every lesion, so that a measurement can be compared with it.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from part10_writer import SeriesHeader, write_series
from reference_scans import write_reference_scans
from volumes import Grid, Lesion, pelvis, thorax

SEED = 20260101
THORAX = Grid(slices=40, rows=128, columns=128, pixel_mm=2.8, slice_mm=5.0)
PELVIS = Grid(slices=24, rows=128, columns=128, pixel_mm=1.25, slice_mm=3.0)
SHARED = Path(__file__).parents[3] / "shared" / "data" / "dicom"

NODULES_MM: tuple[tuple[float, ...], ...] = (
    (),
    (8.5,),
    (14.0, 9.0),
    (22.0,),
    (28.5, 10.0, 8.0),
    (36.0,),
    (),
    (12.0,),
    (42.0, 16.0),
    (18.0,),
    (26.0, 12.0),
    (33.0, 9.5),
)
"""Diameters of the nodules of each lung patient."""

PROSTATE_LESIONS: tuple[tuple[float, bool], ...] = (
    (0, True),
    (9.0, True),
    (12.0, True),
    (7.0, False),
    (16.0, False),
    (11.0, True),
    (0, True),
    (13.0, True),
    (8.0, True),
    (18.0, False),
)
"""Diameter of each patient's lesion and whether it lies in the peripheral zone."""

ABOUT = {
    "lung-ct": (
        "Lung nodules on chest CT (synthetic)",
        "Twelve synthetic chest CT with nodules of known size; HU after rescaling.",
    ),
    "prostate-mr": (
        "Prostate lesions on MR (synthetic)",
        "Ten synthetic pelvic MR: T2, diffusion b=800 and ADC in 10^-6 mm2/s on one grid.",
    ),
    "reference-scans": (
        "Reference scans (real CT and MR)",
        "Real series from openly licensed test files, with new identifiers.",
    ),
}
"""Title and description of each dataset."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write all datasets and print what was written."""
    parser = argparse.ArgumentParser(description="Write the datasets of the demo.")
    parser.add_argument("out", type=Path, help="folder to create; must not exist or be empty")
    parser.add_argument("--shared", type=Path, default=SHARED, help="folder of real test files")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args(arguments)
    out: Path = options.out
    if out.exists() and any(out.iterdir()):
        sys.stderr.write(f"{out} is not empty; remove it or name another folder\n")
        return 1
    started = time.monotonic()
    truth: dict[str, list[dict[str, object]]] = {}
    counts = {
        "lung-ct": write_lung_ct(_folder(out, "lung-ct"), options.seed, truth),
        "prostate-mr": write_prostate_mr(_folder(out, "prostate-mr"), options.seed, truth),
        "reference-scans": write_reference_scans(_folder(out, "reference-scans"), options.shared),
    }
    (out / "truth.json").write_text(json.dumps(truth, indent=1) + "\n")
    written = [_summary(out, name, numbers) for name, numbers in counts.items()]
    report = {"datasets": written, "seconds": round(time.monotonic() - started, 1)}
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
    return 0


def write_lung_ct(
    out: Path, seed: int, truth: dict[str, list[dict[str, object]]]
) -> dict[str, int]:
    """Write the chest CT cohort and its clinical table below `out`."""
    rows, size = [], 0
    for number, diameters in enumerate(NODULES_MM, start=1):
        patient_id = f"LUNG-{number:03d}"
        rng = np.random.default_rng([seed, 1, number])
        volume, lesions = thorax(THORAX, list(diameters), rng)
        row = _lung_row(patient_id, lesions, rng)
        header = SeriesHeader(
            patient_id=patient_id,
            sex=row["sex"][0].upper(),
            study="chest",
            number=1,
            modality="CT",
            description="CT chest 5 mm",
            body_part="CHEST",
            rescale_intercept=-1024,
            window=(-500, 1500),
            extra={"KVP": 120, "ConvolutionKernel": "B40"},
        )
        size += write_series(out / "images" / patient_id / "ct", header, THORAX, volume)
        rows.append(row)
        truth[patient_id] = [asdict(lesion) for lesion in lesions]
    _write_table(out / "clinical.csv", rows)
    n = len(rows)
    return {"patients": n, "series": n, "instances": n * THORAX.slices, "bytes": size}


def write_prostate_mr(
    out: Path, seed: int, truth: dict[str, list[dict[str, object]]]
) -> dict[str, int]:
    """Write the prostate MR cohort and its clinical table below `out`."""
    rows, size = [], 0
    for number, (diameter, in_peripheral_zone) in enumerate(PROSTATE_LESIONS, start=1):
        patient_id = f"PROS-{number:03d}"
        found = pelvis(PELVIS, diameter, in_peripheral_zone=in_peripheral_zone, seed=seed + number)
        contrasts = (
            ("T2 TSE axial", found.t2, {"EchoTime": 101, "RepetitionTime": 4800}),
            ("DWI b800", found.dwi_b800, {"EchoTime": 74, "DiffusionBValue": 800.0}),
            ("ADC map", found.adc, {"ImageType": ["DERIVED", "PRIMARY", "ADC"]}),
        )
        for position, (description, volume, extra) in enumerate(contrasts, start=1):
            header = SeriesHeader(
                patient_id=patient_id,
                sex="M",
                study="pelvis",
                number=position,
                modality="MR",
                description=description,
                body_part="PROSTATE",
                window=(int(volume.max()) // 3, int(volume.max()) * 2 // 3),
                extra={"MagneticFieldStrength": 3, "ScanningSequence": "SE", **extra},
            )
            folder = out / "images" / patient_id / description.split()[0].lower()
            size += write_series(folder, header, PELVIS, volume)
        rng = np.random.default_rng([seed, 2, number])
        lesions = [] if found.lesion is None else [found.lesion]
        rows.append(_prostate_row(patient_id, lesions, found.prostate_ml, in_peripheral_zone, rng))
        truth[patient_id] = [asdict(lesion) for lesion in lesions]
    _write_table(out / "clinical.csv", rows)
    n = len(rows)
    return {"patients": n, "series": 3 * n, "instances": 3 * n * PELVIS.slices, "bytes": size}


def _lung_row(patient_id: str, lesions: list[Lesion], rng: np.random.Generator) -> dict[str, str]:
    """A line of the clinical table that agrees with the nodules."""
    largest = max((lesion.diameter_mm for lesion in lesions), default=0.0)
    stage = _lung_stage(largest, len(lesions))
    risk = {"none": 0.02, "IA": 0.1, "IB": 0.25, "IIA": 0.4, "IIB": 0.6}[stage]
    died = bool(rng.random() < risk)
    return {
        "PatientID": patient_id,
        "age_group": str(rng.choice(["50-59", "60-69", "70-79"], p=[0.3, 0.45, 0.25])),
        "sex": str(rng.choice(["female", "male"])),
        "smoking": str(rng.choice(["never", "former", "current"], p=[0.2, 0.5, 0.3])),
        "stage": stage,
        "nodule_count": str(len(lesions)),
        "largest_nodule_mm": f"{largest:.1f}",
        "total_nodule_ml": f"{sum(lesion.volume_ml for lesion in lesions):.2f}",
        "follow_up_months": str(int(rng.integers(4, 30) if died else rng.integers(24, 61))),
        "outcome": "deceased" if died else "alive",
    }


def _lung_stage(largest_mm: float, count: int) -> str:
    """A simplified stage from the largest diameter (TNM 8: 30, 40 and 50 mm)."""
    if count == 0:
        return "none"
    if largest_mm <= 30:
        return "IA"
    if largest_mm <= 40:
        return "IB"
    return "IIA" if largest_mm <= 50 else "IIB"


def _prostate_row(
    patient_id: str,
    lesions: list[Lesion],
    prostate_ml: float,
    in_peripheral_zone: bool,
    rng: np.random.Generator,
) -> dict[str, str]:
    """A line of the clinical table that agrees with the lesion and the gland."""
    size = lesions[0].diameter_mm if lesions else 0.0
    pirads = 2 if not lesions else 3 if size < 8 else 4 if size < 15 else 5
    grade = 0 if pirads == 2 else int(np.clip(pirads - 2 + rng.integers(-1, 2), 1, 5))
    psa = 0.09 * prostate_ml + 0.45 * size + float(rng.uniform(0, 2))
    return {
        "PatientID": patient_id,
        "age_group": str(rng.choice(["50-59", "60-69", "70-79"], p=[0.25, 0.5, 0.25])),
        "psa_ng_ml": f"{psa:.1f}",
        "prostate_ml": f"{prostate_ml:.1f}",
        "lesion_mm": f"{size:.1f}",
        "lesion_zone": "none" if not lesions else "peripheral" if in_peripheral_zone else "inner",
        "pirads": str(pirads),
        "isup_grade": str(grade),
        "treatment": "surveillance" if grade < 2 else str(rng.choice(["surgery", "radiotherapy"])),
    }


def _folder(out: Path, name: str) -> Path:
    folder = out / name
    folder.mkdir(parents=True)
    return folder


def _write_table(target: Path, rows: list[dict[str, str]]) -> None:
    with target.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _summary(out: Path, name: str, counts: Mapping[str, int]) -> dict[str, object]:
    title, description = ABOUT[name]
    return {
        "name": name,
        "title": title,
        "description": description,
        "images": str(out / name / "images"),
        "clinical": str(out / name / "clinical.csv"),
        **counts,
    }


if __name__ == "__main__":
    raise SystemExit(main())
