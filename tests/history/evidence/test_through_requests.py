from __future__ import annotations

import pytest

from aiprov_otel.history import attribute, source_files
from aiprov_otel.history.explain import explain_line
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.query import query_file
from aiprov_otel.values import Evidence
from support.notes import attested, git_ai, note

OLD = "a = 1\nz = 26\n"
NEW = "a = 1\nb = 2\nc = 3\nd = 4\nz = 26\n"


def decided(repo, path="a.py"):
    """The decision about each line of *path*."""
    git = Git.open(repo.path)
    read = attribute.attribute_files(
        git, Policy.load(git.root), [source_files.find_tracked(git, repo.path / path)]
    )
    return list(read.lines(read.blamed[0]))


def evidence(repo, path="a.py"):
    """What decided about each line of *path*."""
    return [str(one.provenance.evidence) for one in decided(repo, path)]


@pytest.fixture
def branched(repo):
    """A repository whose request brought in three lines in two commits, one of them recorded."""
    base = repo.commit("a.py", OLD)
    repo.git("checkout", "-q", "-b", "topic")
    first = repo.commit("a.py", "a = 1\nb = 2\nc = 3\nz = 26\n", "Add b and c")
    note(repo, first, attested("a.py", "2-3"))
    repo.commit("a.py", NEW, "Add d")
    repo.head = repo.git("rev-parse", "HEAD")
    repo.git("checkout", "-q", "-B", "main", base)
    repo.git("branch", "-q", "-D", "topic")
    return repo


def squash(repo, text=NEW, subject="Add three (#12)", ref="refs/pull/12/head"):
    """Squash the request, and let the forge keep its head under *ref*."""
    repo.git("update-ref", ref, repo.head)
    return repo.commit("a.py", text, subject)


@pytest.mark.parametrize(
    ("subject", "ref"),
    [
        ("Add three (#12)", "refs/pull/12/head"),
        ('Revert "Add (#3)" (#12)', "refs/pull/12/head"),
        ("Merged in topic (pull request #12)", "refs/pull-requests/12/from"),
        ("Add three (!12)", "refs/merge-requests/12/head"),
        ("Add three", "refs/pull/7/head"),  # the tree is that of the request
    ],
)
def test_a_record_behind_a_squash(branched, subject, ref):
    """
    A line of a squash has the record of the commit that wrote it, and the squash as its commit.
    """
    commit = squash(branched, subject=subject, ref=ref)

    assert evidence(branched) == [
        "unmarked", "note-recovered", "note-recovered", "unmarked", "unmarked",
    ]  # fmt: skip
    found = decided(branched)[1]
    assert (found.provenance.agent, found.provenance.commit) == ("claude-code", commit)
    assert found.deciding.where == f"refs/notes/ai through {ref}"


def test_a_squash_that_was_changed(branched):
    """
    Where the squash differs from the request, the lines that a diff leaves alone are followed.
    """
    squash(branched, "y = 0\na = 1\nb = 2\nc = 33\nd = 4\nz = 26\n")

    assert evidence(branched) == [
        "unmarked", "unmarked", "note-recovered", "unmarked", "unmarked", "unmarked",
    ]  # fmt: skip


def test_a_file_that_was_renamed_in_the_request(branched):
    """
    The record names the file as it was called in its commit.
    """
    branched.git("checkout", "-q", "--detach", branched.head)
    branched.git("mv", "a.py", "b.py")
    branched.head = branched.record("Rename it")
    branched.git("checkout", "-q", "main")
    branched.git("update-ref", "refs/pull/12/head", branched.head)
    branched.git("mv", "a.py", "b.py")
    branched.commit("b.py", NEW, "Add three (#12)")

    assert evidence(branched, "b.py").count("note-recovered") == 2


def test_a_file_that_is_elsewhere_at_the_head_of_the_request(branched):
    """
    What the request does not hold has nothing to be followed through.
    """
    branched.git("update-ref", "refs/pull/12/head", branched.head)
    branched.commit("c.py", "b = 2\n", "Add three (#12)")

    assert evidence(branched, "c.py") == ["unmarked"]


def test_the_request_was_not_fetched(branched):
    """
    Without the commits of the request nothing is recovered, and nothing fails.
    """
    branched.commit("a.py", NEW, "Add three (#12)")

    assert set(evidence(branched)) == {"unmarked"}


