"""The directories of a node: who owns them, who may enter, and why.

| directory | owner:group | mode | because |
|---|---|---|---|
| `state_root` | root:root | 0755 | everybody passes through |
| database | root:vitrine-db | 2770 | Hub, steward and review share an SQLite file |
| `state_root/hub` | hub:hub | 0700 | the Hub's own database |
| `blob_root` | steward:vitrine-db | 2750 | the steward adds, review and Hub read |
| `dataset_root` | root:root | 0755 | published data; kernels see it through read-only mounts |
| `workspace_root` | root:root | 0700 | only the host helper mounts workspaces |
| `journal_root` | gate:steward | 2750 | the gate appends, the steward reads heads |
| `draft_root` | gate:steward | 2750 | the gate freezes, the steward takes |
| `share_root` | steward:gate | 2750 | the steward publishes, the gate hands over |
| `secrets_root` | root:root | 0755 | one directory per account below it |
| `secrets_root/<process>` | its account | 0700 | steward's is 0755, for its public key |
| that of `audit_sink` | steward:steward | 0755 | digests only; may be another machine's |
| `run_root` | root:root | 0755 | everybody passes through |
| `run_root/gate` | gate:vitrine-db | 2750 | Hub and steward connect; it checks peers |
| `run_root/host` | root:hub | 2750 | only the Hub connects |
| `run_root/parser` | parser:vitrine-db | 2750 | steward and review connect |
| `run_root/hub` | hub:vitrine-web | 2711 | labs reach one socket in it by name |
| `run_root/s` | root:root | 0711 | per-session directories, made by the host helper |

The set-group-id bit hands a directory's group to the files and sockets made in it, so that no
process needs to be a member of the group that it serves.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vitrine.errors import SettingsError, Unavailable
from vitrine.settings import Settings

DATABASE_GROUP: Final = "vitrine-db"
"""Unix group of the accounts that may use the database."""

WEB_GROUP: Final = "vitrine-web"
"""Unix group of the accounts that may reach labs over HTTP."""

DATABASE_MEMBERS: Final = ("hub", "steward", "review")
WEB_MEMBERS: Final = ("hub", "proxy")


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory as it has to be."""

    path: Path
    owner: str
    group: str
    mode: int
    is_kept: bool = False
    """Whether one that is there already stays as it is, because it may be a foreign mount."""

    def problem(self) -> str:
        """What is wrong with it on this machine; empty when nothing is."""
        try:
            found = self.path.stat()
        except OSError as error:
            return f"{self.path}: {error.strerror}"
        if not stat.S_ISDIR(found.st_mode):
            return f"{self.path} is not a directory"
        if self.is_kept:
            return ""
        present = (_user_name(found.st_uid), _group_name(found.st_gid))
        if present != (self.owner, self.group):
            return f"{self.path} belongs to {':'.join(present)}, not {self.owner}:{self.group}"
        mode = stat.S_IMODE(found.st_mode)
        if mode != self.mode:
            return f"{self.path} has mode {mode:04o}, not {self.mode:04o}"
        return ""


def directories(settings: Settings) -> list[Directory]:
    """Every directory of a node, each after the one that it lies in."""
    account = settings.accounts
    gate, steward, hub = account["gate"], account["steward"], account["hub"]
    found = [Directory(settings.state_root, "root", "root", 0o755)]
    if settings.sqlite_path is not None:
        found.append(Directory(settings.sqlite_path.parent, "root", DATABASE_GROUP, 0o2770))
    found += [
        Directory(settings.state_root / "hub", hub, _group_of(hub), 0o700),
        Directory(settings.blob_root, steward, DATABASE_GROUP, 0o2750),
        Directory(settings.dataset_root, "root", "root", 0o755),
        Directory(settings.workspace_root, "root", "root", 0o700),
        Directory(settings.journal_root, gate, _group_of(steward), 0o2750),
        Directory(settings.draft_root, gate, _group_of(steward), 0o2750),
        Directory(settings.share_root, steward, _group_of(gate), 0o2750),
        Directory(settings.secrets_root, "root", "root", 0o755),
    ]
    for process in ("steward", "hub", "proxy", "review"):
        mode = 0o755 if process == "steward" else 0o700
        owner = account[process]
        path = settings.secrets_root / process
        found.append(Directory(path, owner, _group_of(owner), mode))
    run = settings.run_root
    found += [
        Directory(settings.audit_sink.parent, steward, _group_of(steward), 0o755, is_kept=True),
        Directory(run, "root", "root", 0o755),
        Directory(settings.gate_control_socket.parent, gate, DATABASE_GROUP, 0o2750),
        Directory(settings.host_socket.parent, "root", _group_of(hub), 0o2750),
        Directory(settings.parser_socket.parent, account["parser"], DATABASE_GROUP, 0o2750),
        Directory(settings.hub_socket.parent, hub, WEB_GROUP, 0o2711),
        Directory(settings.session_root, "root", "root", 0o711),
    ]
    return found


