"""The main job, through the front doors: analyse real images, get one result out, prove it all."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from front_door import Browser, DoorError, Notebook
from node import HOME, DemoProblem, read_passwords, vitrine

HUB = "http://127.0.0.1:8000"
REVIEW = "http://localhost:8010"
PROJECT = "lung-nodules"
RELEASED = HOME / "released"

LIST_DATASETS = """
from vitrine import workbench
print(workbench.datasets().to_string())
"""
LOAD = """
import SimpleITK as sitk, pandas as pd
rows = workbench.series("lung-ct")
table = workbench.clinical("lung-ct")
image = workbench.load_series(rows.iloc[0])
assert isinstance(image, sitk.Image) and isinstance(table, pd.DataFrame)
print(len(rows), "series,", len(table), "patients, volume", image.GetSize(), "spacing",
      tuple(round(s, 2) for s in image.GetSpacing()))
"""
SEGMENT = """
import numpy as np
def nodules(row):
    image = workbench.load_series(row)
    air = sitk.RelabelComponent(sitk.ConnectedComponent(image < -500), minimumObjectSize=500)
    labels = sitk.GetArrayFromImage(air)
    outside = np.union1d(labels[:, 0], labels[:, :, 0])
    lungs = sitk.GetImageFromArray((~np.isin(labels, outside) & (labels > 0)).astype("uint8"))
    lungs.CopyInformation(image)
    inside = sitk.BinaryErode(sitk.BinaryMorphologicalClosing(lungs, [10, 10, 3]), [2, 2, 1])
    parts = sitk.ConnectedComponent(sitk.And(inside, image > -300))
    shape = sitk.LabelShapeStatisticsImageFilter(); shape.Execute(parts)
    found = [i for i in shape.GetLabels() if shape.GetNumberOfPixels(i) > 3
             and shape.GetRoundness(i) > 0.75 and shape.GetElongation(i) < 1.6]
    return sum(shape.GetPhysicalSize(i) for i in found) / 1e3
measured = pd.DataFrame([(row.PatientID, nodules(row)) for _, row in rows.iterrows()],
                        columns=["PatientID", "ml_found"])
both = table.merge(measured, on="PatientID")
print("patients measured:", len(both), "· correlation of nodule volume with the record:",
      round(both.ml_found.corr(both.total_nodule_ml.astype(float)), 3))
"""
WRITE = """
import matplotlib.pyplot as plt
summary = pd.DataFrame({"measure": ["patients", "mean nodule volume, ml"],
                        "value": [len(both), round(both.ml_found.mean(), 1)]})
summary.to_csv("nodule_summary.csv", index=False)
fig, ax = plt.subplots(figsize=(5, 3))
ax.bar(["recorded", "measured"],
       [both.total_nodule_ml.astype(float).mean(), both.ml_found.mean()])
ax.set_ylabel("mean nodule volume, ml"); ax.set_title(f"{len(both)} patients")
fig.tight_layout(); fig.savefig("nodule_volume.png", dpi=110)
"""
DRAFT = """
draft = workbench.request_export(["nodule_summary.csv", "nodule_volume.png"],
    title="Nodule burden", context="Means over all 12 patients of lung-ct; no value of one person")
print(draft.draft_id)
"""
NETWORK_ATTEMPT = """
import socket
try:
    socket.create_connection(("198.51.100.7", 443), timeout=3)
    print("connected")
except OSError as error:
    print("refused:", error)