def test_a_request_without_records(branched):
    """
    Commits of a request that no tool took notes on say nothing.
    """
    branched.git("update-ref", "-d", "refs/notes/ai")
    note(branched, branched.git("rev-parse", "HEAD"), git_ai({}))
    squash(branched)

    assert set(evidence(branched)) == {"unmarked"}


def test_lines_that_the_request_took_from_the_main_branch(branched):
    """
    A record on a commit that was on the main branch before is not a record of the squash.
    """
    note(branched, branched.git("rev-parse", "HEAD"), attested("a.py", "1-2"))
    squash(branched)

    assert evidence(branched) == [
        "note", "note-recovered", "note-recovered", "unmarked", "note",
    ]  # fmt: skip


def test_a_note_on_the_squash_itself_comes_first(branched):
    """
    Where the tool wrote a note on the squash, that is what counts.
    """
    note(branched, squash(branched), git_ai({"a.py": {"human": "2"}}))

    assert decided(branched)[1].provenance.evidence is Evidence.NOTE
    assert decided(branched)[1].provenance.origin == "human"
    assert decided(branched)[2].provenance.evidence is Evidence.NOTE_RECOVERED


def test_a_merge_is_no_squash(branched):
    """
    A merge keeps the commits of the request, with their own notes.
    """
    branched.git("update-ref", "refs/pull/12/head", branched.head)
    people = {f"GIT_{r}_{p}": "x@y.z" for r in ("AUTHOR", "COMMITTER") for p in ("NAME", "EMAIL")}
    branched.git("merge", "-q", "--no-ff", "-m", "Merge it (#12)", branched.head, **people)

    assert evidence(branched).count("note") == 2


CLAUDE = "Co-authored-by: Claude <noreply@anthropic.com>"
CODEX = "Co-authored-by: Codex <noreply@openai.com>"
BOB_WROTE = "Co-authored-by: Bob Ross <bob@example.org>"


def decisions(repo, text=NEW, message="Add three (#12)", *, ref="refs/pull/12/head", **request):
    """Origin and evidence of each line that a squash of the request added."""
    make_request(repo, **request)
    if ref:
        repo.git("update-ref", ref, repo.head)
    repo.commit("a.py", text, message)
    added = decided(repo)[1:-1]
    return [(str(one.provenance.origin), str(one.provenance.evidence)) for one in added]


def make_request(repo, first="Add b and c", second="Add d", **who):
    """A branch of two commits with these messages: one wrote two lines, the other one line."""
    base = repo.commit("a.py", OLD)
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit("a.py", "a = 1\nb = 2\nc = 3\nz = 26\n", first, **who)
    repo.head = repo.commit("a.py", NEW, second)
    repo.git("checkout", "-q", "-B", "main", base)
    repo.git("branch", "-q", "-D", "topic")


AI, UNKNOWN = ("ai", "co-author"), ("unknown", "unmarked")


@pytest.mark.parametrize(
    ("first", "trailer", "right"),
    [
        (f"Add b\n\n{CLAUDE}", "", [AI, AI, UNKNOWN]),  # the squash dropped the mark
        (f"Add b\n\n{CLAUDE}", f"\n\n{CLAUDE}", [AI, AI, UNKNOWN]),
        (f"Add b\n\n{CLAUDE}", f"\n\n{BOB_WROTE}\n{CLAUDE}", [AI, AI, UNKNOWN]),
        ("Add b", f"\n\n{CODEX}", [("mixed", "co-author")] * 3),
        (f"Add b\n\n{CLAUDE}", f"\n\n{CODEX}", [AI, AI, ("mixed", "co-author")]),
    ],
)
def test_each_line_is_decided_by_its_own_commit(repo, first, trailer, right):
    """
    A mark counts for the lines of its own commit; one that no commit bears makes the rest mixed.
    """
    assert decisions(repo, message=f"Add three (#12){trailer}", first=first) == right


def test_a_mark_that_no_commit_bears_is_never_human(repo):
    """
    Whatever the policy, the lines of unmarked commits are not a person's then.
    """
    repo.write("pyproject.toml", '[tool.aiprov]\nunmarked = "human"\n')

    found = decisions(repo, message=f"Add three (#12)\n\n{CODEX}", first=f"Add b\n\n{CLAUDE}")

    assert found == [AI, AI, ("mixed", "co-author")]


