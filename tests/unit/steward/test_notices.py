"""Notices on their way out: taken once, signed, bounded, and without a word that anybody wrote."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
import logging
import threading
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.support.egress import CONTEXT, TABLE, a_house, a_parser
from tests.support.post import HookServer, MailServer, running
from vitrine.access import enrol, store
from vitrine.egress import decide, release, revoke, submit, vote
from vitrine.egress.request import FileType, Reason, Visibility, Vote
from vitrine.egress.service.remind import remind
from vitrine.errors import InvalidInput, SettingsError, Unavailable
from vitrine.settings import Settings
from vitrine.steward.duty import Duty, Rounds
from vitrine.steward.notices import ATTEMPTS, Sending
from vitrine.steward.post import Mail, Webhook

SECRET = "a secret between two"
WORD = "PLANTED4711"
"""Whatever a person can write about a request holds it, in this test."""


@pytest.fixture(scope="module")
def parser(tmp_path_factory):
    with a_parser(tmp_path_factory.mktemp("parser") / "parser.sock") as started:
        yield started


@pytest.fixture
def house(tmp_path, parser):
    made = a_house(tmp_path, parser)
    for name in ("ann", "bo", "cy"):
        enrol.set_mail(made.db, name, f"{name}@hospital.example", actor="os:root")
    steward = made.settings.secrets_root / "steward"
    steward.mkdir(parents=True)
    (steward / "webhook_secret").touch(0o600)
    (steward / "webhook_secret").write_text(SECRET)
    return made


@pytest.fixture
def mails():
    with running(MailServer()) as server:
        yield server


@pytest.fixture
def hooks():
    with running(HookServer()) as server:
        yield server


def by_mail(house, mails, **changes):
    settings = dataclasses.replace(
        house.settings,
        **{"mail_host": "127.0.0.1", "mail_port": mails.port, "mail_security": "plain", **changes},
    )
    return Sending(house.db, Mail(settings), clock=house.clock)


def by_webhook(house, hooks):
    channel = Webhook(house.settings, house.clock)
    return Sending(house.db, channel, webhook_url=hooks.url, clock=house.clock)


def test_a_mail_says_id_state_due_date_and_link(house, mails):
    request = house.submitted()
    assert by_mail(house, mails).step() == "2 sent"  # hal has no address
    mail = next(each for each in mails.mails if each["To"] == "bo@hospital.example")
    assert mail["Subject"] == f"{request.id} waits for review"
    assert mail.get_content().splitlines() == [
        f"Release request {request.id} waits for review.",
        "",
        "State: SUBMITTED",
        "Due: 2026-03-04T00:00:00.000000Z",
        f"Link: {house.settings.review_url}/requests/{request.id}",
    ]
    assert by_mail(house, mails).step() is None
    assert len(mails.raw) == 2


def test_a_post_is_signed_over_its_time_and_body(house, hooks):
    request = house.submitted()
    assert by_webhook(house, hooks).step() == "1 sent"
    ((headers, body),) = hooks.posts
    signed = headers["X-Vitrine-Time"].encode() + b"." + body
    digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["X-Vitrine-Signature"] == f"sha256={digest}"
    said = json.loads(body)
    assert said.pop("id") == headers["X-Vitrine-Notice"]
    assert said == {
        "request": request.id,
        "kind": "submitted",
        "state": "SUBMITTED",
        "due_at": "2026-03-04T00:00:00.000000Z",
        "link": f"{house.settings.review_url}/requests/{request.id}",
    }


def live_through_everything(house):
    """A request whose author and checkers say `WORD` wherever they can."""
    files = {f"{WORD}.csv": TABLE, f"{WORD}/code.py": f"# {WORD}\n".encode()}
    request = house.receive(files, title=f"{WORD} title")
    kinds = {request.files[1].id: FileType.CODE}
    context = f"{WORD} {CONTEXT}"

    def hand_in():
        ann = house.people["ann"]
        return submit.submit(
            house.db, ann, request.id, context=context, filetypes=kinds, clock=house.clock
        )

    hand_in()
    for visibility in Visibility:
        decide.comment(house.db, house.people["bo"], request.id, body=WORD, visibility=visibility,
                       anchor=WORD, clock=house.clock)  # fmt: skip
    vote.vote(house.db, house.people["bo"], request.id, request.files[0].id, reason=WORD,
              value=Vote.CHANGES_REQUESTED, sha256=request.files[0].cleaned_sha256 or "",
              reason_code=Reason.SMALL_COUNTS, clock=house.clock)  # fmt: skip
    house.clock.move(days=4)
    remind(house.db, timedelta(hours=4), house.clock)
    decide.return_to_author(
        house.db, house.people["bo"], request.id, reason=WORD, clock=house.clock
    )
    again = hand_in()
    for name in ("bo", "cy"):
        house.review(name, again)
    house.approve("cy", again)
    release.release_approved(house.db, house.blobs, house.settings, house.key, house.clock)
    revoke.revoke(house.db, "os:root", request.id, reason=WORD, clock=house.clock)


def test_nothing_that_anybody_wrote_leaves_in_a_mail_a_post_or_a_log(
    house, mails, hooks, caplog, capfd
):
    live_through_everything(house)
    caplog.set_level(logging.DEBUG)
    mails.refuses, hooks.status = {"cy@"}, 500
    for _ in range(12):  # the refused ones first, then the others
        for sending in (by_mail(house, mails), by_webhook(house, hooks)):
            Rounds(Duty("notices", 1, sending.step), threading.Event()).step()
        hooks.status = 204
        house.clock.move(minutes=1)
    kinds = {json.loads(body)["kind"] for _, body in hooks.posts}
    assert kinds == {"submitted", "overdue", "returned", "reviewed", "released", "revoked"}
    assert len(mails.raw) >= 6
    said = b"".join(mails.raw) + b"".join(body for _, body in hooks.posts)
    said += b"".join("".join(headers.values()).encode() for headers, _ in hooks.posts)
    said += (caplog.text + "".join(capfd.readouterr())).encode()
    assert b"waits for review" in said
    assert WORD.encode() not in said
    for mail in mails.mails:
        others = {"ann", "bo", "cy", "hal"} - {mail["To"].partition("@")[0]}
        words = set(str(mail).replace("@", " ").split())
        assert not others & words, "no mail names another person"


def test_what_the_other_side_did_not_take_is_tried_again_and_then_given_up(house, hooks):
    house.submitted()
    hooks.status = 302  # a redirection is not followed either
    sending = by_webhook(house, hooks)
    for _ in range(ATTEMPTS):
        with pytest.raises(Unavailable, match="did not take"):
            sending.step()
        assert sending.step() is None, "not before its pause is over"
        house.clock.move(hours=3)
    assert sending.step() is None
    assert len(hooks.posts) == ATTEMPTS
    assert len({headers["X-Vitrine-Notice"] for headers, _ in hooks.posts}) == 1
    (entry,) = house.events("notice_failed")
    assert entry.detail == {"kind": "submitted", "recipient": "webhook", "attempts": ATTEMPTS}


def test_one_person_s_refused_mail_does_not_keep_others_from_theirs(house, mails):
    house.submitted()
    mails.refuses = {"bo@"}
    sending = by_mail(house, mails)
    with pytest.raises(Unavailable, match="SMTPRecipientsRefused"):
        sending.step()
    assert sending.step() == "1 sent"
    assert [mail["To"] for mail in mails.mails] == ["cy@hospital.example"]


class Killed(BaseException):
    """The steward ends here, as by kill -9."""


def test_killed_at_any_point_a_notice_is_sent_and_its_id_stays_the_same(house, mails):
    house.submitted()
    before, after = by_mail(house, mails), by_mail(house, mails)
    before._channel = Dying(before._channel, sends=False)
    after._channel = Dying(after._channel, sends=True)
    for sending in (before, after):
        with pytest.raises(Killed):
            sending.step()
    by_mail(house, mails).step()
    ids = [mail["Message-ID"] for mail in mails.mails if mail["To"] == "bo@hospital.example"]
    assert len(ids) == 2, "taken, and not known to be taken"
    assert len(set(ids)) == 1, "the other side can tell"


class Dying:
    """A channel in whose middle the steward is killed."""

    def __init__(self, channel, *, sends):
        self.channel, self.sends = channel, sends

    def send(self, notice, address):
        if self.sends:
            self.channel.send(notice, address)
        raise Killed


def test_a_mail_server_without_tls_is_told_nothing(house, mails):
    house.submitted()
    with pytest.raises(Unavailable, match="SMTPNotSupportedError"):
        by_mail(house, mails, mail_security="starttls").step()
    assert mails.raw == []


def test_old_news_is_not_sent_when_sending_begins(house, mails):
    house.submitted()
    house.clock.move(days=4)
    assert by_mail(house, mails).step() is None
    with house.db.read() as tx:
        waiting = text("SELECT count(*) FROM egress_notices WHERE send_at IS NOT NULL")
        assert tx.execute(waiting).scalar() == 0


@pytest.mark.parametrize("mail", ["a b@c", "a@b\nBcc: c@d", "ann", "@b", "a@b@c", "ä@b.example"])
def test_what_is_no_address_is_refused(house, mail):
    with pytest.raises(InvalidInput, match="name@host"):
        enrol.set_mail(house.db, "ann", mail, actor="os:root")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"MAIL_SECURITY": "none"}, "VITRINE_MAIL_SECURITY"),
        ({"MAIL_SECURITY": "plain", "MAIL_HOST": "mail.example"}, "VITRINE_MAIL_SECURITY"),
        ({"WEBHOOK_URL": "http://elsewhere.example/"}, "VITRINE_WEBHOOK_URL"),
        ({"WEBHOOK_URL": "file:///etc/passwd"}, "VITRINE_WEBHOOK_URL"),
        ({"MAIL_FROM": "nobody"}, "VITRINE_MAIL_FROM"),
        ({"REVIEW_HOLIDAYS": "Christmas"}, "VITRINE_REVIEW_HOLIDAYS"),
    ],
)
def test_settings_that_cannot_work_are_named(changes, named):
    with pytest.raises(SettingsError, match=named):
        Settings.from_env({f"VITRINE_{name}": value for name, value in changes.items()})


def test_addresses_stay_out_of_records_and_of_the_audit_log(house):
    with house.db.read() as tx:
        ann = store.account(tx, "ann")
    assert ann.mail == "ann@hospital.example"
    assert "hospital" not in repr(ann)
    entries = [json.dumps(dict(entry.detail)) for entry in house.events("account_changed")]
    assert entries == ['{"mail": "set"}'] * 3
