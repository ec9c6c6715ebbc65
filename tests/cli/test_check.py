from __future__ import annotations

import json
import zipfile

import pytest

from aiprov_otel.errors import ManifestError, ManifestNotFound


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
    assert "does not match; run `aiprov build` again" in out


def test_a_manifest_of_another_commit(built, aiprov):
    """
    Status 1, and both commits.
    """
    head = built.commit("README", "x\n")

    status, out = aiprov("check", built.path)

    assert status == 1
    assert f"{head[:12]} is checked out" in out


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
    assert "policy   says something else than when it was built: unmarked\n" in out


def test_a_manifest_that_is_none(built, aiprov, tmp_path):
    """
    A missing, truncated, foreign or newer manifest is an error, with what to do about it.
    """
    whole = (built.path / "aiprov.manifest").read_bytes()
    (tmp_path / "truncated").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "foreign").write_text("a photograph")
    with zipfile.ZipFile(tmp_path / "newer", "w") as archive:
        archive.writestr("manifest.json", '{"format": "aiprov-manifest", "schema": 99}')

    with pytest.raises(ManifestNotFound, match="write one with `aiprov build`"):
        aiprov("check", built.path, "--manifest", tmp_path / "nowhere")
    for name in ("truncated", "foreign"):
        with pytest.raises(ManifestError, match="is not a whole manifest"):
            aiprov("check", built.path, "--manifest", tmp_path / name)
    with pytest.raises(ManifestError, match="schema 99"):
        aiprov("check", built.path, "--manifest", tmp_path / "newer")
