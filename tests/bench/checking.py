"""How many files of the corpus' development half the checks read in a second, lane by lane."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress

from tests.corpus.egress import cases, missing
from vitrine.egress import disclosure
from vitrine.egress.sandbox.client import Parser
from vitrine.errors import InvalidInput


def figures(parser: Parser) -> dict[str, float]:
    """Files per second of each lane, through the parser, one after another as the steward asks."""
    files: Counter[str] = Counter()
    taken_s: Counter[str] = Counter()
    for case in cases("development"):
        if missing(case):
            continue
        policy = disclosure.load(case.policy)
        for path, content in case.contents().items():
            began = time.perf_counter()
            with suppress(InvalidInput):  # ended by its checks: that takes its time, too
                parser.check(path, content, policy)
            taken_s[case.lane] += time.perf_counter() - began
            files[case.lane] += 1
    return {f"checks_files_per_s_{lane}": files[lane] / taken_s[lane] for lane in sorted(files)}
