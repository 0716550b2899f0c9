"""Which requests the lab answers: a list of what may pass, everything else is refused.

Deny-lists leak: the handler of `/view` declares itself part of `contents`, for one. Method and
path are compared before any handler is chosen, with the very string that the routing uses. Pure.
"""

from __future__ import annotations

import re
from typing import Final

SETTINGS_LIMIT: Final = 256 << 10
"""Most bytes of one settings file or layout: they are no place to keep data."""
_UUID: Final = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_NAME: Final = r"[^/]+"

_RULES: Final = (
    ("GET", r"/"),
    ("GET", r"/lab/?"),
    ("GET", r"/lab/(tree|workspaces)(/.*)?"),
    ("GET", r"/static/.*"),
    ("GET", r"/lab/extensions/.*"),
    ("GET", r"/lab/api/(themes|translations)(/.*)?"),
    ("GET", r"/lab/api/settings(/.*)?"),
    ("PUT", r"/lab/api/settings/.+"),
    ("GET", r"/lab/api/workspaces(/.*)?"),
    ("PUT|DELETE", r"/lab/api/workspaces/[^/]+"),
    ("GET", r"/api/?"),
    ("GET", r"/api/(me|status|resolvePath)"),
    ("GET", r"/api/kernelspecs(/python3)?"),
    ("GET", r"/kernelspecs/python3/logo-[a-z0-9]+\.(png|svg)"),
    ("GET", r"/api/contents(?!.*/checkpoints(/|$))(/.*)?"),
    ("POST|PUT|PATCH|DELETE", r"/api/contents(?!.*/(checkpoints|trust)(/|$))(/.*)?"),
    ("GET|POST", r"/api/contents/.*/checkpoints"),
    ("GET|POST", r"/api/sessions"),
    ("GET|PATCH|DELETE", rf"/api/sessions/{_UUID}"),
    ("GET|POST", r"/api/kernels"),
    ("GET|DELETE", rf"/api/kernels/{_UUID}"),
    ("POST", rf"/api/kernels/{_UUID}/(interrupt|restart)"),
    ("GET", rf"/api/kernels/{_UUID}/channels"),
    ("GET", r"/api/config/[\w-]+"),
    ("GET", r"/api/events/subscribe"),
    ("GET", r"/oauth_callback"),
    ("GET", r"/logout"),
    ("POST", r"/api/security/csp-report"),
    ("GET", r"/favicon\.ico"),
)
_ALLOWED: Final = tuple(
    (frozenset(methods.split("|")), re.compile(path)) for methods, path in _RULES
)

_REASONS: Final = (
    (r"/files/|/view/", "files are not downloaded here: request an export instead"),
    (r"/nbconvert|/api/nbconvert", "notebooks are not exported here: request an export instead"),
    (r"/terminals/|/api/terminals", "there are no terminals: run shell commands in a notebook"),
    (r"/lsp/", "language servers are not part of a session"),
    (r"/lab/api/(build|extensions|plugins)", "extensions are chosen by the administrator"),
    (r"/api/config", "the server's configuration cannot be changed"),
    (r".*/checkpoints(/|$)", "checkpoints are not kept"),
    (r".*/trust(/|$)", "run a notebook's cells to trust their outputs"),
)


def refusal(method: str, path: str, size_bytes: int | None = 0) -> str | None:
    """Why this request is refused, or None when it may pass.

    Args:
        path: the decoded or raw path below the server's base URL, starting with `/`.
        size_bytes: size of the request's body; None when it does not say.
    """
    known = method if method != "HEAD" else "GET"
    if path.startswith("/lab/api/") and (size_bytes is None or size_bytes > SETTINGS_LIMIT):
        return f"settings and layouts have at most {SETTINGS_LIMIT >> 10} KiB"
    for methods, pattern in _ALLOWED:
        if known in methods and pattern.fullmatch(path):
            return None
    for beginning, reason in _REASONS:
        if re.match(beginning, path):
            return reason
    return "this is not part of a session"
