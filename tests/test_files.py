"""Files are read and written without following what a repository may have laid out."""

from __future__ import annotations

import os
import stat

import pytest

from aiprov_otel.files import make_folder, read_regular, real_path, write_whole


@pytest.fixture
def repository(tmp_path):
    """A folder that looks like a work tree, beside a file of the user's."""
    folder = tmp_path / "clone"
    (folder / ".git").mkdir(parents=True)
    (tmp_path / "victim").write_text("mine")
    (tmp_path / "out").mkdir()
    (folder / "file").symlink_to("../victim")
    (folder / "folder").symlink_to("../out")
    return folder


def test_a_file_is_written_whole(tmp_path):
    """
    The content and the mode are those asked for, and nothing else is left in the folder.
    """
    write_whole(tmp_path / "a", b"1")
    write_whole(tmp_path / "a", b"2", 0o644)

    assert (tmp_path / "a").read_bytes() == b"2"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o644
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]


@pytest.mark.parametrize("name", ["file", "folder/new", "folder", "folder/deep/new"])
def test_no_link_of_a_repository_is_followed(repository, tmp_path, name):
    """
    A link inside of a work tree is refused, at the end of a path and in the middle of it.
    """
    for write in (lambda path: write_whole(path, b"x"), make_folder, real_path):
        with pytest.raises(OSError, match="it is a link inside of a repository"):
            write(repository / name)

    assert (tmp_path / "victim").read_text() == "mine"
    assert list((tmp_path / "out").iterdir()) == []


def test_a_link_to_a_repository_is_followed(repository, tmp_path):
    """
    A link outside of work trees is the user's own; what it leads into is looked at again.
    """
    (tmp_path / "link").symlink_to(repository)

    write_whole(tmp_path / "link" / "new", b"x")

    assert (repository / "new").read_bytes() == b"x"
    with pytest.raises(OSError, match="it is a link inside of a repository"):
        write_whole(tmp_path / "link" / "file", b"x")


def test_a_write_that_fails_leaves_nothing(tmp_path):
    """
    Where a folder has the name, it stays, and so does nothing else.
    """
    (tmp_path / "a" / "b").mkdir(parents=True)

    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path / "a", b"x")

    assert list(tmp_path.iterdir()) == [tmp_path / "a"]


def test_only_regular_files_are_read(tmp_path):
    """
    A pipe, a device, a folder and a file over the limit are each refused, and none is waited for.
    """
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    (tmp_path / "large").write_bytes(b"123")

    for name in ("pipe", "link"):
        with pytest.raises(OSError, match="it is not a regular file"):
            read_regular(tmp_path / name)
    with pytest.raises(IsADirectoryError):
        read_regular(tmp_path)
    with pytest.raises(OSError, match="it is larger than 2 bytes"):
        read_regular(tmp_path / "large", 2)
    assert read_regular(tmp_path / "large", 3) == b"123"


def test_a_file_that_leads_outside(repository, tmp_path):
    """
    With `inside`, a link is followed only to another file of that folder.
    """
    (repository / "a").write_bytes(b"1")
    (repository / "b").symlink_to("a")

    assert read_regular(repository / "b", inside=repository) == b"1"
    with pytest.raises(OSError, match="it leads out of the repository"):
        read_regular(repository / "file", inside=repository)
