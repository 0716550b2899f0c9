"""Kernels that run behind the gate, as Jupyter Server's kernel manager sees them."""

from __future__ import annotations

import asyncio
import secrets
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import zmq
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_client.provisioning import KernelProvisionerBase, KernelProvisionerFactory
from jupyter_server.services.kernels.kernelmanager import (
    AsyncMappingKernelManager,
    ServerKernelManager,
)
from tornado.web import HTTPError

from vitrine.session.channels import CHANNELS
from vitrine.session.lab.buffer import OfflineBuffer
from vitrine.session.lab.gate import GateProblem, gate
from vitrine.session.lab.unconfirmed import Message

KERNEL_NAME: Final = "python3"
_OUTPUTS_ON_THEIR_WAY: Final = 16


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
            HTTPError: 503 with the gate's sentence, when it cannot be started.
        """
        manager = self.parent
        key = manager.session.key or secrets.token_hex(32).encode()
        fields = {"kernel_id": self.kernel_id, "key": key.decode(), "cwd": kwargs.get("cwd", "")}
        try:
            info, _ = await gate().call("kernel.start", fields)
        except GateProblem as problem:
            raise HTTPError(503, str(problem)) from None
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


class GateConnectedKernel(ServerKernelManager):
    """One kernel, to which few messages may be on their way at a time."""

    def _create_connected_socket(
        self, channel: str, identity: bytes | None = None
    ) -> zmq.Socket[bytes]:
        """A socket to the gate. ZMQ's own limit of 1,000 messages is 8 GB of outputs."""
        if channel != "iopub":
            socket: zmq.Socket[bytes] = super()._create_connected_socket(channel, identity)
            return socket
        socket = self.context.socket(zmq.SUB)
        socket.linger = 0
        socket.setsockopt(zmq.RCVHWM, _OUTPUTS_ON_THEIR_WAY)
        socket.connect(self._make_url(channel))
        return socket


class GateKernelManager(AsyncMappingKernelManager):
    """Jupyter Server's kernels, with a bound on what is kept for a page that is away."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.asked: dict[str, dict[str, Any]] = {}
        """Per connection (`session_key`) the headers of requests without a reply."""

    def cwd_for_path(self, path: str, **kwargs: Any) -> str:
        """The notebook's folder, relative to the workspace; the agent finds it."""
        return str(path).strip("/")

    def start_watching_activity(self, kernel_id: str) -> None:
        """Watch whether the kernel is busy. A second copy of every output is not needed for that.

        The gate's topics begin with the message's type.
        """
        super().start_watching_activity(kernel_id)
        socket = self._kernels[kernel_id]._activity_stream.socket
        socket.setsockopt(zmq.SUBSCRIBE, b"status")
        socket.setsockopt(zmq.UNSUBSCRIBE, b"")

    def start_buffering(self, kernel_id: str, session_key: str, channels: dict[str, Any]) -> None:
        """Keep what a kernel says while its page is away, up to a limit."""
        super().start_buffering(kernel_id, session_key, channels)
        self._kernel_buffers[kernel_id]["buffer"] = OfflineBuffer(channels)

    def keep_unsaid(self, kernel_id: str, session_key: str, messages: Sequence[Message]) -> None:
        """Keep messages that a page may not have received as the first for its return."""
        kept = self._kernel_buffers.get(kernel_id)
        if messages and kept is not None and kept["session_key"] == session_key:
            kept["buffer"].begin_with(messages)

    def get_buffer(self, kernel_id: str, session_key: str) -> Any:
        """What was kept, whoever opens the kernel now.

        Jupyter Server throws it away when another page than the last one connects; here the new
        page takes it over, and a sentence says what it is.
        """
        kept = self._kernel_buffers.get(kernel_id)
        if kept is not None and kept["session_key"] != session_key:
            self.asked.pop(kept["session_key"], None)
            count = kept["buffer"].address_anew(
                session_key.partition(":")[2], self._kernels[kernel_id].session.sign
            )
            kept["session_key"] = session_key
            if count:
                gate().report_displaced(kernel_id, count)
        return super().get_buffer(kernel_id, session_key)
