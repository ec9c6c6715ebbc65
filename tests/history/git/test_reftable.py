"""Repositories whose refs git keeps in tables, where no ref is a file."""

from __future__ import annotations

from pathlib import Path

import pytest

import aiprov_otel
from aiprov_otel.history.build import build
from support.notes import attested, note
from support.repo import Repo

SOURCE = Path(aiprov_otel.__file__).parent
WITHOUT_GIT = {"capture/watched.py"}  # a hook that may not start git; it knows of tables


@pytest.fixture
def tables(tmp_path):
    """A repository whose refs are in tables, if this git can make one."""
    try:
        return Repo(tmp_path / "tables", "--ref-format=reftable")
    except AssertionError as error:
        reason = str(error).splitlines()[0]
        pytest.skip(f"git init --ref-format=reftable needs git 2.45 or newer: {reason}")


def test_records_requests_and_head(tables):
    """
    Notes, requests and the commit that is checked out are found, and a rebuild finds the same.
    """
    base = tables.commit("a.py", "a = 1\nz = 26\n")
    tables.git("checkout", "-q", "-b", "topic")
    head = tables.commit("a.py", "a = 1\nb = 2\nz = 26\n", "Add b")
    note(tables, head, attested("a.py", "2"))
    tables.git("update-ref", "refs/pull/7/head", head)
    tables.git("checkout", "-q", "-B", "main", base)
    newest = tables.commit("a.py", "a = 1\nb = 2\nz = 26\n", "Add b (#7)")

    first = build(tables.path, tables.path.parent / "first")
    second = build(tables.path, tables.path.parent / "second")

    assert first.revision == second.revision == newest
    assert first.evidence == second.evidence == {"note-recovered": 1, "unmarked": 2}
    assert first.path.read_bytes() == second.path.read_bytes()


def test_no_ref_is_read_as_a_file():
    """
    Git is asked for refs, wherever it may be started.
    """
    files = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if any(word in path.read_text("utf-8") for word in ("packed-refs", '/ "HEAD").read'))
    }

    assert files - WITHOUT_GIT == set()
