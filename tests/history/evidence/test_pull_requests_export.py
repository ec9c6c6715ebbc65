from __future__ import annotations

import json

import pytest

from aiprov_otel.errors import PolicyError
from aiprov_otel.history.build import build
from aiprov_otel.history.check import compare
from aiprov_otel.history.evidence import pull_requests_export
from aiprov_otel.history.evidence.agents import load_table
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.manifest import Manifest

# In the words of each forge's API; people, texts and addresses are made up.
FOOTER = "Adds it.\r\n\r\n🤖 Generated with [Claude Code](https://claude.com/claude-code)"
GITHUB = {
    "number": 12,
    "state": "MERGED",
    "title": "Add it",
    "body": FOOTER,
    "labels": [{"id": "x", "name": "enhancement"}],
    "headRefName": "add-it",
    "author": {"login": "ada", "is_bot": False},
    "mergeCommit": {"oid": "a" * 40},
    "reviewDecision": "APPROVED",
}
GITLAB = {
    "iid": 12,
    "id": 99,
    "state": "merged",
    "description": FOOTER,
    "labels": ["backend"],
    "source_branch": "add-it",
    "author": {"username": "ada"},
    "merge_commit_sha": "b" * 40,
    "squash_commit_sha": "a" * 40,
}
CLOUD = {
    "id": 12,
    "state": "MERGED",
    "description": FOOTER,
    "source": {"branch": {"name": "add-it"}},
    "author": {"nickname": "ada"},
    "merge_commit": {"hash": "a" * 12},
}
CENTER = {
    "id": 12,
    "state": "MERGED",
    "description": FOOTER,
    "fromRef": {"displayId": "add-it"},
    "author": {"user": {"slug": "ada", "name": "ada"}},
    "properties": {"mergeCommit": {"id": "a" * 40}},
}


def found(tmp_path, *rows, commit="a" * 40, numbers=()):
    """The marks that an export of *rows* has for a commit."""
    path = tmp_path / "requests.json"
    path.write_text(json.dumps(list(rows)))
    return pull_requests_export.load(path, load_table()).find(commit, numbers)


@pytest.mark.parametrize("row", [GITHUB, GITLAB, CLOUD, CENTER])
def test_what_each_forge_exports(tmp_path, row):
    """
    The description is read, and found by the commit that landed or by the number.
    """
    [mark] = found(tmp_path, row)

    assert (mark.evidence, mark.agent) == ("pull-request", "claude-code")
    assert mark.where == "description of pull request 12"
    assert found(tmp_path, row, commit="c" * 40, numbers=["12"]) == (mark,)
    assert found(tmp_path, row, commit="c" * 40) == ()


@pytest.mark.parametrize(
    ("more", "agent", "kind"),
    [
        ({"body": "- [x] This change is entirely AI-generated"}, None, "pull-request"),
        ({"labels": [{"name": "ai-generated"}]}, None, "pull-request"),
        ({"author": {"login": "app/copilot-swe-agent", "is_bot": True}},
         "github-copilot-coding-agent", "pull-request"),
        ({"headRefName": "codex/add-it"}, "openai-codex", "branch"),
    ],
)  # fmt: skip
def test_what_a_request_states(tmp_path, more, agent, kind):
    """
    A ticked box, a label, an agent as the author; the name of a branch is a weak sign.
    """
    [mark] = found(tmp_path, GITHUB | {"body": ""} | more)

    assert (mark.agent, mark.evidence) == (agent, kind)


@pytest.mark.parametrize(
    "more",
    [
        {"state": "OPEN"},
        {"state": "CLOSED"},
        {"body": "It was not generated with Claude Code."},
        {"body": "", "labels": [{"name": "claude"}, {"name": "ai"}]},
        {"body": None, "author": {"login": "devin"}, "labels": None, "headRefName": "fix/codex"},
        {"body": "", "author": {"login": "app/dependabot", "is_bot": True}},
        {"body": "", "author": {"login": "claude", "is_bot": False}},
        {"body": "", "reviewDecision": "APPROVED", "reviews": [
            {"author": {"login": "app/copilot-pull-request-reviewer"}, "state": "APPROVED",
             "body": "Generated with [Claude Code](https://claude.com/claude-code)"}]},
    ],
)  # fmt: skip
def test_what_states_nothing(tmp_path, more):
    """
    Requests that did not land, topics, people and reviews are no marks.
    """
    assert found(tmp_path, GITHUB | more) == ()


