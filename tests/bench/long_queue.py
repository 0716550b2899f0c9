"""The queue of a node with 100,000 requests, on SQLite and on PostgreSQL.

Twice on each: with 1,000 of them waiting and the others decided over the last year, and with all of
them waiting, which no node should ever see.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from tests.bench.report import disk_directory
from tests.support import postgres
from tests.support.egress import House, a_house
from tests.support.hub import a_small_hub
from tests.unit.egress_review.conftest import REVIEW, SECRET, Door
from vitrine.clock import timestamp
from vitrine.egress.sandbox.client import Parser
from vitrine.storage.database import Database

REQUESTS = 100_000
WAITING = 1_000
CHUNK = 5_000
QUESTIONS = (
    "",
    "sort=age",
    "sort=size",
    "sort=priority&page=20",
    "q=volumes+4711",
    "project=p07&review=open",
    "review=begun",
    "overdue=true&author=a03",
)

Ask = Callable[[Door, Any, str], tuple[float, int]]
"""Median milliseconds and queries of one address."""


def figures(root: Path, parser: Parser, ask: Ask) -> tuple[dict[str, float | int], dict[str, Any]]:
    """Of the plain queue and of the slowest question, and every question for the details."""
    found: dict[str, float | int] = {}
    details: dict[str, Any] = {}
    for name, kind in (("sqlite", _on_sqlite), ("postgres", _on_postgres)):
        if name == "postgres" and postgres.missing():
            details[name] = postgres.missing()
            continue
        with kind(root / name, parser) as house:
            _fill(house)
            with a_small_hub(SECRET, f"{REVIEW}/oauth_callback") as hub:
                door = Door(house, hub)
                client = door.sign_in("bo")
                for state in ("mostly_decided", "all_waiting"):
                    if state == "all_waiting":
                        _open_all(house)
                    asked = {each: ask(door, client, f"/queue?{each}") for each in QUESTIONS}
                    figures_ms, _ = ask(door, client, "/figures")
                    key = f"queue_100k_{state}_{name}"
                    found[f"{key}_ms"] = asked[""][0]
                    found[f"{key}_slowest_ms"] = max(ms for ms, _ in asked.values())
                    found[f"{key}_queries"] = max(queries for _, queries in asked.values())
                    details[key] = {each: round(ms, 1) for each, (ms, _) in asked.items()}
                    details[key]["/figures"] = round(figures_ms, 1)
    return found, details


@contextmanager
def _on_sqlite(root: Path, parser: Parser) -> Iterator[House]:
    yield a_house(root, parser)


@contextmanager
def _on_postgres(root: Path, parser: Parser) -> Iterator[House]:
    with postgres.a_server() as server:
        server.new_database("vitrine")
        owner = Database(server.url("vitrine_owner", "vitrine"))
        owner.migrate()
        server.run_file("vitrine", "grants.sql", role="vitrine_owner")
        house = a_house(root, parser, owner)
        url = server.url("vitrine_review", "vitrine")
        yield dataclasses.replace(
            house, settings=dataclasses.replace(house.settings, database_url=url)
        )
        owner.close()


def _fill(house: House) -> None:
    """Requests with two files and one turn each; bo has a seat in one of five hundred."""
    for begin in range(0, REQUESTS, CHUNK):
        rows = [_row(house, number) for number in range(begin, begin + CHUNK)]
        with house.db.begin() as tx:
            for statement in _INSERTS:
                tx.execute(text(statement), rows)
            seated = [row for row in rows if row["n"] % 500 == 0]
            tx.execute(text(_SEAT), seated)
    _look_at_statistics(house)


def _row(house: House, number: int) -> dict[str, Any]:
    is_waiting = number % (REQUESTS // WAITING) == 0
    age = timedelta(minutes=number) if is_waiting else timedelta(hours=number % 8000)
    began = house.clock() - age
    return {
        "n": number,
        "id": f"req-{number:012d}",
        "project": f"p{number % 20:02d}",
        "author": f"a{number % 50:02d}",
        "title": f"Volumes {number}",
        "status": "SUBMITTED" if is_waiting else "RELEASED",
        "at": timestamp(began),
        "due": timestamp(began + timedelta(days=2)),
        "ended": None if is_waiting else timestamp(began + timedelta(hours=number % 60)),
        "outcome": None if is_waiting else "APPROVED",
        "priority": number % 3,
        "bytes": 1000 + number * 7919 % 100_000,
        "lease": timestamp(house.clock() + timedelta(hours=7)),
        "sha": f"{number:064x}",
    }


_REQUEST = (
    "INSERT INTO egress_requests (id, draft_id, session_id, project, author, title, context, "
    "status, turn, reviewers_required, row_version, created_at, submitted_at, disclosure) VALUES "
    "(:id, :id, 'ses-1', :project, :author, :title, 'c', :status, 1, 2, 2, :at, :at, 'acro 1')"
)
_FILE = (
    "INSERT INTO egress_files (id, request_id, position, path, path_key, filetype, "
    "original_sha256, original_bytes, notes) VALUES "
    "('{n}' || :id, :id, {n}, '{n}.csv', '{n}.csv', 'output', :sha, :bytes, '[]')"
)
_TURN = (
    "INSERT INTO egress_turns (request_id, turn, project, author, submitted_at, due_at, priority, "
    "outputs, output_bytes, ended_at, outcome) VALUES "
    "(:id, 1, :project, :author, :at, :due, :priority, 2, :bytes, :ended, :outcome)"
)
_SEAT = (
    "INSERT INTO egress_reviews (request_id, turn, reviewer, started_at, lease_until) "
    "VALUES (:id, 1, 'bo', :at, :lease)"
)
_INSERTS = (_REQUEST, _FILE.format(n=0), _FILE.format(n=1), _TURN)


def _open_all(house: House) -> None:
    with house.db.begin() as tx:
        tx.execute(text("UPDATE egress_turns SET ended_at = NULL, outcome = NULL"))
        tx.execute(text("UPDATE egress_requests SET status = 'SUBMITTED'"))
    _look_at_statistics(house)


def _look_at_statistics(house: House) -> None:
    """What PostgreSQL does by itself within minutes; SQLite never does."""
    if house.db.dialect == "postgresql":
        with house.db.begin() as tx:
            tx.execute(text("ANALYZE"))


def main() -> None:
    """These figures alone, printed and not kept."""
    from tests.bench.egress import page

    root = disk_directory("long_queue")
    try:
        found, details = figures(root, Parser(root / "none.sock"), page)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    for name, value in {**found, **details}.items():
        print(name, value)


if __name__ == "__main__":
    main()
