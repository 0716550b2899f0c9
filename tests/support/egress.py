"""Release requests made by the product's own verbs: a draft, its copies, a parser process."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from tests.support.cellar import SetClock, a_database, some_settings
from vitrine.access import store as access
from vitrine.access.account import Account, Role
from vitrine.audit import log
from vitrine.clock import timestamp
from vitrine.egress import (
    accept,
    decide,
    drafts,
    judge,
    leaving,
    prepare,
    store,
    submit,
    view,
    vote,
    warned,
)
from vitrine.egress.request import EgressRequest, FileType, Vote
from vitrine.egress.sandbox.client import Parser
from vitrine.egress.standing import Acceptance
from vitrine.permits import store as permits
from vitrine.permits.project import Project
from vitrine.settings import Settings
from vitrine.storage.blobs import BlobStore
from vitrine.storage.database import Database

CONTEXT = "Mean lesion volume per site, 37 patients, counts below ten suppressed."
TABLE = b"site,mean_volume_mm3,n\nnorth,4210,20\nsouth,3980,17\n"


def a_png(width: int = 64, height: int = 48, mode: str = "RGB") -> bytes:
    """A small image as a plotting library would save it, with metadata."""
    drawn = io.BytesIO()
    Image.new(mode, (width, height), 0).save(drawn, "PNG", dpi=(100, 100))
    return drawn.getvalue()


def a_notebook(*sources: str) -> bytes:
    """A notebook whose outputs and metadata hold what must not leave."""
    cells = [
        {
            "cell_type": "code",
            "execution_count": 3,
            "metadata": {"secret": "MRN-4711"},
            "outputs": [{"output_type": "stream", "name": "stdout", "text": "MRN-4711"}],
            "source": source,
        }
        for source in sources
    ]
    metadata = {"kernelspec": {"language": "python", "name": "MRN-4711"}, "author": "MRN-4711"}
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook).encode()


@contextmanager
def a_parser(socket: Path) -> Iterator[Parser]:
    """The real parser process, as root and with a network, which only tests may do."""
    arguments = ["--socket", str(socket), "--allow", "root", "--allow-network", "--allow-root"]
    process = subprocess.Popen(
        [sys.executable, "-m", "vitrine.egress.sandbox", *arguments], stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 20
        while not socket.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        yield Parser(socket)
    finally:
        process.terminate()
        process.wait(10)


@dataclass
class House:
    """A node with one project, its people, and a parser."""

    settings: Settings
    db: Database
    blobs: BlobStore
    parser: Parser
    clock: SetClock
    key: Ed25519PrivateKey
    root: Path
    people: dict[str, Account]

    def receive(self, files: Mapping[str, bytes], **changes: Any) -> EgressRequest:
        """A draft of these files, as the gate leaves it, taken over and cleaned."""
        request = drafts.receive(
            self.db, self.blobs, self.draft(files, **changes), self.root / "frozen", self.clock
        )
        prepare.clean_received(self.db, self.blobs, self.parser, self.clock)
        judge.check_received(self.db, self.blobs, self.parser, self.clock)
        return self.request(request.id)

    def draft(self, files: Mapping[str, bytes], **changes: Any) -> dict[str, Any]:
        """`draft.json` for these files, whose bytes are frozen on disk."""
        frozen = self.root / "frozen"
        frozen.mkdir(exist_ok=True)
        entries = []
        for path, content in files.items():
            digest = hashlib.sha256(content).hexdigest()
            (frozen / digest).write_bytes(content)
            entries.append({"path": path, "size_bytes": len(content), "sha256": digest})
        self.drafts = getattr(self, "drafts", 0) + 1
        draft = {
            "draft_id": f"drf-{self.drafts:012d}",
            "session_id": "ses-000000000001",
            "person": "ann",
            "project": "lung",
            "title": "Lesion volumes",
            "context": "",
            "created_at": timestamp(self.clock()),
            "files": entries,
        }
        return {**draft, **changes}

    def submitted(self, files: Mapping[str, bytes] | None = None) -> EgressRequest:
        """A request that its author has submitted; what the checks block only supports it."""
        request = self.receive(files or {"results/table.csv": TABLE})
        return submit.submit(
            self.db,
            self.people["ann"],
            request.id,
            context=CONTEXT,
            filetypes={file.id: FileType.SUPPORTING for file in request.files if file.blocks},
            clock=self.clock,
        )

    def open(self, name: str, request: EgressRequest) -> None:
        """Every output shown to a checker, as its page does."""
        for file in request.outputs:
            view.open_file(
                self.db,
                self.blobs,
                self.parser,
                self.people[name],
                request.id,
                file.id,
                clock=self.clock,
            )

    def review(self, name: str, request: EgressRequest, value: Vote = Vote.APPROVED) -> None:
        """A whole review: every output opened, the same vote on each, handed in."""
        self.open(name, request)
        vote.vote_on_all(
            self.db,
            self.people[name],
            request.id,
            [vote.Ballot(file.id, file.cleaned_sha256 or "") for file in request.outputs],
            value=value,
            reason="" if value is Vote.APPROVED else "round the counts",
            clock=self.clock,
        )
        self.weigh(name, request)
        vote.submit_review(self.db, self.people[name], request.id, clock=self.clock)

    def weigh(self, name: str, request: EgressRequest) -> None:
        """Accept every warning of a request, for the same reason."""
        for group in warned.groups(self.request(request.id)):
            accept.accept(
                self.db,
                self.people[name],
                request.id,
                group.key,
                code=Acceptance.NOT_DISCLOSIVE,
                clock=self.clock,
            )

    def reviewed(self, files: Mapping[str, bytes] | None = None) -> EgressRequest:
        """A request whose two checkers approve every file."""
        request = self.submitted(files)
        self.review("bo", request)
        self.review("cy", request)
        return self.request(request.id)

    def approved(self, files: Mapping[str, bytes] | None = None) -> EgressRequest:
        """A request that waits for the steward."""
        return self.approve("cy", self.reviewed(files))

    def approve(self, name: str, request: EgressRequest) -> EgressRequest:
        """The last word at consolidation."""
        return decide.approve(
            self.db,
            self.people[name],
            request.id,
            root=leaving.root(self.request(request.id)),
            clock=self.clock,
        )

    def send_back(self, name: str, request: EgressRequest) -> EgressRequest:
        """Returned to its author."""
        return decide.return_to_author(
            self.db, self.people[name], request.id, reason="round", clock=self.clock
        )

    def reject(self, name: str, request: EgressRequest) -> EgressRequest:
        """Rejected for good."""
        return decide.reject(
            self.db, self.people[name], request.id, reason="never", clock=self.clock
        )

    def request(self, request_id: str) -> EgressRequest:
        """The request as it is now."""
        with self.db.read() as tx:
            return store.request(tx, request_id)

    def events(self, event: str | None = None) -> list[log.Entry]:
        """The audit log, or its entries of one kind."""
        with self.db.read() as tx:
            return list(log.find(tx, event=event))


def a_house(root: Path, parser: Parser, db: Database | None = None) -> House:
    """A node below `root`: author ann, checkers bo, cy and dan (a member), auditors eve and kim."""
    settings = some_settings(root)
    db = db or a_database(settings)
    roles = {
        "ann": {Role.RESEARCHER, Role.OUTPUT_CHECKER},
        "bo": {Role.OUTPUT_CHECKER},
        "cy": {Role.OUTPUT_CHECKER},
        "hal": {Role.OUTPUT_CHECKER},
        "sue": {Role.OUTPUT_CHECKER, Role.SENIOR_CHECKER},
        "dan": {Role.RESEARCHER, Role.OUTPUT_CHECKER},
        "eve": {Role.AUDITOR},
        "flo": {Role.RESEARCHER},
        "kim": {Role.AUDITOR, Role.OUTPUT_CHECKER},
    }
    clock = SetClock()
    with db.begin() as tx:
        people = {
            # Nobody signs in here with a password, so none is hashed.
            name: access.add_account(tx, name, roles=frozenset(theirs), password_hash="-")
            for name, theirs in roles.items()
        }
    project = Project(
        id="lung",
        title="Lung lesions",
        members=frozenset(),
        datasets=frozenset(),
        expires_at=datetime(2100, 1, 1, tzinfo=UTC),
        reviewers_required=2,
        created_at=timestamp(clock() - timedelta(days=1)),
        created_by="os:root",
    )
    with db.begin() as tx:
        permits.add_project(tx, project)
        for name in ("ann", "dan"):
            permits.add_member(tx, "lung", name, added_at=timestamp(clock()))
    key = Ed25519PrivateKey.generate()
    return House(settings, db, BlobStore(settings.blob_root), parser, clock, key, root, people)
