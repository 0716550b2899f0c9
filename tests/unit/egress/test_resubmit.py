"""A request that came back gets changed files; what did not change keeps its votes."""

from __future__ import annotations

import json

import pytest

from tests.support.egress import CONTEXT, TABLE
from vitrine.egress import drafts, incident, judge, prepare, release, resubmit, submit, vote
from vitrine.egress import view as view_module
from vitrine.egress.request import FileType, Status, Vote
from vitrine.egress.sandbox.asked import Asked
from vitrine.errors import Conflict, NotPermitted

CHANGED = b"site,mean_volume_mm3,n\nnorth,4200,20\nsouth,4000,20\n"
OTHER = b"site,AUC\nnorth,0.91\nsouth,0.88\n"


def returned(house, files=None):
    """bo approves everything, cy wants the table changed."""
    request = house.submitted(files or {"table.csv": TABLE, "auc.csv": OTHER})
    house.review("bo", request)
    house.open("cy", request)
    for file in request.outputs:
        is_table = file.path == "table.csv"
        vote.vote(
            house.db,
            house.people["cy"],
            request.id,
            file.id,
            value=Vote.CHANGES_REQUESTED if is_table else Vote.APPROVED,
            sha256=file.cleaned_sha256,
            reason="round" if is_table else "",
            clock=house.clock,
        )
    house.weigh("cy", request)
    vote.submit_review(house.db, house.people["cy"], request.id, clock=house.clock)
    return house.send_back("bo", request)


def a_draft(house, files, **changes):
    return drafts.receive(
        house.db, house.blobs, house.draft(files, **changes), house.root / "frozen", house.clock
    )


def bring_in(house, request, draft, who="ann"):
    return resubmit.ask(house.db, house.people[who], request.id, draft.id, clock=house.clock)


def arrive(house):
    done = resubmit.bring_in_asked(house.db, house.clock)
    prepare.clean_received(house.db, house.blobs, house.parser, house.clock)
    judge.check_received(house.db, house.blobs, house.parser, house.clock)
    return done


def resubmitted(house):
    request = returned(house)
    bring_in(house, request, a_draft(house, {"table.csv": CHANGED, "auc.csv": OTHER}))
    arrive(house)
    return submit.submit(
        house.db, house.people["ann"], request.id, context=CONTEXT, clock=house.clock
    )


def test_a_changed_file_takes_its_place_and_the_old_one_stays_in_the_record(house):
    request = resubmitted(house)
    assert [(f.path, str(f.filetype)) for f in request.files] == [
        ("table.csv", "withdrawn"),
        ("auc.csv", "output"),
        ("table.csv", "output"),
    ]
    old, _, new = request.files
    assert new.replaces == old.id
    assert request.is_replaced(old)
    assert new.cleaned_sha256 != old.cleaned_sha256
    (entry,) = house.events("files_brought_in")
    assert entry.detail["files"] == 1


def test_the_draft_is_over_and_cannot_be_used_or_submitted_again(house):
    request = returned(house)
    draft = a_draft(house, {"table.csv": CHANGED})
    bring_in(house, request, draft)
    bring_in(house, request, draft)
    assert arrive(house) == 1
    assert arrive(house) == 0
    assert house.request(draft.id).status is Status.WITHDRAWN
    with pytest.raises(NotPermitted, match="no draft any more"):
        bring_in(house, house.send_back("bo", house.reviewed()), draft)
    assert len(house.request(request.id).files) == 3


def test_votes_on_what_did_not_change_are_kept_and_on_what_did_are_not(house):
    request = resubmitted(house)
    new = request.files[2]
    vote.claim(house.db, house.people["bo"], request.id, clock=house.clock)
    with pytest.raises(NotPermitted, match="1 of 2 output files lack your vote"):
        vote.submit_review(house.db, house.people["bo"], request.id, clock=house.clock)
    for who in ("bo", "cy"):
        house.open(who, request)
        vote.vote(
            house.db, house.people[who], request.id, new.id, value=Vote.APPROVED,
            sha256=new.cleaned_sha256, clock=house.clock,
        )  # fmt: skip
        house.weigh(who, request)
        vote.submit_review(house.db, house.people[who], request.id, clock=house.clock)
    house.approve("cy", request)
    (made,) = release.release_approved(
        house.db, house.blobs, house.settings, house.key, house.clock
    )
    files = json.loads(made.manifest)["files"]
    assert [file["name"] for file in files] == ["auc.csv", "table.csv"]
    assert all(len(file["votes"]) == 2 for file in files)


def test_a_checker_who_is_new_keeps_no_votes_of_anybody(house):
    request = resubmitted(house)
    vote.claim(house.db, house.people["hal"], request.id, clock=house.clock)
    with pytest.raises(NotPermitted, match="2 of 2 output files lack your vote"):
        vote.submit_review(house.db, house.people["hal"], request.id, clock=house.clock)


