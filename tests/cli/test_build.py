from __future__ import annotations

import json

import pytest

from aiprov_otel.errors import HistoryError, PolicyError
from aiprov_otel.manifest import Manifest
from support.notes import attested, note
from support.repo import Repo

CLAUDE = "Add it\n\nCo-Authored-By: Claude <noreply@anthropic.com>\n"


def test_the_summary_for_a_person(repo, aiprov):
    """
    A person reads lines by origin and by evidence, what to do next, and where the manifest is.
    """
    repo.commit("a.py", "a = 1\n" * 3, CLAUDE)
    repo.commit("b.py", "b = 1\n")
    repo.commit("tests/test_b.py", "b = 1\n")
    repo.commit("c.go", "x\n")
    repo.write("b.py", "b = 1\nb = 2\n")

    status, out = aiprov("build", repo.path)

    assert status == 0
    assert "2 files, 5 lines, commit" in out
    assert "ai           3  60.0%" in out
    assert "co-author      3  60.0%" in out
    assert 'unmarked = "human" in [tool.aiprov] would decide 1 line more (20.0%)' in out
    assert "uncommitted: 1 line, unknown until committed" in out
    assert "left out (not Python): 1 Go" in out
    assert "left out: 1 file by `exclude` in [tool.aiprov]" in out
    assert f"wrote {repo.path / 'aiprov.manifest'} in " in out


def test_no_policy_that_records_refute(repo, aiprov):
    """
    Where marks find little of what records call AI, no policy by missing marks is suggested.
    """
    note(repo, repo.commit("a.py", "a = 1\n" * 3, CLAUDE), attested("a.py", "1-3"))
    repo.commit("c.py", "c = 1\n")
    assert (
        'unmarked = "human" in [tool.aiprov] would decide 1 line' in aiprov("build", repo.path)[1]
    )
    note(repo, repo.commit("b.py", "b = 1\n" * 9), attested("b.py", "1-9"))

    out = aiprov("build", repo.path)[1]

    assert "nothing marks 1 line (7.69%), which means nothing here: of 12 lines that" in out
    assert "would decide" not in out
    answer = json.loads(aiprov("build", repo.path, "--json")[1])
    assert answer["coverage"] == {"recorded": 12, "marked": 3}


def test_the_summary_for_a_program(repo, aiprov, tmp_path):
    """
    A program reads one JSON object and finds the manifest where it asked for it.
    """
    repo.commit("a.py", "a = 1\n", CLAUDE)

    status, out = aiprov("build", repo.path, "--json", "--output", tmp_path / "m")

    assert status == 0
    assert json.loads(out)["origins"]["ai"] == 1
    assert Manifest.load(tmp_path / "m").revision == json.loads(out)["revision"]


def test_a_shallow_clone_is_told_how_to_become_whole(repo, aiprov, tmp_path):
    """
    Whoever builds in a shallow clone reads the command that fetches the rest.
    """
    repo.commit("a.py", "a = 1\n", CLAUDE)
    repo.commit("a.py", "a = 1\nb = 1\n", CLAUDE)
    repo.git("clone", "--quiet", "--depth=1", f"file://{repo.path}", str(tmp_path / "clone"))

    assert "`git fetch --unshallow`" in aiprov("build", tmp_path / "clone")[1]


def test_records_that_were_not_fetched(repo, aiprov, tmp_path):
    """
    Whoever builds in a fresh clone reads the one command that fetches the records.
    """
    note(repo, repo.commit("a.py", "a = 1\n"), attested("a.py", "1"))
    repo.git("clone", "--quiet", f"file://{repo.path}", str(tmp_path / "clone"))

    assert "`aiprov build --remote` asks the remote" in aiprov("build", tmp_path / "clone")[1]
    out = aiprov("build", tmp_path / "clone", "--remote")[1]

    assert (
        "more than this clone; run `git fetch origin '+refs/notes/ai:refs/notes/ai-remote/origin' "
        "&& git notes --ref=ai merge -s union ai-remote/origin`" in out
    )


def test_records_that_a_partial_clone_lacks(repo, aiprov, tmp_path):
    """
    Whoever builds in a partial clone reads how many records are missing, and how to have them.
    """
    note(repo, repo.commit("a.py", "a = 1\n"), attested("a.py", "1"))
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git(
        "clone", "--quiet", "--filter=blob:none", f"file://{repo.path}", str(tmp_path / "partial")
    )
    clone = Repo(tmp_path / "partial")
    clone.git("fetch", "--quiet", "origin", "+refs/notes/ai:refs/notes/ai")

    out = aiprov("build", clone.path)[1]

    assert "partial clone: 1 record missing; run `git fetch --refetch" in out


