from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import aiprov_otel
from aiprov_otel.errors import AiprovError, HistoryError
from aiprov_otel.history.build import build
from aiprov_otel.manifest import Manifest, content_hash
from aiprov_otel.values import Evidence, Match, Origin
from support.repo import ADA, BOB, Repo
from support.waiting import PATIENCE, until

SOURCES = Path(aiprov_otel.__file__).parents[1]  # for a process that another folder starts
CLAUDE = "Add it\n\nCo-Authored-By: Claude Opus 4.6 (1M context) <noreply@anthropic.com>\n"


def built(repo, **arguments):
    """The manifest of *repo*, and the summary of the build."""
    summary = build(repo.path, **arguments)
    return Manifest.load(summary.path), summary


def lines(manifest, path):
    """The provenance of each line of *path*."""
    [source] = [source for source in manifest.sources() if source.path == path]
    return [source.line(number) for number in range(1, source.lines + 1)]


def test_what_a_commit_says_of_a_line_is_what_the_manifest_says(repo):
    """
    Each line has the origin, agent, model, commit, time and evidence of the commit that wrote it.
    """
    by_person = repo.commit("shop/cart.py", "a = 1\nb = 2\n", when="2020-01-01T00:00:00Z")
    by_model = repo.commit("shop/cart.py", "a = 1\nb = 3\n", CLAUDE)

    person, model = lines(built(repo)[0], "shop/cart.py")

    assert (person.origin, person.evidence) == (Origin.HUMAN, Evidence.PREDATES_AI)
    assert (person.commit, person.time) == (by_person, "2020-01-01T00:00:00Z")
    assert (model.origin, model.evidence) == (Origin.AI, Evidence.CO_AUTHOR)
    assert (model.agent, model.model) == ("claude-code", "claude-opus-4-6")
    assert (model.provider, model.commit) == ("anthropic", by_model)
    assert (model.path, model.match) == ("shop/cart.py", Match.EXACT)


def test_the_summary_counts_lines(repo):
    """
    The summary says how many lines each origin and evidence has, and what policy would decide.
    """
    repo.commit("a.py", "a = 1\n" * 3, when="2020-01-01T00:00:00Z")
    repo.commit("b.py", "b = 1\n" * 2, CLAUDE)
    repo.commit("c.py", "c = 1\n" * 4)
    repo.write("c.py", "c = 1\n" * 4 + "d = 1\n")

    summary = built(repo)[1]

    assert (summary.files, summary.lines) == (3, 10)
    assert summary.origins == {"human": 3, "ai": 2, "unknown": 5}
    assert summary.evidence == {"predates-ai": 3, "co-author": 2, "unmarked": 4, "none": 1}
    assert (summary.undecided, summary.uncommitted) == (4, 1)


def test_the_policy_decides_and_travels(repo):
    """
    The policy of pyproject.toml decides the lines, and the manifest carries it.
    """
    repo.write("pyproject.toml", '[tool.aiprov]\nunmarked = "human"\n')
    repo.commit("a.py", "a = 1\n")

    manifest, summary = built(repo)

    assert summary.origins == {"human": 1}
    assert summary.undecided == 0
    assert manifest.policy["unmarked"] == "human"


def test_the_same_history_gives_the_same_bytes(repo, tmp_path):
    """
    A manifest is reproducible.
    """
    for number in range(20):
        repo.commit(f"shop/m{number}.py", f"x = {number}\n", CLAUDE if number % 2 else "Add")

    build(repo.path, tmp_path / "one")
    build(repo.path, tmp_path / "two")

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_the_manifest_knows_where_it_is_from(repo):
    """
    Revision and address stand in the manifest, credentials do not.
    """
    head = repo.commit("a.py", "a = 1\n")
    repo.git("remote", "add", "origin", "https://me:secret@github.com/org/shop.git")

    manifest, summary = built(repo)

    assert manifest.revision == summary.revision == head
    assert manifest.repository_url == "https://github.com/org/shop"
    assert summary.path == repo.path / "aiprov.manifest"


def test_a_repository_without_a_remote(repo):
    """
    A repository that was never pushed has no address.
    """
    repo.commit("a.py", "a = 1\n")

    assert built(repo)[0].repository_url is None


