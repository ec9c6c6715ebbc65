"""The hooks of git, however a repository has them: those that are there keep running."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from aiprov_otel.capture import checkup
from aiprov_otel.capture.git_hooks import HOOKS
from aiprov_otel.cli.main import main
from aiprov_otel.history.git.repository import Git
from support.desk import SOURCES, Desk, tree


def test_a_hook_without_its_program(fresh):
    """
    A hook that does not name a shell is run by one: husky's are like that.
    """
    fresh.write(".husky/_/h", "#!/usr/bin/env sh\n")
    fresh.write(".husky/pre-push", "npm test\n")
    fresh.git("config", "core.hooksPath", ".husky/_")
    fresh.init()
    assert fresh.read(".husky/pre-push").endswith("# <<< aiprov\nnpm test\n")

    main(["init", str(fresh.path), "--undo", "--yes"])
    assert fresh.read(".husky/pre-push") == "npm test\n"


def run_hook(
    desk: Desk, hook: str, *arguments: str, stdin: bytes = b""
) -> subprocess.CompletedProcess:
    """Run a *hook* as git does."""
    place = desk.path / ".git/hooks" / hook
    environment = {**os.environ, "PYTHONPATH": SOURCES}
    return subprocess.run(
        [str(place), *arguments], cwd=desk.path, input=stdin, env=environment, capture_output=True
    )


@pytest.mark.parametrize("shell", ["#!/bin/sh", "#!/usr/bin/env bash", "#!/bin/sh -e"])
def test_existing_hooks_keep_running(fresh, shell):
    """
    A hook that is there already gets its arguments and its input, and its status counts.
    """
    for hook in HOOKS:
        fresh.write(
            f".git/hooks/{hook}", f'{shell}\necho "$@" >ran-{hook}\ncat >>ran-{hook}\nexit 3\n'
        ).chmod(0o755)
    fresh.init()
    for hook in HOOKS:
        done = run_hook(fresh, hook, "one", "two words", stdin=b"a b\nc d\n")
        assert done.returncode == 3
        assert fresh.read(f"ran-{hook}") == "one two words\na b\nc d\n"


def test_a_hook_in_another_language(fresh, capsys):
    """
    A hook that is not a shell script is left alone, and the user is told what to call from it.
    """
    text = "#!/usr/bin/env python3\nprint('hello')\n"
    fresh.write(".git/hooks/post-commit", text).chmod(0o755)
    fresh.init()

    assert fresh.read(".git/hooks/post-commit") == text
    assert "call `aiprov record git post-commit` from it" in capsys.readouterr().out


def test_a_disabled_hook_stays_disabled(fresh, capsys):
    """
    A hook that git ignores, because it is not executable or a sample, is neither changed nor
    enabled; the user is told, and `--check` says that it does not call us.
    """
    fresh.write(".git/hooks/post-commit", "#!/bin/sh\nrm -rf build\n").chmod(0o644)
    fresh.write(".git/hooks/pre-push.sample", "#!/bin/sh\nexit 1\n").chmod(0o755)
    before = {
        name: tree(fresh)[f".git/hooks/{name}"] for name in ("post-commit", "pre-push.sample")
    }
    fresh.init()

    assert before == {name: tree(fresh)[f".git/hooks/{name}"] for name in before}
    assert "hooks/post-commit is not executable" in capsys.readouterr().out
    (finding,) = [f for f in checkup.check(Git(fresh.path)) if f.name == "git hooks"]
    assert finding.found.startswith("post-commit in")

    (fresh.path / ".git/hooks/pre-push").chmod(0o644)  # ours, which the user has disabled
    fresh.init()
    assert tree(fresh)[".git/hooks/pre-push"][0] & 0o777 == 0o644
    main(["init", str(fresh.path), "--undo", "--yes"])
    assert before == {name: tree(fresh)[f".git/hooks/{name}"] for name in before}
    assert not (fresh.path / ".git/hooks/pre-push").exists()


def test_husky_runs_hooks_of_any_mode(fresh):
    """
    With husky, a hook runs whatever its mode is, so one that is not executable gets our block too.
    """
    fresh.write(".husky/_/h", "#!/usr/bin/env sh\n")
    fresh.write(".husky/pre-push", "#!/bin/sh\nnpm test\n").chmod(0o644)
    fresh.git("config", "core.hooksPath", ".husky/_")
    fresh.init()

    assert "aiprov record git pre-push" in fresh.read(".husky/pre-push")
    assert "ok" in [f.then or "ok" for f in checkup.check(Git(fresh.path)) if f.name == "git hooks"]


def test_husky(fresh):
    """
    With husky, the hooks are files of the repository that work without us too.
    """
    fresh.write(".husky/_/h", "#!/usr/bin/env sh\n")
    fresh.write(".husky/pre-push", "#!/bin/sh\nnpm test\n").chmod(0o755)
    fresh.git("config", "core.hooksPath", ".husky/_")
    fresh.init()

    text = fresh.read(".husky/pre-push")
    assert "npm test" in text
    assert "if command -v aiprov" in text
    assert sys.executable not in text
    done = subprocess.run(
        ["sh", ".husky/post-commit"],
        cwd=fresh.path,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_pre_commit(fresh):
    """
    pre-commit, installed later, renames our hook and runs it: it is not installed twice, it counts
    as installed, and `--undo` finds it.
    """
    fresh.init()
    hooks = fresh.path / ".git/hooks"
    theirs = "#!/usr/bin/env bash\n# File generated by pre-commit: https://pre-commit.com\n"
    (hooks / "post-commit").rename(hooks / "post-commit.legacy")
    fresh.write(".git/hooks/post-commit", theirs).chmod(0o755)
    fresh.init()
    assert fresh.read(".git/hooks/post-commit") == theirs
    assert "ok" in [f.then or "ok" for f in checkup.check(Git(fresh.path)) if f.name == "git hooks"]

    main(["init", str(fresh.path), "--undo", "--yes"])
    assert fresh.read(".git/hooks/post-commit") == theirs
    assert not (hooks / "post-commit.legacy").exists()


def test_lefthook(fresh, capsys):
    """
    Lefthook writes the hooks that it names anew: the user is told what to add for those.
    """
    fresh.write("lefthook.yml", "post-commit:\n  commands:\n    two: {run: make two}\n")
    fresh.init()
    out = capsys.readouterr().out
    assert "lefthook.yml has post-commit; add a command to it that runs `aiprov record git" in out
    assert "has post-merge" not in out

    text = "    ours: {run: aiprov record git post-commit}\n"
    fresh.write("lefthook.yml", fresh.read("lefthook.yml") + text)
    (fresh.path / ".git/hooks/post-commit").unlink()
    assert "ok" in [f.then or "ok" for f in checkup.check(Git(fresh.path)) if f.name == "git hooks"]


def test_a_hooks_path_in_the_repository(fresh):
    """
    With `core.hooksPath` in the work tree, the hooks are written there, and run.
    """
    fresh.git("config", "core.hooksPath", "tools/hooks")
    fresh.init()
    assert (fresh.path / "tools/hooks/post-commit").is_file()
    assert not (fresh.path / ".git/hooks/post-commit").exists()


def test_a_hooks_path_elsewhere(fresh, tmp_path, capsys):
    """
    Nothing is written to a folder of hooks outside of the repository, which others use too.
    """
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    fresh.git("config", "core.hooksPath", str(elsewhere))
    fresh.init()

    assert list(elsewhere.iterdir()) == []
    assert "which is not of this repository" in capsys.readouterr().out
