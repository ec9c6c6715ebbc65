from __future__ import annotations

import hashlib
import hmac
import os
import stat

import pytest

from aiprov_otel.errors import UsageError
from aiprov_otel.history.blame import cache
from aiprov_otel.history.blame.cache import Cached, load, save
from aiprov_otel.history.blame.hunks import Hunk, Hunks

FILES = {
    "shop/cart.py": [
        Hunk("b" * 40, 1, 2, 7, "cart.py"),
        Hunk("c" * 40, 3, 1, 300, "shop/cart.py"),
        Hunk("b" * 40, 4, 70_000, 300, "cart.py"),
    ],
    "not utf-8 \udcff.py": [Hunk("b" * 40, 1, 1, 1, "not utf-8 \udcff.py")],
    "empty.py": [],
}
CACHED = Cached("key", "a" * 40, {path: Hunks.of(hunks) for path, hunks in FILES.items()})


def test_what_is_saved_is_loaded(tmp_path):
    """
    The hunks of every file come back, under the same key.
    """
    save(tmp_path, CACHED)

    assert load(tmp_path, "key") == CACHED
    assert {path: list(hunks) for path, hunks in load(tmp_path, "key").files.items()} == FILES
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


@pytest.mark.parametrize("content", [b"", b"aiprov-blame 4 ", b"hello\n", b"\0" * 100])
def test_what_is_no_cache_is_none(tmp_path, content):
    """
    A foreign file in its place is as good as none, and is said to be damaged.
    """
    save(tmp_path, CACHED)
    (tmp_path / ".aiprov" / "blame.cache").write_bytes(content)

    assert "is damaged" in load(tmp_path, "key")


@pytest.mark.parametrize(
    "text",
    [
        b"no JSON",
        b"[]",
        b"{}",
        b'{"key": "key"}',
        b'{"key": "key", "head": "", "commits": [], "paths": [], "files": {"a.py": "x"}}\n',
        b'{"key": "key", "head": "", "commits": [], "paths": [], "files": {"a.py": 6}}\nBBBBB\1',
        b'{"key": "key", "head": "", "commits": [], "paths": [], "files": {"a": 9}}\nBBBBB\1\1\1\1',
    ],
)
def test_what_is_signed_and_no_cache_is_none(tmp_path, text):
    """
    Whatever an earlier or a later version has signed, it is as good as none.
    """
    cache._write(tmp_path, text, "blame.cache")

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


def test_a_cache_of_another_user_is_ignored(tmp_path, monkeypatch):
    """
    Only a cache that is signed with the key of this user is believed, whoever wrote it.
    """
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "theirs"))
    save(tmp_path, CACHED)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "mine"))

    assert "of another user" in load(tmp_path, "key")
    save(tmp_path, CACHED)
    assert load(tmp_path, "key") == CACHED


def test_an_unsigned_cache_is_ignored(tmp_path):
    """
    A checksum that anybody can compute does not make a cache valid.
    """
    save(tmp_path, CACHED)
    file = tmp_path / ".aiprov" / "blame.cache"
    _, _, packed = file.read_bytes().partition(b"\n")
    for digest in (hashlib.sha256(packed), hmac.new(b"", packed, hashlib.sha256)):
        file.write_bytes(b"aiprov-blame 4 " + digest.hexdigest().encode() + b"\n" + packed)

        assert "of another user" in load(tmp_path, "key")


def test_the_key_is_private(tmp_path, monkeypatch):
    """
    The key is made once, for the user alone; one that others can read is not used.
    """
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    save(tmp_path, CACHED)
    key = tmp_path / "state" / "aiprov" / "cache.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    content = key.read_bytes()
    save(tmp_path, CACHED)
    assert key.read_bytes() == content

    key.chmod(0o644)

    load(tmp_path, "key")
    assert key.read_bytes() != content
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_pipeline_brings_the_key(tmp_path, monkeypatch):
    """
    With AIPROV_CACHE_KEY a cache is valid on every machine that has the variable.
    """
    monkeypatch.setenv("AIPROV_CACHE_KEY", "0123456789abcdef" * 4)
    save(tmp_path, CACHED)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another machine"))
    assert load(tmp_path, "key") == CACHED

    monkeypatch.setenv("AIPROV_CACHE_KEY", "fedcba9876543210" * 4)
    assert "of another user" in load(tmp_path, "key")

    monkeypatch.setenv("AIPROV_CACHE_KEY", "secret")
    with pytest.raises(UsageError, match="has 6 characters and needs 32"):
        load(tmp_path, "key")


def test_without_a_place_for_the_key_nothing_is_kept(tmp_path, monkeypatch):
    """
    Where no key can be kept, a cache is neither written nor believed, and nothing fails.
    """
    save(tmp_path, CACHED)
    monkeypatch.setenv("XDG_STATE_HOME", os.devnull)
    assert "without a key" in load(tmp_path, "key")
    (tmp_path / ".aiprov" / "blame.cache").unlink()

    save(tmp_path, CACHED)

    assert load(tmp_path, "key") is None


def test_a_cache_that_unpacks_to_too_much(tmp_path, monkeypatch):
    """
    However small it is packed, no more than a limit is unpacked.
    """
    save(tmp_path, CACHED)
    monkeypatch.setattr(cache, "_LONGEST", 100)

    assert load(tmp_path, "key") == "the cache of the last build is too large"
