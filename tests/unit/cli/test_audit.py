"""`vitrine audit`: what is wrong is named, and the exit code says so."""

from vitrine.audit import log
from vitrine.audit.events import Event


def fill(database, n=3):
    with database.begin() as tx:
        for each in range(n):
            log.record(
                tx, Event.LOGIN, actor="person:ann", subject=f"account:{each}", detail={"n": each}
            )


def tamper(database, sql):
    with database.begin() as tx:
        tx.exec_driver_sql("DROP TRIGGER audit_log_no_update")
        tx.exec_driver_sql("DROP TRIGGER audit_log_no_delete")
        tx.exec_driver_sql(sql)


def test_a_whole_log_is_0_and_says_what_it_cannot_see(vitrine, database):
    fill(database)
    answer = vitrine("audit", "verify", "--json")
    assert (answer.code, answer.json["verdict"], answer.json["entries"]) == (0, "whole", 3)
    assert "cut off at its end" in answer.stderr


def test_a_checkpoint_goes_to_the_sink_and_anchors_the_log(vitrine, database, settings):
    fill(database)
    made = vitrine("audit", "checkpoint", "--json")
    assert (made.code, made.json["sequence"]) == (0, 3)
    assert settings.audit_sink.read_text().count("\n") == 1
    answer = vitrine("audit", "verify", "--against", settings.audit_sink, "--json")
    assert (answer.code, answer.json["anchored_to"], answer.stderr) == (0, 3, "")


def test_a_cut_tail_passes_alone_and_is_1_against_its_anchor(vitrine, database, settings):
    fill(database)
    vitrine("audit", "checkpoint")
    tamper(database, "DELETE FROM audit_log WHERE sequence > 2")
    assert vitrine("audit", "verify").code == 0
    answer = vitrine("audit", "verify", "--against", settings.audit_sink)
    assert (answer.code, answer.stdout) == (1, "")
    assert "entry 3 is missing, anchored at entry 3" in answer.stderr


def test_an_altered_entry_is_named(vitrine, database):
    fill(database)
    tamper(database, "UPDATE audit_log SET subject = 'account:9' WHERE sequence = 2")
    answer = vitrine("audit", "verify")
    assert answer.code == 1
    assert "entry 2 was altered" in answer.stderr


def test_the_public_key_alone_checks_a_log_anywhere(vitrine, database, settings, tmp_path):
    fill(database)
    vitrine("audit", "checkpoint")
    key = (settings.secrets_root / "steward" / "signing.pub").rename(tmp_path / "carried.pub")
    assert vitrine("audit", "verify").code == 1
    assert vitrine("audit", "verify", "--public-key", key).code == 0


def test_filters_narrow_the_list(vitrine, database):
    fill(database)
    with database.begin() as tx:
        log.record(tx, Event.LOGOUT, actor="person:bo", subject="account:1")
    assert len(vitrine("audit", "list", "--json").json) == 4
    found = vitrine("audit", "list", "--subject", "account:1", "--json").json
    assert [entry["sequence"] for entry in found] == [2, 4]
    assert len(vitrine("audit", "list", "--event", "logout", "--json").json) == 1
    assert (
        len(vitrine("audit", "list", "--actor", "person:ann", "--limit", "2", "--json").json) == 2
    )
    assert vitrine("audit", "list", "--since", "2999-01-01", "--json").json == []
    assert [
        entry["sequence"] for entry in vitrine("audit", "list", "--after", "3", "--json").json
    ] == [4]


def test_a_dry_run_signs_nothing(vitrine, database, settings):
    fill(database)
    assert vitrine("audit", "checkpoint", "--dry-run").code == 0
    assert not settings.audit_sink.exists()


def test_without_the_key_there_is_no_checkpoint(vitrine, database, settings):
    fill(database)
    (settings.secrets_root / "steward" / "signing.pem").unlink()
    answer = vitrine("audit", "checkpoint")
    assert answer.code == 1
    assert "signing.pem does not exist" in answer.stderr