def test_nothing_about_a_person_leaves_the_build(repo):
    """
    No name, mail or session of history is in the manifest.
    """
    repo.commit("a.py", "a = 1\n", f"Add\n\nCo-authored-by: {BOB}\nAssisted-by: Claude {BOB}\n")
    repo.commit("b.py", "b = 1\n", "Add\n\nClaude-Session: https://claude.ai/code/session_abc123\n")
    repo.commit("c.py", "c = 1\n", author="Jane Doe (claude-opus-4-6) <jane@example.org>")

    with zipfile.ZipFile(built(repo)[1].path) as archive:
        text = b"".join(archive.read(name) for name in archive.namelist()).decode("latin-1").lower()

    for word in ("ada", "lovelace", "bob", "ross", "jane", "@", "session_", "://"):
        assert word not in text


def test_a_shallow_clone(repo, tmp_path):
    """
    At the end of a shallow clone lines are unknown: an older commit may have written them.
    """
    repo.commit("a.py", "a = 1\n", CLAUDE)
    repo.commit("a.py", "a = 1\nb = 2\n", CLAUDE)
    repo.commit("a.py", "a = 1\nb = 2\nc = 3\n", CLAUDE)
    repo.git("clone", "--quiet", "--depth=2", f"file://{repo.path}", str(tmp_path / "clone"))

    summary = build(tmp_path / "clone")

    assert summary.boundary == 2
    assert summary.origins == {"unknown": 2, "ai": 1}


def test_the_first_commit_of_a_full_clone_is_a_commit(repo):
    """
    The root of a history is not a boundary, though git marks it like one.
    """
    repo.commit("a.py", "a = 1\n", CLAUDE)

    summary = built(repo)[1]

    assert (summary.boundary, summary.origins) == (0, {"ai": 1})


def test_a_detached_head_and_a_linked_work_tree(repo, tmp_path):
    """
    What is checked out is what counts, however it was.
    """
    first = repo.commit("a.py", "a = 1\n", CLAUDE)
    repo.commit("a.py", "a = 2\n")
    repo.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"), first)

    summary = build(tmp_path / "linked")

    assert (summary.revision, summary.origins) == (first, {"ai": 1})


def test_files_that_are_not_utf_8_or_do_not_compile(repo):
    """
    A file is a file: what Python makes of it does not matter here.
    """
    repo.commit("latin.py", b"# \xe9\xff\nx = 1\n", CLAUDE)
    repo.commit("broken.py", "def :\n", CLAUDE)
    repo.commit("null.py", b"\0\n", CLAUDE)
    repo.commit("empty.py", "", CLAUDE)

    manifest, summary = built(repo)

    assert (summary.files, summary.origins) == (4, {"ai": 4})
    assert {entry.path: entry.hash for entry in manifest.entries}["latin.py"] == content_hash(
        b"# \xe9\xff\nx = 1\n"
    )


def test_a_file_that_can_not_be_read(repo):
    """
    It is left out, and the summary says why.
    """
    repo.commit("a.py", "a = 1\n")
    repo.commit("b.py", "b = 1\n")
    (repo.path / "b.py").unlink()
    (repo.path / "b.py").mkdir()

    summary = built(repo)[1]

    assert summary.files == 1
    assert summary.left_out == (("b.py", "can't be read: Is a directory"),)


def test_no_file_that_can_be_read(repo):
    """
    Where nothing can be read no manifest is written, and one line says what is wrong.
    """
    repo.commit("src/a.py", "a = 1\n")
    repo.commit("src/b.py", "b = 1\n")
    (repo.path / "src").rename(repo.path / "gone")
    (repo.path / "src").symlink_to("src")

    with pytest.raises(HistoryError, match=r"src/a\.py can't be read: .*symb.*, nor can 1 more"):
        build(repo.path)
    assert not (repo.path / "aiprov.manifest").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may enter any folder")
def test_a_folder_that_may_not_be_entered(repo):
    """
    Its files are not said to be deleted: the reason is that it is not permitted.
    """
    repo.commit("src/a.py", "a = 1\n")
    (repo.path / "src").chmod(0)

    with pytest.raises(HistoryError, match=r"src/a\.py can't be read: Permission denied; fix"):
        build(repo.path)
    (repo.path / "src").chmod(0o755)


def test_lines_that_an_encoding_changes(repo):
    """
    Where git keeps other lines than the file has, they are unknown and the summary says why.
    """
    repo.write(".gitattributes", "*.py working-tree-encoding=UTF-16LE\n")
    repo.git("add", ".gitattributes")
    repo.commit("a.py", "a = 1 # \u0a0a\nb = 2\n".encode("utf-16-le"), CLAUDE)

    summary = built(repo)[1]

    assert set(summary.origins) == {"unknown"}
    assert [path for path, _ in summary.unattributed] == ["a.py"]


