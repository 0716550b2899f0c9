"""Invented cohorts: records, counts that keep to a policy, identifiers of no living person."""

from __future__ import annotations

import numpy as np

Record = tuple[int, str, str, str, float, float, int]

STAGES = ("I", "II", "III", "IV")
SCANNERS = ("Siemens Force", "GE Revolution", "Philips iCT", "Canon Aquilion")
SITES = ("lung", "breast", "prostate", "liver", "kidney")
SURNAMES = ("Okafor", "Lindqvist", "Marchetti", "Haddad", "Novak", "Pereira", "Whitfield", "Sato")
FORENAMES = ("Amara", "Elin", "Giulia", "Karim", "Petra", "Rui", "Margaret", "Kenji")


def shares(
    rng: np.random.Generator, total: int, parts: int, least: int, base: int = 1
) -> list[int]:
    """`total` split into `parts` counts, multiples of `base`, none below `least`."""
    least = -(-least // base) * base
    free = (total - least * parts) // base
    cuts = np.sort(rng.integers(0, free + 1, parts - 1))
    steps = np.diff(np.concatenate([[0], cuts, [free]]))
    return [int(least + step * base) for step in steps]


def nhs_number(rng: np.random.Generator) -> str:
    """A number with the check digit of the National Health Service, from the test range 999."""
    while True:
        digits = [9, 9, 9, *(int(digit) for digit in rng.integers(0, 10, 6))]
        check = 11 - sum((10 - place) * digit for place, digit in enumerate(digits)) % 11
        if check != 10:
            return "".join(map(str, [*digits, 0 if check == 11 else check]))


def uid(rng: np.random.Generator) -> str:
    """A unique identifier as scanners make them."""
    tail = ".".join(str(int(part)) for part in rng.integers(10**4, 10**9, 4))
    return f"1.2.826.0.1.3680043.8.498.{tail}"


def pseudonym(rng: np.random.Generator) -> str:
    """A pseudonym as hash functions make them."""
    return rng.bytes(8).hex()


def name(rng: np.random.Generator) -> str:
    """A name as DICOM writes it."""
    return f"{rng.choice(SURNAMES).upper()}^{rng.choice(FORENAMES).upper()}"


def birth_date(rng: np.random.Generator) -> str:
    """A date of birth."""
    year, month, day = rng.integers(1931, 1992), rng.integers(1, 13), rng.integers(1, 29)
    return f"{year}-{month:02}-{day:02}"


def records(rng: np.random.Generator, patients: int) -> list[Record]:
    """Age, sex, stage, scanner, lesion volume, days of follow-up and death of each patient."""
    return [
        (
            int(np.clip(rng.normal(64, 11), 21, 96)),
            str(rng.choice(("F", "M"))),
            str(rng.choice(STAGES, p=(0.4, 0.3, 0.2, 0.1))),
            str(rng.choice(SCANNERS)),
            round(float(rng.lognormal(2, 0.9)), 1),
            round(float(rng.exponential(700)), 0),
            int(rng.random() < 0.3),
        )
        for _ in range(patients)
    ]


def scores(rng: np.random.Generator, patients: int) -> list[tuple[int, float]]:
    """A label and a predicted probability for each patient."""
    labels = rng.random(patients) < 0.35
    chance = 1 / (1 + np.exp(-rng.normal(np.where(labels, 1.3, -1.2), 1.1)))
    return [(int(label), round(float(p), 4)) for label, p in zip(labels, chance, strict=True)]