def test_what_is_left_out_is_said(repo, aiprov):
    """
    Many files that are left out for one reason are one line.
    """
    for number in range(7):
        (repo.path / f"l{number}.py").symlink_to("nowhere.py")
        repo.git("add", f"l{number}.py")
    repo.record()

    out = aiprov("build", repo.path)[1]

    assert "left out: l0.py, l1.py, l2.py, l3.py, l4.py and 2 more: a symlink to" in out
    assert "no tracked Python file is included" in out


def test_the_subdirectory_one_stands_in(repo, aiprov, monkeypatch):
    """
    Called from a subdirectory, the manifest is written into the root.
    """
    repo.commit("shop/cart.py", "a = 1\n")
    monkeypatch.chdir(repo.path / "shop")

    aiprov("build")

    assert (repo.path / "aiprov.manifest").is_file()


def test_what_can_not_be_built(repo, aiprov, tmp_path):
    """
    No repository, an empty one and a wrong policy are errors that say what to do.
    """
    with pytest.raises(HistoryError, match="is not in a git repository"):
        aiprov("build", tmp_path)
    with pytest.raises(HistoryError, match="has no commit yet; commit something first"):
        aiprov("build", repo.path)
    repo.write("pyproject.toml", "[tool.aiprov]\nunmarked = 3\n")
    repo.commit("a.py", "a = 1\n")
    with pytest.raises(PolicyError, match="unmarked can't be 3"):
        aiprov("build", repo.path)


def test_a_commit_that_is_not_checked_out(repo, aiprov, tmp_path):
    """
    --rev builds for a commit, and the work tree stays as it is.
    """
    first = repo.commit("a.py", "a = 1\n")
    repo.commit("b.py", "b = 1\n")

    status, out = aiprov("build", repo.path, "--rev", first, "--output", tmp_path / "m")

    assert status == 0
    assert f"1 file, 1 line, commit {first[:9]}" in out


def test_generated_files_are_told(repo, aiprov):
    """
    The summary says how much of it generators wrote.
    """
    repo.commit("api_pb2.py", "a = 1\n")

    assert "generated: 1 file, 1 line, flagged but" in aiprov("build", repo.path)[1]


def test_ai_lines_alone(repo, aiprov, tmp_path):
    """
    With `--ai-only` the other lines have no commit, and a person reads what decided them.
    """
    repo.commit("a.py", "a = 1\n", when="2020-01-01T00:00:00Z")
    repo.commit("b.py", "b = 1\n", CLAUDE)

    status, out = aiprov("build", repo.path, "--ai-only", "--output", tmp_path / "m")

    assert status == 0
    assert "ai           1  50.0%" in out
    assert "not blamed (--ai-only): 1 line without a mark, decided by `unmarked` alone" in out
    [a, b] = Manifest.load(tmp_path / "m").sources()
    assert (a.line(1).commit, b.line(1).commit is None) == (None, False)


def test_why_all_is_asked_again(repo, aiprov):
    """
    Where what was known is of no use, one line says why; where nothing was, there is none.
    """
    repo.commit("a.py", "a = 1\n")
    assert "rebuilt from scratch" not in aiprov("build", repo.path)[1]
    (repo.path / ".aiprov" / "blame.cache").write_bytes(b"")

    assert "scratch: the cache of the last build is damaged" in aiprov("build", repo.path)[1]


def test_squashes_whose_commits_are_nowhere(repo, aiprov, tmp_path):
    """
    Where the remote was asked and does not have them, no command is promised that fetches them.
    """
    repo.commit("begun.py", "a = 1\n")
    repo.commit("a.py", "a = 1\n", CLAUDE.replace("Add it", "Add it (#7)"))
    clone = Repo(tmp_path / "clone")
    clone.git("remote", "add", "origin", f"file://{repo.path}")
    clone.git("pull", "--quiet", "origin", "HEAD")

    _, before = aiprov("build", clone.path)
    _, asked = aiprov("build", "--remote", clone.path)

    assert "not fetched, 0 of them unknown; `aiprov build --remote` names" in before
    assert "squashes whose commits the remote does not have" in asked
    assert "names the command" not in asked


def test_the_unknown_lines_of_squashes_are_one_number(repo, aiprov):
    """
    The build counts every line of a squash, and names how many of them `aiprov stats` counts.
    """
    repo.commit("begun.py", "")
    repo.commit("a.py", "a = 1\n", CLAUDE.replace("Add it", "Add it (#7)"))
    repo.commit("b.py", "a = 1\nb = 2\n", "Add more (#8)")

    _, built = aiprov("build", repo.path)
    _, counted = aiprov("stats", repo.path)

    assert "pull requests: 3 lines of squashes whose commits were not fetched, 2 of them" in built
    assert "(up to 2 of the unknown lines)" in counted
