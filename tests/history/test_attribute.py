from __future__ import annotations

import json

import pytest

from aiprov_otel.history import attribute, source_files
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.values import Evidence, Origin
from support.notes import CLAUDE, attested, git_ai, note

THREE = "a = 1\nb = 2\nc = 3\n"
MARKED = "Add it\n\nCo-Authored-By: Cursor <cursoragent@cursor.com>\n"
HEX = "0123456789abcdef"


def decided(repo, path="a.py"):
    """The decision about each line of *path*."""
    git = Git.open(repo.path)
    read = attribute.attribute_files(
        git, Policy.load(git.root), [source_files.find_tracked(git, repo.path / path)]
    )
    return list(read.lines(read.blamed[0]))


def origins(repo, path="a.py"):
    """The origin of each line of *path*."""
    return [str(one.provenance.origin) for one in decided(repo, path)]


def test_a_record_decides_for_the_lines_that_it_names(repo):
    """
    Lines in a record have its origin, agent and model; others what the commit says of itself.
    """
    commit = repo.commit("a.py", THREE, MARKED)
    note(repo, commit, attested("a.py", "2"))

    first, second, third = (one.provenance for one in decided(repo))

    assert (second.origin, second.evidence) == (Origin.AI, Evidence.NOTE)
    assert (second.agent, second.model) == ("claude-code", "claude-opus-4-6")
    assert (second.commit, second.provider) == (commit, "anthropic")
    assert first == third
    assert (first.evidence, first.agent) == (Evidence.CO_AUTHOR, "cursor")


def test_a_person_in_a_record_beats_a_mark_on_the_commit(repo):
    """
    A line that a record gives to a person has no agent, whatever the trailer says.
    """
    commit = repo.commit("a.py", THREE, MARKED)
    log = git_ai({"a.py": {"h_f": "1"}}, humans={"h_f": {"author": "Ada"}})
    note(repo, commit, log)

    person = decided(repo)[0].provenance

    assert (person.origin, person.evidence) == (Origin.HUMAN, Evidence.NOTE)
    assert (person.agent, person.model, person.provider) == (None, None, None)


def test_a_record_without_entries(repo):
    """
    A note that attests nothing leaves every line to the commit and the policy.
    """
    note(repo, repo.commit("a.py", THREE), git_ai({}))

    assert origins(repo) == ["unknown"] * 3


def test_a_file_that_was_renamed(repo):
    """
    A record names the file as it was called then, and the line as it was numbered then.
    """
    commit = repo.commit("old name.py", THREE)
    note(repo, commit, attested("old name.py", "2-3"))
    repo.git("mv", "old name.py", "a.py")
    repo.commit("a.py", "z = 0\n" + THREE)

    assert origins(repo) == ["unknown", "unknown", "ai", "ai"]


def test_a_line_that_is_not_committed(repo):
    """
    What was changed in the work tree has no record, and moves the lines below it.
    """
    note(repo, repo.commit("a.py", THREE), attested("a.py", "1-3"))
    repo.write("a.py", "z = 0\n" + THREE)

    assert origins(repo) == ["unknown", "ai", "ai", "ai"]


def test_a_rebase_loses_the_record(repo):
    """
    The note of a commit that was rewritten is on the old one, and says nothing of the new one.
    """
    note(repo, repo.commit("a.py", THREE), attested("a.py", "1-3"))
    repo.git("reset", "--soft", "HEAD")
    repo.git("update-ref", "-d", "HEAD")
    repo.commit("a.py", THREE, "Rewritten")

    assert origins(repo) == ["unknown"] * 3


def test_a_record_beyond_the_end_of_the_file(repo):
    """
    Lines that never existed are ignored.
    """
    note(repo, repo.commit("a.py", THREE), attested("a.py", "3-900"))

    assert origins(repo) == ["unknown", "unknown", "ai"]


