"""A JSON schema of `[tool.aiprov]`, for validate-pyproject and for editors."""

from __future__ import annotations

from typing import Any, Final

from aiprov_otel.history.evidence.agents import LISTS, ROLES
from aiprov_otel.history.policy_schema import (
    CLASS,
    DECIDABLE,
    MOST_STARS,
    PACKAGE,
    REVIEW_COUNTS,
    REVIEW_SHARES,
    SLUG,
    Moves,
)
from aiprov_otel.values import Origin

_TEXT: Final = {"type": "string", "minLength": 1}
_ORIGIN: Final = {"enum": [origin.value for origin in Origin]}
# JSON has no type for a date of TOML; a text has to look like one.
_DATE: Final = {
    "not": {"type": ["boolean", "number", "array", "object", "null"]},
    "pattern": r"^\d{4}-\d{2}-\d{2}$",
}


def tool_schema(tool: str) -> dict[str, Any]:
    """The schema of the table *tool*, `aiprov`."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": f"https://aiprov-otel.invalid/schemas/{tool}.json",
        "title": "The policy of aiprov-otel",
        **_table(_KEYS),
    }


def _table(properties: dict[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        **({"required": list(required)} if required else {}),
    }


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _whole(pattern: str) -> dict[str, Any]:
    return {"type": "string", "pattern": f"^(?:{pattern})$"}


_SLUG: Final = _whole(SLUG.pattern)
_MARK: Final = {"type": "string", "pattern": r"\S.*\S", "maxLength": 200}
_AGENT: Final[dict[str, Any]] = {
    **dict.fromkeys(("agent", "hosted", "provider"), _SLUG),
    **{key: {**_list(_MARK), "minItems": 1} for key in LISTS},
    "sessions": {
        **_list({**_MARK, "pattern": rf"^[^*]*(?:\*[^*]*){{0,{MOST_STARS}}}$"}),
        "minItems": 1,
    },
    "role": {"enum": list(ROLES)},
    "alone": {"type": "boolean"},
    "example": {"type": "string"},
}
_FOUND_BY: Final = [{"required": [key]} for key in LISTS]
_KEYS: Final[dict[str, Any]] = {
    "unmarked": {"enum": [Origin.UNKNOWN.value, Origin.HUMAN.value]},
    "unmarked_human_since": _DATE,
    "human_before": _DATE,
    "origin_of": _table({kind.value: _ORIGIN for kind in DECIDABLE}),
    "exclude": _list(_TEXT),
    "ignore_revs_file": _TEXT,
    "pull_requests": _TEXT,
    "moves": {"enum": [moves.value for moves in Moves]},
    "markers": {"type": "boolean"},
    "packages": _list(_whole(PACKAGE.pattern)),
    "expected_errors": _list(_whole(CLASS.pattern)),
    "extra_agents": _list({**_table(_AGENT, ("agent",)), "anyOf": _FOUND_BY}),
    "review": _table(
        {
            **{key: {"type": "number", "minimum": 0, "maximum": 1} for key in REVIEW_SHARES},
            **{key: {"type": "integer", "minimum": 0} for key in REVIEW_COUNTS},
        }
    ),
}
