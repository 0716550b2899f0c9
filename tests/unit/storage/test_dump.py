"""What was dumped is what is loaded, or nothing is."""

import pytest

from tests.support.cellar import a_database, an_account, some_settings
from vitrine.audit import log
from vitrine.errors import Conflict, IntegrityError, Unavailable
from vitrine.storage import dump
from vitrine.storage.database import Database


@pytest.fixture
def lines(tmp_path):
    database = a_database(some_settings(tmp_path))
    for name in ("ann", "bob"):
        an_account(database, name)
    with database.read() as tx:
        return list(dump.dump(tx))


@pytest.fixture
def empty(tmp_path):
    return Database(f"sqlite:///{tmp_path}/empty.sqlite")


def test_a_loaded_database_dumps_the_same(lines, empty):
    assert dump.load(empty, lines) == len(lines) - 1
    assert empty.is_current()
    with empty.read() as tx:
        assert list(dump.dump(tx)) == lines
        assert log.head(tx).sequence == 2


def test_a_database_that_is_in_use_is_not_touched(lines, tmp_path):
    used = a_database(some_settings(tmp_path / "other"))
    with pytest.raises(Conflict, match="has tables already"):
        dump.load(used, lines)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        pytest.param(lambda lines: [], "does not name its schema", id="empty"),
        pytest.param(lambda lines: lines[1:], "does not name its schema", id="no header"),
        pytest.param(lambda lines: [*lines, "{"], "is not readable", id="cut"),
        pytest.param(lambda lines: [*lines, "[]"], "is not a row", id="no row"),
        pytest.param(lambda lines: [*lines, '["nonsense",{}]'], "is not a row", id="no table"),
        pytest.param(
            lambda lines: [*lines, '["accounts",{"x":1}]'], "is not a row", id="no column"
        ),
    ],
)
def test_a_dump_that_cannot_be_loaded_leaves_nothing(lines, empty, change, complaint):
    with pytest.raises(IntegrityError, match=complaint):
        dump.load(empty, change(lines))
    assert empty.revision() is None


def test_a_dump_of_an_unknown_version_is_refused(lines, empty):
    with pytest.raises(Unavailable, match="9999_future"):
        dump.load(empty, ['{"schema":"9999_future"}\n', *lines[1:]])
