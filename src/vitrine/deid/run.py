"""De-identify every file of a folder into another one: parallel, resumable, nothing half-written.

Workers clean files into a folder beside the output; this process makes many of them durable at a
time and only then gives each its final name, so that the output never holds anything but whole,
cleaned files, and in the order of the sources, so that the outcome is the same for any number of
workers. A note under the key remembers what is done; killed at any moment, the next run goes on
after comparing each output with its digest.
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import json
import os
import resource
import shutil
import signal
import stat
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from vitrine.deid.engine import file as engine
from vitrine.deid.engine.stage import Mask, PixelStage
from vitrine.deid.engine.values import Values
from vitrine.deid.keys import Key
from vitrine.deid.report import FileReport, RunReport
from vitrine.deid.rules import table
from vitrine.deid.rules.profile import Profile
from vitrine.errors import Conflict, InvalidInput

Progress = Callable[[int, int], None]
"""Called with how many files are done, and of how many."""

_CHUNK: Final = 16
_CHUNKS_SYNCED: Final = 8
_FILE_S: Final = 120
_MEMORY_BYTES: Final = 6 << 30
_NOTE: Final = "note.jsonl"
_LOCK: Final = "lock"
_PARTIAL: Final = "partial"


@dataclass(frozen=True, slots=True)
class Task:
    """Everything that a worker needs besides a path."""

    profile: Profile
    key: Key = field(repr=False)
    values: Values = field(repr=False)
    source: Path
    output: Path
    partial: Path
    stage: PixelStage | None = None


@dataclass(frozen=True, slots=True)
class _Done:
    source: str = field(repr=False)
    sha256_in: str
    written: engine.Written | None
    refused: str | None
    partial: str


def run(
    source: Path,
    output: Path,
    profile: Profile,
    profile_sha256: str,
    key: Key,
    values: Values,
    *,
    workers: int,
    stage: PixelStage | None = None,
    progress: Progress = lambda _done, _of: None,
) -> RunReport:
    """De-identify the files at `source` into `output`; what is done already is not done again.

    Args:
        stage: searches pixels for text, in the workers, under profiles that ask for it.

    Raises:
        InvalidInput: when there is nothing to read, or `output` lies within `source` or holds
            something else.
        Conflict: when another run writes to `output`, or it was begun with another profile or key.
    """
    names = _sources(source)
    _check_places(source, output)
    with _alone(output):
        header = {
            "profile": f"{profile_sha256} {profile.burned_in}",
            "values": _digest_of(values),
            "stage": f"{stage.__module__}.{stage.__qualname__}" if stage else "",
            "key_id": key.id,
        }
        note = _Note(_state(output) / _NOTE, header, key)
        partial = _state(output) / _PARTIAL
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        task = Task(profile, key, values, source, output, partial, stage)
        reports = list(_all(task, names, note, output, workers, progress))
        _drop_others(output, note, {each.output for each in reports})
        shutil.rmtree(partial, ignore_errors=True)
    return RunReport(
        profile=profile.label,
        table_edition=table.EDITION,
        key_id=key.id,
        dates=profile.dates,
        files=tuple(reports),
    )


def _sources(source: Path) -> list[str]:
    """Names below `source` of everything that is no folder, sorted; links are not followed."""
    if source.is_file():
        return [source.name]
    if not source.is_dir():
        raise InvalidInput(f"there is no file or folder {source}")
    found = []
    for folder, inner, names in os.walk(source):
        links = [each for each in inner if os.path.islink(os.path.join(folder, each))]
        found += [os.path.relpath(os.path.join(folder, each), source) for each in (*names, *links)]
    if not found:
        raise InvalidInput(f"the folder {source} holds no files")
    return sorted(found)


def _check_places(source: Path, output: Path) -> None:
    inside, around = output.resolve(), source.resolve()
    if inside == around or around in inside.parents or inside in around.parents:
        raise InvalidInput("the folder that is written may not lie within the one that is read")
    if not _is_empty(output) and not (_state(output) / _NOTE).exists():
        raise InvalidInput(
            f"{output} is not empty and was not begun by a run", hint="give an empty folder"
        )


def _state(output: Path) -> Path:
    """The folder beside `output` with the lock, the note and unfinished files."""
    place = output.resolve()
    return place.with_name(f".{place.name}.vitrine-deid")


def _is_empty(output: Path) -> bool:
    return not output.is_dir() or not any(output.iterdir())


def _drop_others(output: Path, note: _Note, kept: Set[str | None]) -> None:
    """Remove what an earlier run made of files that are no longer delivered."""
    for entry in note.known.values():
        if entry["output"] not in kept:
            (output / entry["output"]).unlink(missing_ok=True)


@contextmanager
def _alone(output: Path) -> Iterator[None]:
    output.mkdir(parents=True, exist_ok=True)
    _state(output).mkdir(mode=0o700, exist_ok=True)
    with open(_state(output) / _LOCK, "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(f"another run writes to {output}") from None
        # The file of the lock stays: a run that removed it would let two others lock two files.
        if _is_empty(output):
            (_state(output) / _NOTE).unlink(missing_ok=True)
        yield


def _digest_of(values: Values) -> str:
    plain = {keyword: dict(each) for keyword, each in values.by_keyword.items()}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


class _Note:
    """What is done, by names that only the key makes: no path and no digest of a source."""

    def __init__(self, path: Path, header: dict[str, str], key: Key) -> None:
        self.path, self.key = path, key
        self.known: dict[str, dict[str, Any]] = {}
        content = path.read_text("utf-8") if path.exists() else ""
        lines = content.splitlines()
        entries = [each for each in map(_parsed, lines) if each]
        if entries and entries[0] != header:
            raise Conflict(
                f"{path.parent} was begun with another profile, key or decisions",
                hint="give an empty folder",
            )
        self.known = {each["source"]: each for each in entries[1:]}
        self.stream = open(path, "a", encoding="utf-8")  # noqa: SIM115 - closed with the process
        if content and not content.endswith("\n"):
            self.stream.write("\n")  # after the line that a killed run was writing
        if not entries:
            self._add(header)

    def of(self, source: str, sha256: str) -> dict[str, Any] | None:
        """What is noted about a file with these bytes."""
        return self.known.get(self.key.tag("source", f"{source}\0{sha256}".encode()))

    def add(self, source: str, sha256: str, written: engine.Written) -> None:
        """Note that a file has its output."""
        name = self.key.tag("source", f"{source}\0{sha256}".encode())
        masks = [mask.as_record() for mask in written.masks]
        place = f"{written.folder}/{written.name}"
        self._add({"source": name, "output": place, "sha256": written.sha256, "masks": masks})

    def _add(self, entry: Mapping[str, Any]) -> None:
        self.stream.write(json.dumps(entry) + "\n")

    def flush(self) -> None:
        """Give the note to the filesystem, which is made durable with the next outputs."""
        self.stream.flush()


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        return dict(json.loads(line))
    except ValueError:  # the line that a killed run was writing
        return None


def _all(
    task: Task, names: Sequence[str], note: _Note, output: Path, workers: int, progress: Progress
) -> Iterator[FileReport]:
    taken: dict[str, str] = {}
    chunks = [names[at : at + _CHUNK] for at in range(0, len(names), _CHUNK)]
    done, ready = 0, []
    for number, outcome in enumerate(_outcomes(task, chunks, note.known, workers), start=1):
        ready += outcome
        if number % _CHUNKS_SYNCED and number < len(chunks):
            continue
        _make_durable(output)  # what gets its name now is on the disk as a whole
        for each in ready:
            yield _placed(each, note, output, taken)
        done += len(ready)
        ready = []
        note.flush()
        progress(done, len(names))
    _make_durable(output)


def _placed(each: _Done, note: _Note, output: Path, taken: dict[str, str]) -> FileReport:
    """Give a finished file its name, unless another file of the run has it."""
    refused, place, digest = each.refused, None, None
    if each.written is not None:
        place, digest = f"{each.written.folder}/{each.written.name}", each.written.sha256
        if place in taken:
            refused = "another file has the same SOPInstanceUID" + (
                " and the same content" if taken[place] == digest else ""
            )
            place = digest = None
        else:
            taken[place] = digest
            _rename(Path(each.partial), output / place)
            note.add(each.source, each.sha256_in, each.written)
    return FileReport(
        source=each.source,
        sha256_in=each.sha256_in,
        output=place,
        sha256_out=digest,
        refused=refused,
        masks=each.written.masks if each.written is not None and place else (),
    )


def _rename(partial: Path, target: Path) -> None:
    if not partial.exists():  # done by an earlier run, and compared with its digest
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(partial, target)


def _make_durable(folder: Path) -> None:
    """Put everything that was written to the filesystem of `folder` on the disk (syncfs(2)).

    Once for many files: to wait for each alone takes most of the time of a run.

    Raises:
        OSError: when the disk did not take it.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(handle):
            raise OSError(ctypes.get_errno(), "the outputs could not be made durable")
    finally:
        os.close(handle)


