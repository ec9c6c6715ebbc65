from __future__ import annotations

import argparse

import pytest

from aiprov_otel.cli import blame, build, check, explain, stats, traceback
from aiprov_otel.telemetry.store import Store
from support.repo import Repo
from support.service import all_but

_ON_HISTORY = (build, check, blame, explain, stats, traceback)


@pytest.fixture(autouse=True, scope="module")
def alone():
    """A command that is run loads our instrumentation and no other: each costs a start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", all_but(()))
        yield


@pytest.fixture
def repo(tmp_path):
    """An empty repository."""
    return Repo(tmp_path / "repo")


@pytest.fixture
def aiprov(capsys):
    """Runs a verb that reads history; returns its exit status and what it printed."""

    def run(*arguments):
        parser = argparse.ArgumentParser()
        verbs = parser.add_subparsers(required=True)
        for verb in _ON_HISTORY:
            verb.add(verbs)
        args = parser.parse_args([str(argument) for argument in arguments])
        status = args.run(args)
        return status, capsys.readouterr().out

    return run


@pytest.fixture
def stored(tmp_path):
    """Put what a service sent where `aiprov report` looks."""

    def stored(service, path=".aiprov/telemetry.duckdb"):
        file = tmp_path / path
        file.parent.mkdir(exist_ok=True)
        with Store.open(file) as store:
            service.send(store)

    return stored
