"""The keys of `[tool.aiprov]`, each with what reads its value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final

from aiprov_otel.history import extra_agents
from aiprov_otel.history.moves import Moves
from aiprov_otel.history.section import wrong
from aiprov_otel.settings import MODES
from aiprov_otel.values import Evidence, Origin

_PACKAGE: Final = re.compile(rf"[^\W\d][\w.]*(?:=(?:{'|'.join(MODES)}))?")
_DECIDABLE: Final = (
    Evidence.AGENT_AUTHOR,
    Evidence.CO_AUTHOR,
    Evidence.GENERATED_BY,
    Evidence.SESSION,
    Evidence.FOOTER,
    Evidence.ASSISTED_BY,
    Evidence.PREDATES_AI,
)


def _unmarked(key: str, value: object) -> Origin:
    if value not in (Origin.UNKNOWN.value, Origin.HUMAN.value):
        raise wrong(key, value, '"unknown" or "human"')
    return Origin(str(value))


def _day(key: str, value: object) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise wrong(key, value, "a date like 2025-06-01") from error


def _origin_of(key: str, value: object) -> dict[Evidence, Origin]:
    kinds = [kind.value for kind in _DECIDABLE]
    if not isinstance(value, dict):
        raise wrong(key, value, f"a table of origins, by {', '.join(kinds)}")
    for kind, origin in value.items():
        if kind not in kinds:
            raise wrong(f"{key}.{kind}", origin, f"for one of {', '.join(kinds)}")
        if origin not in list(Origin):
            raise wrong(f"{key}.{kind}", origin, f"one of {', '.join(Origin)}")
    return {Evidence(kind): Origin(origin) for kind, origin in sorted(value.items())}


def _texts(key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise wrong(key, value, 'a list of patterns like ["tests/", "*_test.py"]')
    return tuple(value)


def _packages(key: str, value: object) -> tuple[str, ...]:
    said = value if isinstance(value, list) else [None]
    if not all(isinstance(each, str) and _PACKAGE.fullmatch(each) for each in said):
        raise wrong(key, value, f'a list like ["shop=metrics"], with one of {", ".join(MODES)}')
    return tuple(map(str, said))


def _file(key: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise wrong(key, value, "the path of a file below the root")
    return value


def _truth(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise wrong(key, value, "true or false")
    return value


def _moves(key: str, value: object) -> Moves:
    if value not in list(Moves):
        raise wrong(key, value, f"one of {', '.join(Moves)}")
    return Moves(str(value))


READERS: Final[Mapping[str, Callable[[str, object], Any]]] = {
    "unmarked": _unmarked,
    "unmarked_human_since": _day,
    "human_before": _day,
    "origin_of": _origin_of,
    "exclude": _texts,
    "ignore_revs_file": _file,
    "moves": _moves,
    "markers": _truth,
    "packages": _packages,
    "extra_agents": extra_agents.rules,
}
"""What `[tool.aiprov]` may hold; each raises a PolicyError that names key and value."""
