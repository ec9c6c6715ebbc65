"""The commits that blame looks through, and who may name them."""

from __future__ import annotations

import pytest

from aiprov_otel.errors import PolicyError
from aiprov_otel.history.build import build
from aiprov_otel.history.check import compare
from aiprov_otel.history.effective_policy import apply_policy
from aiprov_otel.history.git.repository import Git
from aiprov_otel.manifest import Manifest

CLAUDE = "Add it\n\nCo-Authored-By: Claude Opus 4.6 <noreply@anthropic.com>\n"


@pytest.fixture
def formatted(repo):
    """A line of a model's that a person's commit has reformatted; the commit is `.formatting`."""
    repo.commit("a.py", "a=1\n", CLAUDE)
    repo.formatting = repo.commit("a.py", "a = 1\n", "Format")
    return repo


def origins(repo):
    return dict(build(repo.path).origins)


def test_the_file_in_the_root_is_taken(formatted):
    """
    What forges and editors honor needs no setting here either, and comments are comments.
    """
    assert origins(formatted) == {"unknown": 1}

    formatted.write(".git-blame-ignore-revs", f"# formatting\n{formatted.formatting}  # all\n\n")

    assert origins(formatted) == {"ai": 1}


def test_the_configuration_of_git_is_taken(formatted, monkeypatch):
    """
    `blame.ignoreRevsFile` holds here as it does for git blame, beside the file in the root.
    """
    formatted.write("revs", formatted.formatting + "\n")
    formatted.write(".git-blame-ignore-revs", "")
    formatted.git("config", "blame.ignoreRevsFile", "revs")

    assert origins(formatted) == {"ai": 1}
    assert Manifest.load(formatted.path / "aiprov.manifest").policy["ignored"] == [
        formatted.formatting
    ]


def test_an_empty_value_forgets_those_before_it(formatted):
    """
    As in git, an empty `blame.ignoreRevsFile` takes back what was said further out.
    """
    formatted.write("revs", formatted.formatting + "\n")
    formatted.git("config", "--add", "blame.ignoreRevsFile", "revs")
    formatted.git("config", "--add", "blame.ignoreRevsFile", "")

    assert origins(formatted) == {"unknown": 1}


def test_the_policy_counts_more_than_both(formatted):
    """
    `ignore_revs_file` names the one file that is in force, for everybody.
    """
    formatted.write("none", "")
    formatted.write("revs", formatted.formatting + "\n")
    formatted.write(".git-blame-ignore-revs", formatted.formatting + "\n")
    formatted.git("config", "blame.ignoreRevsFile", "revs")
    formatted.write("pyproject.toml", '[tool.aiprov]\nignore_revs_file = "none"\n')

    assert origins(formatted) == {"unknown": 1}


@pytest.mark.parametrize(
    ("line", "name"), [("Format everything", ".git-blame-ignore-revs:2"), ("abc1234", ":2 is not")]
)
def test_a_wrong_line_is_named(formatted, line, name):
    """
    Git refuses every file for one wrong line: which one it is, and what to write, is said at once.
    """
    formatted.write(".git-blame-ignore-revs", f"# x\n{line}\n")

    with pytest.raises(PolicyError, match="is not the full hash of a commit") as caught:
        build(formatted.path)

    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("setting", "who"),
    [("git", "git config blame.ignoreRevsFile names nowhere"), ("policy", "[tool.aiprov] ignore")],
)
def test_a_file_that_is_not_there(formatted, setting, who):
    """
    Who names it, and why it can't be read, is one line.
    """
    if setting == "git":
        formatted.git("config", "blame.ignoreRevsFile", "nowhere")
    else:
        formatted.write("pyproject.toml", "[tool.aiprov]\nignore_revs_file = 'nowhere'\n")

    with pytest.raises(PolicyError, match="No such file") as caught:
        build(formatted.path)

    assert who in str(caught.value)


def test_commits_that_are_not_there_are_no_error(formatted):
    """
    A list that names what this clone does not have is as good as the rest of it.
    """
    formatted.write(".git-blame-ignore-revs", f"{'1' * 40}\n{formatted.formatting.upper()}\n")

    assert origins(formatted) == {"ai": 1}


def test_a_manifest_of_another_list_does_not_match(formatted):
    """
    The list is part of how a manifest was made, wherever it stands.
    """
    build(formatted.path)
    manifest = Manifest.load(formatted.path / "aiprov.manifest")
    formatted.write("revs", formatted.formatting + "\n")
    formatted.git("config", "blame.ignoreRevsFile", "revs")
    git = Git.open(formatted.path)

    assert compare(git, apply_policy(git), manifest).policy == ("ignored",)