def test_an_object_that_is_missing(repo):
    """
    Where a partial clone lacks what blame needs, the lines of that file are unknown, not all.
    """
    repo.commit("a.py", "a = 1\n", CLAUDE)
    repo.commit("a.py", "a = 1\nb = 1\n", CLAUDE)
    repo.commit("c.py", "c = 1\n", CLAUDE)
    lost = repo.git("rev-parse", "HEAD~2:a.py")
    (repo.path / ".git" / "objects" / lost[:2] / lost[2:]).unlink()

    summary = built(repo)[1]

    assert summary.origins == {"unknown": 2, "ai": 1}
    assert [path for path, _ in summary.unattributed] == ["a.py"]


def test_a_symlink_is_recorded_under_its_own_name(repo):
    """
    The link has the lines and the history of the file that it leads to.
    """
    repo.commit("real.py", "a = 1\n", CLAUDE)
    (repo.path / "link.py").symlink_to("real.py")
    repo.git("add", "link.py")
    repo.record()

    manifest = built(repo)[0]

    assert lines(manifest, "link.py")[0].commit == lines(manifest, "real.py")[0].commit
    assert lines(manifest, "link.py")[0].path == "link.py"


def test_progress_is_told(repo):
    """
    Whoever waits hears how many files are done.
    """
    for number in range(3):
        repo.commit(f"m{number}.py", "x = 1\n")
    heard = []

    built(repo, progress=lambda done, total: heard.append((done, total)))

    assert heard == [(1, 3), (2, 3), (3, 3)]


def test_a_folder_that_can_not_be_written_to(repo, tmp_path):
    """
    The message names the file that could not be written.
    """
    repo.commit("a.py", "a = 1\n")

    with pytest.raises(AiprovError, match=r"can't write .*nowhere"):
        build(repo.path, tmp_path / "nowhere" / "m")


def test_the_summary_as_json(repo):
    """
    A program reads the same summary as a person.
    """
    repo.commit("a.py", "a = 1\n", CLAUDE)
    repo.commit("b.go", "x\n")

    told = json.loads(json.dumps(built(repo)[1].to_json()))

    assert told["origins"] == {"ai": 1, "human": 0, "mixed": 0, "unknown": 0}
    assert told["evidence"] == {"co-author": 1}
    assert told["languages"] == {"Go": 1}
    assert told["manifest"] == str(repo.path / "aiprov.manifest")


@pytest.mark.parametrize(
    ("verb", "sent"),
    [
        pytest.param("blame", "", id="by a thread of the pool"),
        # From the process itself, so that it comes while the main thread starts it.
        pytest.param("config", "kill -INT $PPID;", id="being started"),
    ],
)
def test_an_interrupt_leaves_nothing_behind(tmp_path, verb, sent):
    """
    SIGINT in the middle of a build leaves no half-written manifest and no git that still runs.
    """
    repo = Repo(tmp_path / "repo")
    # A git that sleeps: it lasts until somebody kills it.
    repo.commit("a.py", "a = 1\n")
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text(
        f'#!/bin/sh\ncase "$*" in *" {verb} "*) echo $$ >> pids; {sent} exec sleep 600;; esac\n'
        f'PATH="{os.environ["PATH"]}" exec git "$@"\n'
    )
    slow.chmod(0o755)
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from aiprov_otel.history.build import build; build('.')"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=repo.path,
        env={
            **os.environ,
            "PYTHONPATH": str(SOURCES),
            "PATH": f"{slow.parent}:{os.environ['PATH']}",
        },
        stderr=subprocess.PIPE,
    )
    pids = repo.path / "pids"
    until(lambda: process.poll() is not None or _ends_a_line(pids), "git is started")

    if not sent:
        process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=PATIENCE)

    assert b"KeyboardInterrupt" in complaint
    assert [path.name for path in repo.path.glob("aiprov*")] == []
    until(lambda: not any(_runs(int(pid)) for pid in pids.read_text().split()), "git ends")


def _ends_a_line(path):
    return path.exists() and path.read_text().endswith("\n")


def _runs(pid):
    """Whether there is such a process; a zombie does not count."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_hook_builds_its_own_repository(repo):
    """
    Run from a hook of `git commit`, a build is about the repository that is committed to.
    """
    repo.commit("a.py", "a = 1\n", CLAUDE, author=ADA)
    code = 'from aiprov_otel.history.build import build; build(".")'
    command = f"PYTHONPATH='{SOURCES}' exec '{sys.executable}' -c '{code}'"
    hook = repo.write(".git/hooks/post-commit", f"#!/bin/sh\n{command}\n")
    hook.chmod(0o755)

    head = repo.commit("a.py", "a = 1\nb = 2\n")

    assert Manifest.load(repo.path / "aiprov.manifest").revision == head
