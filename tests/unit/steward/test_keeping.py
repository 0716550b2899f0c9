"""What the steward does of its own accord happens once, when it is due."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

from tests.support.cellar import SetClock, a_database, an_account, some_settings
from tests.support.deliveries import FAR, a_delivery, a_project, publish_delivery
from vitrine.audit import log
from vitrine.audit.checkpoint import read_sink, verify_log
from vitrine.audit.events import Event
from vitrine.errors import IntegrityError, Unavailable
from vitrine.permits import govern
from vitrine.steward.keeping import Checkpoints, Datasets, Expiry
from vitrine.storage import secrets
from vitrine.workspaces import store as workspaces
from vitrine.workspaces.start import begin_session


@pytest.fixture
def settings(tmp_path):
    return some_settings(tmp_path)


@pytest.fixture
def db(settings):
    return a_database(settings)


@pytest.fixture
def clock():
    return SetClock()


def events(db, event: str) -> list[log.Entry]:
    with db.read() as tx:
        return list(log.find(tx, event=event))


# -- checkpoints ----------------------------------------------------------------------------


@pytest.fixture
def checkpoints(db, settings, clock):
    secrets.make_missing(settings)
    settings.audit_sink.parent.mkdir(parents=True)
    key = secrets.signing_key(settings)
    return Checkpoints(db, key, settings.audit_sink, settings.node_name, clock)


def test_a_checkpoint_is_signed_when_something_happened_and_only_then(db, settings, checkpoints):
    assert checkpoints.step() is None
    an_account(db, "ada")
    assert checkpoints.step() == "entry 1 signed"
    assert checkpoints.step() is None
    assert len(read_sink(settings.audit_sink)) == 1
    with db.read() as tx:
        assert verify_log(tx, secrets.public_key(settings), settings.audit_sink).anchors == 1


def test_a_sink_that_is_away_is_a_sentence_and_the_checkpoint_follows(db, settings, checkpoints):
    an_account(db, "ada")
    settings.audit_sink.parent.rename(settings.audit_sink.parent.with_name("unmounted"))
    with pytest.raises(Unavailable, match="cannot append a checkpoint"):
        checkpoints.step()
    assert not events(db, "checkpoint")
    settings.audit_sink.parent.mkdir()
    assert checkpoints.step() == "entry 1 signed"


# -- expiry ---------------------------------------------------------------------------------


@pytest.fixture
def a_running_session(db, settings, tmp_path):
    an_account(db, "ada")
    publish_delivery(db, settings, a_delivery(tmp_path / "delivery", patients=1, slices=1))
    a_project(db, "ada")
    return begin_session(db, settings, "ada", "lungs").session_id


def session(db, session_id: str):
    with db.read() as tx:
        return workspaces.session(tx, session_id)


def test_a_project_that_is_over_is_recorded_once_and_its_session_asked_to_end_once(
    db, clock, a_running_session
):
    duty = Expiry(db, clock)
    assert duty.step() is None
    clock.now = FAR
    assert duty.step() == "1 projects over, 1 sessions asked to end"
    assert duty.step() is None
    assert Expiry(db, clock).step() is None
    assert len(events(db, "project_expired")) == 1
    [asked] = events(db, "session_stop_asked")
    assert (asked.actor, asked.subject) == ("system:steward", f"session:{a_running_session}")
    assert session(db, a_running_session).stop_requested


def test_a_project_prolonged_and_over_again_is_recorded_again(db, clock, a_running_session):
    duty = Expiry(db, clock)
    clock.now = FAR
    duty.step()
    later = datetime(2031, 1, 1, tzinfo=UTC)
    govern.set_expiry(db, "lungs", later, actor="os:root", clock=clock)
    assert duty.step() is None
    clock.now = later
    duty.step()
    assert [entry.detail["to"][:4] for entry in events(db, "project_expired")] == ["2030", "2031"]


def test_an_end_that_an_administrator_recorded_is_not_recorded_again(db, clock, a_running_session):
    govern.set_expiry(db, "lungs", clock(), actor="os:root", clock=clock)
    Expiry(db, clock).step()
    [entry] = events(db, "project_expired")
    assert entry.actor == "os:root"


# -- datasets -------------------------------------------------------------------------------


@pytest.fixture
def version(db, settings, tmp_path):
    return publish_delivery(db, settings, a_delivery(tmp_path / "delivery"))


def a_day_later(version) -> SetClock:
    from vitrine.clock import parse_timestamp

    clock = SetClock()
    clock.now = parse_timestamp(version.published_at)
    clock.move(days=1, seconds=1)
    return clock


def test_every_dataset_is_read_in_full_once_a_day(db, settings, version):
    clock = a_day_later(version)
    duty = Datasets(db, settings.dataset_root, clock)
    assert duty.step() == "1 dataset versions verified"
    assert duty.step() is None
    clock.move(hours=23)
    assert duty.step() is None
    clock.move(hours=2)
    assert duty.step() == "1 dataset versions verified"
    assert len(events(db, Event.DATASET_VERIFIED)) == 2


def test_a_changed_byte_is_audited_and_the_other_datasets_are_read_too(
    db, settings, version, tmp_path
):
    publish_delivery(db, settings, a_delivery(tmp_path / "other"), name="other-ct")
    image = next(path for path in sorted(version.path.rglob("*")) if path.suffix == ".dcm")
    before = image.stat()
    content = bytearray(image.read_bytes())
    content[-1] ^= 1
    image.chmod(0o644)
    image.write_bytes(content)
    os.utime(image, ns=(before.st_atime_ns, before.st_mtime_ns))
    clock = a_day_later(version)
    clock.move(minutes=5)
    with pytest.raises(IntegrityError, match="dataset lung-ct"):
        Datasets(db, settings.dataset_root, clock).step()
    assert [entry.subject for entry in events(db, "dataset_changed")] == ["dataset:lung-ct"]
    assert [entry.subject for entry in events(db, "dataset_verified")] == ["dataset:other-ct"]
