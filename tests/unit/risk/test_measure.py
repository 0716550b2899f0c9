"""The measures equal those of the field's own tool on any table."""

import numpy
import pandas
import pytest

from vitrine.risk import measure

anonymity = pytest.importorskip("pycanon.anonymity", reason="pycanon is not installed")


def a_table(seed: int) -> pandas.DataFrame:
    """A small table with two or three quasi-identifiers and sensitive columns of both kinds."""
    draw = numpy.random.default_rng(seed)
    rows = int(draw.integers(8, 60))
    return pandas.DataFrame(
        {
            "age": draw.integers(20, 20 + draw.integers(2, 6), rows),
            "sex": draw.choice(["f", "m"], rows),
            "site": draw.choice(list("abc")[: draw.integers(1, 4)], rows),
            "grade": draw.choice(["low", "mid", "high", "none"], rows),
            "psa": draw.integers(0, draw.integers(3, 25), rows),
        }
    )


@pytest.mark.parametrize("block", range(10))
def test_k_l_and_t_equal_pycanon_on_generated_tables(block):
    for seed in range(20 * block, 20 * block + 20):
        table = a_table(seed)
        quasi = ["age", "sex", "site"]
        classes = measure.classes_of([measure.codes_of(table[c]) for c in quasi], len(table))
        assert measure.sizes_of(classes).min() == anonymity.k_anonymity(table, quasi)
        for column in ("grade", "psa"):
            if table[column].nunique() < 2:
                continue
            sensitive = measure.sensitive_of(table[column])
            assert measure.l_of(classes, sensitive) == anonymity.l_diversity(table, quasi, [column])
            expected = anonymity.t_closeness(table, quasi, [column])
            assert measure.t_of(classes, sensitive) == pytest.approx(expected, abs=1e-6)


def test_many_columns_do_not_overflow():
    draw = numpy.random.default_rng(1)
    columns = [draw.integers(0, 1000, 500) for _ in range(12)]
    classes = measure.classes_of([each.astype(numpy.int64) for each in columns], 500)
    assert len(numpy.unique(classes)) == len({*zip(*columns, strict=True)})


def test_a_missing_value_is_a_value_of_its_own():
    codes = measure.codes_of(pandas.Series(["a", None, "a", None, "b"]))
    assert len(set(codes.tolist())) == 3
    assert codes.min() == 0
