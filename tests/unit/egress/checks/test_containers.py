"""Archives: judged by every member; bombs, links and tricks with names."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile

import pytest

from tests.support.checked import places, serious
from tests.unit.egress.checks.test_kinds import dicom, nifti, npz, tarred, zipped

README = b"# Results\n"


def compressed(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def linked() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("a.csv")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    return buffer.getvalue()


def twice() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.md", README)
        archive.writestr("A.md", README)
    return buffer.getvalue()


def locked() -> bytes:
    content = bytearray(zipped({"a.md": README}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.find(mark) + offset] |= 1
    return bytes(content)


def nested(depth: int) -> bytes:
    content = zipped({"a.md": README})
    for _ in range(depth):
        content = zipped({"inner.zip": content})
    return content


def liar() -> bytes:
    """A zip whose directory says that a large member is small."""
    content = bytearray(compressed({"a.txt": bytes(5 << 20)}))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", content, content.find(mark) + offset, 100)
    return bytes(content)


@pytest.mark.parametrize(
    ("name", "content", "check", "severity"),
    [
        pytest.param("a.zip", zipped({"x.dcm": dicom()}), "archive-members", "block", id="DICOM"),
        pytest.param("a.zip", zipped({"t.csv": nifti()}), "archive-members", "block",
                     id="NIfTI under another name"),
        pytest.param("a.tar", tarred({"t.csv": dicom()}), "archive-members", "block", id="tar"),
        pytest.param("a.tgz", gzip.compress(tarred({"t.csv": dicom()})), "archive-members",
                     "block", id="tar.gz"),
        pytest.param("a.zip", zipped({"b.zip": zipped({"c": dicom()})}), "archive-members",
                     "block", id="nested"),
        pytest.param("a.zip", zipped({"b.csv.gz": gzip.compress(nifti())}), "archive-members",
                     "block", id="gzip in zip"),
        pytest.param("a.npz", npz(), "archive-members", "block", id="npz"),
        pytest.param("a.zip", zipped({"a.md": b"MRN: 4711002"}), "text-identifiers", "block",
                     id="identifier in a member"),
        pytest.param("a.md.gz", gzip.compress(b"MRN: 4711002"), "text-identifiers", "block",
                     id="identifier in gzip"),
        pytest.param("a.zip", zipped({"a.svg": b"<svg><script>1</script></svg>"}),
                     "active-content", "warn", id="script in a member"),
        pytest.param("a.zip", zipped({"patient_0042.md": README}), "archive-names", "warn",
                     id="name of a member"),
        pytest.param("a.zip", zipped({"../../a.md": README}), "archive-structure", "block",
                     id="path outside"),
        pytest.param("a.zip", zipped({"/etc/a.md": README}), "archive-structure", "block",
                     id="absolute path"),
        pytest.param("a.zip", zipped({"..\\a.md": README}), "archive-structure", "block",
                     id="backslashes"),
        pytest.param("a.tar", linked(), "archive-structure", "block", id="link"),
        pytest.param("a.zip", twice(), "archive-structure", "block", id="names twice"),
        pytest.param("a.zip", locked(), "archive-structure", "block", id="password"),
        pytest.param("a.zip", b"PK\x03\x04" + bytes(40) + zipped({"a.md": README}),
                     "archive-structure", "warn", id="bytes before"),
        pytest.param("a.zip", compressed({"a.txt": bytes(64 << 20)}), "archive-bomb", "block",
                     id="bomb"),
        pytest.param("a.gz", gzip.compress(bytes(64 << 20)), "archive-bomb", "block",
                     id="gzip bomb"),
        pytest.param("a.zip", zipped({f"{n}.md": b"" for n in range(2_500)}), "archive-bomb",
                     "block", id="thousands of members"),
        pytest.param("a.zip", nested(9), "archive-bomb", "block", id="matryoshka"),
        pytest.param("a.zip", liar(), "unread-part", "warn", id="a directory that lies"),
        pytest.param("a.7z", b"7z\xbc\xaf\x27\x1c" + bytes(99), "unread-part", "warn", id="7z"),
        pytest.param("a.zip", zipped({"a.md": README * 99})[:400], "unread-part", "warn",
                     id="cut short"),
        pytest.param("a.tar", tarred({"a.md": README * 99})[:700], "unread-part", "warn",
                     id="tar cut short"),
        pytest.param("a.gz", gzip.compress(README * 99)[:30], "unread-part", "warn",
                     id="gzip cut short"),
    ],
)  # fmt: skip
def test_what_an_archive_hides(name, content, check, severity):
    assert serious(name, content).get(check) == severity


def test_places_name_the_member_in_its_archive():
    content = zipped({"b.zip": zipped({"c/d.csv": dicom()})})
    assert places("a.zip", content, "archive-members") == ("member b.zip/c/d.csv",)
    found = places("a.zip", zipped({"n.md": b"a\nMRN: 4711002"}), "text-identifiers")
    assert found == ("member n.md, line 2",)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(zipped({"README.md": README, "a/run.py": b"x = 1\n"}), id="zip"),
        pytest.param(compressed({"log.txt": b"epoch 1\n" * 4_000}), id="compressible text"),
        pytest.param(tarred({"README.md": README}), id="tar"),
        pytest.param(gzip.compress(tarred({"README.md": README})), id="tar.gz"),
        pytest.param(gzip.compress(README), id="gzip"),
        pytest.param(zipped({"docs/": b"", "docs/a.md": README}), id="folders"),
        pytest.param(nested(1), id="zip in zip"),
    ],
)
def test_only_the_archive_itself_is_refused_when_its_members_are_fine(content):
    assert serious("a", content) == {"file-kind": "block"}


def test_an_empty_archive_is_one():
    assert serious("a.zip", zipped({})) == {"file-kind": "block"}
