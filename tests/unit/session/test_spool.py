"""What the gate freezes, as the gate's account, which is not root."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from vitrine.session.gate.order import SessionOrder
from vitrine.session.gate.spool import Spool

GATE = 61002


class Journal:
    """Records at once."""

    def append(self, kind, body):
        return 1

    def write(self, kind, body):
        done = asyncio.get_running_loop().create_future()
        done.set_result(1)
        return done


async def read(path: str, limit: int) -> bytes:
    return b"the same bytes"


def freeze(root: Path) -> None:
    order = SessionOrder(
        session_id="ses-000000000001", person="ada", project="lung", kernel_uid=1, lab_uid=1
    )
    spool = Spool(order, root, read, Journal())
    asyncio.run(spool.freeze("shr", {"note": ""}, ["a.csv", "copy/a.csv"]))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes the gate")
def test_two_files_of_the_same_bytes_are_frozen_under_one_digest(tmp_path):
    for path in (tmp_path, *tmp_path.parents):
        if path.is_relative_to("/tmp") and path != Path("/tmp"):
            path.chmod(path.stat().st_mode | 0o711)
    root = tmp_path / "drafts"
    root.mkdir()
    os.chown(root, GATE, GATE)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.setgroups([])
            os.setgid(GATE)
            os.setuid(GATE)
            freeze(root)
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0
    [folder] = root.iterdir()
    record = json.loads((folder / "draft.json").read_text())
    assert [file["path"] for file in record["files"]] == ["a.csv", "copy/a.csv"]
    assert len(list((folder / "files").iterdir())) == 1