"""


class Journey:
    """One run of the main job; each step returns the detail that is printed."""

    def __init__(self) -> None:
        passwords = read_passwords()
        self._passwords = passwords
        self.author = Browser(HUB, REVIEW, "ada")
        self.checkers = [Browser(HUB, REVIEW, "olga"), Browser(HUB, REVIEW, "omar")]
        self._request_id = ""
        self._session_id = ""
        self._notebook: Notebook | None = None

    @property
    def notebook(self) -> Notebook:
        """The page that the researcher works in."""
        assert self._notebook is not None, "the session comes first"
        return self._notebook

    def sign_in(self) -> str:
        """Hub sign-in of all three people, and of two of them with a wrong password first."""
        try:
            Browser(HUB, REVIEW, "ada").sign_in("not the password")
        except DoorError:
            pass
        else:
            raise DemoProblem("a wrong password was accepted")
        for person in (self.author, *self.checkers):
            person.sign_in(self._passwords[person.name])
        return "ada, olga and omar; a wrong password was refused"

    def start_session(self) -> str:
        """Start the session and run one cell."""
        if self.author.is_running(PROJECT):
            self.author.stop(PROJECT)
        self.author.start(PROJECT)
        self._notebook = self.author.notebook(PROJECT)
        _expect(self.notebook.run("print(6 * 7)"), "42")
        sessions = vitrine("session", "list", "--json")
        mine = [row for row in sessions if row["project"] == PROJECT and row["person"] == "ada"]
        self._session_id = str(mine[-1].get("session_id") or mine[-1]["id"])
        return f"session {self._session_id}, first cell run"

    def look_at_data(self) -> str:
        """List datasets, load one series and the clinical table."""
        _expect(self.notebook.run(LIST_DATASETS), "lung-ct")
        return _expect(self.notebook.run(LOAD), "series").strip()

    def measure(self) -> str:
        """Segment nodules in every volume."""
        return _expect(self.notebook.run(SEGMENT, 300), "patients measured").strip()

    def draft(self) -> str:
        """Write a table and a figure, and draft their export."""
        self.notebook.run(WRITE)
        draft_id = _expect(self.notebook.run(DRAFT), "drf-").strip().splitlines()[-1]
        self.author.open_reviews()
        self._request_id = _wait(self._newest_request, "the draft in the list of requests")
        return f"{draft_id} became request {self._request_id}"

    def _newest_request(self) -> str:
        for line in self.author.api("/requests")["requests"]:
            if str(line["status"]).upper() == "PENDING":
                return str(line.get("request_id") or line["id"])
        return ""

    def submit(self) -> str:
        """Submit with context, in the author's browser session."""
        context = "Mean nodule volume over all 12 patients; nothing is about one person."
        body = {"context": context}
        _wait(lambda: self._try(f"/requests/{self._request_id}/submit", body), "the submission")
        return "submitted with context"

    def _try(self, path: str, body: Any) -> bool:
        try:
            self.author.api(path, body)
        except DoorError as problem:
            self._last_refusal = str(problem)
            return False
        return True

    def review(self) -> str:
        """Two checkers open every file and approve its bytes."""
        voted = 0
        for checker in self.checkers:
            checker.open_reviews()
            seen = checker.api(f"/requests/{self._request_id}")
            for file in seen["files"]:
                path = f"/requests/{self._request_id}/files/{file['id']}"
                page = checker.page(path)
                if page.status_code != 200:
                    raise DemoProblem(f"the page of {file['path']} answered {page.status_code}")
                checker.page(f"{path}/image")
                vote = {"value": "approved", "sha256": file["sha256"], "reason": ""}
                checker.api(f"{path}/vote", vote)
                voted += 1
            for warning in seen["warnings"]:
                word = {"code": "not_disclosive"}
                checker.api(f"/requests/{self._request_id}/warnings/{warning['key']}", word)
            checker.api(f"/requests/{self._request_id}/review", {})
        seen = self.checkers[-1].api(f"/requests/{self._request_id}")
        root = {"merkle_root": seen["merkle_root"]}
        self.checkers[-1].api(f"/requests/{self._request_id}/approve", root)
        return f"olga and omar approved {voted // 2} files each; omar, what leaves under one root"

    def release(self) -> str:
        """Wait for the steward's release, download as the author, verify the receipt offline."""
        _wait(self._is_released, "the release")
        RELEASED.mkdir(exist_ok=True)
        seen = self.author.api(f"/requests/{self._request_id}")
        names = []
        for file in seen["files"]:
            got = self.author.page(
                f"/requests/{self._request_id}/files/{file['id']}/download"
            ).raise_for_status()
            (RELEASED / file["path"]).write_bytes(got.content)
            names.append(file["path"])
        receipt = RELEASED / f"{self._request_id}.receipt.json"
        got = self.author.page(f"/requests/{self._request_id}/receipt").raise_for_status()
        receipt.write_bytes(got.content)
        vitrine("release", "verify", str(receipt), "--files", str(RELEASED))
        return f"{', '.join(names)} downloaded; the receipt verifies"

    def _is_released(self) -> bool:
        return str(self.author.api(f"/requests/{self._request_id}")["status"]).upper() == "RELEASED"

    def refuse_download(self) -> str:
        """A direct download is refused, and the refusal is in the audit log."""
        marker = f"nodule_summary.csv?n={int(time.time())}"
        answer = self.author.lab(PROJECT, "GET", f"/files/{marker}")
        if answer.status_code != 403:
            raise DemoProblem(f"a direct download answered {answer.status_code}")
        event = _wait(lambda: self._refusal(), "the refusal in the audit log")
        return f"403 “{answer.text[:90]}”; audit entry {event}"

    def _refusal(self) -> str:
        listed = vitrine("audit", "list", "--event", "request_refused", "--json")
        for entry in reversed(listed):
            if self._session_id in json.dumps(entry) and "/files/" in json.dumps(entry):
                return str(entry.get("sequence") or entry.get("seq"))
        return ""

    def attempt_network(self) -> str:
        """A connection fails, and the code that tried it is in the journal."""
        said = _expect(self.notebook.run(NETWORK_ATTEMPT), "refused").strip()
        journal = HOME / "state" / "journal" / self._session_id / "journal.jsonl"
        for line in journal.read_bytes().splitlines():
            record = json.loads(line)
            if record["kind"] == "in" and "198.51.100.7" in json.dumps(record["body"]):
                return f"{said}; the code is record {record['seq']} of the journal"
        raise DemoProblem("the code that tried to connect is not in the journal")

    def verify(self) -> str:
        """Stop the session; verify journal and audit log, against the off-host checkpoints."""
        self.notebook.close()
        self.author.stop(PROJECT)
        vitrine("audit", "checkpoint")
        vitrine("activity", "verify", self._session_id)
        vitrine("audit", "verify", "--against", str(HOME / "offhost" / "checkpoints.jsonl"))
        return "journal and audit log verify"


def _expect(said: str, part: str) -> str:
    if part not in said:
        raise DemoProblem(f"a cell said {said.strip()[:400]!r} where {part!r} was expected")
    return said


def _wait(condition: Any, what: str, timeout_s: float = 60) -> Any:
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise DemoProblem(f"waited {timeout_s:.0f} s in vain for {what}")
        time.sleep(0.2)
    return value


def released_files() -> list[Path]:
    """What the author holds now."""
    return sorted(RELEASED.glob("*"))
