"""What records call tools, models and contributors, translated to our names; safe JSON access."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from aiprov_otel.history.evidence import model_names
from aiprov_otel.history.evidence.agents import load_table
from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.history.evidence.tool_names import load_lexicon
from aiprov_otel.values import Evidence, Origin

_LONGEST: Final = 64
# A file name in the place of the model is not a model.
_MODEL: Final = re.compile(r"(?!.*\.(?:jsonl?|md|txt|log)\b)[a-zA-Z][\w ./:()\[\]+-]{0,127}")


def make_mark(
    source: str,
    origin: Origin,
    evidence: Evidence,
    *,
    where: str,
    text: str,
    tool: object = None,
    model: object = None,
) -> Mark:
    """The mark that a record of the kind *source* gives to lines; people have no agent or model."""
    human = origin is Origin.HUMAN
    agent = None if human else agent_slug(tool)
    match = None if human or not isinstance(model, str) else _MODEL.fullmatch(model)
    name = model_names.normalize(match[0]) if match else None
    provider = model_names.provider_of(name) or (
        load_table().providers.get(agent) if agent else None
    )
    return Mark(source, evidence, agent, name, provider, where, text, origin=origin)


def agent_slug(tool: object) -> str | None:
    """The slug of the *tool* that a record names; None for an unknown one."""
    if not isinstance(tool, str) or not tool or len(tool) > _LONGEST:
        return None
    slug = re.sub(r"(?<=[a-z])(?=[A-Z])|[\s_]+", "-", tool.strip()).lower()
    if slug in _slugs():
        return slug
    named = load_table().names.find_first(slug.replace("-", " "))
    return load_lexicon().tools.get(slug) or named


@lru_cache(maxsize=1)
def _slugs() -> frozenset[str | None]:
    return frozenset(slug for row in load_table().rows for slug in (row.agent, row.hosted))


def parse_json(text: str | bytes) -> Any:
    """The value that the JSON *text* holds; None for invalid JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def parse_documents(text: str | bytes) -> list[Mapping[str, Any]]:
    """
    The objects of JSON in *text*, one after the other; empty where anything else is in it.

    git joins the notes of commits that it melts into one, with a blank line in between.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    documents: list[Mapping[str, Any]] = []
    position = 0
    while match := _NOT_BLANK.search(text, position):
        try:
            value, position = _DECODER.raw_decode(text, match.start())
        except (ValueError, RecursionError):
            return []
        if not isinstance(value, dict):
            return []
        documents.append(value)
    return documents


_NOT_BLANK: Final = re.compile(r"\S")
_DECODER: Final = json.JSONDecoder()


def get_object(value: Any, *keys: str) -> Mapping[str, Any]:
    """The object at *keys* of *value*; an empty one where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def get_objects(value: Any, key: str) -> Iterator[Mapping[str, Any]]:
    """The objects in the list at *key* of *value*; nothing where there is none."""
    rows = value.get(key) if isinstance(value, dict) else None
    return (row for row in rows if isinstance(row, dict)) if isinstance(rows, list) else iter(())


def line_number(value: Any) -> int:
    """*value* as the number of a line; 0 where it is not one."""
    return value if type(value) is int and 0 < value < 10**9 else 0
