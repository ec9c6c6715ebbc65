"""What a team decides about its own history: `[tool.aiprov]` of its pyproject.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from aiprov_otel.history.evidence.agents import Agent
from aiprov_otel.history.policy_schema import PARSERS, Moves, read_section, unknown_key
from aiprov_otel.values import Evidence, Origin

_EXCLUDE: Final = ("tests/", "test_*.py", "*_test.py", "conftest.py")


@dataclass(frozen=True)
class Policy:
    """
    How evidence becomes an origin, and which files count.

    Attributes:
        unmarked: origin of what a person committed without a mark: `unknown` or `human`.
        unmarked_human_since: from this day on, what is unmarked is `human`.
        human_before: what was committed before this day is `human`.
        origin_of: another origin for a kind of evidence.
        exclude: patterns of files that are left out, as `matches` takes them.
        ignore_revs_file: lists the commits that blame looks through; relative to the root.
        pull_requests: a file with pull requests, as the forge describes them; relative to the root.
        moves: how far blame follows moved lines; None where the policy does not set it.
        markers: whether SPDX tags at the top of a file count.
        packages: the packages for the import hook in a service, each with a mode if it has one.
        expected_errors: classes of exceptions that a service raises on purpose.
        extra_agents: rows that are added to the table of agents.
        review: the limits of `aiprov review`, by key; they decide about no origin.
        ignore_revs_files: the files that are in force, that one or git's own; not a key.
        ignored: the commits that those list; not a key.
        paths: the files and folders to build for, empty for all; not a key.
        ai_only: whether only the lines of marked commits are looked for; not a key.
    """

    unmarked: Origin = Origin.UNKNOWN
    unmarked_human_since: date | None = None
    human_before: date = date(2021, 6, 29)  # the first public preview of a coding assistant
    origin_of: Mapping[Evidence, Origin] = field(default_factory=dict)
    exclude: tuple[str, ...] = _EXCLUDE
    ignore_revs_file: str | None = None
    pull_requests: str | None = None
    moves: Moves | None = None
    markers: bool = False
    packages: tuple[str, ...] = ()
    expected_errors: tuple[str, ...] = ()
    extra_agents: tuple[Agent, ...] = ()
    review: Mapping[str, float] = field(default_factory=dict)
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
        return cls.of(read_section(root / "pyproject.toml"))

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> Policy:
        """
        The policy in *table*, which is `[tool.aiprov]`.

        Raises:
            PolicyError: a key or a value is not one of those allowed.
        """
        for key in table:
            if key not in PARSERS:
                raise unknown_key("", key, PARSERS)
        return cls(**{key: PARSERS[key](key, value) for key, value in table.items()})

    def excludes(self, path: str) -> bool:
        """Whether *path* (relative to the root, with `/`) is left out."""
        return any(matches(path, pattern) for pattern in self.exclude)

    def covers(self, path: str) -> bool:
        """Whether *path* (as above) is one of `paths`, or below one of them."""
        return not self.paths or any(
            path == name or path.startswith(f"{name}/") for name in self.paths
        )

    @property
    def blame_options(self) -> tuple[str, ...]:
        """The options that make `git blame` follow this policy."""
        files = (f"--ignore-revs-file={name}" for name in self.ignore_revs_files)
        return (*files, *(self.moves.options if self.moves else ()))

    def to_json(self) -> dict[str, Any]:
        """The policy in the manifest; of `extra_agents` the slugs and a digest: they hold mails."""
        since = self.unmarked_human_since
        return {
            "unmarked": self.unmarked.value,
            "unmarked_human_since": since and since.isoformat(),
            "human_before": self.human_before.isoformat(),
            "origin_of": {kind.value: origin.value for kind, origin in self.origin_of.items()},
            "exclude": list(self.exclude),
            "ignore_revs_file": self.ignore_revs_file,
            "pull_requests": self.pull_requests,
            "moves": (self.moves or Moves.NONE).value,
            "markers": self.markers,
            "packages": list(self.packages),
            "expected_errors": list(self.expected_errors),
            "extra_agents": [
                {"agent": row.agent, "digest": row.digest} for row in self.extra_agents
            ],
            "ignored": list(self.ignored),
            "paths": list(self.paths),
            "ai_only": self.ai_only,
        }


def matches(path: str, pattern: str) -> bool:
    """
    Whether *path*, which is relative to the root, with `/`, matches *pattern*.

    `name/` is a folder anywhere, `a/b*.py` a path from the root, `*_test.py` a file name anywhere.
    """
    *folders, name = path.split("/")
    if pattern.endswith("/"):
        folder = pattern.strip("/")
        return path.startswith(f"{folder}/") or (
            "/" not in folder and any(fnmatchcase(part, folder) for part in folders)
        )
    return fnmatchcase(path, pattern.lstrip("/")) if "/" in pattern else fnmatchcase(name, pattern)
