"""Kernels that run behind the gate, as Jupyter Server's kernel manager sees them."""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
from collections import deque
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_client.provisioning import KernelProvisionerBase, KernelProvisionerFactory
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from vitrine.session.channels import CHANNELS
from vitrine.session.lab.gate import GateProblem, gate

KERNEL_NAME: Final = "python3"
OFFLINE_LIMIT: Final = 16 << 20
"""Bytes of output kept for a page that is away."""


class OneKernelSpec(KernelSpecManager):
    """The one kernel of a session. A kernelspec on disk would mean code in the lab."""

    def find_kernel_specs(self) -> dict[str, str]:
        """Name and resource folder of the one kernel."""
        return {KERNEL_NAME: _resources()}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """The specification of the one kernel.

        Raises:
            NoSuchKernel: for any other name.
        """
        if kernel_name != KERNEL_NAME:
            raise NoSuchKernel(kernel_name)
        return KernelSpec(
            argv=["gate"],
            display_name="Python 3 (no network)",
            language="python",
            interrupt_mode="signal",
            metadata={"debugger": False},
            resource_dir=_resources(),
        )


def _resources() -> str:
    return str(Path(__file__).with_name("logo"))


class GateProvisioner(KernelProvisionerBase):
    """Starts, signals and polls a kernel through the gate."""

    _is_started = False
    _exit_code: int | None = None

    @property
    def has_process(self) -> bool:
        """Whether a kernel was started and has not been seen to end."""
        return self._is_started

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Prepare nothing here: the environment is the gate's and the agent's business."""
        return {"cmd": ["gate"], "cwd": str(kwargs.get("cwd") or "")}

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Ask the gate for a kernel and return how to connect to it.

        Raises:
            RuntimeError: with the gate's sentence, when it cannot be started.
        """
        manager = self.parent
        key = manager.session.key or secrets.token_hex(32).encode()
        fields = {"kernel_id": self.kernel_id, "key": key.decode(), "cwd": kwargs.get("cwd", "")}
        try:
            info, _ = await gate().call("kernel.start", fields)
        except GateProblem as problem:
            raise RuntimeError(str(problem)) from None
        self._is_started, self._exit_code = True, None
        ports = {f"{name}_port": number for number, name in enumerate(CHANNELS, start=1)}
        self.connection_info = {
            "transport": "ipc",
            "ip": str(gate().directory / str(info["ip"])),
            "key": key,
            "signature_scheme": "hmac-sha256",
            **ports,
        }
        return self.connection_info

    async def poll(self) -> int | None:
        """The exit code, or None while it runs or nobody can say otherwise."""
        if not self._is_started:
            return 0
        try:
            fields = {"kernel_id": self.kernel_id}
            fact, _ = await gate().call("kernel.poll", fields, timeout_s=5, patience_s=0)
        except GateProblem as problem:
            # A gate that is away for a moment is no reason to restart a kernel that works.
            return None if problem.code != "refused" else 255
        code = fact.get("exit_code")
        return code if isinstance(code, int) else None

    async def wait(self) -> int | None:
        """Wait for the end; the exit code."""
        code: int | None = 0
        while self._is_started and (code := await self.poll()) is None:
            await asyncio.sleep(0.05)
        self._is_started = False
        return code

    async def send_signal(self, signum: int) -> None:
        """Pass a signal on; 0 asks whether the kernel is there and is answered by `poll`."""
        if signum == 0:
            return
        try:
            fields = {"kernel_id": self.kernel_id, "signal": int(signum)}
            await gate().call("kernel.signal", fields)
        except GateProblem as problem:
            self.log.warning("the kernel could not be signalled: %s", problem)

    async def kill(self, restart: bool = False) -> None:
        """End the process at once."""
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        """Ask the process to end."""
        await self.send_signal(signal.SIGTERM)

    async def cleanup(self, restart: bool = False) -> None:
        """Forget the kernel, unless a new process takes its place."""
        if not restart:
            self._is_started = False
            try:
                await gate().call("kernel.close", {"kernel_id": self.kernel_id}, timeout_s=10)
            except GateProblem as problem:
                self.log.warning("the kernel could not be closed: %s", problem)


class GateProvisionerFactory(KernelProvisionerFactory):
    """Knows one provisioner, whatever a kernelspec says."""

    def is_provisioner_available(self, kernel_spec: Any) -> bool:
        """Always: there is only one."""
        return True

    def create_provisioner_instance(
        self, kernel_id: str, kernel_spec: Any, parent: Any
    ) -> KernelProvisionerBase:
        """A provisioner for one kernel."""
        return GateProvisioner(kernel_id=kernel_id, kernel_spec=kernel_spec, parent=parent)


class GateKernelManager(AsyncMappingKernelManager):
    """Jupyter Server's kernels, with a bound on what is kept for a page that is away."""

    def cwd_for_path(self, path: str, **kwargs: Any) -> str:
        """The notebook's folder, relative to the workspace; the agent finds it."""
        return str(path).strip("/")

    def start_buffering(
        self, kernel_id: str, session_key: str, channels: Mapping[str, Any]
    ) -> None:
        """Keep what a kernel says while its page is away, up to a limit."""
        super().start_buffering(kernel_id, session_key, channels)
        buffer = OfflineBuffer(OFFLINE_LIMIT)
        self._kernel_buffers[kernel_id]["buffer"] = buffer
        for channel, stream in channels.items():
            stream.on_recv(partial(buffer.add, channel))


class OfflineBuffer:
    """Messages for a page that is away: all of them up to a limit, then all but outputs.

    Iterates as Jupyter Server expects, over (channel, frames).
    """

    _OUTPUTS: Final = (b"stream", b"display_data", b"update_display_data", b"execute_result")

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._size = 0
        self._kept: deque[tuple[str, list[bytes]]] = deque()
        self._dropped = 0

    def add(self, channel: str, frames: list[bytes]) -> None:
        """Keep one message, or count it."""
        size = sum(len(frame) for frame in frames)
        if self._size + size > self._limit and channel == "iopub" and frames[0] in self._OUTPUTS:
            if not self._dropped:
                self._kept.append((channel, _with_notice(frames)))
            self._dropped += 1
            return
        self._size += size
        self._kept.append((channel, frames))

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Any:
        return iter(self._kept)


def _with_notice(frames: list[bytes]) -> list[bytes]:
    """An output in the place of all that follow: the page was away for too long.

    The signature is not kept: nothing after the gate checks it, and this is the lab's own word.
    """
    limit = OFFLINE_LIMIT >> 20
    text = f"[vitrine] this page was away; outputs beyond {limit} MiB were not kept\n"
    content = json.dumps({"name": "stderr", "text": text}).encode()
    at = frames.index(b"<IDS|MSG>")
    header = json.loads(frames[at + 2]) | {"msg_type": "stream"}
    return [b"stream", *frames[at : at + 2], json.dumps(header).encode(), frames[at + 3],
            b"{}", content]  # fmt: skip
