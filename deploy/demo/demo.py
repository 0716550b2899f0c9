"""`./run demo`: a working node on this machine, and the whole main job on it, once, for real."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import httpx
import node
from front_door import DoorError
from journey import HUB, REVIEW, Journey


class Report:
    """Prints each step with its time and keeps it for `report.json`."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.steps: list[dict[str, Any]] = []

    def step(self, name: str, work: Callable[[], str]) -> None:
        """Do one step."""
        began = time.monotonic()
        is_watched = sys.stdout.isatty()
        if is_watched:
            print(f"  {name} …", end="", flush=True)
        detail = work()
        seconds = round(time.monotonic() - began, 2)
        self.steps.append({"name": name, "seconds": seconds, "detail": detail})
        begin = "\r" if is_watched else ""
        print(f"{begin}  {seconds:6.1f} s  {name}: {detail}", flush=True)

    def write(self, verdict: str, problem: str = "") -> None:
        """Write `var/demo/report.json`."""
        report: dict[str, Any] = {
            "verdict": verdict,
            "steps": self.steps,
            "seconds": round(time.monotonic() - self._began, 2),
            "versions": node.versions(),
        }
        if problem:
            report["problem"] = problem
        text = json.dumps(report, indent=1, ensure_ascii=False) + "\n"
        (node.HOME / "report.json").write_text(text)


def main() -> int:
    """Make the node and run the main job; 0 when every step passed."""
    parser = argparse.ArgumentParser(prog="./run demo", description=__doc__)
    parser.add_argument("--fresh", action="store_true", help="remove an earlier demo first")
    parser.add_argument("--down", action="store_true", help="stop and remove the demo")
    options = parser.parse_args()
    if options.fresh or options.down:
        print("removing the earlier demo", flush=True)
        node.remove()
    if options.down:
        return 0
    report = Report()
    node.HOME.mkdir(parents=True, exist_ok=True)
    try:
        run(report)
    except (node.DemoProblem, DoorError, httpx.HTTPError, OSError) as problem:
        report.write("failed", str(problem))
        print(f"\n./run demo: {problem}", file=sys.stderr)
        return 1
    report.write("passed")
    print(FAREWELL)
    return 0


def run(report: Report) -> None:
    """All steps in order."""
    print("The node:")
    report.step("settings", node.write_settings)
    report.step("people", node.add_people)
    report.step("datasets", node.publish_data)
    report.step("projects", node.create_projects)
    report.step("service", node.start_service)
    print("The main job:")
    journey = Journey()
    report.step("sign in", journey.sign_in)
    report.step("start a session", journey.start_session)
    report.step("look at the data", journey.look_at_data)
    report.step("segment and measure", journey.measure)
    report.step("draft an export", journey.draft)
    report.step("submit", journey.submit)
    report.step("two reviews", journey.review)
    report.step("release and download", journey.release)
    report.step("direct download", journey.refuse_download)
    report.step("network attempt", journey.attempt_network)
    report.step("verify offline", journey.verify)


FAREWELL = f"""
Every step passed; var/demo/report.json has the times. The service goes on running:

  {HUB}      sign in as ada (researcher) and press Start on a project
  {REVIEW}      sign in as olga or omar (checkers, omar a senior one); as ada, see your exports
  var/demo/passwords         the passwords, for root only

Try next: open a notebook as ada, `from vitrine import workbench`, `workbench.datasets()`;
.venv/bin/vitrine doctor · activity list · audit list · session list
Stop and remove everything: ./run demo --down
"""

if __name__ == "__main__":
    sys.exit(main())
