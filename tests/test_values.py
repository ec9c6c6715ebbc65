"""Frozen values."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError

import pytest

from aiprov_otel.values import MISSING, Evidence, Origin, Provenance, Strength


def test_nothing_is_known_by_default():
    """
    A provenance that nobody filled in is unknown, by no evidence, of no match.
    """
    assert Provenance() == MISSING
    assert (MISSING.origin, MISSING.evidence, MISSING.match) == ("unknown", "none", "missing")


@pytest.mark.parametrize("kind", Evidence)
def test_every_evidence_has_a_strength(kind):
    """
    Records of lines are strongest, branches, policy and silence weakest, marks of commits between.
    """
    lines = {"declared", "note", "note-recovered", "agent-trace"}
    weak = {"watched", "branch", "predates-ai", "unmarked", "none"}
    expected = "line" if kind in lines else "weak" if kind in weak else "commit"

    assert kind.strength is Strength(expected)


def test_a_value_stays_what_it_is():
    """
    It can't be changed, and comes back from a pickle as an equal.
    """
    value = Provenance(Origin.AI)
    with pytest.raises(FrozenInstanceError):
        value.origin = Origin.HUMAN

    assert pickle.loads(pickle.dumps(value)) == value
