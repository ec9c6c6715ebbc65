"""The members of an archive: those that zipfile reads, and one line for what is none."""

from __future__ import annotations

import struct
import tracemalloc
import zipfile

import pytest

from aiprov_otel.errors import ManifestError
from aiprov_otel.manifest import Manifest
from aiprov_otel.manifest.members import Members

END = struct.Struct("<4s6xH2LH")


def archive(path, members, comment=b""):
    """A zip at *path* with these *members*."""
    with zipfile.ZipFile(path, "w") as made:
        made.comment = comment
        for name, data in members.items():
            made.writestr(name, data)
    return path


@pytest.mark.parametrize("comment", [b"", b"a comment", b"x" * 65_535])
def test_members_are_those_of_the_archive(tmp_path, comment):
    """
    Whatever its comment, and whatever their names.
    """
    members = {"a.txt": b"one", "d\u00e9j\u00e0.txt": b"", "folder/b.txt": b"PK\1\2PK\5\6"}
    read = Members(archive(tmp_path / "m", members, comment))

    assert {name: read.read(name) for name in members} == members


def test_there_may_be_more_than_their_number_can_say(tmp_path):
    """
    The number of entries ends at 65,535; an archive of schema 1 has a member for each source file.
    """
    members = dict.fromkeys(map(str, range(65_600)), b"x")
    read = Members(archive(tmp_path / "m", members))

    assert read.read("65599") == b"x"


@pytest.mark.parametrize("size", [22, 46, 0xFFFF_FFF0])
def test_sizes_that_are_made_up_take_no_memory(tmp_path, size):
    """
    A directory, or a member, that is larger than the file is damage, and no reason for gigabytes.
    """
    path = tmp_path / "m"
    path.write_bytes(END.pack(b"PK\5\6", 1, size, 0, 0))
    tracemalloc.start()
    try:
        with pytest.raises(ManifestError, match="not a whole manifest"):
            Manifest.load(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 2**20


def test_the_place_of_the_directory_may_look_like_a_signature(tmp_path):
    """
    The end of an archive is where it is, whatever numbers are in it.
    """
    place = int.from_bytes(b"PK\5\6", "little")  # 101 MB; the file has holes
    content = archive(tmp_path / "small", {"a": b"x"}).read_bytes()
    start = content.index(b"PK\1\2")
    directory = content[start : content.index(b"PK\5\6")]
    with (tmp_path / "m").open("wb") as file:
        file.write(content[:start])
        file.seek(place)
        file.write(directory + END.pack(b"PK\5\6", 1, len(directory), place, 0))

    assert Members(tmp_path / "m").read("a") == b"x"


def test_a_name_that_is_not_utf_8_is_read_as_zip_has_it(tmp_path):
    """
    Without the flag of UTF-8, a name is in the code page 437.
    """
    path = archive(tmp_path / "m", {"d0j1": b"x"})
    path.write_bytes(path.read_bytes().replace(b"d0j1", "d\u00e9j\u00e0".encode("cp437")))

    assert Members(path).read("d\u00e9j\u00e0") == b"x"


@pytest.mark.parametrize(
    ("signature", "reason"),
    [(b"PK\1\2", "its directory was damaged"), (b"PK\3\4", "it was overwritten in place")],
)
def test_a_signature_that_is_not_there_is_damage(tmp_path, signature, reason):
    """
    Of the directory, and of the member itself.
    """
    path = archive(tmp_path / "m", {"manifest.json": b"{}"})
    path.write_bytes(path.read_bytes().replace(signature, b"...."))

    with pytest.raises(ManifestError, match=reason):
        Manifest.load(path)


def test_a_compressed_member_is_not_read(tmp_path):
    """
    It might have any size.
    """
    with zipfile.ZipFile(tmp_path / "m", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("manifest.json", b"{}")

    with pytest.raises(ManifestError, match="is compressed"):
        Manifest.load(tmp_path / "m")


def test_it_is_damaged_wherever_it_is_cut(tmp_path):
    """
    One line, and no other error.
    """
    path = archive(tmp_path / "m", {"manifest.json": b"{}", "other": b"x"})
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(ManifestError, match="not a whole manifest"):
            Manifest.load(path)


def test_a_member_that_is_not_there_is_named(tmp_path):
    """
    So that one sees what kind of archive it is.
    """
    path = archive(tmp_path / "m", {"other": b"x"})

    with pytest.raises(ManifestError, match=r"has no manifest\.json"):
        Manifest.load(path)
