"""Links exactly the wheels whose hashes the given locks name into a build context.

Usage: pick_wheels.py CACHE TARGET LOCK...
"""

import hashlib
import os
import re
import sys
from pathlib import Path


def _hashes(lock: Path) -> list[set[str]]:
    """The accepted SHA-256 digests of each requirement, in the order of the lock."""
    requirements = re.split(r"\n(?=\S)", lock.read_text())
    found = [set(re.findall(r"sha256:([0-9a-f]{64})", text)) for text in requirements]
    return [digests for digests in found if digests]


def main(cache: Path, target: Path, locks: list[Path]) -> int:
    """Every requirement of every lock has one wheel in `target`; 1 if one is missing."""
    by_digest = {hashlib.sha256(file.read_bytes()).hexdigest(): file for file in cache.iterdir()}
    for lock in locks:
        for accepted in _hashes(lock):
            matching = accepted & by_digest.keys()
            if not matching:
                print(f"{lock.name}: a wheel is not in {cache}", file=sys.stderr)
                return 1
            for digest in matching:
                link = target / by_digest[digest].name
                if not link.exists():
                    try:
                        os.link(by_digest[digest], link)
                    except OSError:  # the cache lies on another filesystem
                        link.write_bytes(by_digest[digest].read_bytes())
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), [Path(name) for name in sys.argv[3:]]))
