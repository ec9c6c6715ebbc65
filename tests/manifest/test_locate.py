from __future__ import annotations

import pytest

from aiprov_otel.manifest.locate import hidden_folder


def test_what_lies_in_it_is_hidden_from_git(tmp_path):
    """
    The folder has a file that has git ignore all of it; one that somebody wrote is left alone.
    """
    ignore = hidden_folder(tmp_path) / ".gitignore"
    assert ignore.read_text() == "*\n"
    ignore.write_text("*\n!notes\n")

    assert hidden_folder(tmp_path) == tmp_path / ".aiprov"
    assert ignore.read_text() == "*\n!notes\n"


def test_a_file_without_a_byte_is_mended(tmp_path):
    """
    What an interruption or a full disk left half-written would let git see everything.
    """
    ignore = hidden_folder(tmp_path) / ".gitignore"
    ignore.write_bytes(b"")

    hidden_folder(tmp_path)

    assert ignore.read_text() == "*\n"


def test_a_file_in_its_place(tmp_path):
    """
    Where it can't be made, the caller hears of it.
    """
    (tmp_path / ".aiprov").touch()

    with pytest.raises(FileExistsError):
        hidden_folder(tmp_path)
