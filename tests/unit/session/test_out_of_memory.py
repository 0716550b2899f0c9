"""A kernel that the system ended for lack of memory is told from one that was ended otherwise."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

import pytest

from vitrine.session.agent.kernels import Kernel


@pytest.mark.parametrize(
    ("end", "counts", "is_out"),
    [
        pytest.param("os.kill(os.getpid(), 9)", (0, 1), True, id="killed while memory ran out"),
        pytest.param("os.kill(os.getpid(), 9)", (1, 1), False, id="killed, memory ran out before"),
        pytest.param("os._exit(3)", (0, 1), False, id="ended by itself, another ran out"),
    ],
)
def test_only_a_kill_that_the_system_counted_since_is_called_out_of_memory(
    tmp_path: Path, end: str, counts: tuple[int, int], is_out: bool
):
    remaining = list(counts)

    async def scenario() -> dict[str, object]:
        kernel = Kernel(
            "abcdefgh",
            1,
            runtime=tmp_path,
            buffer_bytes=1 << 20,
            out_of_memory=lambda: remaining.pop(0),
        )
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", f"import os; {end}")
        await kernel._wait(process)
        _, kind, fact = kernel._outbox[-1][2]
        assert kind == b"exit"
        return json.loads(fact)

    fact = asyncio.run(scenario())
    assert fact["out_of_memory"] is is_out
    assert fact["exit_code"] in (3, -signal.SIGKILL)
