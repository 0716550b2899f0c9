"""Data walks left to right, imports point right to left, nothing walks back."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_import_follows_the_one_rule():
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_programs_in_the_kernel_and_the_gate_load_no_database():
    """The agent lives beside hostile code, a gate worker is to stay small."""
    code = (
        "import sys, vitrine.activity.journal, vitrine.session.wire\n"
        "sys.exit(', '.join({'sqlalchemy', 'pandas', 'cryptography'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
