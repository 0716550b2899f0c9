"""A PostgreSQL server of our own: Debian's binaries, a temporary directory, one Unix socket."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BINARIES = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
DEPLOY = Path(__file__).parents[2] / "deploy" / "postgres"


def missing() -> str:
    """Why no server can be started here; empty when one can."""
    if BINARIES is None or not (BINARIES / "initdb").exists():
        return "Debian's postgresql package is not installed"
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        return "there is no postgres account"
    return "" if os.geteuid() == 0 else "only root can start the server as the postgres account"


@dataclass(frozen=True)
class Server:
    """A running server, reached over its socket by whoever the test says."""

    root: Path

    def url(self, role: str, database: str) -> str:
        """The address of a database, as a settings file would have it."""
        return f"postgresql://{role}@/{database}?unix_sock={self.root}/.s.PGSQL.5432"

    def psql(self, database: str, *arguments: str, role: str = "postgres") -> str:
        """Run psql as a role of the server."""
        return _run("psql", "-h", str(self.root), "-U", role, "-d", database, "-tA", "-q",
                    "--set=ON_ERROR_STOP=1", *arguments)  # fmt: skip

    def run_file(self, database: str, name: str, *, role: str = "postgres") -> None:
        """Run one of the files that an administrator runs."""
        script = self.root / name
        shutil.copyfile(DEPLOY / name, script)
        script.chmod(0o644)
        self.psql(database, f"--file={script}", role=role)

    def new_database(self, name: str) -> None:
        """Create a database that belongs to the owner role."""
        self.run_file("postgres", "roles.sql")
        self.psql("postgres", f"--command=CREATE DATABASE {name} OWNER vitrine_owner")


@contextmanager
def a_server() -> Iterator[Server]:
    """A fresh server, gone afterwards with everything in it."""
    root = Path(tempfile.mkdtemp(prefix="vitrine-pg-"))
    shutil.chown(root, "postgres", "postgres")
    data = root / "data"
    try:
        _run("initdb", "-D", str(data), "--auth=trust", "--encoding=UTF8", "--no-sync")
        options = f"-k {root} -c listen_addresses='' -c fsync=off"
        log = root / "server.log"
        _run("pg_ctl", "-D", str(data), "-l", str(log), "-o", options, "-w", "start")
        try:
            yield Server(root)
        finally:
            _run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _run(program: str, *arguments: str) -> str:
    assert BINARIES is not None
    done = subprocess.run(
        [str(BINARIES / program), *arguments],
        user="postgres",
        group="postgres",
        extra_groups=[],
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{program}: {done.stderr or done.stdout}"
    return done.stdout
