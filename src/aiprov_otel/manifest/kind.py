"""The provenance of lines as JSON: a record of schema 1, a kind of schema 2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aiprov_otel.values import Evidence, Match, Origin, Provenance

_KEYS: Final = ("origin", "agent", "model", "provider", "commit", "time", "evidence")


def to_json(provenance: Provenance) -> dict[str, str]:
    """The keys of *provenance* that are known."""
    values = {name: getattr(provenance, name) for name in _KEYS}
    return {name: value for name, value in values.items() if value is not None}


def from_json(record: Mapping[str, Any], path: str | None = None) -> Provenance:
    """
    Reads what `to_json` gives, of a line of *path*.

    Raises:
        ValueError: a value is not text, or not one of the words that its key may have.
        KeyError: it has no origin or no evidence.
    """
    if not all(type(value) is str for value in record.values()):
        raise ValueError("a record has a value that is not a text")
    return Provenance(
        origin=Origin(record["origin"]),
        agent=record.get("agent"),
        model=record.get("model"),
        provider=record.get("provider"),
        commit=record.get("commit"),
        time=record.get("time"),
        evidence=Evidence(record["evidence"]),
        path=path,
        match=Match.EXACT,
    )
