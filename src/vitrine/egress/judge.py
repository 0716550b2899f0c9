"""What the checks say of the copies of received files, before anybody can submit them.

The steward does this once per request, when every file has its copy or its refusal, with the
project's disclosure policy as it is then; name and version of the policy stay with the request.
"""

from __future__ import annotations

from vitrine.audit import log
from vitrine.audit.events import Event
from vitrine.clock import Clock, utc_now
from vitrine.egress import disclosure, store
from vitrine.egress.checks.engine import not_checked
from vitrine.egress.checks.finding import Finding, Severity
from vitrine.egress.disclosure import DisclosurePolicy
from vitrine.egress.request import EgressRequest
from vitrine.egress.sandbox.client import Parser
from vitrine.egress.sandbox.filetypes import FLATTENED
from vitrine.egress.trail import subject_of
from vitrine.egress.view import copy_of, original_of
from vitrine.errors import Conflict, InvalidInput, VitrineError
from vitrine.permits import store as permits
from vitrine.storage.blobs import BlobStore
from vitrine.storage.database import Database

_ACTOR = "system:steward"


def check_received(db: Database, blobs: BlobStore, parser: Parser, clock: Clock = utc_now) -> int:
    """Check the requests whose copies are made; returns how many.

    Raises:
        Unavailable: when the parser does not answer; what was done until then is kept.
        IntegrityError: when a stored copy has other bytes than were recorded.
    """
    with db.read() as tx:
        waiting = store.unchecked(tx)
    problem: VitrineError | None = None
    for request_id in waiting:
        try:
            _check(db, blobs, parser, request_id, clock)
        except VitrineError as found:  # the next request is not the worse for it
            problem = problem or found
    if problem is not None:
        raise problem
    return len(waiting)


def _check(db: Database, blobs: BlobStore, parser: Parser, request_id: str, clock: Clock) -> None:
    with db.read() as tx:
        request = store.request(tx, request_id)
        policy = disclosure.load(permits.project(tx, request.project).disclosure)
    _keep(db, request, policy, _look(blobs, parser, request, policy), clock)


def _look(
    blobs: BlobStore, parser: Parser, request: EgressRequest, policy: DisclosurePolicy
) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    facts = []
    for file in request.files:
        if file.cleaned_sha256 is None or request.is_replaced(file):
            continue
        try:
            is_flattened = file.media_type in FLATTENED
            content = original_of(blobs, file) if is_flattened else copy_of(blobs, file)
            found[file.path], fact = parser.check(
                file.path, content, policy, is_flattened=is_flattened
            )
            facts.append(fact)
        except InvalidInput as problem:
            found[file.path] = [not_checked("the checks", problem)]
    try:
        for path, more in parser.compare(facts, policy).items():
            found.get(path, []).extend(more)
    except InvalidInput as problem:
        for findings in found.values():
            findings.append(not_checked("the comparison of the files", problem))
    return found


def _keep(
    db: Database,
    request: EgressRequest,
    policy: DisclosurePolicy,
    found: dict[str, list[Finding]],
    clock: Clock,
) -> None:
    everything = [finding for findings in found.values() for finding in findings]
    with db.begin() as tx:
        now = store.request(tx, request.id, for_change=True)
        if now.disclosure is not None:
            return
        for file in now.files:
            store.add_findings(tx, file, found.get(file.path, []))
        try:
            store.change_request(tx, now, disclosure=f"{policy.name} {policy.version}")
        except Conflict:  # it was withdrawn meanwhile
            return
        log.record(
            tx,
            Event.REQUEST_CHECKED,
            actor=_ACTOR,
            subject=subject_of(request),
            detail={
                "disclosure": f"{policy.name} {policy.version}",
                "files": len(found),
                "checks": " ".join(sorted({f"{e.check}={e.version}" for e in everything}))[:1000],
                **{str(s): sum(e.severity is s for e in everything) for s in Severity},
            },
            clock=clock,
        )