def test_pages_and_lines(tmp_path):
    """
    Pages of an API, lists of lists and a value a line are read alike.
    """
    path = tmp_path / "requests.json"
    page = json.dumps({"values": [CLOUD], "size": 1})
    path.write_text(f"{page}\n{json.dumps([[GITHUB | {'number': 13}]])}\n{json.dumps(GITLAB)}")

    export = pull_requests_export.load(path, load_table())

    assert export.find("d" * 40, ["13"])


@pytest.mark.parametrize("text", ["{}", "[1, 2]", "not JSON", "[" * 10_000])
def test_a_file_without_requests(tmp_path, text):
    """
    One line names the file and what it has to be.
    """
    path = tmp_path / "requests.json"
    path.write_text(text)

    with pytest.raises(PolicyError, match="holds no pull requests; it has to be the JSON of"):
        pull_requests_export.load(path, load_table())


def test_a_build_with_an_export(repo, tmp_path):
    """
    Lines of a squash that dropped the footer are AI by the request; the manifest has no text.
    """
    commit = repo.commit("a.py", "a = 1\n", "Add it (#12)")
    repo.commit("b.py", "b = 1\n", "Add another (#13)")
    secret = GITHUB | {"body": f"Ask Jane at jane@example.org.\n\n{FOOTER}"}
    repo.write("requests.json", json.dumps([secret]))

    assert build(repo.path).evidence == {"unmarked": 2}
    summary = build(repo.path, pull_requests=repo.path / "requests.json")

    assert summary.evidence == {"pull-request": 1, "unmarked": 1}
    assert summary.origins == {"ai": 1, "unknown": 1}
    manifest = Manifest.load(summary.path)
    line = next(s for s in manifest.sources() if s.path == "a.py").line(1)
    assert (line.commit, line.strength) == (commit, "commit")
    assert b"jane" not in summary.path.read_bytes()
    git = Git.open(repo.path)
    assert compare(git, Policy.load(repo.path), manifest).matches
    repo.write("requests.json", "[]")
    assert compare(git, Policy.load(repo.path), manifest).records == ("requests.json",)


def test_a_missing_export(repo):
    """
    One line names the file and the next step.
    """
    repo.commit("a.py", "a = 1\n")
    repo.write("pyproject.toml", '[tool.aiprov]\npull_requests = "gone.json"\n')

    with pytest.raises(PolicyError, match=r"gone\.json, named by pull_requests, can't be read"):
        build(repo.path)


@pytest.mark.parametrize(
    "message",
    [
        "Merge pull request #12 from ada/codex/add-it",
        "Merge branch 'codex/add-it' into 'main'",
        "Merged in codex/add-it (pull request #12)",
        "Merge pull request 'Add it' (#12) from codex/add-it into main",
        "Pull request #12: Add it\n\nMerge in SHOP/shop from codex/add-it to main",
    ],
)
def test_the_branch_of_an_agent(repo, message):
    """
    A merge that names an agent's branch is a weak sign: unknown, unless the policy decides.
    """
    base = repo.commit("a.py", "a = 1\n")
    repo.git("checkout", "-q", "-b", "codex/add-it")
    repo.commit("b.py", "b = 1\n")
    repo.git("checkout", "-q", "-B", "main", base)
    people = {f"GIT_{r}_{p}": "x@y.z" for r in ("AUTHOR", "COMMITTER") for p in ("NAME", "EMAIL")}
    repo.git("merge", "-q", "--no-ff", "-m", message, "codex/add-it", **people)

    summary = build(repo.path)
    assert (summary.evidence, summary.by_branch) == ({"branch": 1, "unmarked": 1}, 1)
    assert summary.origins == {"unknown": 2}
    repo.write("pyproject.toml", '[tool.aiprov]\norigin_of = { branch = "ai" }\n')
    assert build(repo.path).origins == {"ai": 1, "unknown": 1}


def test_an_old_branch_with_such_a_name(repo):
    """
    Before there were agents, it was somebody's.
    """
    message = "Merged in codex/add-it (pull request #1)"
    repo.commit("a.py", "a = 1\n", message, when="2019-01-01T10:00:00Z")

    assert build(repo.path).evidence == {"predates-ai": 1}


def test_a_squash_that_only_its_request_marks(repo):
    """
    Who else wrote it is read of the message, also where nothing in that is a mark.
    """
    repo.commit("README", "", "Begin")
    repo.commit("a.py", "a = 1\n", "Add it (#12)\n\nCo-authored-by: Grace <grace@example.org>")
    repo.write("requests.json", json.dumps([GITHUB]))

    summary = build(repo.path, pull_requests=repo.path / "requests.json")

    assert summary.origins == {"mixed": 1}
