"""What records call tools, models and contributors, in our words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from aiprov_otel.history.evidence import model_names
from aiprov_otel.history.evidence.agents import lexicon, rows
from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.values import Evidence, Origin

# What no row of the table of agents and no word of the lexicon gives away.
_TOOLS: Final = {
    "codex-cloud": "openai-codex-cloud",
    "continue-cli": "continue",
    "firebender": "firebender",
    "pi": "pi",
}
_LONGEST: Final = 64
# What a tool puts where the model belongs is no path and no file.
_MODEL: Final = re.compile(r"(?!.*\.(?:jsonl?|md|txt|log)\b)[a-zA-Z][\w ./:()\[\]+-]{0,127}")


def mark(
    source: str,
    origin: Origin,
    evidence: Evidence,
    *,
    where: str,
    text: str,
    tool: object = None,
    model: object = None,
) -> Mark:
    """What a record of the kind *source* says of lines; a person has neither agent nor model."""
    human = origin is Origin.HUMAN
    agent = None if human else agent_of(tool)
    named = not human and isinstance(model, str) and _MODEL.fullmatch(model)
    name = model_names.normalise(named[0]) if named else None
    provider = model_names.provider_of(name) or (_providers().get(agent) if agent else None)
    return Mark(source, evidence, agent, name, provider, where, text, origin=origin)


def agent_of(tool: object) -> str | None:
    """The slug of the *tool* that a record names; None for one that nobody has heard of."""
    if not isinstance(tool, str) or not tool or len(tool) > _LONGEST:
        return None
    slug = re.sub(r"(?<=[a-z])(?=[A-Z])|[\s_]+", "-", tool.strip()).lower()
    if slug in _slugs():
        return slug
    return _TOOLS.get(slug) or lexicon().product(slug.replace("-", " "))


def loads(text: str | bytes) -> Any:
    """The value that the JSON *text* holds; None where it is no JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def table(value: Any, *keys: str) -> Mapping[str, Any]:
    """The object at *keys* of *value*; an empty one where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def tables(value: Any, key: str) -> Iterator[Mapping[str, Any]]:
    """The objects in the list at *key* of *value*; nothing where there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return (one for one in found if isinstance(one, dict)) if isinstance(found, list) else iter(())


def number(value: Any) -> int:
    """*value* as the number of a line; 0, which is none, where it is not one."""
    return value if type(value) is int and 0 < value < 10**9 else 0


@lru_cache(maxsize=1)
def _slugs() -> frozenset[str]:
    return frozenset(rule.agent for rule in rows() if rule.agent)


@lru_cache(maxsize=1)
def _providers() -> dict[str, str]:
    return {rule.agent: rule.provider for rule in rows() if rule.agent and rule.provider}
