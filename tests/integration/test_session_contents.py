"""The workspace as JupyterLab sees it, when it is ordinary and when somebody made it hostile."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.support.session import Session, a_session

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
UPLOAD_MB = int(os.environ.get("VITRINE_UPLOAD_MB", "100"))


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with a_session() as running:
        yield running


@pytest.fixture(autouse=True)
def an_empty_workspace(session: Session) -> Iterator[None]:
    yield
    os.system(f"rm -rf {session.workspace}/* {session.workspace}/.[!.]*")
    began = time.monotonic()
    assert session.http("GET", "/api/status")[0] == 200
    assert time.monotonic() - began < 5
    assert session.status()["agent_connected"]


def text_model(content: str) -> dict[str, object]:
    return {"type": "file", "format": "text", "content": content}


def at(path: str) -> str:
    return f"/api/contents/{quote(path, safe='/', errors='surrogatepass')}"


def sentence(body: bytes) -> str:
    return str(json.loads(body)["message"])


# -- ordinary work -----------------------------------------------------------------------------


def test_a_text_file_is_saved_read_renamed_copied_and_deleted(session):
    saved = session.api("PUT", at("a.csv"), text_model("x,y\n1,2\n"))
    assert (saved["name"], saved["type"], saved["size"], saved["content"]) == (
        "a.csv", "file", 8, None,
    )  # fmt: skip
    read = session.api("GET", at("a.csv") + "?content=1&hash=1")
    assert (read["content"], read["format"], read["mimetype"]) == ("x,y\n1,2\n", "text", "text/csv")
    assert read["hash"] == hashlib.sha256(b"x,y\n1,2\n").hexdigest()
    assert read["hash_algorithm"] == "sha256"
    session.api("POST", at(""), {"type": "directory"})
    session.api("PATCH", at("a.csv"), {"path": "Untitled Folder/b.csv"})
    copied = session.api("POST", at("Untitled Folder"), {"copy_from": "Untitled Folder/b.csv"})
    assert copied["path"] == "Untitled Folder/b-Copy1.csv"
    listed = session.api("GET", at("Untitled Folder") + "?content=1")
    assert sorted(entry["name"] for entry in listed["content"]) == ["b-Copy1.csv", "b.csv"]
    session.http("DELETE", at("Untitled Folder/b.csv"))
    assert session.http("GET", at("Untitled Folder/b.csv"))[0] == 404
    session.http("DELETE", at("Untitled Folder"))
    assert os.listdir(session.workspace) == []


def test_a_new_notebook_is_made_and_comes_back_as_it_was_saved(session):
    made = session.api("POST", at(""), {"type": "notebook"})
    assert made["name"] == "Untitled.ipynb"
    cell = {"cell_type": "code", "id": "a", "metadata": {"trusted": True}, "source": "1\n'é'",
            "outputs": [], "execution_count": None}  # fmt: skip
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    model = {"type": "notebook", "format": "json", "content": notebook}
    session.api("PUT", at("Untitled.ipynb"), model)
    read = session.api("GET", at("Untitled.ipynb") + "?content=1&type=notebook")
    del cell["metadata"]["trusted"]
    assert read["content"] == notebook
    assert read["format"] == "json"


def test_a_notebook_with_half_a_character_keeps_it(session):
    cell = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "\ud83d"}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    session.api("PUT", at("n.ipynb"), {"type": "notebook", "format": "json", "content": notebook})
    saved = json.loads((session.workspace / "n.ipynb").read_bytes())
    assert saved["cells"][0]["source"] == "\ud83d"


def test_a_page_that_asks_sees_that_a_file_was_changed_by_somebody_else(session):
    """JupyterLab compares last_modified and hash before it saves; both must follow the file."""
    saved = session.api("PUT", at("a.txt"), text_model("mine"))
    time.sleep(0.02)
    (session.workspace / "a.txt").write_text("theirs")
    now = session.api("GET", at("a.txt") + "?content=0&hash=1")
    assert now["last_modified"] > saved["last_modified"]
    assert now["hash"] != saved["hash"]
    assert now["content"] is None


def test_a_path_in_a_traceback_is_found_when_it_is_in_the_workspace_and_nowhere_else(session):
    (session.workspace / "model.py").write_text("1 / 0")
    (session.workspace / ".hidden.py").write_text("")

    def found(path: str) -> object:
        return session.api("GET", f"/api/resolvePath?path={quote(path)}")["resolved"]

    assert found("/workspace/model.py") == [{"scope": "server", "path": "model.py"}]
    elsewhere = ("/etc/passwd", "/workspace/../etc/passwd", "/opt/vitrine/venv/bin/python", "~")
    for path in (*elsewhere, "/workspace/.hidden.py", "/workspace/none.py", "/tmp", "model.py"):
        assert found(path) == [], path


def test_a_taken_name_is_a_conflict_and_neither_file_changes(session):
    session.api("PUT", at("a.txt"), text_model("a"))
    session.api("PUT", at("b.txt"), text_model("b"))
    status, body = session.http("PATCH", at("a.txt"), {"path": "b.txt"})
    assert (status, sentence(body)) == (409, "b.txt exists already")
    assert (session.workspace / "a.txt").read_text() == "a"
    assert (session.workspace / "b.txt").read_text() == "b"


def test_an_image_comes_as_base64_and_a_text_of_another_encoding_says_so(session):
    (session.workspace / "plot.png").write_bytes(PNG)
    read = session.api("GET", at("plot.png") + "?content=1&type=file&format=base64")
    assert base64.b64decode(read["content"]) == PNG
    assert read["mimetype"] == "image/png"
    (session.workspace / "latin.txt").write_bytes("Größe".encode("latin-1"))
    status, body = session.http("GET", at("latin.txt") + "?content=1&type=file&format=text")
    assert (status, sentence(body)) == (400, "latin.txt is not UTF-8 text")


def test_a_large_upload_arrives_whole_in_chunks_of_one_mebibyte(session):
    data = os.urandom(1 << 20)
    encoded = base64.b64encode(data).decode()
    for chunk in range(1, UPLOAD_MB + 1):
        number = -1 if chunk == UPLOAD_MB else chunk
        model = {"type": "file", "format": "base64", "content": encoded, "chunk": number}
        session.api("PUT", at("scan.nii"), model)
    digest = hashlib.sha256()
    for _ in range(UPLOAD_MB):
        digest.update(data)
    stored = hashlib.sha256((session.workspace / "scan.nii").read_bytes()).hexdigest()
    assert stored == digest.hexdigest()
    parts = [body for body in session.of_kind("rpc") if body.get("path") == "scan.nii"]
    assert sum(body.get("size", 0) for body in parts) == UPLOAD_MB << 20


def test_checkpoints_are_offered_but_never_kept(session):
    session.api("PUT", at("a.txt"), text_model("a"))
    made = session.api("POST", at("a.txt") + "/checkpoints")
    assert made["id"] == "none"
    assert session.api("GET", at("a.txt") + "/checkpoints") == []
    assert session.http("POST", at("a.txt") + "/checkpoints/none")[0] == 403
    assert os.listdir(session.workspace) == ["a.txt"]


def test_a_folder_may_be_called_almost_like_a_checkpoint(session):
    (session.workspace / "checkpoints-old").mkdir()
    (session.workspace / "checkpoints-old" / "model.txt").write_text("weights")
    read = session.api("GET", at("checkpoints-old/model.txt") + "?content=1")
    assert read["content"] == "weights"


# -- hostile workspaces ------------------------------------------------------------------------


@pytest.mark.parametrize("path", [".ssh/key", ".hidden", "a/.b/c", ".ipynb_checkpoints/x"])
def test_hidden_files_are_neither_shown_nor_read_nor_written(session, path):
    (session.workspace / path).parent.mkdir(parents=True, exist_ok=True)
    (session.workspace / path).write_text("CANARY-hidden")
    for method, body in (("GET", None), ("PUT", text_model("x")), ("DELETE", None)):
        status, answer = session.http(method, at(path), body)
        assert status in (400, 403, 404), (method, status)
        assert b"CANARY" not in answer
    assert (session.workspace / path).read_text() == "CANARY-hidden"
    names = [entry["name"] for entry in session.api("GET", at("") + "?content=1")["content"]]
    assert not [name for name in names if name.startswith(".")]


@pytest.mark.parametrize(
    "path",
    [
        "..",
        "../x",
        "a/../../x",
        "..%2f..%2fetc/passwd",
        "%2e%2e/x",
        "/etc/passwd",
        "a%00b",
        "\udc80",
    ],
)
def test_no_path_leads_out_of_the_workspace(session, path):
    outside = session.workspace.parent / "x"
    outside.write_text("CANARY-outside")
    raw = quote(path, safe="/%.", errors="surrogateescape")
    for method, body in (("GET", None), ("PUT", text_model("x")), ("DELETE", None)):
        status, answer = session.http(method, f"/api/contents/{raw}", body)
        assert status in (400, 403, 404, 405, 500) or path in ("/etc/passwd",), (method, status)
        assert b"CANARY" not in answer
        assert b"root:" not in answer
    assert outside.read_text() == "CANARY-outside"
    outside.unlink()


def test_links_resolve_where_the_researchers_own_code_runs_and_a_circle_is_a_sentence(session):
    (session.workspace / "environ").symlink_to("/proc/self/environ")
    (session.workspace / "circle").symlink_to("circle")
    (session.workspace / "nowhere").symlink_to("/no/such/file")
    status, body = session.http("GET", at("environ") + "?content=1&type=file")
    assert session.token.encode() not in body
    for name in ("circle", "nowhere"):
        status, body = session.http("GET", at(name) + "?content=1")
        assert status in (400, 404), body
        assert name in sentence(body)
    status, body = session.http("PUT", at("circle"), text_model("x"))
    assert status in (200, 400), body
    assert session.http("DELETE", at("nowhere"))[0] == 204


def test_what_is_no_file_is_refused_and_hangs_nobody(session):
    os.mkfifo(session.workspace / "pipe")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(session.workspace / "socket"))
    os.mknod(session.workspace / "null", 0o600 | 0o020000, os.makedev(1, 3))
    os.mknod(session.workspace / "console", 0o600 | 0o020000, os.makedev(5, 1))
    for name in ("pipe", "socket", "null", "console"):
        for method, body in (("GET", None), ("PUT", text_model("x"))):
            began = time.monotonic()
            status, answer = session.http(method, at(name) + "?content=1", body)
            assert (status, sentence(answer)) == (400, f"{name} is not a regular file")
            assert time.monotonic() - began < 5
        status, _ = session.http("POST", at(""), {"copy_from": name})
        assert status == 400
    listed = session.api("GET", at("") + "?content=1")["content"]
    assert listed == []
    listener.close()


def test_a_pipe_that_takes_a_files_place_again_and_again_hangs_nobody(session):
    target, is_over = session.workspace / "swap", threading.Event()

    def swap() -> None:
        while not is_over.is_set():
            target.write_text("file")
            target.unlink()
            os.mkfifo(target)
            target.unlink()

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        for _ in range(150):
            status, _ = session.http("GET", at("swap") + "?content=1", timeout_s=10)
            assert status in (200, 400, 404, 409)
    finally:
        is_over.set()
        swapper.join()


def test_a_sparse_terabyte_is_a_sentence_for_reading_hashing_and_copying(session):
    with open(session.workspace / "huge.bin", "wb") as file:
        file.truncate(1 << 40)
    status, body = session.http("GET", at("huge.bin") + "?content=1")
    assert status == 413
    assert "1,099,511,627,776 bytes; 16,777,216 is the limit" in sentence(body)
    status, body = session.http("GET", at("huge.bin") + "?content=0&hash=1")
    assert status == 413
    status, body = session.http("POST", at(""), {"copy_from": "huge.bin"})
    assert status == 507
    assert "no room" in sentence(body)
    assert os.listdir(session.workspace) == ["huge.bin"]


def test_a_text_too_large_for_the_page_says_where_the_limit_is(session):
    (session.workspace / "long.csv").write_bytes(b"a,b\n" * (3 << 20))
    status, body = session.http("GET", at("long.csv") + "?content=1&type=file&format=text")
    assert status == 413
    assert "8 MiB" in sentence(body)


def test_a_folder_of_a_hundred_thousand_files_is_shown_in_part_and_says_so(session):
    folder = session.workspace / "many"
    folder.mkdir()
    for n in range(100_000):
        os.close(os.open(folder / f"f{n}", os.O_CREAT | os.O_WRONLY))
    began = time.monotonic()
    listed = session.api("GET", at("many") + "?content=1")["content"]
    assert time.monotonic() - began < 20
    assert len(listed) == 5001
    assert "more files than can be shown" in listed[-1]["name"]


def test_names_that_hurt_are_listed_as_text_and_long_ones_refused(session):
    names = ["a\nb.txt", "\u202egnp.exe", "<img src=x>.csv", "ü" * 127, "'; --", "sp ace", "%2e"]
    for name in names:
        (session.workspace / name).write_text("x")
    (session.workspace / os.fsdecode(b"\xff\xfe.txt")).write_text("x")
    listed = [entry["name"] for entry in session.api("GET", at("") + "?content=1")["content"]]
    assert set(names) <= set(listed)
    assert len(listed) == len(names) + 1
    for name in names:
        assert session.api("GET", at(name) + "?content=1")["content"] == "x"
    status, body = session.http("PUT", at("y" * 256), text_model("x"))
    assert (status, "255 bytes" in sentence(body)) == (400, True)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"not json", b"[]", b"[" * 100_000, b'{"nbformat":3}',
        b'{"nbformat":4,"cells":[1]}', b"1" * 5000,
    ],
)  # fmt: skip
def test_data_under_a_notebooks_name_is_not_handed_out(session, body):
    (session.workspace / "data.ipynb").write_bytes(body)
    status, answer = session.http("GET", at("data.ipynb") + "?content=1&type=notebook")
    if body:
        assert status == 400
        assert "is not a notebook" in sentence(answer)
    else:
        assert json.loads(answer)["content"]["cells"] == []


@pytest.mark.parametrize(
    "model",
    [
        {"type": "file"},
        {"type": "executable", "format": "text", "content": "x"},
        {"type": "file", "format": "base64", "content": "%%%%a"},
        {"type": "file", "format": "base64", "content": 7},
        {"type": "notebook", "format": "json", "content": "x"},
        {"type": "notebook", "format": "json", "content": {"cells": 1}},
        {"type": "file", "format": "text", "content": "x", "chunk": "1"},
    ],
)
def test_a_model_that_is_none_is_a_sentence_and_writes_nothing_wrong(session, model):
    status, body = session.http("PUT", at("m.txt"), model)
    assert status in (200, 201, 400), body
    assert status != 400 or len(sentence(body)) > 5


def test_the_workspace_itself_is_neither_deleted_nor_renamed(session):
    (session.workspace / "keep").write_text("x")
    for method, body in (("DELETE", None), ("PATCH", {"path": "elsewhere"})):
        status, _ = session.http(method, "/api/contents/", body)
        assert status >= 400
    assert (session.workspace / "keep").exists()
