"""The attribute contract: keys, values and what is absent."""

from __future__ import annotations

from aiprov_otel import attributes
from aiprov_otel.values import MISSING, Unit
from support.application import AI, HUMAN


def test_a_unit_says_what_is_known():
    """
    A span's attributes are the keys of the contract, with texts and one number.
    """
    from dataclasses import replace

    unit = replace(AI, ai_ratio=0.83, path="src/shop/cart.py")

    assert attributes.of_unit(unit, Unit.HANDLER) == {
        "aiprov.origin": "ai",
        "aiprov.agent.name": "claude-code",
        "aiprov.model.name": "claude-opus-4-6",
        "aiprov.model.provider": "anthropic",
        "aiprov.commit.id": AI.commit,
        "aiprov.commit.time": "2026-05-04T10:00:00Z",
        "aiprov.file.path": "src/shop/cart.py",
        "aiprov.evidence.kind": "co-author",
        "aiprov.evidence.strength": "commit",
        "aiprov.ai_ratio": 0.83,
        "aiprov.match": "exact",
        "aiprov.unit": "handler",
    }


def test_what_is_not_known_is_absent():
    """
    Missing provenance has an origin, a match and a unit, and no empty text.
    """
    assert attributes.of_unit(MISSING, Unit.FUNCTION) == {
        "aiprov.origin": "unknown",
        "aiprov.evidence.kind": "none",
        "aiprov.evidence.strength": "weak",
        "aiprov.match": "missing",
        "aiprov.unit": "function",
    }


def test_an_exception_has_keys_of_its_own():
    """
    The event names the line that raised and its explicit cause, never a span's key but the path.
    """
    said = attributes.of_exception(AI, HUMAN)

    assert said["aiprov.exception.origin"] == "ai"
    assert said["aiprov.exception.commit.time"] == AI.time
    assert said["aiprov.exception.cause.origin"] == "human"
    assert said["aiprov.exception.cause.commit.id"] == HUMAN.commit
    assert not said.keys() & (attributes.of_unit(AI, Unit.CALLER).keys() - {"aiprov.file.path"})
    assert "aiprov.exception.cause.origin" not in attributes.of_exception(AI)


def test_a_log_record_says_less_than_a_span():
    """
    A record has the keys of its line, under the names that a span has them by.
    """
    said = attributes.of_log(AI)

    assert said.items() < attributes.of_unit(AI, Unit.CALLER).items()
    assert attributes.of_log(MISSING) == {
        "aiprov.origin": "unknown",
        "aiprov.evidence.kind": "none",
        "aiprov.match": "missing",
    }


def test_a_failed_span_has_keys_of_its_own():
    """
    What failed a span is said under other keys than what the span is.
    """
    assert attributes.of_error(HUMAN) == {
        "aiprov.error.origin": "human",
        "aiprov.error.commit.id": HUMAN.commit,
    }
