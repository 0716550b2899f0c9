"""Whatever people do in whatever order, what leaves is what enough of the right ones approved."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.support.egress import CONTEXT, TABLE, a_house
from vitrine.access import store as access
from vitrine.access.account import Role
from vitrine.egress import (
    accept,
    decide,
    download,
    exceptions,
    judge,
    leaving,
    prepare,
    release,
    resubmit,
    revoke,
    store,
    submit,
    view,
    vote,
    warned,
)
from vitrine.egress.drafts import receive
from vitrine.egress.request import MOVES, FileType, Status, Vote
from vitrine.egress.standing import Acceptance
from vitrine.errors import VitrineError

SMALL = b"site,patients\nnorth,3\nsouth,20\n"
WHY = "The three are phantoms of the study and no patients."
PEOPLE = st.sampled_from(["ann", "bo", "cy", "hal", "sue", "dan", "eve", "flo"])
CHECKERS = st.sampled_from(["bo", "cy", "hal", "sue"])
FILES = st.integers(0, 3)
MOSTLY = st.sampled_from([True, True, False])
VALUES = st.sampled_from([Vote.APPROVED, Vote.APPROVED, Vote.CHANGES_REQUESTED])


class Life(RuleBasedStateMachine):
    """One request, everybody who has an account, and the steward."""

    def __init__(self, root: Path, parser: Any, seen: Counter[str]) -> None:
        super().__init__()
        self.house = a_house(root / f"house-{sum(seen.values())}-{id(self)}", parser)
        self.request_id = self.house.receive({"a.csv": TABLE, "small.csv": SMALL}).id
        self.was = self.request.status
        self.old_votes: dict[int, list[Any]] = {}
        self.seen = seen

    @property
    def request(self):
        return self.house.request(self.request_id)

    def tries(self, what, *arguments, **named):
        """Do it as anybody may try; a refusal is a sentence and no other kind of error."""
        try:
            what(*arguments, **named)
        except VitrineError:
            self.seen["refused"] += 1

    def person(self, name):
        with self.house.db.read() as tx:
            return access.account(tx, name)

    def do(self, verb, who, *arguments, **named):
        self.tries(
            verb, self.house.db, self.person(who), self.request_id, *arguments,
            clock=self.house.clock, **named,
        )  # fmt: skip

    def file(self, number):
        return self.request.files[number % len(self.request.files)]

    @rule(wish=st.sampled_from([Vote.APPROVED] * 3 + [Vote.CHANGES_REQUESTED]))
    def goes_on(self, wish):
        """The step that everybody waits for, by somebody who may take it."""
        request = self.request
        with self.house.db.read() as tx:
            reviews = store.reviews_of(tx, request.id, request.turn)
        is_wanted = wish is Vote.APPROVED
        if request.status is Status.RETURNED and not is_wanted:
            self.do(submit.withdraw, "ann")
        elif request.status in (Status.PENDING, Status.RETURNED):
            self.steward_works()
            self.submits("ann", FileType.OUTPUT)
            self.submits("ann", FileType.SUPPORTING)
        elif request.status in (Status.SUBMITTED, Status.PARTIALLY_REVIEWED):
            self.reviews(sorted({"bo", "cy", "hal"} - reviews.submitted)[0], wish)
        elif request.status is Status.REVIEWED and not is_wanted:
            verb = decide.return_to_author if request.turn == 1 else decide.reject
            self.do(verb, min(reviews.submitted), reason="round the counts")
        elif request.status is Status.REVIEWED:
            self.approves(min(reviews.submitted), is_right=True)
        elif request.status is Status.RELEASED and not is_wanted:
            self.is_revoked()
        else:
            self.steward_works()

    @rule()
    def asks_for_the_exception_and_gets_it(self):
        for file in self.request.files:
            self.do(exceptions.ask, "ann", file.id, reason=WHY)
            sha256 = file.cleaned_sha256 or ""
            self.do(exceptions.decide, "sue", file.id, is_granted=True, answer="So.", sha256=sha256)

    # -- the author --------------------------------------------------------------------------

    @rule(who=PEOPLE, small=st.sampled_from(FileType))
    def submits(self, who, small):
        kinds = {f.id: small for f in self.request.files if f.path == "small.csv"}
        self.do(submit.submit, who, context=CONTEXT, filetypes=kinds)

    @rule(who=PEOPLE)
    def withdraws(self, who):
        if who != "ann" or self.request.turn > 1:
            self.do(submit.withdraw, who)

    @rule(who=PEOPLE, number=FILES)
    def asks_an_exception(self, who, number):
        self.do(exceptions.ask, who, self.file(number).id, reason=WHY)

    @rule(n=st.integers(20, 23))
    def brings_changed_files_in(self, n):
        house = self.house
        draft = house.draft({"a.csv": TABLE.replace(b"17", b"%d" % n)})
        made = receive(house.db, house.blobs, draft, house.root / "frozen", house.clock)
        self.do(resubmit.ask, "ann", made.id)

    @rule(who=PEOPLE, number=FILES)
    def downloads(self, who, number):
        house, status = self.house, self.request.status
        try:
            download.download(
                house.db, house.blobs, self.person(who), self.request_id, self.file(number).id,
                clock=house.clock,
            )  # fmt: skip
        except VitrineError:
            return
        assert (who, status) == ("ann", Status.RELEASED)

    # -- the checkers ------------------------------------------------------------------------

    @rule(who=PEOPLE)
    def claims(self, who):
        self.do(vote.claim, who)

    @rule(who=PEOPLE)
    def gives_up(self, who):
        self.do(vote.give_up, who)

    @rule(who=PEOPLE, number=FILES, value=VALUES, is_right=MOSTLY, is_opened=MOSTLY)
    def votes(self, who, number, value, is_right, is_opened):
        file = self.file(number)
        sha256 = file.cleaned_sha256 if is_right else "0" * 64
        if is_opened:
            self.opens(who, number)
        self.do(vote.vote, who, file.id, value=value, sha256=sha256 or "", reason="round")

    @rule(who=CHECKERS, value=VALUES, is_opened=MOSTLY)
    def reviews(self, who, value, is_opened=True):
        outputs = self.request.outputs
        if is_opened:
            self.tries(self.house.open, who, self.request)
        ballots = [vote.Ballot(file.id, file.cleaned_sha256 or "") for file in outputs]
        self.do(vote.vote_on_all, who, ballots, value=value, reason="round")
        self.weighs(who)
        self.hands_in(who)

    @rule(who=PEOPLE)
    def weighs(self, who):
        for group in warned.groups(self.request):
            self.do(accept.accept, who, group.key, code=Acceptance.EXPLAINED)

    @rule(who=PEOPLE)
    def hands_in(self, who):
        self.do(vote.submit_review, who)

    @rule(who=PEOPLE, is_granted=st.booleans(), number=FILES)
    def decides_an_exception(self, who, is_granted, number):
        file = self.file(number)
        self.do(
            exceptions.decide, who, file.id, is_granted=is_granted, answer="So.",
            sha256=file.cleaned_sha256 or "",
        )  # fmt: skip

    @rule(who=PEOPLE, is_early=st.booleans(), is_hard=st.booleans())
    def stops(self, who, is_early, is_hard):
        if is_early or self.request.status is Status.REVIEWED:
            verb = decide.reject if is_hard else decide.return_to_author
            self.do(verb, who, reason="round the counts")

    @rule(who=PEOPLE, is_right=st.booleans())
    def approves(self, who, is_right):
        root = leaving.root(self.request) if is_right else "0" * 64
        self.do(decide.approve, who, root=root)

    @rule(who=PEOPLE, number=FILES)
    def opens(self, who, number):
        house = self.house
        before = len(house.events("file_viewed"))
        self.tries(
            view.open_file, house.db, house.blobs, house.parser, self.person(who),
            self.request_id, self.file(number).id, clock=house.clock,
        )  # fmt: skip
        if len(house.events("file_viewed")) > before:
            is_own = who == "ann" and self.request.status is Status.RELEASED
            assert is_own or who in ("bo", "cy", "hal", "sue")

    # -- the node ----------------------------------------------------------------------------

    @rule()
    def steward_works(self):
        house = self.house
        resubmit.bring_in_asked(house.db, house.clock)
        prepare.clean_received(house.db, house.blobs, house.parser, house.clock)
        judge.check_received(house.db, house.blobs, house.parser, house.clock)
        release.release_approved(house.db, house.blobs, house.settings, house.key, house.clock)

    @rule()
    def is_revoked(self):
        self.tries(revoke.revoke, self.house.db, "os:root", self.request_id, reason="a mistake",
                   clock=self.house.clock)  # fmt: skip

    @rule(hours=st.integers(1, 9))
    def time_passes(self, hours):
        self.house.clock.move(hours=hours)

    @rule(who=CHECKERS)
    def loses_the_role_or_gets_it_back(self, who):
        roles = self.person(who).roles
        full = frozenset({Role.OUTPUT_CHECKER} | ({Role.SENIOR_CHECKER} if who == "sue" else set()))
        with self.house.db.begin() as tx:
            access.set_roles(tx, who, frozenset({Role.RESEARCHER}) if roles == full else full)

    # -- what always holds -------------------------------------------------------------------

    @invariant()
    def moves_are_those_of_the_life_cycle(self):
        status = self.request.status
        reachable = {self.was, *MOVES[self.was], *(b for a in MOVES[self.was] for b in MOVES[a])}
        assert status in reachable, (self.was, status)
        self.was = status
        self.seen[str(status)] += 1

    @invariant()
    def earlier_turns_stand_still(self):
        with self.house.db.read() as tx:
            for turn in range(1, self.request.turn):
                cast = store.reviews_of(tx, self.request_id, turn).votes
                assert self.old_votes.setdefault(turn, list(cast)) == list(cast)

    @invariant()
    def what_left_is_what_two_of_the_right_people_approved(self):
        request = self.request
        if request.status not in (Status.RELEASED, Status.REVOKED):
            assert not self.house.events("released")
            return
        with self.house.db.read() as tx:
            manifest = json.loads(store.release_of(tx, request.id).manifest)
        said = self.house.events()
        assert {file["name"] for file in manifest["files"]} == {f.path for f in request.outputs}
        for file in manifest["files"]:
            mine = next(f for f in request.outputs if f.path == file["name"])
            with self.house.blobs.open(file["released_sha256"]) as stream:
                content = stream.read()
            assert hashlib.sha256(content).hexdigest() == file["released_sha256"]
            latest: dict[str, Any] = {}
            for entry in said:
                if entry.event == "vote_cast" and entry.detail["file"] == mine.id:
                    latest[entry.actor] = entry.detail
            handed_in = {
                e.actor for e in said
                if e.event == "review_submitted" and e.detail["turn"] == request.turn
            }  # fmt: skip
            approvals = {
                actor
                for actor, detail in latest.items()
                if (detail["turn"], detail["value"]) == (request.turn, "approved")
                and detail["sha256"] == file["released_sha256"]
            }
            assert len(approvals & handed_in) >= 2
            assert approvals & handed_in <= {
                e.actor for e in said
                if e.event == "file_viewed" and e.detail["sha256"] == file["released_sha256"]
            }  # fmt: skip
            assert not approvals & {"person:ann", "person:dan", "person:eve", "person:flo"}
            if mine.blocks:
                granted = [e for e in said if e.event == "exception_granted"]
                assert [
                    e for e in granted if e.actor == "person:sue" and e.detail["file"] == mine.id
                ]


def test_what_leaves_is_what_enough_of_the_right_people_approved(tmp_path, parser):
    seen: Counter[str] = Counter()
    run_state_machine_as_test(
        lambda: Life(tmp_path, parser, seen),
        settings=settings(
            max_examples=26,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        ),
    )
    life = Life(tmp_path, parser, seen)  # and once straight on, as most requests go
    life.asks_for_the_exception_and_gets_it()
    for wish in (*[Vote.APPROVED] * 5, Vote.CHANGES_REQUESTED):
        life.goes_on(wish)
        life.moves_are_those_of_the_life_cycle()
        life.what_left_is_what_two_of_the_right_people_approved()
    assert life.was is Status.REVOKED
    assert seen["refused"] > 300
