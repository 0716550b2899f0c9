"""How much of the labelled corpus the checks of egress find, and how often they alarm for nothing.

    python -m tests.bench.egress_corpus [--split development|frozen|all] [--lane LANE] [--misses]

Which cases were missed is said of the development half only; the frozen half gives counts.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.bench import report
from tests.corpus.egress import LANES, SPLITS, Case, cases, missing
from tests.corpus.egress.locations import at
from tests.corpus.egress.mapping import CHECKS

LOUD = ("warn", "block")
UNSAFE = ("found", "named", "flagged", "blocked")
SAFE = ("alarmed", "blocked")


@dataclass(slots=True)
class Tally:
    """What came of the cases of one lane."""

    unsafe: int = 0
    safe: int = 0
    skipped: int = 0
    failed: int = 0
    of_unsafe: dict[str, int] = field(default_factory=lambda: dict.fromkeys(UNSAFE, 0))
    of_safe: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SAFE, 0))

    def __iadd__(self, other: Tally) -> Tally:
        self.unsafe += other.unsafe
        self.safe += other.safe
        self.skipped += other.skipped
        self.failed += other.failed
        for mine, theirs in ((self.of_unsafe, other.of_unsafe), (self.of_safe, other.of_safe)):
            for key, count in theirs.items():
                mine[key] += count
        return self

    def as_json(self) -> dict[str, Any]:
        """Counts, shares and their intervals."""
        return {
            "unsafe": self.unsafe,
            "safe": self.safe,
            "skipped": self.skipped,
            "failed": self.failed,
            **{f"unsafe {k}": _share(n, self.unsafe) for k, n in self.of_unsafe.items()},
            **{f"safe {k}": _share(n, self.safe) for k, n in self.of_safe.items()},
        }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the checks over the corpus; print and keep what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--split", choices=(*SPLITS, "all"), default="all")
    parser.add_argument("--lane", choices=LANES)
    parser.add_argument("--misses", action="store_true", help="list misses and false alarms")
    chosen = parser.parse_args(arguments)
    split = None if chosen.split == "all" else chosen.split
    tallies: dict[tuple[str, str], Tally] = {}
    words: dict[str, list[int]] = {}
    wrong: list[dict[str, Any]] = []
    for case in cases(split, chosen.lane):
        tally = tallies.setdefault((case.split, case.lane), Tally())
        outcome = judged(case)
        _count(case, outcome, tally)
        if case.defect is not None and "skipped" not in outcome:
            seen = words.setdefault(case.defect.word, [0, 0])
            seen[0] += bool(outcome.get("found"))
            seen[1] += 1
        if case.split == "development" and _is_wrong(case, outcome):
            wrong.append({"case": case.id, "defect": _defect(case), **outcome})
    _show(tallies)
    if chosen.misses:
        for each in wrong:
            print(each["case"], each["defect"] or "", each.get("said", each.get("failed", "")))
    _keep(tallies, words, wrong)


def judged(case: Case) -> dict[str, Any]:
    """What the checks make of a case: what they found, said, and whether they ran at all."""
    from vitrine.egress import disclosure
    from vitrine.egress.checks import apart

    lacking = missing(case)
    if lacking:
        return {"skipped": ", ".join(lacking)}
    try:
        contents = case.contents()
    except ModuleNotFoundError as error:
        return {"skipped": str(error.name)}
    files = [(name, partial(contents.__getitem__, name)) for name in contents]
    try:
        reports = list(apart.check(files, disclosure.load(case.policy)))
    except Exception as error:  # a crash of the checks is a result, not the end of the run
        return {"failed": f"{type(error).__name__}: {error}"}
    return _outcome(case, [(each.path, finding) for each in reports for finding in each.findings])


def _outcome(case: Case, said: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    loud = [(path, finding) for path, finding in said if _severity(finding) in LOUD]
    found = named = False
    if case.defect is not None:
        names = {name for word in (case.defect.word, *case.defect.also) for name in CHECKS[word]}
        anywhere = case.defect.word in ("differencing", "name")  # of a pair, either may be named
        fitting = [
            finding
            for path, finding in loud
            if finding.check in names and (anywhere or path == case.defect.path)
        ]
        named = bool(fitting)
        found = any(
            at(case.defect.location, where) for each in fitting for where in _locations(each)
        )
    return {
        "found": found,
        "named": named,
        "flagged": bool(loud),
        "blocked": any(_severity(finding) == "block" for _, finding in loud),
        "said": [
            f"{_severity(finding)} {finding.check} {path} {'; '.join(_locations(finding))}".strip()
            for path, finding in loud[:8]
        ],
    }


def _severity(finding: Any) -> str:
    return str(getattr(finding.severity, "value", finding.severity))


def _locations(finding: Any) -> tuple[str, ...]:
    return tuple(str(where) for where in finding.locations) or ("",)


def _count(case: Case, outcome: dict[str, Any], tally: Tally) -> None:
    if "skipped" in outcome:
        tally.skipped += 1
        return
    tally.failed += "failed" in outcome
    if case.unsafe:
        tally.unsafe += 1
        for key in UNSAFE:
            tally.of_unsafe[key] += bool(outcome.get(key))
    else:
        tally.safe += 1
        tally.of_safe["alarmed"] += bool(outcome.get("flagged"))
        tally.of_safe["blocked"] += bool(outcome.get("blocked"))


def _is_wrong(case: Case, outcome: dict[str, Any]) -> bool:
    if "skipped" in outcome:
        return False
    return "failed" in outcome or (not outcome["found"] if case.unsafe else outcome["flagged"])


def _defect(case: Case) -> str:
    return f"{case.defect.word} {case.defect.location}".strip() if case.defect else ""


def wilson(part: int, whole: int, z: float = 1.959964) -> tuple[float, float]:
    """The 95 % interval of Wilson for a share."""
    if not whole:
        return 0.0, 1.0
    share = part / whole
    middle = share + z * z / (2 * whole)
    reach = z * (share * (1 - share) / whole + z * z / (4 * whole * whole)) ** 0.5
    below = 1 + z * z / whole
    return max(0.0, (middle - reach) / below), min(1.0, (middle + reach) / below)


def _share(part: int, whole: int) -> dict[str, Any]:
    low, high = wilson(part, whole)
    return {
        "count": part,
        "of": whole,
        "share": round(part / whole, 4) if whole else None,
        "low": round(low, 4),
        "high": round(high, 4),
    }


def _cell(part: int, whole: int) -> str:
    if not whole:
        return "-"
    low, high = wilson(part, whole)
    return f"{part}/{whole} {part / whole:4.0%} ({low:.0%}-{high:.0%})"


def _totals(tallies: dict[tuple[str, str], Tally]) -> dict[str, dict[str, Tally]]:
    """Tallies by split, `all` among them, and lane, `all` among them."""
    totals: dict[str, dict[str, Tally]] = {}
    for (split, lane), tally in tallies.items():
        for one in (split, "all"):
            for other in (lane, "all"):
                total = totals.setdefault(one, {}).setdefault(other, Tally())
                total += tally
    return totals


def _show(tallies: dict[tuple[str, str], Tally]) -> None:
    heads = ("lane", "unsafe found", "unsafe named", "unsafe flagged", "safe alarmed",
             "safe blocked", "skipped", "failed")  # fmt: skip
    for split, lanes in sorted(_totals(tallies).items()):
        print(f"\n{split}")
        rows = [
            (
                lane,
                *(_cell(tally.of_unsafe[key], tally.unsafe) for key in UNSAFE[:3]),
                *(_cell(tally.of_safe[key], tally.safe) for key in SAFE),
                str(tally.skipped),
                str(tally.failed),
            )
            for lane, tally in sorted(lanes.items(), key=lambda item: item[0] == "all")
        ]
        widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
        for row in (heads, *rows):
            print("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)))
    print("\nfound: by the right check at the right part; named: by the right check in the file;\n"
          "flagged, alarmed: any warning or block. Intervals: Wilson, 95 %.\n")  # fmt: skip


def _keep(
    tallies: dict[tuple[str, str], Tally],
    words: dict[str, list[int]],
    wrong: list[dict[str, Any]],
) -> None:
    totals = _totals(tallies)
    every = totals["all"]["all"]
    report.publish(
        "egress_corpus",
        {
            "cases": every.unsafe + every.safe,
            "skipped": every.skipped,
            "failed": every.failed,
            "unsafe found": every.of_unsafe["found"] / max(every.unsafe, 1),
            "unsafe flagged": every.of_unsafe["flagged"] / max(every.unsafe, 1),
            "safe alarmed": every.of_safe["alarmed"] / max(every.safe, 1),
        },
        aims={"unsafe found": ">= 0.95", "safe alarmed": "<= 0.10", "failed": "0"},
        details={
            "splits": {
                split: {lane: tally.as_json() for lane, tally in lanes.items()}
                for split, lanes in totals.items()
            },
            "words": {word: {"found": n, "of": of} for word, (n, of) in sorted(words.items())},
            "wrong in development": wrong,
        },
    )


if __name__ == "__main__":
    main()
