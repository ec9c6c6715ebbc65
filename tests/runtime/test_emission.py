"""What leaves the process: everything, or less by the user's choice."""

from __future__ import annotations

import pytest

from aiprov_otel.runtime.annotator import Emission
from aiprov_otel.values import Unit
from support.application import AI, HUMAN, MIXED, UNKNOWN


def test_everything_leaves_by_default():
    """
    Unit, exception, error and code are sent as they are known.
    """
    emission = Emission()

    assert emission.of_unit(HUMAN, Unit.CALLER)["aiprov.commit.id"] == HUMAN.commit
    assert emission.of_exception(AI, HUMAN)["aiprov.exception.cause.commit.id"] == HUMAN.commit
    assert emission.of_error(HUMAN)["aiprov.error.commit.id"] == HUMAN.commit
    assert emission.of_code("f", "f.py", 1)["code.line.number"] == 1


def test_minimal_is_the_contract_s_few():
    """
    Origin, model and commit of a unit, and the origins of what failed.
    """
    emission = Emission("minimal")

    assert set(emission.of_unit(AI, Unit.CALLER)) == {
        "aiprov.origin",
        "aiprov.model.name",
        "aiprov.commit.id",
    }
    assert emission.of_exception(AI, HUMAN) == {"aiprov.exception.origin": "ai"}
    assert emission.of_error(AI) == {"aiprov.error.origin": "ai"}
    assert emission.of_code("f", "f.py", 1) == {}


@pytest.mark.parametrize(
    ("provenance", "sent"), [(AI, True), (MIXED, True), (HUMAN, False), (UNKNOWN, False)]
)
def test_ai_only_keeps_the_commits_of_people(provenance, sent):
    """
    Only what a model had a hand in has its hash sent, wherever it would stand.
    """
    emission = Emission(commits="ai-only")
    said = (
        emission.of_unit(provenance, Unit.CALLER)
        | emission.of_exception(provenance, provenance)
        | emission.of_error(provenance)
    )

    assert any(key.endswith("commit.id") for key in said) is sent