def _outcomes(
    task: Task, chunks: Sequence[Sequence[str]], known: dict[str, Any], workers: int
) -> Iterator[list[_Done]]:
    """What became of each chunk, in order; a chunk whose worker died is done again file by file."""
    with _Pool(task, known, workers) as pool:
        waiting: list[tuple[Sequence[str], Future[list[_Done]]]] = []
        for chunk in chunks:
            waiting.append((chunk, pool.submit(chunk)))
            if len(waiting) > 4 * workers:
                yield pool.result(*waiting.pop(0))
        for chunk, future in waiting:
            yield pool.result(chunk, future)


class _Pool:
    """Processes that clean; replaced when one of them dies."""

    def __init__(self, task: Task, known: dict[str, Any], workers: int) -> None:
        self.task, self.known, self.workers = task, known, workers
        self.pool = self._new(workers)

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, *_problem: object) -> None:
        self.pool.shutdown(wait=True, cancel_futures=True)

    def _new(self, workers: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(workers, initializer=_begin, initargs=(self.task, self.known))

    def submit(self, chunk: Sequence[str]) -> Future[list[_Done]]:
        """Begin with a chunk."""
        try:
            return self.pool.submit(_clean_chunk, list(chunk))
        except BrokenProcessPool:
            self.pool = self._new(self.workers)
            return self.pool.submit(_clean_chunk, list(chunk))

    def result(self, chunk: Sequence[str], future: Future[list[_Done]]) -> list[_Done]:
        """What became of a chunk, whatever became of its worker."""
        try:
            return future.result()
        except BrokenProcessPool:
            return [self._alone(name) for name in chunk]

    def _alone(self, name: str) -> _Done:
        with self._new(1) as single:
            try:
                return single.submit(_clean_chunk, [name]).result()[0]
            except BrokenProcessPool:
                digest = _sha256(self.task.source, name)
                return _Done(name, digest, None, "the process that read it was ended", "")


_WORK: list[Any] = []  # one task per worker process, set once by its initializer


def _begin(task: Task, known: dict[str, Any]) -> None:
    _WORK[:] = [task, known]
    soft = _MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (soft, resource.getrlimit(resource.RLIMIT_AS)[1]))
    signal.signal(signal.SIGALRM, _too_long)
    warnings.simplefilter("ignore")  # those of pydicom quote the value that they are about
    table.rows(), table.types(), table.vocabulary()


