from __future__ import annotations

import os

import pytest

from aiprov_otel.errors import HistoryError
from aiprov_otel.history import source_files
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy


def read(repo):
    """The tree of *repo* under the default policy."""
    return source_files.list_source_files(Git.open(repo.path), Policy())


@pytest.mark.parametrize(
    "name", ["with space.py", "it's.py", 'say "hi".py', "-leading.py", "größe.py", "tab\there.py",
             "new\nline.py", "a:b.py", "back\\slash.py", ":(top)x.py", "*.py"],
)  # fmt: skip
def test_any_name_of_a_file(repo, name):
    """
    A file is found and blamed whatever its name holds.
    """
    commit = repo.commit(f"dir {name[:2]}/{name}", "x = 1\n")
    git = Git.open(repo.path)

    [file] = read(repo).files

    assert file.path == f"dir {name[:2]}/{name}"
    assert git.blame(file.source).startswith(commit.encode())


def test_other_languages_are_counted(repo):
    """
    What is not Python is not read, and not passed over in silence.
    """
    for path in ("a.py", "b.go", "c.go", "d.pyx", "e.pyi", "f.JS", "README.md", "Makefile"):
        repo.commit(path, "x\n")

    found = read(repo)

    assert [file.path for file in found.files] == ["a.py"]
    assert found.languages == {"Go": 2, "Cython": 1, "Python stub": 1, "JavaScript": 1}


def test_what_is_excluded_is_counted(repo):
    """
    Tests are left out, and the summary can say how many there are.
    """
    repo.commit("shop.py", "x = 1\n")
    repo.commit("tests/test_shop.py", "x = 1\n")

    assert read(repo).excluded == 1


def test_untracked_files_do_not_count(repo):
    """
    What git does not know has no history.
    """
    repo.commit("a.py", "x = 1\n")
    repo.write("b.py", "y = 1\n")

    assert [file.path for file in read(repo).files] == ["a.py"]


def test_a_deleted_file_is_left_out(repo):
    """
    A file that is tracked and gone is said to be.
    """
    repo.commit("a.py", "x = 1\n")
    (repo.path / "a.py").unlink()

    assert read(repo).left_out == (("a.py", "deleted from the work tree, or not checked out"),)


def test_a_symlink_has_the_history_of_its_target(repo):
    """
    A link to a tracked file is recorded under its own name; any other link is left out, out loud.
    """
    repo.commit("real.py", "x = 1\n")
    for name, target in (("link.py", "real.py"), ("out.py", "/etc/hostname"), ("lost.py", "no.py")):
        (repo.path / name).symlink_to(target)
        repo.git("add", name)
    repo.record()

    found = read(repo)

    assert [(file.path, file.source) for file in found.files] == [
        ("link.py", "real.py"),
        ("real.py", "real.py"),
    ]
    assert [path for path, _ in found.left_out] == ["lost.py", "out.py"]


def test_a_submodule_is_left_out(repo, tmp_path):
    """
    The files of a submodule have a history of their own, and the message says what to do.
    """
    inner = type(repo)(tmp_path / "inner")
    inner.commit("b.py", "y = 1\n")
    repo.commit("a.py", "x = 1\n")
    repo.git(
        "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.path), "sub"
    )

    assert read(repo).left_out == (
        ("sub", "a submodule; build in it to have a manifest of its own"),
    )


def test_a_path_that_is_not_utf_8(repo):
    """
    A name that JSON can't hold is left out, and shown with escapes.
    """
    repo.commit("a.py", "x = 1\n")
    repo.write(os.fsdecode(b"caf\xe9.py"), "y = 1\n")
    repo.git("add", "--all")

    assert read(repo).left_out == (("caf\\xe9.py", "its path is not UTF-8"),)


def test_a_conflict_is_listed_once(repo):
    """
    A file in conflict stands in the index three times, and in the tree once.
    """
    repo.commit("a.py", "x = 1\n")
    repo.git("checkout", "--quiet", "-b", "side")
    repo.commit("a.py", "x = 2\n")
    repo.git("checkout", "--quiet", "main")
    repo.commit("a.py", "x = 3\n")
    with pytest.raises(AssertionError):
        repo.git("-c", "user.name=a", "-c", "user.email=a@b.c", "merge", "side")

    assert [file.path for file in read(repo).files] == ["a.py"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("src/shop/cart.py", "shop/cart.py"),
        ("src/shop/api/v1.py", "shop/api/v1.py"),
        ("src/namespace/plugin.py", "namespace/plugin.py"),
        ("backend/pay/core.py", "pay/core.py"),
        ("tool.py", "tool.py"),
        ("scripts/run.py", "scripts/run.py"),
    ],
)
def test_the_path_that_survives_an_installation(path, expected):
    """
    A module keeps its path from its outermost package on, wherever it is installed.
    """
    assert source_files.import_path(path, {"src/shop", "src/shop/api", "backend/pay"}) == expected


@pytest.mark.parametrize("name", ["b.py", "../outside.py", "untracked.py", "sub"])
def test_a_file_that_can_not_be_located(repo, name):
    """
    A file outside of the repository, or unknown to git, is said to be.
    """
    repo.commit("a.py", "x = 1\n")
    repo.write("untracked.py", "y = 1\n")
    (repo.path.parent / "outside.py").write_text("z = 1\n")

    with pytest.raises(HistoryError, match="is not tracked by git"):
        source_files.find_tracked(Git.open(repo.path), repo.path / name)
