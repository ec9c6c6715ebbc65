"""The code that a page shows, from the work tree, from git and from a manifest."""

from __future__ import annotations

import pytest

from aiprov_otel.cli.code import page_code
from aiprov_otel.errors import ManifestError, UsageError
from aiprov_otel.history.build import build
from support.repo import Repo

FIRST, SECOND = "def total():\n    return 1\n", "def total():\n    return 2\n"


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A repository with a manifest, which is the working directory."""
    repo = Repo(tmp_path)
    repo.commit("cart.py", FIRST, "Add totals\n\nWith a body")
    build(tmp_path, tmp_path / "aiprov.manifest")
    monkeypatch.chdir(tmp_path)
    return repo


def test_the_text_is_that_of_the_build(shop):
    """A file that changed since is read from git at the manifest's commit."""
    [entry] = page_code()().manifest.entries
    assert page_code()().text(entry) == FIRST

    shop.write("cart.py", SECOND)
    assert page_code()().text(entry) == FIRST


def test_a_text_that_is_nowhere_is_none(shop, tmp_path):
    """A manifest of a file that was never committed as it is: there is no text to show."""
    shop.write("cart.py", SECOND)
    build(tmp_path, tmp_path / "aiprov.manifest")
    shop.write("cart.py", FIRST.replace("1", "3"))

    code = page_code()()
    assert code.text(code.manifest.entries[0]) is None


def test_subjects_come_from_git(shop):
    """The first line of the messages that it has; what is not a commit has none."""
    head = shop.git("rev-parse", "HEAD").strip()
    blob = shop.git("rev-parse", "HEAD:cart.py").strip()

    subjects = page_code()().subjects([head, "0" * 40, blob, "--help", "x\ny"])

    assert subjects == {head: "Add totals"}


def test_the_step_that_would_make_most_lines_known(shop, tmp_path):
    """A squash whose pull request was not fetched is named, with its lines; else there is none."""
    assert page_code()().next_step() is None

    shop.commit("tax.py", "a = 1\nb = 2\n", "Add tax (#12)")
    build(tmp_path, tmp_path / "aiprov.manifest")

    step = page_code()().next_step()
    assert step.startswith("most would be known by this step: fetch the pull requests")
    assert "(up to 2 of the unknown lines)" in step


def test_without_git_there_are_no_subjects(tmp_path, monkeypatch):
    """A manifest alone is enough for a page."""
    monkeypatch.chdir(tmp_path)

    code = page_code()()
    assert (code.manifest, code.subjects(["0" * 40]), code.next_step()) == (None, {}, None)


def test_a_manifest_that_is_being_written_is_left_out(shop, tmp_path):
    """The next page has it; a copy is not made without it."""
    (tmp_path / "aiprov.manifest").write_text("half")

    assert page_code()().manifest is None
    with pytest.raises(ManifestError):
        page_code(strict=True)()


def test_coverage_is_matched_with_the_files_of_the_manifest(shop, tmp_path):
    """By path; a file that can't be read is named."""
    (tmp_path / "lcov.info").write_text("SF:cart.py\nDA:1,1\nDA:2,0\nend_of_record\n")

    tested = page_code(tmp_path / "lcov.info")().coverage["cart.py"]
    assert (tested.covered, tested.missing) == ({1}, {2})
    with pytest.raises(UsageError, match="can't be read"):
        page_code(tmp_path / "nowhere")
