"""The kernel process: IPython's kernel with imports done before it is needed.

Started as `python kernel_main.py`; imports, then waits for one JSON line on standard input
(`connection_file`, `cwd`) and becomes an ordinary kernel. Single use: a warm interpreter serves
one kernel, so that nothing of one kernel is left for another.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import Any


def _prefer_to_die() -> None:
    """When memory runs out the kernel ends, not the agent that must say why."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


class _Nothing(dict[int, list[Any]]):
    """Has a new list for every key and keeps none."""

    def __missing__(self, key: int) -> list[Any]:
        return []


def main() -> None:
    """Import, wait for the order, run the kernel until it ends."""
    _prefer_to_die()
    import zmq
    from ipykernel.kernelapp import IPKernelApp
    from traitlets.config import Config

    class VitrineKernel(IPKernelApp):
        """IPython's kernel without a silent limit on its output queue."""

        def init_iopub(self, context: Any) -> None:
            # At ZMQ's default limit of 1,000 messages a burst of small outputs would be lost
            # without a word; the agent reads on and the gate decides what is too much.
            context.setsockopt(zmq.SNDHWM, 0)
            super().init_iopub(context)

    line = sys.stdin.readline()
    if not line:
        return
    order = json.loads(line)
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    with contextlib.suppress(OSError):
        os.chdir(order["cwd"])
    sys.path[:] = ["", *(entry for entry in sys.path if entry != "")]
    # Jedi parses stubs for seconds at the first Tab, longer than JupyterLab waits; without it
    # names are completed from the objects that there are, at once.
    app = VitrineKernel.instance(config=Config({"IPCompleter": {"use_jedi": False}}))
    app.initialize(["-f", order["connection_file"], *order.get("arguments", [])])
    # IPython would keep every output in memory, for a notebook that nobody asks it to write.
    app.shell.history_manager.outputs = _Nothing()
    app.start()


if __name__ == "__main__":
    main()
