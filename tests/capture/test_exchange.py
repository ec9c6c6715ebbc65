"""Notes on their way between clones: none is lost, and no push fails because of them."""

from __future__ import annotations

import os
import subprocess
import threading

import pytest

from support.desk import SOURCES, Desk

pytestmark = pytest.mark.matrix


@pytest.fixture
def server(tmp_path):
    """A bare repository with one commit, as a server has it."""
    seed = Desk(tmp_path / "seed")
    seed.commits("Begin, with the settings of the agents")
    seed.git("clone", "-q", "--bare", ".", str(tmp_path / "server.git"))
    return tmp_path / "server.git"


@pytest.fixture
def clones(server, tmp_path):
    """Two clones of it in which agents are recorded."""
    return [Desk.clone(server, tmp_path / name) for name in ("one", "two")]


def noted(repository) -> set[str]:
    """The commits of *repository* that have a note."""
    command = ["git", "-C", str(repository), "notes", "--ref=ai", "list"]
    return set(
        subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[1::2]
    )


def work(desk: Desk, name: str) -> str:
    """An agent writes the file *name*, which is committed."""
    desk.agent_writes(f"{name}.py", f"{name} = 1\n")
    return desk.commits(name)


def test_a_push_takes_the_notes_along(clones, server):
    """
    A plain `git push` pushes the branch and the notes, and a plain `git pull` brings both.
    """
    one, two = clones
    commit = work(one, "apple")
    one.git("push", "-q", "origin", "main")

    assert one.git("ls-remote", "origin", "refs/heads/main").startswith(commit)
    assert noted(server) == {commit}
    two.git("pull", "-q")
    assert two.blame("apple.py") == ["ai"]
    assert noted(two.path) == {commit}


def test_two_clones_in_turn(clones, server):
    """
    Two people who push in turn have the notes of both.
    """
    one, two = clones
    commits = set()
    for number in range(2):
        for desk, name in ((one, "apple"), (two, "pear")):
            desk.git("pull", "-q", "--rebase")
            commits.add(work(desk, f"{name}{number}"))
            desk.git("push", "-q", "origin", "main")

    assert noted(server) == commits
    one.git("pull", "-q")
    assert noted(one.path) == commits


def test_two_clones_at_once(clones, server):
    """
    Two people whose pushes meet, again and again, lose no note and no push.
    """
    commits = set()
    barrier = threading.Barrier(2)
    trouble = []

    def push(desk, branches):
        try:
            for branch in branches:
                barrier.wait(60)
                desk.git("push", "-q", "origin", f"HEAD:refs/heads/{desk.path.name}{branch}")
        except Exception as error:  # noqa: BLE001 (of a thread)
            trouble.append(error)

    for number in range(2):
        commits |= {work(desk, f"{desk.path.name}{number}") for desk in clones}
        names = (f"a{number}", f"b{number}")
        threads = [threading.Thread(target=push, args=(desk, names)) for desk in clones]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for desk in clones:  # whoever lost every race pushes with the next push
        desk.git("push", "-q", "origin", f"HEAD:refs/heads/{desk.path.name}")

    assert trouble == []
    assert noted(server) == commits


def test_two_notes_on_one_commit(clones, server):
    """
    Of two notes on the same commit, the lines of both stay.
    """
    one, two = clones
    one.write("a.py", "x = 1\n")
    one.agent_writes("b.py", "y = 2\n")
    commit = one.commits()
    one.git("push", "-q", "origin", "main")
    two.git("pull", "-q")
    note = one.note().replace("b.py\n", "a.py\n", 1)
    two.git("notes", "--ref=ai", "add", "-f", "-m", note, commit)
    work(one, "apple")
    one.git("push", "-q", "origin", "main")
    two.git("push", "-q", "origin", "HEAD:refs/heads/side")

    assert two.attested(commit) == {"a.py": ["x = 1"], "b.py": ["y = 2"]}
    assert noted(server) == noted(one.path)


def test_a_server_that_takes_no_notes(clones, server):
    """
    A server that refuses the notes is named once; the branch is pushed, and capture goes on.
    """
    hook = server / "hooks/update"
    hook.write_text('#!/bin/sh\ncase "$1" in refs/notes/*) exit 1;; esac\n')
    hook.chmod(0o755)
    one, _ = clones
    work(one, "apple")

    def push() -> str:
        command = ["git", "push", "-q", "origin", "main"]
        environment = {**os.environ, "PYTHONPATH": SOURCES}
        done = subprocess.run(
            command, cwd=one.path, capture_output=True, text=True, env=environment
        )
        assert done.returncode == 0
        return done.stderr

    assert push().count("refuses refs/notes/ai") == 1
    work(one, "pear")
    assert "refuses" not in push()
    assert one.attested() == {"pear.py": ["pear = 1"]}
    assert "origin took no notes" in one.trouble()


def test_a_server_that_is_away(clones, server):
    """
    Without the server, the commit has its note, and the push fails as it does without us.
    """
    one, _ = clones
    work(one, "apple")
    server.rename(server.with_name("gone"))
    with pytest.raises(AssertionError):
        one.git("push", "-q", "origin", "main")
    server.with_name("gone").rename(server)
    one.git("push", "-q", "origin", "main")
    assert noted(server) == noted(one.path)


def test_a_fetch_before_anybody_pushed_notes(clones):
    """
    `git fetch` works while the server has no notes, and `git push` pushes the branch alone.
    """
    one, _ = clones
    one.git("fetch", "-q")
    assert one.git("config", "--get-all", "remote.origin.fetch").split() == [
        "+refs/heads/*:refs/remotes/origin/*",
        "+refs/notes/ai*:refs/notes/ai-remote/origin*",
    ]
    with pytest.raises(AssertionError):
        one.git("config", "remote.origin.push")


@pytest.mark.parametrize("refuses", [True, False])
def test_no_password_is_shown(clones, server, refuses, tmp_path):
    """
    The address of a server is shown and logged without user, password and token.
    """
    hook = server / "hooks/update"
    hook.write_text('#!/bin/sh\ncase "$1" in refs/notes/*) exit 1;; esac\n')
    hook.chmod(0o755)
    one, _ = clones
    work(one, "apple")
    address = "https://ada:hunter2@git.example.org/shop.git?private_token=s3cret"
    if refuses:  # the address leads to the server, where git is told so
        one.git("config", f"url.{server}.insteadOf", address)
    command = ["git", "push", "-q", address, "main"]
    environment = {**os.environ, "PYTHONPATH": SOURCES, "https_proxy": "http://127.0.0.1:9"}
    done = subprocess.run(command, cwd=one.path, capture_output=True, text=True, env=environment)
    ours = "".join(row for row in done.stderr.splitlines() if row.startswith("aiprov"))

    assert ours.count("https://git.example.org/shop.git refuses") == refuses
    assert "https://git.example.org/shop.git" in one.trouble() or not refuses
    for text in (ours, one.trouble()):
        assert "hunter2" not in text
        assert "s3cret" not in text
