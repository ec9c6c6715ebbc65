"""Settings of git that start a program or change an answer, and repositories that hold them."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from aiprov_otel.errors import HistoryError
from aiprov_otel.history.build import build
from aiprov_otel.history.check import compare
from aiprov_otel.history.effective_policy import apply_policy
from aiprov_otel.history.git.overrides import OVERRIDES
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.query import query_file, query_tree
from aiprov_otel.manifest import Manifest
from support.notes import attested, note
from support.repo import Repo

CLAUDE = "Add it\n\nCo-Authored-By: Claude Opus 4.6 <noreply@anthropic.com>\n"
BUILTINS = ("blame", "cat-file", "check-attr", "checkout-index", "diff", "ls-files", "read-tree")
PROGRAMS = (
    "core.alternateRefsCommand",
    "core.askPass",
    "core.editor",
    "core.fsmonitor",
    "core.gitProxy",
    "core.pager",
    "core.sshCommand",
    "credential.helper",
    "credential.https://example.org.helper",
    "diff.evil.command",
    "diff.evil.textconv",
    "diff.external",
    "filter.evil.clean",
    "filter.evil.process",
    "filter.evil.smudge",
    "filter.e=v.il.clean",
    "filter.e=v.il.smudge",
    "gpg.program",
    "gpg.ssh.program",
    "gpg.x509.program",
    "hook.evil.command",
    "interactive.diffFilter",
    "merge.evil.driver",
    "remote.origin.uploadpack",
    "sequence.editor",
    "uploadpack.packObjectsHook",
    *(f"alias.{name}" for name in BUILTINS),
    *(f"pager.{name}" for name in BUILTINS),
)
HOOKS = ("post-index-change", "reference-transaction", "post-checkout", "pre-auto-gc")


@pytest.fixture
def hostile(repo, tmp_path):
    """A repository in which everything that can start a program writes to `.ran`."""
    repo.ran = tmp_path / "ran"
    repo.commit("a.py", "a = 1\n", CLAUDE)
    attributes = "a.py filter=evil diff=evil merge=evil\nb.py filter=e=v.il\n"
    repo.commit(".gitattributes", attributes)
    repo.commit("b.py", "b = 1\n")
    script = tmp_path / "evil"
    script.write_text(f'#!/bin/sh\necho "$0 $*" >> {repo.ran}\n')
    script.chmod(0o755)
    for name in HOOKS:
        for folder in (repo.path / ".git" / "hooks", tmp_path / "hooks"):
            folder.mkdir(exist_ok=True)
            shutil.copy(script, folder / name)
    repo.write("a.py", "a = 1\nb = 2\n")
    repo.write("b.py", "b = 1\nc = 2\n")
    with (repo.path / ".git" / "config").open("a") as config:
        for key in PROGRAMS:
            section, _, rest = key.partition(".")
            name, _, variable = rest.rpartition(".")
            head = f'[{section} "{name}"]' if name else f"[{section}]"
            value = f"!{script}" if section in {"alias", "credential"} else script
            config.write(f'{head}\n\t{variable} = "{value}"\n')
        config.write('[filter "evil"]\n\trequired\n[hook "evil"]\n\tevent = post-index-change\n')
        config.write(f"[core]\n\thooksPath = {tmp_path / 'hooks'}\n")
        config.write(f'[remote "origin"]\n\turl = ext::{script}\n[protocol]\n\tallow = always\n')
    return repo


def test_no_setting_of_a_repository_starts_a_program(hostile, tmp_path):
    """
    Whatever its configuration and its hooks name, reading a history starts git alone.
    """
    build(hostile.path, tmp_path / "m")
    build(hostile.path, tmp_path / "r", revision="HEAD")
    build(hostile.path, tmp_path / "o", only_ai=True, remote=True)
    query_tree([hostile.path], None)
    query_file(hostile.path / "a.py", None, history=True)
    git = Git.open(hostile.path)
    compare(git, apply_policy(git), Manifest.load(tmp_path / "m"))

    assert not hostile.ran.exists(), hostile.ran.read_text()


def test_the_trap_snaps_without_us(hostile):
    """
    The same repository does start programs where git is asked without these overrides.
    """
    subprocess.run(["git", "--no-pager", "blame", "a.py"], cwd=hostile.path, capture_output=True)

    assert "evil" in hostile.ran.read_text()


@pytest.mark.parametrize("url", ["ext::{script}", "ssh://example.invalid/x", "evil::x"])
def test_a_partial_clone_fetches_nothing(repo, tmp_path, url):
    """
    What a partial clone lacks is unknown, with the way to have it; nobody is asked for it.
    """
    ran = tmp_path / "ran"
    script = tmp_path / "git-remote-evil"
    script.write_text(f"#!/bin/sh\necho ran >> {ran}\n")
    script.chmod(0o755)
    clone = partial(repo, tmp_path)
    clone.git("config", "remote.origin.url", url.format(script=script))
    clone.git("config", "core.sshCommand", str(script))
    clone.git("config", "protocol.allow", "always")

    summary = build(clone.path, tmp_path / "m")

    assert summary.origins == {"unknown": 2}
    [(path, reason)] = summary.unattributed
    assert path == "a.py"
    assert reason.endswith("lacks objects; give --remote to fetch them")
    assert not ran.exists()


def test_a_partial_clone_may_fetch_when_it_is_told_to(repo, tmp_path):
    """
    With `remote`, git fetches what blame needs.
    """
    clone = partial(repo, tmp_path)

    assert build(clone.path, tmp_path / "m", remote=True).origins == {"ai": 1, "unknown": 1}


def partial(repo, tmp_path):
    """A clone without the content of older commits."""
    repo.commit("a.py", "a = 1\n", CLAUDE)
    repo.commit("a.py", "a = 1\nb = 1\n")
    repo.git("config", "uploadpack.allowFilter", "true")
    url = f"file://{repo.path}"
    repo.git("clone", "--quiet", "--filter=blob:none", url, str(tmp_path / "partial"))
    return Repo(tmp_path / "partial")


def test_a_work_tree_elsewhere(repo, tmp_path):
    """
    A repository whose settings place its work tree above it is refused: we would write there.
    """
    repo.commit("a.py", "a = 1\n")
    repo.git("config", "core.worktree", str(tmp_path))

    with pytest.raises(HistoryError, match=r"core\.worktree of .* leads to .*; unset it"):
        build(repo.path)

    assert not (tmp_path / "aiprov.manifest").exists()


def test_a_folder_that_looks_like_a_repository(repo):
    """
    A tracked folder with the files of a bare repository is not taken for one.
    """
    Repo(repo.path / "sub", "--bare").git("config", "core.worktree", str(repo.path / "sub"))
    (repo.path / "sub" / "config").write_text("[core]\n\tbare = false\n\tworktree = .\n")
    repo.commit("sub/a.py", "a = 1\n")

    with pytest.raises(HistoryError, match="has no work tree"):
        build(repo.path / "sub")


def test_a_git_that_can_not_be_told(repo, tmp_path, monkeypatch):
    """
    A git that ignores the overrides is not used.
    """
    repo.commit("a.py", "a = 1\n")
    old = tmp_path / "bin" / "git"
    old.parent.mkdir()
    old.write_text(
        f'#!/bin/sh\nunset GIT_CONFIG_COUNT\nPATH="{os.environ["PATH"]}" exec git "$@"\n'
    )
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}:{os.environ['PATH']}")

    with pytest.raises(HistoryError, match=r"git is too old .*; install 2\.31 or newer"):
        build(repo.path)


ODD = {
    "blame.blankBoundary": "true",
    "blame.coloring": "repeatedLines",
    "blame.date": "relative",
    "blame.markIgnoredLines": "true",
    "blame.markUnblamableLines": "true",
    "blame.showEmail": "true",
    "blame.showRoot": "true",
    "color.blame.highlightRecent": "blue,1 hour ago,red",
    "color.diff": "always",
    "color.ui": "always",
    "column.ui": "always",
    "core.abbrev": "4",
    "core.attributesFile": "{folder}/attributes",
    "core.autocrlf": "true",
    "core.bigFileThreshold": "1",
    "core.eol": "crlf",
    "core.ignoreCase": "true",
    "core.quotePath": "true",
    "core.safecrlf": "true",
    "core.sparseCheckout": "true",
    "core.splitIndex": "true",
    "core.symlinks": "false",
    "core.untrackedCache": "true",
    "core.useReplaceRefs": "false",
    "core.whitespace": "cr-at-eol,tab-in-indent",
    "diff.algorithm": "patience",
    "diff.colorMoved": "zebra",
    "diff.context": "9",
    "diff.ignoreSubmodules": "all",
    "diff.indentHeuristic": "false",
    "diff.interHunkContext": "50",
    "diff.mnemonicPrefix": "true",
    "diff.noprefix": "true",
    "diff.orderFile": "{folder}/order",
    "diff.relative": "true",
    "diff.renames": "copies",
    "diff.submodule": "log",
    "diff.suppressBlankEmpty": "true",
    "diff.wordRegex": ".",
    "diff.wsErrorHighlight": "all",
    "format.pretty": "oneline",
    "i18n.logOutputEncoding": "UTF-16",
    "index.sparse": "true",
    "log.date": "relative",
    "log.mailmap": "true",
    "log.showSignature": "true",
    "mailmap.blob": "HEAD:.mailmap",
    "mailmap.file": "{folder}/mailmap",
    "submodule.recurse": "true",
    "url.https://elsewhere.example/.insteadOf": "https://example.org/",
}


def test_every_override_is_tried():
    """
    Each setting that we override for the sake of an answer is one of those that the test sets.
    """
    quiet = {"askPass", "fsmonitor", "hooksPath", "sshCommand", "helper", "auto", "program"}
    programs = {key for key in OVERRIDES if key.rpartition(".")[2] in quiet}
    assert OVERRIDES.keys() - programs - ODD.keys() == {"http.saveCookies", "safe.bareRepository"}


def test_no_setting_of_a_user_changes_an_answer(repo, tmp_path, monkeypatch):
    """
    With every one of these settings, in any combination, a manifest has the same bytes.
    """
    history(repo)
    plain = manifests(repo, tmp_path / "plain")
    settings = tmp_path / "gitconfig"
    for name, text in (
        ("attributes", "*.py linguist-generated diff=odd text eol=crlf\n*.py -diff\n"),
        ("order", "z*\n"),
        ("mailmap", "Someone <s@example.org> <ada@example.org>\n"),
    ):
        (tmp_path / name).write_text(text)
    for key, value in ODD.items():
        repo.git("config", "--file", str(settings), key, value.format(folder=tmp_path))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))

    assert manifests(repo, tmp_path / "odd") == plain


def history(repo):
    """A squash that a record stands behind, a symlink, renames, ignored and replaced commits."""
    lines = [f"x{n} = {n}\n" for n in range(40)]
    repo.commit("a.py", "".join(lines))
    repo.git("remote", "add", "origin", "https://example.org/shop.git")
    repo.git("checkout", "--quiet", "-b", "side")
    marked = repo.commit("a.py", "".join([*lines[:20], "y = 1\n", *lines[20:], "z = 1\n"]))
    note(repo, marked, attested("a.py", "21"))
    repo.git("update-ref", "refs/pull/1/head", marked)
    repo.git("checkout", "--quiet", "main")
    edited = ["w = 1\n", *lines[:20], "y = 1\n", *lines[20:25], "v = 1\n", *lines[26:], "z = 1\n"]
    repo.commit("a.py", "".join(edited), "Add it (#1)")
    repo.git("mv", "a.py", "b\u00f6.py")
    repo.record("Rename it")
    (repo.path / "link.py").symlink_to("b\u00f6.py")
    repo.git("add", "link.py")
    repo.record("Link it")
    repo.commit("b\u00f6.py", "".join([*edited, "u = 1\n"]), CLAUDE)
    formatting = repo.commit("b\u00f6.py", "".join([*edited, "u  = 1\n"]), "Format")
    repo.commit(".git-blame-ignore-revs", formatting + "\n")
    repo.write("b\u00f6.py", "".join([*edited, "u  = 1\n", "new = 1\n"]))


def manifests(repo, folder):
    """The bytes of each kind of build, twice: from nothing and by what it kept."""
    folder.mkdir()
    built = []
    for number, options in enumerate(
        ({}, {}, {"revision": "HEAD~1"}, {"only_ai": True}, {"revision": "HEAD", "only_ai": True})
    ):
        build(repo.path, folder / str(number), **options)
        built.append((folder / str(number)).read_bytes())
    shutil.rmtree(repo.path / ".aiprov")
    return built
