"""What a pipeline asks: is enough known about who wrote the code?"""

from __future__ import annotations

import pytest

from aiprov_otel.errors import HistoryError, UsageError
from aiprov_otel.history.build import build
from aiprov_otel.history.check import Gate, check_gate
from aiprov_otel.history.git.repository import Git
from aiprov_otel.manifest import Manifest
from aiprov_otel.values import Strength

CLAUDE = "Add it\n\nCo-Authored-By: Claude Opus 4.6 <noreply@anthropic.com>\n"


@pytest.fixture
def shop(repo):
    """Two lines from before AI, one of a model, one that nothing marks."""
    repo.commit("old.py", "a = 1\nb = 2\n", when="2020-01-01T00:00:00Z")
    repo.before = repo.commit("ai.py", "a = 1\n", CLAUDE)
    repo.commit("new.py", "a = 1\n")
    build(repo.path)
    return repo


def asked(repo, *what):
    sources = Manifest.load(repo.path / "aiprov.manifest").sources()
    return check_gate(Gate(*what), sources, Git.open(repo.path))


@pytest.mark.parametrize(
    ("minimum", "strength", "passed", "known"),
    [
        (0.75, Strength.WEAK, True, 3),
        (0.76, Strength.WEAK, False, 3),
        (0.25, Strength.COMMIT, True, 1),
        (0.26, Strength.COMMIT, False, 1),
        (0.01, Strength.LINE, False, 0),
        (0, Strength.LINE, True, 0),
    ],
)
def test_share_and_strength(shop, minimum, strength, passed, known):
    """
    A line is known if it has an origin, by evidence that is strong enough.
    """
    outcome = asked(shop, minimum, strength)

    assert (outcome.passed, outcome.known, outcome.lines) == (passed, known, 4)


def test_only_what_is_new(shop):
    """
    A change answers for its own lines, not for those that were there before it.
    """
    assert asked(shop, 1.0, Strength.WEAK, "HEAD~1").to_json() == {
        "passed": False,
        "lines": 1,
        "known": 0,
        "share": 0.0,
        "min_known": 1.0,
        "min_strength": "weak",
        "since": "HEAD~1",
    }


def test_nothing_new_passes(shop):
    """
    Of no lines, every one is known.
    """
    outcome = asked(shop, 1.0, Strength.LINE, "HEAD")

    assert outcome.passed
    assert outcome.to_json()["share"] is None


@pytest.mark.parametrize("minimum", [-0.1, 90, float("nan")])
def test_a_share_that_is_none(shop, minimum):
    """
    A percentage is not a share, and the message shows one.
    """
    with pytest.raises(UsageError, match=r"give a share from 0 to 1, like 0\.9"):
        asked(shop, minimum)


def test_a_commit_that_is_not_there(shop):
    """
    A base that was not fetched is said to be missing.
    """
    with pytest.raises(HistoryError, match=r"is not a commit of .*, or fetch it"):
        asked(shop, 1.0, Strength.WEAK, "origin/main")
