"""What a checker waits for: pages of large requests and of a long queue, and what they ask.

    ./run bench egress

`overview_1000_files_*` and `file_page_in_1000_ms`: the page of a request of 1,000 files, and of one
of its files. `queue_200x100_*`: the queue with 200 requests of 100 files each. Medians over the
application itself, without a network. `add_1000_files_s`: a draft of 1,000 files taken over,
durable. `queue_100k_*`: the queue with 100,000 requests in the database, plain and by the slowest
of eight questions (see `long_queue`). `checks_files_per_s_*`: of the corpus' development half. The
anchor is OpenSAFELY Airlock: 472 ms and 1,116 queries for 1,000 files, 355 ms for a file page.
"""

from __future__ import annotations

import shutil
import statistics
import time
from pathlib import Path
from typing import Any

from sqlalchemy import event, text

from tests.bench import checking, long_queue
from tests.bench.report import disk_directory, filesystem, publish
from tests.support.egress import CONTEXT, House, a_house, a_parser
from tests.support.hub import a_small_hub
from tests.unit.egress_review.conftest import REVIEW, SECRET, Door
from vitrine.egress import drafts, submit
from vitrine.egress.request import EgressRequest

ROUNDS = 15
AIMS = {
    "overview_1000_files_ms": "<= 100",
    "overview_1000_files_queries": "<= 15",
    "file_page_in_1000_ms": "<= 60",
    "queue_200x100_ms": "<= 100",
    "queue_200x100_queries": "<= 10",
    "add_1000_files_s": "<= 2",
    **{
        f"queue_100k_{state}_{database}_{figure}": aim
        for state in ("mostly_decided", "all_waiting")
        for database in ("sqlite", "postgres")
        for figure, aim in (("ms", "<= 150"), ("slowest_ms", "<= 150"), ("queries", "<= 10"))
    },
}


def a_request(house: House, count: int, title: str) -> EgressRequest:
    """A submitted request of so many small tables, whose copies are said to be made."""
    draft = house.draft({f"d/{n:04d}.csv": b"site,n\nnorth,%d\n" % (20 + n) for n in range(count)})
    return submitted(house, draft | {"title": title})


def submitted(house: House, draft: dict[str, Any]) -> EgressRequest:
    """What became of a draft; the parser's work is not what is measured here."""
    made = drafts.receive(house.db, house.blobs, draft, house.root / "frozen", house.clock)
    with house.db.begin() as tx:
        tx.execute(
            text(
                "UPDATE egress_files SET cleaned_sha256 = original_sha256, cleaner = 'bench', "
                "cleaned_bytes = original_bytes, media_type = 'text/csv', kind = 'table' "
                "WHERE request_id = :id"
            ),
            {"id": made.id},
        )
        tx.execute(
            text("UPDATE egress_requests SET disclosure = 'acro 1' WHERE id = :id"),
            {"id": made.id},
        )
    return submit.submit(house.db, house.people["ann"], made.id, context=CONTEXT, clock=house.clock)


def adding_s(house: House) -> float:
    """How long 1,000 new files take from the gate's hands into the store and the database."""
    content = {f"a/{n:04d}.csv": b"site,n\nsouth,%d\n" % (9000 + n) for n in range(1000)}
    draft = house.draft(content)
    began = time.perf_counter()
    drafts.receive(house.db, house.blobs, draft, house.root / "frozen", house.clock)
    return time.perf_counter() - began


def page(door: Door, client: Any, path: str) -> tuple[float, int]:
    """Median milliseconds of one answer, and how often it asks the database for rows."""
    counted: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("SELECT"):  # to begin and end a transaction asks for none
            counted.append(statement)

    engine = door.app.state.desk.db._engine
    event.listen(engine, "before_cursor_execute", count)
    times = []
    for _ in range(ROUNDS):
        counted.clear()
        began = time.perf_counter()
        answer = client.get(path)
        times.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, answer.text
    event.remove(engine, "before_cursor_execute", count)
    return statistics.median(times), len(counted)


def main() -> None:
    """Measure, print, and write var/bench/egress.json."""
    root = disk_directory("egress")
    try:
        measure(root)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def measure(root: Path) -> None:
    """All figures, on a fresh node below `root`."""
    with a_parser(root / "parser.sock") as parser:
        house = a_house(root, parser)
        added_s = statistics.median(adding_s(house) for _ in range(1))
        large = a_request(house, 1000, "large")
        for number in range(200):
            a_request(house, 100, f"request {number}")
        with a_small_hub(SECRET, f"{REVIEW}/oauth_callback") as hub:
            door = Door(house, hub)
            client = door.sign_in("bo")
            overview_ms, overview_queries = page(door, client, f"/requests/{large.id}")
            path = f"/requests/{large.id}/files/{large.files[500].id}"
            file_ms, file_queries = page(door, client, path)
            queue_ms, queue_queries = page(door, client, "/queue")
        long_queue_figures, long_queue_details = long_queue.figures(root, parser, page)
        checking_figures = checking.figures(parser)
    publish(
        "egress",
        {
            "overview_1000_files_ms": overview_ms,
            "overview_1000_files_queries": overview_queries,
            "file_page_in_1000_ms": file_ms,
            "file_page_in_1000_queries": file_queries,
            "queue_200x100_ms": queue_ms,
            "queue_200x100_queries": queue_queries,
            "add_1000_files_s": added_s,
            **long_queue_figures,
            **checking_figures,
        },
        aims=AIMS,
        details={"rounds": ROUNDS, "filesystem": filesystem(root), **long_queue_details},
    )


if __name__ == "__main__":
    main()
