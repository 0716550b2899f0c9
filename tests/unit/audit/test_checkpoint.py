"""What is signed can be checked by others, and a cut or forged log meets its anchor."""

import json
import os
import stat

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.support.cellar import SetClock, a_database, some_settings
from vitrine.audit import chain, log
from vitrine.audit.checkpoint import (
    is_due,
    last_checkpoint,
    read_sink,
    sign_checkpoint,
    verify_log,
)
from vitrine.audit.events import Event
from vitrine.errors import Conflict, IntegrityError, NotFound, Unavailable

KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key()
STRANGER = Ed25519PrivateKey.generate()


@pytest.fixture
def database(tmp_path):
    return a_database(some_settings(tmp_path))


@pytest.fixture
def sink(tmp_path):
    return tmp_path / "checkpoints.jsonl"


def write(database, n=3):
    with database.begin() as tx:
        for each in range(n):
            log.record(tx, Event.LOGIN, actor="person:ann", subject=f"account:{each}")


def sign(database, sink, key=KEY):
    with database.begin() as tx:
        return sign_checkpoint(tx, key, sink, SetClock(), node="alpha")


def verify(database, against=None):
    with database.read() as tx:
        return verify_log(tx, PUBLIC, against)


def tamper(database, *statements):
    """What somebody with the database file and without the key can do."""
    with database.begin() as tx:
        for verb in ("update", "delete"):
            tx.exec_driver_sql(f"DROP TRIGGER IF EXISTS audit_log_no_{verb}")
        for statement in statements:
            tx.exec_driver_sql(statement)


def rewrite(database, keep=lambda entry: True, change=lambda body: body):
    """A whole new chain that is right in itself, without the key."""
    with database.read() as tx:
        kept = [entry for entry in log.entries(tx) if keep(entry)]
    tamper(database, "DELETE FROM audit_log")
    head = chain.Head()
    with database.begin() as tx:
        for entry in kept:
            body = change(entry.body)
            head = chain.Head(
                head.sequence + 1, chain.digest_of(head.sequence + 1, body, head.digest)
            )
            values = {**body, "detail": chain.canonical(body["detail"])}
            tx.execute(
                log.audit_log.insert().values(sequence=head.sequence, digest=head.digest, **values)
            )


def test_a_whole_log_verifies_against_its_sink(database, sink):
    write(database)
    made = sign(database, sink)
    report = verify(database, sink)
    assert made.is_signed_by(PUBLIC)
    assert (report.entries, report.checkpoints, report.anchored_to) == (4, 1, 3)
    assert (report.signed_to, report.caveat) == (3, "")


def test_without_an_anchor_the_report_says_what_it_cannot_see(database, sink):
    write(database)
    sign(database, sink)
    assert "would not show" in verify(database).caveat


def test_entries_newer_than_the_anchor_are_said_to_be_so(database, sink):
    write(database)
    sign(database, sink)
    write(database)
    assert "entries after 3 are newer" in verify(database, sink).caveat


def test_a_flipped_byte_is_found_and_named(database, sink):
    write(database)
    sign(database, sink)
    tamper(database, "UPDATE audit_log SET actor = 'person:anm' WHERE sequence = 2")
    with pytest.raises(chain.BrokenChain, match="entry 2 was altered"):
        verify(database, sink)


def test_a_removed_line_is_found_and_named(database):
    write(database)
    tamper(database, "DELETE FROM audit_log WHERE sequence = 2")
    with pytest.raises(chain.BrokenChain, match="entry 2 is missing"):
        verify(database)


def test_swapped_entries_are_found(database):
    write(database)
    tamper(
        database,
        "UPDATE audit_log SET sequence = 99 WHERE sequence = 2",
        "UPDATE audit_log SET sequence = 2 WHERE sequence = 3",
        "UPDATE audit_log SET sequence = 3 WHERE sequence = 99",
    )
    with pytest.raises(chain.BrokenChain, match="entry 2 was altered"):
        verify(database)


def test_a_cut_tail_passes_alone_and_is_named_against_the_sink(database, sink):
    write(database)
    sign(database, sink)
    tamper(database, "DELETE FROM audit_log WHERE sequence > 1")
    assert verify(database).entries == 1
    with pytest.raises(chain.BrokenChain, match="entries 2 to 3 are missing, anchored at entry 3"):
        verify(database, sink)