def test_an_agent_as_the_author_in_the_request(repo):
    """
    An agent that committed to the request is the author of its own lines only.
    """
    found = decisions(repo, author="Cursor Agent <cursoragent@cursor.com>")

    assert found == [("ai", "agent-author")] * 2 + [UNKNOWN]


def test_the_steps_name_the_request(repo):
    """
    The explanation names the ref, the commit and the mark there.
    """
    decisions(repo, first=f"Add b\n\n{CLAUDE}")
    answer = query_file(repo.path / "a.py", None, history=True)

    steps = {step["step"]: step for step in explain_line(answer, 2)}

    assert steps["evidence"]["where"] == "line 3 of the message through refs/pull/12/head"
    assert steps["request"]["text"].startswith("commit ")
    assert len(steps["request"]["commit"]) == 40


@pytest.mark.parametrize(
    ("message", "origin"),
    [
        (f"Add three (#12)\n\n{CLAUDE}", "ai"),
        (f"Add three (#12)\n\n{BOB_WROTE}\n{CLAUDE}", "mixed"),
        (f"Add three (#12)\n\nCo-authored-by: Ada Lovelace <a@b.c>\n{CLAUDE}", "ai"),
        (f"Add three (#12)\n\nCo-authored-by: Al <7+Ada@users.noreply.github.com>\n{CLAUDE}", "ai"),
        (
            f"Add three (#12)\n\nCo-authored-by: Al <7+ada2@users.noreply.github.com>\n{CLAUDE}",
            "mixed",
        ),
        (f"Add three (#12)\n\nCo-authored-by: renovate[bot] <bot@renovateapp.com>\n{CLAUDE}", "ai"),
        (f"Add three\n\n{BOB_WROTE}\n{CLAUDE}", "ai"),  # not a squash
    ],
)
def test_a_squash_whose_request_was_not_fetched(repo, message, origin):
    """
    Beside other people a mark is about a part of the lines; the refs would show more.
    """
    found = decisions(repo, message=message, ref=None)

    assert found == [(origin, "co-author")] * 3
    assert ("show more" in decided(repo)[1].reason) == ("(#12)" in message)


def test_a_squash_that_lists_its_commits_and_whose_request_was_fetched(repo):
    """
    The list tells nothing more where it is known which commit wrote a line.
    """
    listed = f"Add three (#12)\n\n* Add b and c\n\nWhy.\n\n{CLAUDE}\n\n* Add d\n"

    assert decisions(repo, first=f"Add b and c\n\nWhy.\n\n{CLAUDE}", message=listed) == [
        ("ai", "co-author"), ("ai", "co-author"), ("unknown", "unmarked"),
    ]  # fmt: skip
    steps = explain_line(query_file(repo.path / "a.py", None, history=True), 2)
    assert [step["says"] for step in steps if step["step"] == "evidence"] == ["ai"]


@pytest.mark.parametrize(
    ("message", "ref"),
    [
        ("Add three (#12)", "refs/pull/12/head"),  # GitHub, Gitea, Forgejo
        ("Merged PR 12: Add three\n\nRelated work items: #4", "refs/pull/12/head"),
        ("Pull request #12: Add three\n\nMerge in SHOP/shop from topic to main",
         "refs/pull-requests/12/from"),  # Bitbucket Data Center
        ("Merged in topic (pull request #12)\n\nAdd three", "refs/pull-requests/12/from"),
        ("Add three\n\nReviewed-on: https://codeberg.org/ada/shop/pulls/12", "refs/pull/12/head"),
        ("Add three\n\nSee merge request shop/shop!12", "refs/merge-requests/12/head"),
        ("Add three\n\nPart-of: <https://gitlab.example.org/a/b/-/merge_requests/12>",
         "refs/merge-requests/12/head"),
    ],
)  # fmt: skip
def test_how_forges_name_a_request(repo, message, ref):
    """
    Each forge's own message leads to its own refs.
    """
    # The main branch has moved on, so that the trees differ.
    make_request(repo, first=f"Add b\n\n{CLAUDE}")
    repo.git("update-ref", ref, repo.head)
    repo.commit("b.py", "b = 1\n")
    repo.commit("a.py", NEW, message)

    assert evidence(repo)[1:-1] == ["co-author", "co-author", "unmarked"]


