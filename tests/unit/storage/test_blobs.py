"""A stored file is what its name says, or it is not handed out as such."""

import io
import os
import stat

import pytest

from vitrine.errors import IntegrityError, InvalidInput, NotFound, Unavailable
from vitrine.storage.blobs import BlobStore

HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


@pytest.fixture
def store(tmp_path):
    return BlobStore(tmp_path / "blobs")


def test_a_file_is_found_under_its_sha256(store):
    blob = store.put(b"hello")
    assert (blob.sha256, blob.size_bytes) == (HELLO, 5)
    with store.open(HELLO) as file:
        assert file.read() == b"hello"
    assert store.verify(HELLO) == blob
    assert store.digests() == [HELLO]


def test_a_stream_is_stored_like_bytes(store):
    big = os.urandom(3 << 20)
    assert store.put(io.BytesIO(big)) == store.put(big)


def test_storing_again_leaves_the_first_file_alone(store):
    store.put(b"hello")
    before = store.path(HELLO).stat()
    store.put(b"hello")
    after = store.path(HELLO).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_stored_file_is_read_only_whatever_the_umask(store):
    old = os.umask(0)
    try:
        store.put(b"hello")
    finally:
        os.umask(old)
    assert stat.S_IMODE(store.path(HELLO).stat().st_mode) == 0o440
    assert stat.S_IMODE(store.path(HELLO).parent.stat().st_mode) == 0o2750


def test_other_bytes_under_a_digest_are_noticed(store):
    store.put(b"hello")
    store.path(HELLO).chmod(0o640)
    store.path(HELLO).write_bytes(b"jello")
    with pytest.raises(IntegrityError, match=HELLO):
        store.verify(HELLO)


def test_a_stream_that_breaks_leaves_nothing(store):
    class Broken(io.RawIOBase):
        def read(self, size=-1):
            raise OSError(5, "Input/output error")

    with pytest.raises(Unavailable, match="Input/output error"):
        store.put(Broken())
    assert list(store.root.iterdir()) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "", HELLO.upper(), HELLO + "0", HELLO[:63]])
def test_only_a_digest_names_a_file(store, name):
    with pytest.raises(InvalidInput):
        store.open(name)


def test_an_unknown_digest_says_so(store):
    with pytest.raises(NotFound, match="is not stored"):
        store.open("0" * 64)
