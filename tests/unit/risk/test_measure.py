"""The measures equal those of the field's own tool on any table."""

import numpy
import pandas
import pytest

from vitrine.risk import measure, properties

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


def property_of(column) -> properties.Property:
    """One property of as many patients as there are rows."""
    return properties.of_rows(numpy.arange(len(column)), column.astype(str))


@pytest.mark.parametrize("block", range(10))
def test_k_l_and_t_equal_pycanon_on_generated_tables(block):
    for seed in range(20 * block, 20 * block + 20):
        table = a_table(seed)
        quasi = ["age", "sex", "site"]
        classes = measure.classes_of([property_of(table[c]).signatures for c in quasi], len(table))
        assert measure.sizes_of(classes).min() == anonymity.k_anonymity(table, quasi)
        for column in ("grade", "psa"):
            if table[column].nunique() < 2:
                continue
            sensitive = property_of(table[column]).sensitive()
            assert measure.l_of(classes, sensitive) == anonymity.l_diversity(table, quasi, [column])
            expected = anonymity.t_closeness(table, quasi, [column])
            assert measure.t_of(classes, sensitive) == pytest.approx(expected, abs=1e-6)


def test_many_columns_do_not_overflow():
    draw = numpy.random.default_rng(1)
    columns = [draw.integers(0, 1000, 500) for _ in range(12)]
    classes = measure.classes_of([each.astype(numpy.int64) for each in columns], 500)
    assert len(numpy.unique(classes)) == len({*zip(*columns, strict=True)})


def test_a_patient_is_the_set_of_its_values():
    rows = [(0, "a"), (0, "b"), (1, "b"), (1, "a"), (1, "a"), (2, "a"), (3, ""), (4, "a")]
    patients = numpy.asarray([patient for patient, _ in rows])
    found = properties.of_rows(patients, [value for _, value in rows]).signatures.tolist()
    assert found[0] == found[1]
    assert found[2] == found[4]
    assert len(set(found)) == 3
