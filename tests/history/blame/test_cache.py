from __future__ import annotations

import pytest

from aiprov_otel.history.blame.cache import Cached, load, save
from aiprov_otel.history.blame.hunks import Hunk

CACHED = Cached(
    "key",
    "a" * 40,
    {
        "shop/cart.py": [
            Hunk("b" * 40, 1, 2, 7, "cart.py"),
            Hunk("c" * 40, 3, 1, 3, "shop/cart.py"),
        ],
        "not utf-8 \udcff.py": [Hunk("b" * 40, 1, 1, 1, "not utf-8 \udcff.py")],
        "empty.py": [],
    },
)


def test_what_is_saved_is_loaded(tmp_path):
    """
    The hunks of every file come back, under the same key.
    """
    save(tmp_path, CACHED)

    assert load(tmp_path, "key") == CACHED
    assert "have changed" in load(tmp_path, "another")


def test_nothing_was_saved(tmp_path):
    """
    Without a cache there is nothing to explain.
    """
    assert load(tmp_path, "key") is None


def test_git_does_not_see_it(repo):
    """
    The folder hides itself: no file of it is ever committed by mistake.
    """
    repo.commit("a.py", "a = 1\n")
    save(repo.path, CACHED)

    assert repo.git("status", "--porcelain", "--untracked-files=all") == ""


@pytest.mark.parametrize("content", [b"", b"aiprov-blame 1 ", b"hello\n", b"\0" * 100])
def test_what_is_no_cache_is_none(tmp_path, content):
    """
    A foreign file in its place is as good as none, and is said to be damaged.
    """
    save(tmp_path, CACHED)
    (tmp_path / ".aiprov" / "blame.cache").write_bytes(content)

    assert "is damaged" in load(tmp_path, "key")


def test_a_cache_that_is_cut_off_or_flipped_is_none(tmp_path):
    """
    Truncated at any length or with any byte changed, it is not believed.
    """
    save(tmp_path, CACHED)
    file = tmp_path / ".aiprov" / "blame.cache"
    whole = file.read_bytes()
    for place in range(len(whole)):
        for damaged in (
            whole[:place],
            bytes([*whole[:place], whole[place] ^ 1, *whole[place + 1 :]]),
        ):
            file.write_bytes(damaged)
            assert "is damaged" in load(tmp_path, "key")


def test_a_file_in_the_place_of_the_folder(tmp_path):
    """
    Where nothing can be kept nothing is, and nothing fails.
    """
    (tmp_path / ".aiprov").write_text("mine")
    save(tmp_path, CACHED)

    assert (tmp_path / ".aiprov").read_text() == "mine"
    assert load(tmp_path, "key") is None
