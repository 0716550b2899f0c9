"""How fast and how large de-identification is, beside another package and beside copying.

    ./run bench deid

`ct_slices_per_s_per_core`: 512 x 512 CT slices through the engine in this process, by
processor time. `vs_dicom_anonymizer_ratio`: the same against `dicom-anonymizer` 2.1.0, wall clock.
`parallel_speedup_2`: a whole run with two workers against one. `vs_cp_ratio`: two workers against
`cp -r` and `sync`, wall clock. `rss_file_*`: peak memory of a run over 10,000 small files against
500. `rss_2gb_multiframe_mb`: peak memory of a run over one file of 2 GB. Other work on the machine
shows in every wall clock: read the file's `load` beside them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
from dicomanonymizer import anonymize_dicom_file

from tests.bench.report import disk_directory, publish
from vitrine.deid import keys
from vitrine.deid.engine.file import clean_file
from vitrine.deid.engine.values import Values
from vitrine.deid.rules import profile

SLICES = 300
MANY = int(os.environ.get("VITRINE_BENCH_DEID_FILES", "10000"))
FEW = 500
FRAMES = 4096
AIMS = {
    "ct_slices_per_s_per_core": ">= 150",
    "vs_dicom_anonymizer_ratio": ">= 4",
    "parallel_speedup_2": ">= 1.7",
    "vs_cp_ratio": "<= 6",
    "rss_file_10000_vs_500_ratio": "<= 1.1",
    "rss_2gb_multiframe_mb": "<= 600",
}
_WITH_PEAK = """
import resource, sys
from vitrine.cli.main import run
code = run(sys.argv[1:])
own, kids = (resource.getrusage(who).ru_maxrss
             for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(max(own, kids))
"""


def a_slice(size: int) -> pydicom.Dataset:
    """pydicom's CT image with `size` x `size` random pixels."""
    dataset = pydicom.dcmread(Path(pydicom.__file__).parent / "data/test_files/CT_small.dcm")
    dataset.Rows = dataset.Columns = size
    pixels = np.random.default_rng(1).integers(0, 2000, (size, size), dtype=np.int16)
    dataset.PixelData = pixels.tobytes()
    return dataset


def slices(folder: Path, count: int, size: int) -> Path:
    """A folder with so many instances of one series."""
    folder.mkdir()
    dataset = a_slice(size)
    for number in range(count):
        uid = f"1.2.826.0.1.3680043.8.498.{number + 1}"
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
        dataset.InstanceNumber = number + 1
        dataset.save_as(folder / f"{number:06d}.dcm")
    return folder


def multiframe(folder: Path) -> Path:
    """A folder with one grayscale multi-frame object of 2 GB; its pixels are a hole in the file."""
    folder.mkdir()
    dataset = a_slice(512)
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2.1"
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.NumberOfFrames = FRAMES
    dataset.PixelData = b""
    path = folder / "big.dcm"
    dataset.save_as(path)
    size = 512 * 512 * 2 * FRAMES
    raw = path.read_bytes()
    at = raw.index(b"\xe0\x7f\x10\x00OW")
    path.write_bytes(raw[:at] + b"\xe0\x7f\x10\x00OW\0\0" + size.to_bytes(4, "little"))
    os.truncate(path, path.stat().st_size + size)
    return folder


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes by the clock on the wall, everything durable."""
    os.sync()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def run(source: Path, output: Path, key: Path, workers: int) -> int:
    """Peak resident memory in bytes of `vitrine deid run`, of its largest process."""
    shutil.rmtree(output, ignore_errors=True)
    arguments = ["deid", "run", source, output, "--key-file", key, "--workers", str(workers)]
    done = subprocess.run(
        [sys.executable, "-c", _WITH_PEAK, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout.split()[-1]) * 1024


def main() -> None:
    """Measure and publish."""
    root = disk_directory("deid")
    shutil.rmtree(root)
    root.mkdir()
    key_file = root / "key"
    key = keys.new(key_file)
    chosen, _ = profile.load()
    source = slices(root / "ct", SLICES, 512)
    files = sorted(source.iterdir())
    (root / "plain").mkdir()

    def engine() -> None:
        for path in files:
            clean_file(path, root / "plain" / path.name, chosen, key, Values())

    engine()
    began = time.process_time()
    own = seconds(engine)
    processor = time.process_time() - began

    def theirs() -> None:
        (root / "theirs").mkdir()
        for path in files:
            anonymize_dicom_file(str(path), str(root / "theirs" / path.name))

    other = seconds(theirs)
    one = seconds(lambda: run(source, root / "one", key_file, 1))
    two = seconds(lambda: run(source, root / "two", key_file, 2))
    copied = seconds(
        lambda: (shutil.copytree(source, root / "copy", copy_function=shutil.copy), os.sync())
    )
    few = run(slices(root / "few", FEW, 32), root / "few-out", key_file, 1)
    many = run(slices(root / "many", MANY, 32), root / "many-out", key_file, 1)
    big = run(multiframe(root / "big"), root / "big-out", key_file, 1)
    figures = {
        "ct_slices_per_s_per_core": SLICES / processor,
        "vs_dicom_anonymizer_ratio": other / own,
        "parallel_speedup_2": one / two,
        "vs_cp_ratio": two / copied,
        "rss_file_10000_vs_500_ratio": many / few,
        "rss_2gb_multiframe_mb": big / 1e6,
    }
    details = {"load": os.getloadavg(), "slices": SLICES, "many": MANY, "few": FEW}
    publish("deid", figures, aims=AIMS, details=details)
    shutil.rmtree(root)


if __name__ == "__main__":
    main()
