from __future__ import annotations

import argparse

import pytest

from aiprov_otel.cli import blame, build, check, explain, stats, traceback
from support.repo import Repo

_ON_HISTORY = (build, check, blame, explain, stats, traceback)


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