def test_nothing_is_submitted_while_files_are_on_their_way_or_unchecked(house):
    request = returned(house)
    bring_in(house, request, a_draft(house, {"table.csv": CHANGED}))

    def hand_in():
        submit.submit(house.db, house.people["ann"], request.id, context=CONTEXT)

    with pytest.raises(Conflict, match="being brought in"):
        hand_in()
    resubmit.bring_in_asked(house.db, house.clock)
    with pytest.raises(Conflict, match="still being made"):
        hand_in()
    prepare.clean_received(house.db, house.blobs, house.parser, house.clock)
    with pytest.raises(Conflict, match="still being checked"):
        hand_in()
    judge.check_received(house.db, house.blobs, house.parser, house.clock)
    hand_in()


def test_a_changed_file_that_a_check_blocks_is_blocked(house):
    request = returned(house)
    bring_in(house, request, a_draft(house, {"table.csv": b"site,patients\nnorth,3\nsouth,20\n"}))
    arrive(house)
    with pytest.raises(NotPermitted, match="cannot be asked out"):
        submit.submit(house.db, house.people["ann"], request.id, context=CONTEXT)


def test_a_file_is_not_compared_with_the_one_that_it_replaces(house):
    first = b"site,patients\nnorth,40\nsouth,35\n"
    request = returned(house, {"table.csv": first, "auc.csv": OTHER})
    bring_in(house, request, a_draft(house, {"table.csv": first.replace(b"35", b"37")}))
    arrive(house)
    old, _, new = house.request(request.id).files
    assert "differencing" not in {finding.check for finding in new.findings}
    assert not old.findings


def test_a_replaced_file_is_not_asked_out_again(house):
    request = returned(house)
    bring_in(house, request, a_draft(house, {"table.csv": CHANGED}))
    arrive(house)
    with pytest.raises(NotPermitted, match=r"a newer table\.csv"):
        submit.submit(
            house.db, house.people["ann"], request.id, context=CONTEXT,
            filetypes={request.files[0].id: FileType.OUTPUT},
        )  # fmt: skip


@pytest.mark.parametrize("who", ["bo", "cy", "sue", "dan", "eve", "flo"])
def test_nobody_else_brings_files_in(house, who):
    request = returned(house)
    with pytest.raises(NotPermitted):
        bring_in(house, request, a_draft(house, {"table.csv": CHANGED}), who)
    assert not house.events("files_asked_in")
    assert house.events("export_refused")


@pytest.mark.parametrize(
    ("changes", "why"),
    [({"person": "dan"}, "only the author"), ({"project": "breast"}, "another project")],
)
def test_files_come_from_a_draft_of_the_same_author_and_project(house, changes, why):
    request = returned(house)
    with pytest.raises(NotPermitted, match=why):
        bring_in(house, request, a_draft(house, {"table.csv": CHANGED}, **changes))


def test_a_request_that_moved_on_meanwhile_gets_nothing_and_the_draft_stays(house):
    request = returned(house)
    draft = a_draft(house, {"table.csv": CHANGED})
    bring_in(house, request, draft)
    submit.withdraw(house.db, house.people["ann"], request.id, clock=house.clock)
    assert arrive(house) == 1
    assert house.request(draft.id).status is Status.PENDING
    assert len(house.request(request.id).files) == 2
    (entry,) = house.events("files_brought_in")
    assert entry.detail["files"] == 0


def test_an_author_never_sees_the_copy_that_was_replaced_not_even_as_changes(house):
    request = resubmitted(house)
    new = request.files[2]
    for who in ("bo", "cy"):
        house.review(who, request)
    house.approve("cy", request)
    release.release_approved(house.db, house.blobs, house.settings, house.key, house.clock)

    def look(who, view):
        return view_module.open_file(
            house.db, house.blobs, house.parser, house.people[who], request.id, new.id,
            asked=Asked(view=view), clock=house.clock,
        )  # fmt: skip

    assert look("ann", "").preview.data["kind"] == "table", "what was released"
    with pytest.raises(NotPermitted, match="replaced"):
        look("ann", "changes")
    assert house.events("export_refused")[-1].detail["action"] == "view changes"
    assert look("bo", "changes").preview.data["kind"] == "changes"


def test_a_request_that_stands_still_takes_no_files_in_and_says_why(house):
    request = returned(house)
    bring_in(house, request, a_draft(house, {"table.csv": CHANGED}))
    incident.report(house.db, house.people["cy"], request.id, clock=house.clock)
    assert resubmit.bring_in_asked(house.db, house.clock) == 1
    assert len(house.request(request.id).files) == 2
    with pytest.raises(NotPermitted, match="stands still"):
        bring_in(house, request, a_draft(house, {"auc.csv": CHANGED}))
    with pytest.raises(NotPermitted, match="stands still"):
        submit.withdraw(house.db, house.people["ann"], request.id, clock=house.clock)
