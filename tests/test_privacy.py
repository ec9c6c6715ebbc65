"""Records hold much about people; none of it leaves the build."""

from __future__ import annotations

import json
import re
import zipfile

import pytest

from aiprov_otel import attributes
from aiprov_otel.cli.main import main
from aiprov_otel.manifest import Manifest
from aiprov_otel.values import Unit
from support.notes import git_ai, note
from support.repo import Repo

JANE = "Jane Doe <jane@example.org>"
SECRETS = (
    JANE,
    "Please rewrite the checkout as if you were me",
    "/home/jane/.claude/projects/shop/transcript-1.jsonl",
    "https://chat.example.org/session/9f86d081",
    "file://c:/Users/jane/agent-transcripts/be6cecdd.jsonl",
    "be6cecdd-a75a-4363-b49d-3f7850807d1d",
)
TOLD = re.compile(
    r"jane|doe\b|@|rewrite|checkout as|transcript|://|session/|be6cecdd|/home", re.IGNORECASE
)
LINES = 'TAG = "all records are about these lines"\n' * 6


def everything(**more):
    """An object that repeats each secret under the keys that tools use."""
    keys = ("id", "human_author", "messages_url", "author", "prompt", "url", "session_id")
    return {**dict(zip(keys, (*SECRETS, JANE), strict=True)), "messages": list(SECRETS), **more}


def logged_by_git_ai():
    """A log whose every free field holds a secret, the tool and the model too."""
    agents = [{"tool": one, "model": two} for one in SECRETS for two in SECRETS]
    prompts = {f"{n:016x}": everything(agent_id=everything(**a)) for n, a in enumerate(agents)}
    prompts |= {one.replace(" ", "_"): everything(agent_id=agents[0]) for one in SECRETS}
    keys = dict.fromkeys(prompts, "1-2") | {"h_f": "3"}
    return git_ai({"a.py": keys}, prompts=prompts, humans={"h_f": everything()}, base=JANE)


def logged_by_an_editor(commit):
    """A trace with secrets wherever it may hold text."""
    contributor = everything(type="ai", model_id=SECRETS[0])
    ranges = [{"start_line": 4, "end_line": 4, "content_hash": SECRETS[1]}]
    conversation = {"url": SECRETS[4], "contributor": contributor, "ranges": ranges}
    conversation["related"] = [everything(type=one) for one in SECRETS]
    files = [{"path": "a.py", "conversations": [conversation]}]
    files += [{"path": one, "conversations": [conversation]} for one in SECRETS]
    return everything(
        timestamp=SECRETS[1],
        vcs={"revision": commit},
        tool=everything(name=JANE),
        files=files,
        metadata=everything(),
    )


@pytest.fixture
def repo(tmp_path):
    """A repository in which every kind of record is full of secrets."""
    repo = Repo(tmp_path / "repo")
    commit = repo.commit("a.py", f"# SPDX-FileContributor: {JANE}\n{LINES}", f"Add\n\n{JANE}\n")
    note(repo, commit, logged_by_git_ai())
    lines = [{"line_number": 5, "content": JANE, "source": everything(type="AI")}]
    session = everything(model=everything(id=SECRETS[2]))
    told = {
        "session": session,
        "prompts": [everything()],
        "files": [{"path": "a.py", "lines": lines}],
    }
    note(repo, commit, json.dumps(told), "refs/notes/whogitit")
    said = {"path": "a.py", "start_line": 6, "end_line": 6, "category": "ai_generated"}
    said = everything(provider=SECRETS[3], model=SECRETS[4], **said)
    note(repo, commit, json.dumps({"attributions": [said]}), "refs/notes/agentblame")
    repo.write(".agent-trace/traces.jsonl", json.dumps(logged_by_an_editor(commit)))
    repo.write("pyproject.toml", "[tool.aiprov]\nmarkers = true\n")
    return repo


def test_nothing_of_a_record_reaches_the_manifest(repo, capsys, monkeypatch):
    """
    Origins, kinds of evidence and commits come out of records, and not one word about people.
    """
    monkeypatch.chdir(repo.path)
    assert main(["build"]) == 0
    manifest = Manifest.load(repo.path / "aiprov.manifest")
    [source] = manifest.sources()

    assert {str(run.provenance.evidence) for run in source.runs} >= {"note", "agent-trace"}
    with zipfile.ZipFile(repo.path / "aiprov.manifest") as archive:
        for name in archive.namelist():
            assert not TOLD.search(archive.read(name).decode("latin-1"))
    for run in source.runs:
        assert not TOLD.search(repr(attributes.of_unit(run.provenance, Unit.FUNCTION)))
        assert not TOLD.search(repr(attributes.of_exception(run.provenance, run.provenance)))


@pytest.mark.parametrize(
    "arguments",
    [
        ["blame", "a.py"],
        *(["explain", f"a.py:{line}"] for line in range(1, 8)),
        *(["stats", "--by", by] for by in ("origin", "agent", "model", "evidence")),
    ],
    ids=" ".join,
)
def test_nothing_of_a_record_is_told(repo, capsys, monkeypatch, arguments):
    """
    What is printed, for programs and for people, says where a record is and nothing else of it.
    """
    monkeypatch.chdir(repo.path)

    assert main([*arguments, "--json"]) == 0
    assert not TOLD.search(capsys.readouterr().out)


def test_a_build_tells_nothing_either(repo, capsys, monkeypatch):
    """
    The summary names files, counts and the manifest.
    """
    monkeypatch.chdir(repo.path)

    assert main(["build", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    del told["manifest"]
    assert not TOLD.search(json.dumps(told))
