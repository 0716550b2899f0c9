"""The directories of a session: who may put a socket where, and who may reach it.

| directory | owner : group, mode | mounted                              |
|-----------|---------------------|--------------------------------------|
| `lab/`    | gate : lab, 2750    | `/run/gate` of the lab, read-only    |
| `http/`   | lab : web, 2710     | `/run/lab` of the lab                |
| `kernel/` | gate : kernel, 2750 | `/run/gate` of the kernel, read-only |
| `etc/`    | root : root, 0755   | file by file in `/etc`, read-only    |

`claim` names the workspace. It is the first thing written and the last thing removed.
"""

from __future__ import annotations

import grp
import json
import os
import pwd
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vitrine.errors import Unavailable
from vitrine.session.host.order import SESSION_ID, Prepare
from vitrine.settings import Settings
from vitrine.storage.layout import WEB_GROUP

ETC: Final = {
    "resolv.conf": "",
    "hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "hostname": "session\n",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """A session's directories, and the workspace that it uses (None: half-made)."""

    session_id: str
    workspace_id: int | None


@dataclass(frozen=True, slots=True)
class Owners:
    """The numeric ids of the accounts that own directories."""

    hub: int
    gate: int
    web: int

    @classmethod
    def of(cls, settings: Settings) -> Owners:
        """Looked up by name.

        Raises:
            Unavailable: when an account or the group does not exist on this machine.
        """
        try:
            return cls(
                hub=pwd.getpwnam(settings.account_hub).pw_uid,
                gate=pwd.getpwnam(settings.account_gate).pw_uid,
                web=grp.getgrnam(WEB_GROUP).gr_gid,
            )
        except KeyError as error:
            raise Unavailable(
                f"this machine has no account or group for it ({error.args[0]})",
                hint="run deploy/accounts.sh as root",
            ) from error


def make(root: Path, order: Prepare, owners: Owners) -> None:
    """Make the directories of a session. Doing it twice changes nothing."""
    place = root / order.session_id
    _directory(place, 0, 0, 0o711)
    _write_claim(place, order.workspace_id)
    _directory(place / "lab", owners.gate, order.lab_uid, 0o2750)
    _directory(place / "http", order.lab_uid, owners.web, 0o2710)
    _directory(place / "kernel", owners.gate, order.kernel_uid, 0o2750)
    _directory(place / "etc", 0, 0, 0o755)
    for name, text in ETC.items():
        path = place / "etc" / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o444)


def remove(root: Path, session_id: str) -> None:
    """Remove the directories of a session. Doing it twice changes nothing."""
    place = root / session_id
    if not place.is_dir():
        return
    for entry in place.iterdir():
        if entry.name != "claim":
            shutil.rmtree(entry)  # does not follow links
    shutil.rmtree(place)


def claims(root: Path) -> Iterator[Claim]:
    """Every session that has directories."""
    for place in sorted(root.iterdir()):
        if SESSION_ID.fullmatch(place.name):
            yield Claim(place.name, _read_claim(place))


def claim(root: Path, session_id: str) -> Claim:
    """What one session claims."""
    return Claim(session_id, _read_claim(root / session_id))


def _read_claim(place: Path) -> int | None:
    try:
        found = json.loads((place / "claim").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, int) else None


def _write_claim(place: Path, workspace_id: int) -> None:
    unfinished = place / "claim.new"
    unfinished.write_text(json.dumps(workspace_id), encoding="utf-8")
    unfinished.chmod(0o600)
    unfinished.rename(place / "claim")


def _directory(path: Path, owner: int, group: int, mode: int) -> None:
    path.mkdir(mode=0o700, exist_ok=True)
    os.chown(path, owner, group)
    path.chmod(mode)  # after chown, which clears the set-group-id bit
