"""`aiprov report --run`: the latest run, another one or all of them."""

from __future__ import annotations

import json

import pytest

from support.command import invoke
from support.telemetry import AI, HUMAN, Service


@pytest.fixture
def two_runs(tmp_path, stored):
    """A store with an older run of one span, and a later one of two."""
    older, later = Service(run="0a"), Service(run="0b")
    older.span("old", by=HUMAN)
    later.span("first", by=AI, at=1000)
    later.span("second", by=AI, at=2000)
    stored(older)
    stored(later)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "spans"),
    [((), 2), (("--run", "latest"), 2), (("--run", "0a"), 1), (("--run", "all"), 3)],
)
def test_runs_are_told_apart(two_runs, words, spans):
    """The report is about the latest run, unless another or all of them are asked for."""
    done = invoke("report", "--json", *words, cwd=two_runs)

    assert json.loads(done.stdout)["coverage"]["spans"] == spans
    assert ("--run all covers 1 earlier one too" in done.stderr) is (spans == 2)


def test_a_run_that_is_not_there_is_named(two_runs):
    """With those that are."""
    done = invoke("report", "--run", "0c", cwd=two_runs)

    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no run 0c; the latest are: 0b, 0a" in done.stderr


def test_a_sender_that_calls_itself_a_run_is_no_sql(tmp_path, stored):
    """The id of a run is what `aiprov run` makes; another is not taken for one."""
    service = Service(run="' OR 1=1 --")
    service.span("total", by=AI)
    stored(service)

    done = invoke("report", "--json", cwd=tmp_path)

    assert json.loads(done.stdout)["coverage"]["spans"] == 1


def test_a_bad_run_id_adds_nothing_to_the_report_on_another_run(tmp_path, stored):
    """A sender with a bad run id adds no spans to the report on a real run."""
    for run in ("0a", "' OR 1=1 --"):
        service = Service(run=run)
        service.span("total", by=AI)
        stored(service)

    done = invoke("report", "--json", cwd=tmp_path)

    assert json.loads(done.stdout)["coverage"]["spans"] == 1
