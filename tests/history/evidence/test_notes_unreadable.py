from __future__ import annotations

import json

from aiprov_otel.history.build import build
from aiprov_otel.history.evidence import agent_blame, agent_trace_ledger, git_ai
from support.notes import attested, note
from support.notes import git_ai as log

LEDGER = {
    "version": "2.0",
    "tool": {"name": "cursor"},
    "ledger": {
        "version": "2.0",
        "files": {
            "a.py": {
                "line_attributions": [
                    {"start_line": 1, "end_line": 2, "type": "ai", "model_id": "openai/gpt-5.2"},
                    {"start_line": 3, "end_line": 3, "type": "human"},
                    {"start_line": 4, "end_line": 4, "type": "unknown"},
                ]
            }
        },
    },
}


def test_notes_that_can_t_be_read_are_named(repo):
    """
    A note that is damaged counts for nothing, and the summary names its ref and its commit.
    """
    good = repo.commit("a.py", "a = 1\n")
    bad = repo.commit("b.py", "b = 1\n")
    note(repo, good, attested("a.py", "1"))
    note(repo, bad, attested("b.py", "1")[:-20])

    summary = build(repo.path)

    assert summary.evidence == {"note": 1, "unmarked": 1}
    assert summary.unreadable_records == {"refs/notes/ai": [bad]}


def test_a_note_that_states_nothing_can_be_read(repo):
    """
    An empty log means that the tool ran and wrote nothing.
    """
    note(repo, repo.commit("a.py", "a = 1\n"), log({}))

    assert build(repo.path).unreadable_records == {}


def test_logs_that_git_joined():
    """
    Notes of commits that were melted into one are read one after the other.
    """
    other = log({"b.py": {"aaaa": "1"}}, prompts={"aaaa": {"agent_id": {"tool": "cursor"}}})

    parsed = git_ai.parse_log(f"{attested('a.py', '1-2')}\n\n{other}".encode())

    assert [path for path, _, _ in parsed.entries] == ["a.py", "b.py"]
    assert set(parsed.sessions) == {"s_0123456789abcd"}
    assert set(parsed.prompts) == {"aaaa"}


def test_documents_that_git_joined():
    """
    So are notes that are documents of JSON.
    """
    row = {"start_line": 1, "end_line": 1, "category": "ai_generated"}
    notes = [json.dumps({"attributions": [{**row, "path": path}]}) for path in ("a.py", "b.py")]

    assert set(agent_blame.parse("\n\n".join(notes).encode(), "x")) == {"a.py", "b.py"}
    assert agent_blame.parse(f"{notes[0]}\n{{".encode(), "x") is None


def test_a_ledger_of_lines(repo):
    """
    `refs/notes/agent-trace` holds a ledger of the lines of each file.
    """
    note(repo, repo.commit("a.py", "a = 1\n" * 5), json.dumps(LEDGER), "refs/notes/agent-trace")

    summary = build(repo.path)

    assert summary.origins == {"ai": 2, "human": 1, "unknown": 2}
    assert summary.evidence == {"agent-trace": 3, "unmarked": 2}
    [first, *_] = agent_trace_ledger.parse(json.dumps(LEDGER).encode(), "x")["a.py"]
    assert (first.mark.agent, first.mark.model) == ("cursor", "gpt-5.2")
