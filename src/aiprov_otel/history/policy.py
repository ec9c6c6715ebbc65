"""What a team decides about its own history: `[tool.aiprov]` of its pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from aiprov_otel.errors import PolicyError
from aiprov_otel.history.agents import KINDS, ROLES, Rule
from aiprov_otel.values import Evidence, Origin

_EXCLUDE: Final = ("tests/", "test_*.py", "*_test.py", "conftest.py")
_DECIDABLE: Final = (
    Evidence.AGENT_AUTHOR,
    Evidence.CO_AUTHOR,
    Evidence.GENERATED_BY,
    Evidence.SESSION,
    Evidence.FOOTER,
    Evidence.ASSISTED_BY,
    Evidence.PREDATES_AI,
)


class Moves(StrEnum):
    """How far blame follows lines that were moved or copied."""

    NONE = "none"
    WITHIN_FILES = "within-files"
    BETWEEN_FILES = "between-files"


_MOVES_OPTION: Final = {Moves.WITHIN_FILES: "-M", Moves.BETWEEN_FILES: "-C"}


@dataclass(frozen=True)
class Policy:
    """
    How evidence becomes an origin, and which files count.

    Attributes:
        unmarked: origin of what a person committed without a mark: `unknown` or `human`.
        unmarked_human_since: from this day on, what is unmarked is `human`.
        human_before: what was committed before this day is `human`.
        origin_of: another origin for a kind of evidence.
        exclude: files that are left out: `name/` is a folder anywhere, `a/b*.py` a path from the
            root, `*_test.py` a file name anywhere.
        ignore_revs_file: names the commits that blame looks through; relative to the root.
        moves: how far blame follows moved lines; None where nobody has said.
        markers: whether structured tags at the top of a file count.
        extra_agents: rows that are added to the table of agents.
        ignore_revs_files: the files that are in force, that one or git's own; no key.
        ignored: the commits that those name; no key.
        paths: the files and folders that were asked for, empty for all; no key.
        ai_only: whether only the lines of marked commits were asked for; no key.
    """

    unmarked: Origin = Origin.UNKNOWN
    unmarked_human_since: date | None = None
    human_before: date = date(2021, 6, 29)  # the first public preview of a coding assistant
    origin_of: Mapping[Evidence, Origin] = field(default_factory=dict)
    exclude: tuple[str, ...] = _EXCLUDE
    ignore_revs_file: str | None = None
    moves: Moves | None = None
    markers: bool = False
    extra_agents: tuple[Rule, ...] = ()
    ignore_revs_files: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    ai_only: bool = False

    @classmethod
    def load(cls, root: Path) -> Policy:
        """
        The policy of the repository at *root*; the defaults where it has none.

        Raises:
            PolicyError: a key or a value is not one of those allowed.
        """
        return cls.of(_section(root / "pyproject.toml"))

    @classmethod
    def of(cls, section: Mapping[str, Any]) -> Policy:
        """
        The policy that the table `[tool.aiprov]` holds.

        Raises:
            PolicyError: a key or a value is not one of those allowed.
        """
        for key in section:
            if key not in KEYS:
                msg = f"[tool.aiprov] has no key {key!r}; its keys are {', '.join(KEYS)}"
                raise PolicyError(msg)
        return cls(**{key: _READERS[key](key, value) for key, value in section.items()})

    def excludes(self, path: str) -> bool:
        """Whether *path* (relative to the root, with `/`) is left out."""
        return any(_matches(path, pattern) for pattern in self.exclude)

    def covers(self, path: str) -> bool:
        """Whether *path* (as above) was asked for."""
        return not self.paths or any(
            path == asked or path.startswith(f"{asked}/") for asked in self.paths
        )

    @property
    def blame_options(self) -> tuple[str, ...]:
        """What makes `git blame` follow this policy."""
        files = (f"--ignore-revs-file={name}" for name in self.ignore_revs_files)
        return (*files, *([_MOVES_OPTION[self.moves]] if self.moves in _MOVES_OPTION else []))

    def to_json(self) -> dict[str, Any]:
        """What the manifest carries: no pattern of `extra_agents`, as those may hold mails."""
        since = self.unmarked_human_since
        return {
            "unmarked": self.unmarked.value,
            "unmarked_human_since": since and since.isoformat(),
            "human_before": self.human_before.isoformat(),
            "origin_of": {kind.value: origin.value for kind, origin in self.origin_of.items()},
            "exclude": list(self.exclude),
            "ignore_revs_file": self.ignore_revs_file,
            "moves": (self.moves or Moves.NONE).value,
            "markers": self.markers,
            "extra_agents": [{"id": rule.id, "agent": rule.agent} for rule in self.extra_agents],
            "ignored": list(self.ignored),
            "paths": list(self.paths),
            "ai_only": self.ai_only,
        }


def _section(pyproject: Path) -> Mapping[str, Any]:
    try:
        document = tomllib.loads(pyproject.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        msg = f"{pyproject} can't be read ({error.strerror}); it may hold [tool.aiprov]"
        raise PolicyError(msg) from error
    except ValueError as error:  # not TOML, or not UTF-8
        msg = f"{pyproject} is not valid TOML ({error}); mend it, [tool.aiprov] is read from it"
        raise PolicyError(msg) from error
    tool = document.get("tool", {})
    section = tool.get("aiprov", {}) if isinstance(tool, dict) else {}
    if not isinstance(section, dict):
        raise _wrong("", section, "a table of keys")
    return section


def _wrong(key: str, value: object, allowed: str) -> PolicyError:
    name = f"[tool.aiprov] {key}".strip()
    return PolicyError(f"{name} can't be {value!r}; it has to be {allowed}")


def _unmarked(key: str, value: object) -> Origin:
    if value not in (Origin.UNKNOWN.value, Origin.HUMAN.value):
        raise _wrong(key, value, '"unknown" or "human"')
    return Origin(str(value))


def _day(key: str, value: object) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise _wrong(key, value, "a date like 2025-06-01") from error


def _origin_of(key: str, value: object) -> dict[Evidence, Origin]:
    kinds = [kind.value for kind in _DECIDABLE]
    if not isinstance(value, dict):
        raise _wrong(key, value, f"a table of origins, by {', '.join(kinds)}")
    for kind, origin in value.items():
        if kind not in kinds:
            raise _wrong(f"{key}.{kind}", origin, f"for one of {', '.join(kinds)}")
        if origin not in list(Origin):
            raise _wrong(f"{key}.{kind}", origin, f"one of {', '.join(Origin)}")
    return {Evidence(kind): Origin(origin) for kind, origin in sorted(value.items())}


def _texts(key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise _wrong(key, value, 'a list of patterns like ["tests/", "*_test.py"]')
    return tuple(value)


def _file(key: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise _wrong(key, value, "the path of a file below the root")
    return value


def _truth(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise _wrong(key, value, "true or false")
    return value


def _moves(key: str, value: object) -> Moves:
    if value not in list(Moves):
        raise _wrong(key, value, f"one of {', '.join(Moves)}")
    return Moves(str(value))


def _extra_agents(key: str, value: object) -> tuple[Rule, ...]:
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise _wrong(key, value, "a list of tables with id, agent, kind, role and pattern")
    return tuple(_rule(f"{key}[{number}]", row) for number, row in enumerate(value))


def _rule(key: str, row: Mapping[str, Any]) -> Rule:
    for name in ("id", "agent", "kind", "role", "pattern"):
        if not isinstance(row.get(name), str):
            raise _wrong(f"{key}.{name}", row.get(name), "a text")
    slug = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
    for name in ("id", "agent"):
        if not slug.fullmatch(row[name]):
            raise _wrong(f"{key}.{name}", row[name], "a slug like my-agent")
    for name, allowed in (("kind", KINDS), ("role", ROLES)):
        if row[name] not in allowed:
            raise _wrong(f"{key}.{name}", row[name], f"one of {', '.join(allowed)}")
    try:
        return Rule.of(row)
    except (re.error, TypeError) as error:
        raise _wrong(f"{key}.pattern", row["pattern"], f"a regular expression ({error})") from error


def _matches(path: str, pattern: str) -> bool:
    *folders, name = path.split("/")
    if pattern.endswith("/"):
        folder = pattern.strip("/")
        return path.startswith(f"{folder}/") or (
            "/" not in folder and any(fnmatchcase(part, folder) for part in folders)
        )
    return fnmatchcase(path, pattern.lstrip("/")) if "/" in pattern else fnmatchcase(name, pattern)


_READERS: Final[Mapping[str, Callable[[str, object], Any]]] = {
    "unmarked": _unmarked,
    "unmarked_human_since": _day,
    "human_before": _day,
    "origin_of": _origin_of,
    "exclude": _texts,
    "ignore_revs_file": _file,
    "moves": _moves,
    "markers": _truth,
    "extra_agents": _extra_agents,
}

KEYS: Final = tuple(_READERS)
"""What `[tool.aiprov]` may hold."""
