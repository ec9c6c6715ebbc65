from __future__ import annotations

import threading

import pytest

from aiprov_otel.errors import HistoryError
from aiprov_otel.history.git.repository import Git
from support.waiting import PATIENCE, until


def test_stopping_kills_what_runs(repo):
    """
    After `stop`, a git that was waiting is gone, and none is started any more.
    """
    repo.commit("a.py", "x = 1\n")
    git = Git.open(repo.path)
    answers = []

    # An alias that sleeps is a git that would still be there long after.
    repo.git("config", "alias.nap", "!sleep 600")
    thread = threading.Thread(target=lambda: answers.append(_outcome(git)))
    thread.start()
    until(lambda: git._processes._live, "git runs")
    git.stop()
    thread.join(PATIENCE)

    assert not thread.is_alive()
    assert "failed" in answers[0]
    with pytest.raises(HistoryError, match="interrupted"):
        git.index()


def _outcome(git):
    try:
        git.run("nap")
    except HistoryError as error:
        return str(error)
    return "done"
