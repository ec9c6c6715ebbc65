from __future__ import annotations

import json
import zipfile

import pytest

from aiprov_otel.errors import ManifestError, ManifestNotFound, UsageError
from support.notes import attested, note


@pytest.fixture
def built(repo, aiprov):
    """A repository and its manifest."""
    repo.commit("a.py", "a = 1\n")
    aiprov("build", repo.path)
    return repo


def test_a_manifest_that_matches(built, aiprov):
    """
    Status 0: the service would get the right answers.
    """
    status, out = aiprov("check", built.path)

    assert status == 0
    assert "matches: 1 file," in out


def test_a_tree_that_has_changed(built, aiprov):
    """
    Status 1, and each file that differs.
    """
    built.write("a.py", "a = 2\n")
    built.write("b.py", "b = 1\n")
    built.git("add", "b.py")

    status, out = aiprov("check", built.path)

    assert status == 1
    assert "changed  a.py\nnew      b.py\n" in out
    assert "is out of date; run `aiprov build` again" in out


def test_a_manifest_of_another_commit(built, aiprov):
    """
    Status 1, and both commits.
    """
    head = built.commit("README", "x\n")

    status, out = aiprov("check", built.path)

    assert status == 1
    assert f"{head[:9]} is checked out" in out


def test_the_answer_for_a_program(built, aiprov):
    """
    A program reads the same as JSON.
    """
    (built.path / "a.py").unlink()

    status, out = aiprov("check", built.path, "--json")

    assert status == 1
    assert json.loads(out)["missing"] == ["a.py"]


def test_a_policy_that_has_changed(built, aiprov):
    """
    Status 1 where [tool.aiprov] would decide otherwise now.
    """
    built.write("pyproject.toml", '[tool.aiprov]\nunmarked = "human"\n')

    status, out = aiprov("check", built.path)

    assert status == 1
    assert "policy   changed since the build: unmarked\n" in out


def test_a_manifest_that_is_none(built, aiprov, tmp_path):
    """
    A missing, truncated, foreign or newer manifest is an error, with what to do about it.
    """
    whole = (built.path / "aiprov.manifest").read_bytes()
    (tmp_path / "truncated").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "foreign").write_text("a photograph")
    with zipfile.ZipFile(tmp_path / "newer", "w") as archive:
        archive.writestr("manifest.json", '{"format": "aiprov-manifest", "schema": 99}')

    with pytest.raises(ManifestNotFound, match="create one with `aiprov build`"):
        aiprov("check", built.path, "--manifest", tmp_path / "nowhere")
    for name in ("truncated", "foreign"):
        with pytest.raises(ManifestError, match="is not a whole manifest"):
            aiprov("check", built.path, "--manifest", tmp_path / name)
    with pytest.raises(ManifestError, match="schema 99"):
        aiprov("check", built.path, "--manifest", tmp_path / "newer")


def test_a_gate_for_a_pipeline(built, aiprov):
    """
    Status 1 where too little is known, with the share that was found and the one that is asked for.
    """
    failed = aiprov("check", built.path, "--min-known", "0.5")
    passed = aiprov("check", built.path, "--min-known", "0")

    assert failed[0] == 1
    assert "known    0 of 1 line: 0.00%, below the required 50%\n" in failed[1]
    assert "`aiprov stats --by evidence` shows why" in failed[1]
    assert passed[0] == 0


def test_a_gate_for_the_lines_of_a_pull_request(built, aiprov):
    """
    --since asks about new lines alone, --min-strength for evidence that is not weak.
    """
    message = "Add it\n\nCo-Authored-By: Claude Opus 4.6 <noreply@anthropic.com>\n"
    built.commit("b.py", "b = 1\nc = 1\n", message)
    aiprov("build", built.path)
    gate = ("--min-known", "1", "--min-strength", "commit", "--since")

    status, out = aiprov("check", built.path, *gate, "HEAD~1")

    assert status == 0
    assert (
        "known    2 of 2 lines written since HEAD~1 by commit evidence: 100.0%, "
        "at least the required 100%\n"
    ) in out
    assert (
        "known    no lines written since HEAD to check\n"
        in (aiprov("check", built.path, *gate, "HEAD")[1])
    )
    told = json.loads(aiprov("check", built.path, *gate, "HEAD~1", "--json")[1])
    assert told["gate"]["passed"] is True
    assert json.loads(aiprov("check", built.path, "--json")[1])["gate"] is None


@pytest.mark.parametrize("option", [("--since", "HEAD"), ("--min-strength", "line")])
def test_a_gate_without_a_share(built, aiprov, option):
    """
    What is asked about is no question yet.
    """
    with pytest.raises(UsageError, match="need --min-known"):
        aiprov("check", built.path, *option)


def test_the_manifest_of_one_package(repo, aiprov):
    """
    What was built of one folder, and lies in it, is compared with that folder.
    """
    repo.commit("shop/a.py", "a = 1\n")
    repo.commit("other/b.py", "b = 1\n")
    aiprov("build", repo.path / "shop")

    assert aiprov("check", repo.path / "shop")[0] == 0
    repo.write("shop/a.py", "a = 2\n")
    assert "changed  shop/a.py\n" in aiprov("check", repo.path / "shop")[1]
    with pytest.raises(ManifestNotFound):
        aiprov("check", repo.path / "other")


def test_a_manifest_that_followed_moves(built, aiprov):
    """
    What was built with -C is compared with what -C would give.
    """
    aiprov("build", built.path, "-C")

    assert aiprov("check", built.path)[0] == 0


def test_records_that_were_fetched_since(built, aiprov):
    """
    Status 1 and one line that names what is new, until it is built again.
    """
    note(built, "HEAD", attested("a.py", "1"))

    status, out = aiprov("check", built.path)

    assert status == 1
    assert "records  changed since the build: refs/notes/ai\n" in out
    assert json.loads(aiprov("check", built.path, "--json")[1])["records"] == ["refs/notes/ai"]
    assert json.loads(aiprov("blame", built.path / "a.py", "--json")[1])["said_by"] == "git"
    aiprov("build", built.path)
    assert aiprov("check", built.path)[0] == 0


def test_another_commit_than_the_tree(built, aiprov, tmp_path):
    """
    A manifest that --rev made matches the work tree where this is that commit, its log included.
    """
    built.commit(".agent-trace/traces.jsonl", "{}\n")
    aiprov("build", built.path, "--rev", "HEAD", "-o", tmp_path / "m")

    assert aiprov("check", built.path, "--manifest", tmp_path / "m")[0] == 0
