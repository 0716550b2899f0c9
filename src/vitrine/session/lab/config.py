"""Settings of the lab's Jupyter Server, each with its reason."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

SERVICES: Final = (
    "api", "auth", "config", "contents", "events", "kernels", "kernelspecs", "security",
    "sessions",
)  # fmt: skip
"""Jupyter Server's services that are loaded at all; nbconvert, view and files are not."""

HIDDEN_COMMANDS: Final = (
    "@jupyterlab/docmanager-extension:download",
    "@jupyterlab/docmanager-extension:open-browser-tab",
    "@jupyterlab/filebrowser-extension:download",
    "@jupyterlab/filebrowser-extension:share-file",
    "@jupyterlab/filebrowser-extension:open-browser-tab",
    "@jupyterlab/filebrowser-extension:open-url",
    "@jupyterlab/notebook-extension:export",
    "@jupyterlab/notebook-extension:export-guidance-dialog",
    "@jupyterlab/notebook-extension:copy-output",
    "@jupyterlab/apputils-extension:print",
    "@jupyterlab/apputils-extension:licenses-plugin",
    "@jupyterlab/apputils-extension:licenses-client",
    "@jupyterlab/apputils-extension:announcements",
    "@jupyterlab/extensionmanager-extension:plugin",
    "@jupyterlab/pluginmanager-extension:plugin",
    "@jupyterlab/terminal-extension",
    "@jupyterlab/services-extension:nbconvert-manager",
    "@jupyterlab/notebook-extension:update-raw-mimetype",
    "@jupyterlab/help-extension:resources",
    "@jupyterlab/htmlviewer-extension:plugin",
    "@jupyterlab/pdf-extension:plugin",
    "@jupyterlab/debugger-extension",
    "@jupyterlab/lsp-extension",
    "@jupyterlab/fileeditor-extension:language-server",
    "@jupyterlab/notebook-extension:language-server",
    "@jupyterlab/hub-extension:menu",
)
"""Plugins that would offer what the server refuses. This hides, it does not prevent."""

UPLOAD_LIMIT: Final = 64 << 20
"""Largest request body in bytes; JupyterLab sends larger uploads in chunks of 1 MiB."""

POLICY: Final = (
    "default-src 'none'; script-src 'self' 'unsafe-eval' 'unsafe-inline'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; worker-src 'self' blob:; frame-src 'self' blob:; "
    "media-src data: blob:; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'self'; sandbox allow-scripts allow-same-origin allow-forms allow-modals"
)
"""Without `allow-downloads` and `allow-popups` a script in an output cannot save or open."""


def apply(c: Any) -> None:
    """Fill Jupyter's configuration object."""
    from jupyter_server.serverapp import ServerApp

    ServerApp.default_services = SERVICES
    server = c.ServerApp
    server.sock = os.environ.get("VITRINE_LAB_SOCKET", "/run/lab/lab.sock")
    server.sock_mode = "0666"  # the directory decides who may connect
    server.ip, server.port = "", 0
    server.root_dir = "/tmp"  # noqa: S108 - files are an RPC; nothing is served from here
    server.open_browser = False
    server.terminals_enabled = False
    server.reraise_server_extension_failures = True
    server.max_body_size = UPLOAD_LIMIT
    server.max_buffer_size = UPLOAD_LIMIT
    server.authenticate_prometheus = True
    server.jpserver_extensions = {
        "jupyterlab": True,
        "vitrine.session.lab": True,
        "jupyter_server_terminals": False,
        "jupyter_lsp": False,
    }
    server.contents_manager_class = "vitrine.session.lab.contents.GateContentsManager"
    server.kernel_manager_class = "vitrine.session.lab.kernels.GateKernelManager"
    server.kernel_spec_manager_class = "vitrine.session.lab.kernels.OneKernelSpec"
    server.kernel_websocket_connection_class = "vitrine.session.lab.websocket.BoundedConnection"
    server.tornado_settings = {
        "headers": {
            "Content-Security-Policy": POLICY,
            "Referrer-Policy": "no-referrer",
            "X-DNS-Prefetch-Control": "off",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Permissions-Policy": "clipboard-read=(), display-capture=(), camera=(), microphone=()",
        },
        "websocket_max_message_size": 16 << 20,
    }
    c.LabApp.extension_manager = "readonly"
    c.LabApp.lock_all_plugins = True
    c.LabApp.news_url = None
    c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
    c.LabApp.workspaces_dir = "/tmp/lab/workspaces"  # noqa: S108
    c.LabApp.user_settings_dir = "/tmp/lab/user-settings"  # noqa: S108
    c.LabApp.app_settings_dir = str(Path(__file__).with_name("settings"))  # overrides.json
    c.GateKernelManager.kernel_manager_class = "vitrine.session.lab.kernels.GateConnectedKernel"
    c.GateKernelManager.default_kernel_name = "python3"
    c.KernelRestarter.time_to_dead = 1.0  # until the page shows that a kernel died
    c.ZMQChannelsWebsocketConnection.limit_rate = False  # the gate's limits are the ones