def _too_long(_signal: int, _frame: object) -> None:
    raise InvalidInput(f"it took more than {_FILE_S} seconds")


def _clean_chunk(names: list[str]) -> list[_Done]:
    task, known = _WORK
    return [_clean_one(task, known, name) for name in names]


def _clean_one(task: Task, known: dict[str, Any], name: str) -> _Done:
    path = _path(task.source, name)
    partial = task.partial / hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return _Done(name, "", None, "it is no file but a link, a pipe or a device", "")
        digest = _sha256(task.source, name)
        entry = known.get(task.key.tag("source", f"{name}\0{digest}".encode()))
        earlier = _earlier(task, entry) if entry else None
        if earlier is not None:
            return _Done(name, digest, earlier, None, str(partial))
        signal.alarm(_FILE_S + (path.stat().st_size >> 24))
        try:
            partial.unlink(missing_ok=True)
            written = engine.clean_file(
                path, partial, task.profile, task.key, task.values, task.stage
            )
        finally:
            signal.alarm(0)
        return _Done(name, digest, written, None, str(partial))
    except InvalidInput as problem:
        partial.unlink(missing_ok=True)
        return _Done(name, digest, None, str(problem), "")
    except OSError as problem:
        return _Done(
            name, "", None, f"it cannot be read ({problem.strerror or 'it ends too early'})", ""
        )
    except Exception as problem:  # a fault of the engine refuses the file: it never passes it
        partial.unlink(missing_ok=True)
        return _Done(name, digest, None, f"it could not be cleaned ({type(problem).__name__})", "")


def _earlier(task: Task, entry: dict[str, Any]) -> engine.Written | None:
    """The output of an earlier run, if it still has its bytes."""
    output = task.output / entry["output"]
    if not output.is_file():
        return None
    with open(output, "rb") as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != entry["sha256"]:
            return None
    folder, _, name = entry["output"].rpartition("/")
    masks = tuple(Mask.from_record(each) for each in entry["masks"])
    return engine.Written(folder, name, entry["sha256"], masks)


def _path(source: Path, name: str) -> Path:
    return source / name if source.is_dir() else source


def _sha256(source: Path, name: str) -> str:
    with open(_path(source, name), "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
