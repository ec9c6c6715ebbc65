"""The keys of `[tool.aiprov]`: how each value is parsed, and how a wrong one is reported."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from aiprov_otel.errors import PolicyError
from aiprov_otel.files import read_regular
from aiprov_otel.history.evidence.agents import LISTS, ROLES, Agent
from aiprov_otel.settings import MODES
from aiprov_otel.values import Evidence, Origin


class Moves(StrEnum):
    """The values of `moves`."""

    NONE = "none"
    WITHIN_FILES = "within-files"
    BETWEEN_FILES = "between-files"

    @property
    def options(self) -> tuple[str, ...]:
        """The options of `git blame` that follow such moves."""
        return {Moves.WITHIN_FILES: ("-M",), Moves.BETWEEN_FILES: ("-C",)}.get(self, ())


_LONGEST: Final = 1024 * 1024  # bytes of pyproject.toml
# Python's parser takes the square of the depth of a key.
_DEEP_KEY: Final = re.compile(r"""(?<![\w"'-])(?:[\w"'-]++[ \t]*+\.[ \t]*+){64}""")
_SHOWN: Final = 200  # characters of a wrong value


def read_section(pyproject: Path) -> Mapping[str, Any]:
    """
    `[tool.aiprov]` of the file *pyproject*; empty where there is none.

    Raises:
        PolicyError: the file can't be read, or is not valid TOML.
    """
    try:
        text = read_regular(pyproject, _LONGEST, inside=pyproject.parent).decode("utf-8")
        if _DEEP_KEY.search(text):
            raise ValueError("a key is too deep")  # noqa: TRY301
        document = tomllib.loads(text.replace("\r\n", "\n"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        msg = f"{pyproject} can't be read ({error.strerror}); it may hold [tool.aiprov]"
        raise PolicyError(msg) from error
    except (ValueError, RecursionError) as error:  # not TOML, not UTF-8, or too deep
        msg = f"{pyproject} is not valid TOML ({error}); fix it, [tool.aiprov] is read from it"
        raise PolicyError(msg) from error
    tool = document.get("tool", {})
    section = tool.get("aiprov", {}) if isinstance(tool, dict) else {}
    if not isinstance(section, dict):
        raise wrong_value("", section, "a table of keys")
    return section


def unknown_key(table: str, key: str, allowed: Iterable[str]) -> PolicyError:
    """The error for a *key* of *table* that is not one of those *allowed*."""
    name = f"[tool.aiprov] {table}".strip()
    return PolicyError(f"{name} has no key {key!r}; its keys are {', '.join(allowed)}")


def wrong_value(key: str, value: object, allowed: str) -> PolicyError:
    """The error for a *value* of *key* that is not one of those *allowed*."""
    name = f"[tool.aiprov] {key}".strip()
    return PolicyError(f"{name} can't be {_shown(value)}; it has to be {allowed}")


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except RecursionError:
        return "a value this deep"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _parse_unmarked(key: str, value: object) -> Origin:
    if value not in (Origin.UNKNOWN.value, Origin.HUMAN.value):
        raise wrong_value(key, value, '"unknown" or "human"')
    return Origin(str(value))


def _parse_day(key: str, value: object) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise wrong_value(key, value, "a date like 2025-06-01") from error


DECIDABLE: Final = (
    Evidence.AGENT_AUTHOR,
    Evidence.CO_AUTHOR,
    Evidence.GENERATED_BY,
    Evidence.SESSION,
    Evidence.FOOTER,
    Evidence.ASSISTED_BY,
    Evidence.PULL_REQUEST,
    Evidence.BRANCH,
    Evidence.PREDATES_AI,
)


def _parse_origins(key: str, value: object) -> dict[Evidence, Origin]:
    kinds = [kind.value for kind in DECIDABLE]
    if not isinstance(value, dict):
        raise wrong_value(key, value, f"a table of origins, by {', '.join(kinds)}")
    for kind, origin in value.items():
        if kind not in kinds:
            raise wrong_value(f"{key}.{kind}", origin, f"for one of {', '.join(kinds)}")
        if origin not in list(Origin):
            raise wrong_value(f"{key}.{kind}", origin, f"one of {', '.join(Origin)}")
    return {Evidence(kind): Origin(origin) for kind, origin in sorted(value.items())}


def _parse_patterns(key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise wrong_value(key, value, 'a list of patterns like ["tests/", "*_test.py"]')
    return tuple(value)


def _parse_file(key: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise wrong_value(key, value, "the path of a file below the root")
    return value


def _parse_moves(key: str, value: object) -> Moves:
    if value not in list(Moves):
        raise wrong_value(key, value, f"one of {', '.join(Moves)}")
    return Moves(str(value))


def _parse_switch(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise wrong_value(key, value, "true or false")
    return value


PACKAGE: Final = re.compile(rf"[^\W\d][\w.]*(?:=(?:{'|'.join(MODES)}))?")


def _parse_packages(key: str, value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [None]
    if not all(isinstance(item, str) and PACKAGE.fullmatch(item) for item in items):
        raise wrong_value(
            key, value, f'a list like ["shop=metrics"], with one of {", ".join(MODES)}'
        )
    return tuple(map(str, items))


CLASS: Final = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")


def _parse_classes(key: str, value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [None]
    if not all(isinstance(item, str) and CLASS.fullmatch(item) for item in items):
        raise wrong_value(key, value, 'a list of classes like ["shop.stock.OutOfStock"]')
    return tuple(map(str, items))


_AGENT_KEYS: Final = Agent._fields
MOST_STARS: Final = 3  # in one address: each takes time to match
SLUG: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def parse_extra_agents(key: str, value: object) -> tuple[Agent, ...]:
    """
    The rows in *value*, as they are in the package's own table.

    Raises:
        PolicyError: a key or a value is not one of those allowed.
    """
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise wrong_value(key, value, f"a list of tables with {', '.join(_AGENT_KEYS)}")
    return tuple(_parse_agent(f"{key}[{number}]", row) for number, row in enumerate(value))


def _parse_agent(key: str, row: Mapping[str, Any]) -> Agent:
    for name in row:
        if name not in _AGENT_KEYS:
            raise unknown_key(key, name, _AGENT_KEYS)
    for name in ("agent", *row):
        _check_agent_value(f"{key}.{name}", name, row.get(name))
    if not any(row.get(name) for name in LISTS):
        raise wrong_value(key, dict(row), f"found by something: one of {', '.join(LISTS)}")
    return Agent.of(row)


def _check_agent_value(key: str, name: str, value: object) -> None:
    if name in LISTS:
        _check_texts(key, value)
        if name == "sessions" and any(
            text.count("*") > MOST_STARS for text in _parse_patterns(key, value)
        ):
            raise wrong_value(key, value, f"addresses with at most {MOST_STARS} stars")
    elif name == "alone":
        _parse_switch(key, value)
    elif name == "role":
        if value not in ROLES:
            raise wrong_value(key, value, f"one of {', '.join(ROLES)}")
    elif not isinstance(value, str):
        raise wrong_value(key, value, "a text")
    elif name != "example" and not SLUG.fullmatch(value):
        raise wrong_value(key, value, "a slug like my-agent")


def _check_texts(key: str, value: object) -> None:
    texts = value if isinstance(value, list) else [None]
    if not texts or not all(
        isinstance(text, str) and 1 < len(text.strip()) <= _SHOWN for text in texts
    ):
        raise wrong_value(key, value, 'a list of texts like ["house-bot@example.org"]')


REVIEW_SHARES: Final = ("max_untested_ai", "max_unknown", "max_weak")
REVIEW_COUNTS: Final = ("max_failing", "max_replaced_repairs")


def _parse_review(key: str, value: object) -> dict[str, float]:
    if not isinstance(value, dict):
        raise wrong_value(key, value, "a table of limits like max_untested_ai = 0.2")
    for name, limit in value.items():
        if name not in (*REVIEW_SHARES, *REVIEW_COUNTS):
            raise unknown_key(key, name, (*REVIEW_SHARES, *REVIEW_COUNTS))
        number = type(limit) in {int, float} and limit >= 0
        if name in REVIEW_SHARES and not (number and limit <= 1):
            raise wrong_value(f"{key}.{name}", limit, "a share from 0 to 1, like 0.2")
        if name in REVIEW_COUNTS and not (number and type(limit) is int):
            raise wrong_value(f"{key}.{name}", limit, "a number like 0")
    return dict(value)


PARSERS: Final[Mapping[str, Callable[[str, object], Any]]] = {
    "unmarked": _parse_unmarked,
    "unmarked_human_since": _parse_day,
    "human_before": _parse_day,
    "origin_of": _parse_origins,
    "exclude": _parse_patterns,
    "ignore_revs_file": _parse_file,
    "pull_requests": _parse_file,
    "moves": _parse_moves,
    "markers": _parse_switch,
    "packages": _parse_packages,
    "expected_errors": _parse_classes,
    "extra_agents": parse_extra_agents,
    "review": _parse_review,
}
"""The keys of `[tool.aiprov]`; each parser raises a PolicyError that names key and value."""