def missing_accounts(settings: Settings) -> list[str]:
    """The commands that make the Unix groups and accounts which this machine lacks."""
    accounts = settings.accounts
    commands = []
    for group in (DATABASE_GROUP, WEB_GROUP):
        if not _has_group(group):
            commands.append(f"groupadd --system {group}")
    for process, name in accounts.items():
        if not _has_user(name):
            commands.append(
                f"useradd --system --user-group --no-create-home --shell /usr/sbin/nologin {name}"
            )
        for group, members in ((DATABASE_GROUP, DATABASE_MEMBERS), (WEB_GROUP, WEB_MEMBERS)):
            if process in members and not _is_member(name, group):
                commands.append(f"usermod --append --groups {group} {name}")
    return commands


def require_accounts(settings: Settings) -> None:
    """Pass when every Unix account and group is there.

    Raises:
        SettingsError: with the commands that make the missing ones.
    """
    commands = missing_accounts(settings)
    if commands:
        raise SettingsError(
            "this machine lacks Unix accounts or groups of the node",
            hint="as root, run: " + " && ".join(commands),
        )


def make(wanted: Sequence[Directory], *, with_owners: bool) -> list[Directory]:
    """Make or mend directories, and return those that were made or changed.

    Args:
        with_owners: also give each to its account; needs root.

    Raises:
        Unavailable: when one cannot be made.
    """
    changed = []
    for each in wanted:
        try:
            if _make_one(each, with_owners=with_owners):
                changed.append(each)
        except OSError as error:
            raise Unavailable(f"cannot make {each.path}: {error.strerror}") from error
    return changed


def give(path: Path, owner: str, mode: int) -> None:
    """Give a file to an account and its own group, with these permission bits; needs root.

    Raises:
        Unavailable: when that cannot be done.
    """
    try:
        os.chown(path, pwd.getpwnam(owner).pw_uid, _group_id(_group_of(owner)))
        path.chmod(mode)
    except OSError as error:
        raise Unavailable(f"cannot give {path} to {owner}: {error.strerror}") from error


def _make_one(wanted: Directory, *, with_owners: bool) -> bool:
    existed = wanted.path.is_dir()
    if existed and wanted.is_kept:
        return False
    if existed and not wanted.problem():
        return False
    before = stat.S_IMODE(wanted.path.stat().st_mode) if existed else None
    wanted.path.mkdir(parents=True, exist_ok=True)
    if with_owners:
        user, group = pwd.getpwnam(wanted.owner).pw_uid, _group_id(wanted.group)
        os.chown(wanted.path, user, group)
    wanted.path.chmod(wanted.mode)  # after chown, which clears the set-group-id bit
    return with_owners or before != wanted.mode


def _group_of(account: str) -> str:
    """The primary group of an account, which has the account's name until it exists."""
    try:
        return grp.getgrgid(pwd.getpwnam(account).pw_gid).gr_name
    except KeyError:
        return account


def _group_id(name: str) -> int:
    return grp.getgrnam(name).gr_gid


def _has_group(name: str) -> bool:
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True


def _has_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _is_member(user: str, group: str) -> bool:
    return _has_group(group) and user in grp.getgrnam(group).gr_mem


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