def test_lines_that_python_counts_and_git_does_not(repo):
    """
    A record counts lines as git does; the answer is given as Python counts them.
    """
    note(repo, repo.commit("a.py", b"a = 1\rb = 2\nc = 3\n"), attested("a.py", "2"))

    assert origins(repo) == ["unknown", "unknown", "ai"]


def test_the_end_of_a_shallow_clone(repo, tmp_path):
    """
    A record knows about a line at which a shallow clone ends; the commit's own marks do not.
    """
    commit = repo.commit("a.py", THREE, MARKED)
    note(repo, commit, attested("a.py", "2"))
    repo.commit("b.py", "")
    repo.git("clone", "-q", "--depth=2", f"file://{repo.path}", str(tmp_path / "clone"))
    repo.path = tmp_path / "clone"
    repo.git("fetch", "-q", "--depth=1", "origin", "+refs/notes/ai:refs/notes/ai")
    repo.git("update-ref", "HEAD", "HEAD")
    repo.write(".git/shallow", commit + "\n")

    assert origins(repo) == ["unknown", "ai", "unknown"]


def test_notes_in_folders_and_out_of_them(repo):
    """
    Git moves notes into folders as there are more of them; a ref may hold both forms.
    """
    first = repo.commit("a.py", "a = 1\n")
    second = repo.commit("a.py", "a = 1\nb = 2\n")
    third = repo.commit("a.py", THREE)
    named = {first: first, second: f"{second[:2]}/{second[2:]}", third: third}
    named[third] = f"{third[:2]}/{third[2:4]}/{third[4:]}"
    index = {"GIT_INDEX_FILE": str(repo.path / "index-of-notes")}
    for line, commit in enumerate((first, second, third), 1):
        text = attested("a.py", str(line)).encode()
        blob = repo.git("hash-object", "-w", "--stdin", stdin=text)
        cached = f"100644,{blob},{named[commit]}"
        repo.git("update-index", "--add", "--cacheinfo", cached, **index)
    repo.git("update-ref", "refs/notes/ai", repo.git("write-tree", **index))

    assert origins(repo) == ["ai", "ai", "ai"]


def test_a_key_that_only_another_note_explains(repo):
    """
    The prompt of a bare key is found in the note of any commit, on the history or off it.
    """
    commit = repo.commit("a.py", THREE)
    note(repo, commit, git_ai({"a.py": {HEX: "1"}}))
    assert origins(repo) == ["unknown"] * 3

    other = repo.git("commit-tree", "HEAD^{tree}", "-m", "x", **PEOPLE)
    note(repo, other, git_ai({}, prompts={HEX: CLAUDE}))

    assert origins(repo) == ["ai", "unknown", "unknown"]
    assert decided(repo)[0].provenance.agent == "claude-code"


PEOPLE = {
    f"GIT_{role}_{part}": "ada@example.org"
    for role in ("AUTHOR", "COMMITTER")
    for part in ("NAME", "EMAIL")
}


def test_notes_that_a_tool_keeps_for_a_remote(repo):
    """
    A mirror of the remote's notes counts where this clone's own say nothing.
    """
    commit = repo.commit("a.py", THREE)
    note(repo, commit, attested("a.py", "1-2"), "refs/notes/ai-remote/origin")
    note(repo, commit, git_ai({"a.py": {"human": "1"}}))

    assert origins(repo) == ["human", "ai", "unknown"]


def test_records_from_before_there_were_notes(repo):
    """
    A log that is a ref of its own is read too.
    """
    commit = repo.commit("a.py", THREE)
    files = {"a.py": {"file": "a.py", "authors": [{"author": "Cursor", "lines": [[2, 3]]}]}}
    blob = repo.git("hash-object", "-w", "--stdin", stdin=json.dumps({"files": files}).encode())
    repo.git("update-ref", f"refs/ai/authorship/{commit}", blob)

    assert origins(repo) == ["unknown", "ai", "ai"]


