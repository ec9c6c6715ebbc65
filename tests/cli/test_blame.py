from __future__ import annotations

import json

import pytest

from aiprov_otel.errors import HistoryError

CLAUDE = "Add it\n\nCo-Authored-By: Claude Opus 4.6 <noreply@anthropic.com>\n"


def test_every_line_with_its_origin(repo, aiprov):
    """
    A person sees origin, agent, model and commit beside each line of the source.
    """
    repo.commit("a.py", "a = 1\n", when="2020-01-01T00:00:00Z")
    commit = repo.commit("a.py", "a = 1\nb = 2\n", CLAUDE)

    status, out = aiprov("blame", repo.path / "a.py")
    head, first, second = out.splitlines()

    assert status == 0
    assert head == "a.py: 2 lines, by git"
    assert first.split() == ["1", "human", "-", "-", first.split()[4], "|", "a", "=", "1"]
    assert second.split()[:5] == ["2", "ai", "claude-code", "claude-opus-4-6", commit[:9]]


def test_one_json_object_a_line(repo, aiprov):
    """
    A program reads the shape of the contract, with null for what is not known.
    """
    commit = repo.commit("a.py", "a = 1\n", CLAUDE)
    repo.write("a.py", "a = 1\nb = 2\n")

    first, second = map(json.loads, aiprov("blame", repo.path / "a.py", "--json")[1].splitlines())

    assert first == {
        "path": "a.py",
        "line": 1,
        "origin": "ai",
        "agent": "claude-code",
        "model": "claude-opus-4-6",
        "provider": "anthropic",
        "commit": commit,
        "time": "2026-05-04T10:00:00Z",
        "evidence": "co-author",
        "strength": "commit",
        "match": "exact",
        "said_by": "git",
    }
    assert (second["origin"], second["agent"], second["commit"]) == ("unknown", None, None)


def test_the_manifest_and_git_say_the_same(repo, aiprov, tmp_path):
    """
    Whichever is asked, and it is said which, each line has the same answer.
    """
    repo.commit("a.py", "a = 1\rb = 2\nc = 3\n", CLAUDE)
    repo.commit("a.py", "a = 1\rb = 2\nc = 4\n")
    aiprov("build", repo.path, "--output", tmp_path / "m")

    by_git = aiprov("blame", repo.path / "a.py")[1]
    by_manifest = aiprov("blame", repo.path / "a.py", "--manifest", tmp_path / "m")[1]

    assert by_git.splitlines()[1:] == by_manifest.splitlines()[1:]
    assert f"by {tmp_path / 'm'}" in by_manifest.splitlines()[0]


@pytest.mark.parametrize("name", ["with space.py", "größe.py", "-x.py", 'it\'s "it".py'])
def test_any_name_from_a_subdirectory(repo, aiprov, monkeypatch, name):
    """
    A path is relative to where one stands, whatever it holds.
    """
    repo.commit(f"shop/{name}", "a = 1\n", CLAUDE)
    monkeypatch.chdir(repo.path / "shop")

    assert f"shop/{name}: 1 line," in aiprov("blame", "--", name)[1]


def test_what_could_steer_a_terminal_is_not_printed(repo, aiprov):
    """
    Escape sequences in a source stay in the source.
    """
    repo.commit("a.py", b"a = 1 # \x1b[31m \xff\n")

    assert "\x1b" not in aiprov("blame", repo.path / "a.py")[1]


def test_an_empty_file(repo, aiprov):
    """
    A file without lines has nothing to show, and that is no error.
    """
    repo.commit("a.py", "")

    assert aiprov("blame", repo.path / "a.py") == (0, "a.py: 0 lines, by git\n")


def test_a_file_that_git_does_not_know(repo, aiprov):
    """
    The message says what to do about it.
    """
    repo.commit("a.py", "a = 1\n")

    with pytest.raises(HistoryError, match="is not tracked by git; `git add` it first"):
        aiprov("blame", repo.write("b.py", "x = 1\n"))


def test_lines_that_git_can_not_see(repo, aiprov):
    """
    Where an encoding gives git other lines, the reason stands above them.
    """
    repo.write(".gitattributes", "*.py working-tree-encoding=UTF-16LE\n")
    repo.git("add", ".gitattributes")
    repo.commit("a.py", "a = 1 # \u0a0a\nb = 2\n".encode("utf-16-le"))

    assert "all unknown: git sees other lines" in aiprov("blame", repo.path / "a.py")[1]


def test_columns_for_an_editor(repo, aiprov):
    """
    --porcelain is a line a line: columns between tabs, `-` for what is not known, no heading.
    """
    commit = repo.commit("a.py", "a = 1\n", CLAUDE)
    repo.write("a.py", "a = 1\nb = 2\n")

    out = aiprov("blame", repo.path / "a.py", "--porcelain")[1]

    assert [line.split("\t") for line in out.splitlines()] == [
        ["1", "ai", "claude-code", "claude-opus-4-6", commit, "2026-05-04T10:00:00Z",
         "co-author", "commit", "exact"],
        ["2", "unknown", "-", "-", "-", "-", "none", "weak", "exact"],
    ]  # fmt: skip