def test_a_squash_below_a_merge_that_names_the_request(repo):
    """
    GitLab squashes with the title alone, and merges: the merge names the request.
    """
    make_request(repo, first=f"Add b\n\n{CLAUDE}")
    repo.git("update-ref", "refs/merge-requests/12/head", repo.head)
    base = repo.git("rev-parse", "HEAD")
    repo.commit("b.py", "b = 1\n")
    repo.git("checkout", "-q", "-b", "squashed", base)
    repo.commit("a.py", NEW, "Add three")
    repo.git("checkout", "-q", "main")
    merge(repo, "squashed", "Merge branch 'topic' into 'main'\n\nSee merge request a/b!12")

    assert evidence(repo)[1:-1] == ["co-author", "co-author", "unmarked"]


def test_a_forge_that_keeps_the_merge_only(repo):
    """
    Azure DevOps keeps a merge of each request; its second parent is the head.
    """
    make_request(repo, first=f"Add b\n\n{CLAUDE}")
    repo.git("checkout", "-q", "--detach")
    merge(repo, repo.head, "Merge pull request 12 from topic into main")
    repo.git("update-ref", "refs/pull/12/merge", "HEAD")
    repo.git("checkout", "-q", "main")
    repo.commit("a.py", NEW, "Merged PR 12: Add three")

    assert evidence(repo)[1:-1] == ["co-author", "co-author", "unmarked"]


def test_a_commit_that_was_rebased(branched):
    """
    "Rebase and merge" copies commits: a copy with the same patch has the record of the original.
    """
    branched.git("update-ref", "refs/pull/12/head", branched.head)
    branched.commit("b.py", "b = 1\n", when="2026-05-05T10:00:00Z")
    people = {f"GIT_COMMITTER_{key}": "x@y.z" for key in ("NAME", "EMAIL")}
    branched.git("cherry-pick", f"main..{branched.head}", **people)

    assert evidence(branched) == [
        "unmarked", "note-recovered", "note-recovered", "unmarked", "unmarked",
    ]  # fmt: skip


def test_the_request_of_a_fork_with_that_number(repo):
    """
    A request counts if its own commits wrote most of what the squash added to the file.
    """
    make_request(repo, first=f"Add b\n\n{CLAUDE}")
    repo.git("update-ref", "refs/pull/12/head", repo.head)
    repo.commit("a.py", "a = 1\nb = 2\nx = 1\ny = 2\nw = 3\nz = 26\n", "Add others (#12)")

    assert set(evidence(repo)) == {"unmarked"}


def test_a_request_that_goes_on_after_the_squash(repo):
    """
    A head that is later than the squash may be anybody's.
    """
    base = repo.commit("a.py", OLD)
    repo.git("checkout", "-q", "--detach")
    head = repo.commit("a.py", NEW, f"Add three\n\n{CLAUDE}", when="2026-06-01T10:00:00Z")
    repo.git("update-ref", "refs/pull/12/head", head)
    repo.git("checkout", "-q", "-B", "main", base)
    repo.commit("a.py", NEW, "Add three (#12)")

    assert set(evidence(repo)) == {"unmarked"}


def test_a_request_that_begins_after_the_squash(repo):
    """
    A request that was made from what the squash led to can't be what was squashed.
    """
    repo.commit("a.py", OLD)
    repo.commit("a.py", NEW, "Add three (#12)")
    later = repo.commit("b.py", "b = 1\n")
    repo.git("checkout", "-q", "--detach")
    head = repo.commit("c.py", "c = 1\n", f"Add c\n\n{CLAUDE}")
    repo.git("update-ref", "refs/pull/12/head", head)
    repo.git("checkout", "-q", "-B", "main", later)

    assert set(evidence(repo)) == {"unmarked"}


def merge(repo, branch, message):
    """Merge *branch* with a commit, as a forge does."""
    people = {f"GIT_{r}_{p}": "x@y.z" for r in ("AUTHOR", "COMMITTER") for p in ("NAME", "EMAIL")}
    when = {f"GIT_{r}_DATE": "2026-05-04T10:00:00Z" for r in ("AUTHOR", "COMMITTER")}
    repo.git("merge", "-q", "--no-ff", "-m", message, branch, **people, **when)