def test_the_first_record_that_speaks_of_a_line_decides(repo):
    """
    Where tools disagree, the first in the order of readers decides, and all of them are shown.
    """
    commit = repo.commit("a.py", THREE)
    note(repo, commit, git_ai({"a.py": {"human": "1"}}))
    said = [{"path": "a.py", "start_line": 1, "end_line": 2, "category": "ai_generated"}]
    note(repo, commit, json.dumps({"attributions": said}), "refs/notes/agentblame")

    assert origins(repo) == ["human", "ai", "unknown"]
    assert [mark.where for mark in decided(repo)[0].marks] == [
        "refs/notes/ai", "refs/notes/agentblame",
    ]  # fmt: skip


def test_a_note_of_bytes(repo):
    """
    A note that is not text is ignored.
    """
    commit = repo.commit("a.py", THREE)
    blob = repo.git("hash-object", "-w", "--stdin", stdin=b"a.py\n  ai_agent 1\n---\n\xff\0{")
    repo.git("notes", "--ref=refs/notes/whogitit", "add", "-C", blob, commit, **PEOPLE)
    repo.git("notes", "--ref=refs/notes/agentblame", "add", "-C", blob, commit, **PEOPLE)

    assert origins(repo) == ["unknown"] * 3


def test_a_ref_that_holds_no_notes(repo):
    """
    Whatever a ref of that name leads to, the build does not fail.
    """
    repo.commit("a.py", THREE)
    blob = repo.git("hash-object", "-w", "--stdin", stdin=b"x")
    repo.git("update-ref", "refs/notes/ai", blob)
    repo.git("update-ref", "refs/notes/whogitit", "HEAD")
    repo.git("update-ref", "refs/agentdiff/traces/main", "HEAD")

    assert origins(repo) == ["unknown"] * 3


@pytest.fixture
def partial(repo, tmp_path):
    """A clone that has the notes, and lacks what they say."""
    note(repo, repo.commit("a.py", THREE, MARKED), attested("a.py", "2"))
    repo.git("config", "uploadpack.allowFilter", "true")
    url = f"file://{repo.path}"
    repo.git("clone", "-q", "--filter=blob:none", url, str(tmp_path / "clone"))
    repo.path = tmp_path / "clone"
    repo.git("fetch", "-q", "origin", "+refs/notes/ai:refs/notes/ai")
    return repo


def test_a_note_that_a_partial_clone_lacks(partial):
    """
    A record that is not there says nothing, and is counted; it is not fetched.
    """
    git = Git.open(partial.path)
    found = attribute.attribute_files(
        git, Policy(), [source_files.find_tracked(git, partial.path / "a.py")]
    )

    assert found.decisions.missing_records == 1
    assert origins(partial) == ["ai", "ai", "ai"]
    assert decided(partial)[1].provenance.evidence is Evidence.CO_AUTHOR


def test_the_command_that_completes_a_partial_clone(partial):
    """
    What `aiprov build` prints for a partial clone fetches the records.
    """
    notes = "+refs/notes/*:refs/notes/*"
    partial.git("fetch", "-q", "--refetch", "--no-filter", "origin", notes)

    assert decided(partial)[1].provenance.evidence is Evidence.NOTE


def test_a_tag_in_the_source(repo):
    """
    With `markers`, a tag decides for lines without a record, and before marks on the commit.
    """
    text = "# SPDX-AI-Disclosure: ai-assisted\na = 1\nb = 2\n"
    commit = repo.commit("a.py", text, MARKED)
    note(repo, commit, git_ai({"a.py": {"human": "2"}}))
    assert origins(repo) == ["ai", "human", "ai"]

    repo.write("pyproject.toml", "[tool.aiprov]\nmarkers = true\n")

    assert origins(repo) == ["mixed", "human", "mixed"]
    assert decided(repo)[0].provenance.evidence is Evidence.MARKER
