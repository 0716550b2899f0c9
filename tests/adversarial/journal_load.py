"""A writer under load: journals messages and says on stdout which ones are acknowledged.

Run as a process of its own, to be killed. Each acknowledged message is one line on a pipe,
written after its record was said to be durable, as a gate forwards it then.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path

from vitrine.activity.journal import JournalWriter

APPENDERS = 16


async def load(writer: JournalWriter, prefix: str) -> None:
    """Append for ever from many tasks, with outputs nobody waits for in between."""

    async def one(number: int) -> None:
        choice = random.Random(f"{prefix}{number}")
        for count in range(10**9):
            msg_id = f"{prefix}-{number}-{count}"
            body = {"msg_id": msg_id, "content": {"code": "x" * choice.randrange(2000)}}
            await writer.durable(writer.append("in", body))
            os.write(1, msg_id.encode() + b"\n")
            writer.append("out", {"parent": msg_id, "size": 1})

    await asyncio.gather(*[one(number) for number in range(APPENDERS)])


def main() -> None:
    """`journal_load ROOT SESSION PREFIX [without-fdatasync]`"""
    root, session_id, prefix, *rest = sys.argv[1:]
    if rest == ["without-fdatasync"]:
        os.fdatasync = lambda descriptor: None
    asyncio.run(load(JournalWriter(Path(root), session_id), prefix))


if __name__ == "__main__":
    main()