def test_a_log_rewritten_without_the_key_meets_its_own_checkpoint(database, sink):
    write(database)
    sign(database, sink)
    rewrite(database, change=lambda body: {**body, "at": "2020-01-01T00:00:00.000000Z"})
    with pytest.raises(chain.BrokenChain, match="entry 3 is not the one"):
        verify(database)


def test_a_log_rewritten_without_its_checkpoints_meets_the_sink(database, sink):
    write(database)
    sign(database, sink)
    write(database)
    rewrite(
        database,
        keep=lambda entry: entry.event != Event.CHECKPOINT,
        change=lambda body: {**body, "actor": "person:eve"},
    )
    report = verify(database)
    assert (report.checkpoints, report.signed_to) == (0, 0)
    with pytest.raises(chain.BrokenChain, match="entry 3 is not the one that was anchored"):
        verify(database, sink)


def test_an_early_anchor_still_counts_when_a_later_one_matches(database, sink):
    """Every line of a sink is compared, not only the last."""
    write(database)
    sign(database, sink)
    forged = sink.read_text()
    rewrite(database, keep=lambda entry: entry.sequence > 1 and entry.event != Event.CHECKPOINT)
    write(database)
    sign(database, sink)
    assert sink.read_text().startswith(forged)
    with pytest.raises(chain.BrokenChain, match="entry 3 is not the one that was anchored"):
        verify(database, sink)


def test_a_checkpoint_of_another_key_is_refused(database, sink):
    write(database)
    sign(database, sink, STRANGER)
    with pytest.raises(IntegrityError, match="entry 4 is not signed by this node's steward"):
        verify(database)
    with pytest.raises(IntegrityError, match=r"checkpoint 1 of .* is not signed"):
        verify(database, sink)


@pytest.mark.parametrize("name", ["node", "at", "sequence", "digest"])
def test_every_field_of_a_checkpoint_is_signed(database, sink, name):
    write(database)
    sign(database, sink)
    line = json.loads(sink.read_text())
    line[name] = 2 if name == "sequence" else "0" * 64
    sink.write_text(json.dumps(line) + "\n")
    assert not read_sink(sink)[0].is_signed_by(PUBLIC)


@pytest.mark.parametrize("line", ["nonsense", "{}", '{"node":1}', "[]", '"x"'])
def test_a_line_that_is_no_checkpoint_is_named(database, sink, line):
    write(database)
    sign(database, sink)
    sink.write_text(sink.read_text() + line + "\n")
    with pytest.raises(IntegrityError, match="line 2 of"):
        verify(database, sink)


def test_an_empty_sink_is_no_evidence(database, sink):
    write(database)
    sink.write_text("")
    with pytest.raises(IntegrityError, match="holds no checkpoint"):
        verify(database, sink)


def test_a_sink_that_cannot_be_written_leaves_no_checkpoint(database, tmp_path):
    write(database)
    with pytest.raises(Unavailable, match="cannot append"):
        sign(database, tmp_path / "no" / "such" / "directory")
    with database.read() as tx:
        assert last_checkpoint(tx) is None


def test_an_empty_log_has_nothing_to_sign(database, sink):
    with pytest.raises(NotFound, match="empty"):
        sign(database, sink)
    assert not sink.exists()


def test_a_checkpoint_is_due_only_when_something_happened(database, sink):
    with database.read() as tx:
        assert not is_due(tx)
    write(database)
    with database.read() as tx:
        assert is_due(tx)
    made = sign(database, sink)
    with database.read() as tx:
        assert not is_due(tx)
        assert last_checkpoint(tx) == made


def test_a_sink_of_another_node_is_not_written_to(database, sink):
    write(database)
    sign(database, sink, STRANGER)
    before = sink.read_bytes()
    with pytest.raises(Conflict, match="another key signed, as node alpha"):
        sign(database, sink)
    assert sink.read_bytes() == before


def test_a_new_sink_is_for_everybody_to_read_whatever_the_umask(database, sink):
    write(database)
    old = os.umask(0o077)
    try:
        sign(database, sink)
    finally:
        os.umask(old)
    assert stat.S_IMODE(sink.stat().st_mode) == 0o644
