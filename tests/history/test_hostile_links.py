"""A clone whose tracked links lead out of it."""

from __future__ import annotations

import pytest

from aiprov_otel.errors import AiprovError, HistoryError, StoreError
from aiprov_otel.history.build import build
from aiprov_otel.history.query import query_tree
from aiprov_otel.telemetry.store import Store
from aiprov_otel.telemetry.workdir import make_folder
from support.command import invoke
from support.repo import Repo


@pytest.fixture
def clone(repo, tmp_path):
    """A repository with a file, beside a file and a folder of the user's."""
    repo.commit("a.py", "a = 1\n")
    (tmp_path / "victim").write_text("mine")
    (tmp_path / "out").mkdir()
    return repo


def track(clone, name, target):
    """Commit a link at *name*."""
    (clone.path / name).parent.mkdir(parents=True, exist_ok=True)
    (clone.path / name).symlink_to(target)
    clone.git("add", "--force", name)
    clone.record()


def untouched(tmp_path):
    """Whether nothing outside of the clone was written."""
    return (tmp_path / "victim").read_text() == "mine" and not list((tmp_path / "out").iterdir())


def test_a_manifest_that_is_a_link(clone, tmp_path):
    """
    What a tracked `aiprov.manifest` leads to is not overwritten.
    """
    track(clone, "aiprov.manifest", "../victim")

    with pytest.raises(AiprovError, match="it is a link inside of a repository"):
        build(clone.path)

    assert untouched(tmp_path)


def test_an_output_below_a_link(clone, tmp_path):
    """
    A named output is not written into the folder that a tracked link leads to.
    """
    track(clone, "dist", "../out")

    with pytest.raises(AiprovError, match="it is a link inside of a repository"):
        build(clone.path, clone.path / "dist" / "aiprov.manifest")

    assert untouched(tmp_path)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        (".aiprov", "../out"),
        (".aiprov/.gitignore", "../../victim"),
        (".aiprov/blame.cache", "../../victim"),
        (".AIPROV/blame.cache", "../../victim"),
        ("deep/.aiprov/aiprov.manifest", "../../victim"),
    ],
)
def test_a_folder_of_ours_that_is_tracked(clone, tmp_path, name, target):
    """
    A repository that brings its own `.aiprov/` is refused by whatever would use it.
    """
    track(clone, name, target)

    for ask in (lambda: build(clone.path, tmp_path / "m"), lambda: query_tree([clone.path], None)):
        with pytest.raises(HistoryError, match=r"the repository tracks \S+, and \.aiprov is only"):
            ask()

    assert untouched(tmp_path)
    assert not (tmp_path / "m").exists()


def test_a_folder_of_ours_that_is_a_link(clone, tmp_path):
    """
    An `.aiprov` that leads elsewhere, tracked or not, is not written to.
    """
    (clone.path / ".aiprov").symlink_to("../out")

    build(clone.path, tmp_path / "m")

    assert untouched(tmp_path)
    with pytest.raises(StoreError, match="it is a link inside of a repository"):
        make_folder(clone.path)


@pytest.mark.parametrize("suffix", ["", ".batch", ".tmp", ".wal"])
def test_a_store_that_is_a_link(clone, tmp_path, suffix):
    """
    Neither the store nor a file beside it is written through a link of a repository.
    """
    folder = make_folder(clone.path)
    (folder / f"telemetry.duckdb{suffix}").symlink_to("../../victim")

    with pytest.raises(StoreError, match="it is a link inside of a repository"):
        Store.open(folder / "telemetry.duckdb")

    assert untouched(tmp_path)


def test_a_clone_of_such_a_repository(clone, tmp_path):
    """
    The links that git itself lays out are refused too.
    """
    track(clone, "aiprov.manifest", "../victim")
    clone.git("clone", "--quiet", str(clone.path), str(tmp_path / "fresh"))

    with pytest.raises(AiprovError, match="it is a link inside of a repository"):
        build(Repo(tmp_path / "fresh").path)

    assert untouched(tmp_path)


def test_what_reads_a_clone_writes_its_output_only(clone, tmp_path):
    """
    A build, and what asks after it, leave every file as it was, those of git among them.
    """
    clone.git("status")  # git itself refreshes its index
    before = contents(tmp_path)

    for words in (("build",), ("check",), ("stats",), ("blame", "a.py"), ("explain", "a.py:1")):
        assert invoke(*words, cwd=clone.path).returncode == 0, words

    after = contents(tmp_path)
    changed = {path for path in before | after if before.get(path) != after.get(path)}
    places = {path.relative_to(clone.path).parts[0] for path in changed}
    assert places == {"aiprov.manifest", ".aiprov"}


def contents(folder):
    """What each file below *folder* holds."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
