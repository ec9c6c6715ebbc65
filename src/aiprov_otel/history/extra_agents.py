"""The agents that a policy adds to the table: `[[tool.aiprov.extra_agents]]`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from aiprov_otel.history.evidence.agents import KINDS, ROLES, Rule
from aiprov_otel.history.section import unknown, wrong

_KEYS: Final = tuple(field.name for field in fields(Rule))
_REQUIRED: Final = ("id", "agent", "kind", "role", "pattern")
_PATTERNS: Final = {"pattern", "model"}
_NAMES: Final = {str: "a text", bool: "true or false"}
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def rules(key: str, value: object) -> tuple[Rule, ...]:
    """
    The rows that *value*, which stands at *key*, holds.

    Raises:
        PolicyError: a key or a value is not one of those allowed.
    """
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise wrong(key, value, f"a list of tables with {', '.join(_REQUIRED)}")
    return tuple(_rule(f"{key}[{number}]", row) for number, row in enumerate(value))


def _rule(key: str, row: Mapping[str, Any]) -> Rule:
    for name in row:
        if name not in _KEYS:
            raise unknown(key, name, _KEYS)
    for name in (*_REQUIRED, *row):
        kind = bool if name == "requires_lexicon" else str
        if not isinstance(row.get(name), kind):
            raise wrong(f"{key}.{name}", row.get(name), _NAMES[kind])
    for name in ("id", "agent", "provider"):
        if name in row and not _SLUG.fullmatch(row[name]):
            raise wrong(f"{key}.{name}", row[name], "a slug like my-agent")
    for name, allowed in (("kind", KINDS), ("role", ROLES)):
        if row[name] not in allowed:
            raise wrong(f"{key}.{name}", row[name], f"one of {', '.join(allowed)}")
    for name in _PATTERNS & row.keys():
        _compile(f"{key}.{name}", row[name])
    return Rule.of(row)


def _compile(key: str, pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise wrong(key, pattern, f"a regular expression ({error})") from error
