"""How fast k, l and t are: a million rows, and against the field's own tool.

./run bench risk
"""

from __future__ import annotations

import time

import numpy
import pandas

from tests.bench import report
from vitrine.deid.tables.columns import Kind
from vitrine.risk import measure, properties

QUASI = 8


def a_table(rows: int) -> pandas.DataFrame:
    """Rows with eight quasi-identifiers of few levels each, and two sensitive columns."""
    draw = numpy.random.default_rng(7)
    columns = {f"q{n}": draw.integers(0, 3 + n, rows) for n in range(QUASI)}
    columns["stage"] = draw.choice(["I", "II", "III", "IV"], rows)
    columns["psa"] = draw.integers(0, 200, rows)
    return pandas.DataFrame(columns)


KINDS = {
    "pid": Kind.IDENTIFIER, **{f"q{n}": Kind.QUASI_IDENTIFIER for n in range(QUASI)},
    "stage": Kind.SENSITIVE, "psa": Kind.SENSITIVE,
}  # fmt: skip


def as_read(table: pandas.DataFrame) -> pandas.DataFrame:
    """The table as it is after reading: texts, and a patient for each row."""
    return table.astype(str).assign(pid=[str(n) for n in range(len(table))])


def own(texts: pandas.DataFrame) -> tuple[int, int, float]:
    """k, l and t of a table, from grouping its rows by patient on."""
    side = properties.of_table(texts, "pid", KINDS)
    classes = measure.classes_of(
        [side.properties[f"q{n}"].signatures for n in range(QUASI)], len(side.patients)
    )
    hidden = [side.properties[name].sensitive() for name in ("stage", "psa")]
    return (
        int(measure.sizes_of(classes).min()),
        min(measure.l_of(classes, each) for each in hidden),
        max(measure.t_of(classes, each) for each in hidden),
    )


def main() -> None:
    """Measure, print, keep."""
    from pycanon import anonymity

    large, small = as_read(a_table(1_000_000)), a_table(2_000)
    texts = as_read(small)
    began = time.perf_counter()
    own(large)
    rows_1m_s = time.perf_counter() - began
    names = [f"q{n}" for n in range(QUASI)]
    ratios = []
    for _ in range(3):
        began = time.perf_counter()
        ours = own(texts)
        took = time.perf_counter() - began
        began = time.perf_counter()
        theirs = (
            anonymity.k_anonymity(small, names),
            anonymity.l_diversity(small, names, ["stage", "psa"]),
            anonymity.t_closeness(small, names, ["stage", "psa"]),
        )
        ratios.append((time.perf_counter() - began) / took)
        assert ours[:2] == theirs[:2]
        assert abs(ours[2] - theirs[2]) < 1e-6
    report.publish(
        "risk",
        {"rows_1m_s": rows_1m_s, "vs_pycanon_ratio": sorted(ratios)[1]},
        aims={"rows_1m_s": "<= 3", "vs_pycanon_ratio": ">= 20"},
        details={"rows": len(large), "compared_rows": len(small), "quasi_identifiers": QUASI},
    )


if __name__ == "__main__":
    main()
