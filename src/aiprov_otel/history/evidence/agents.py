"""The table of agents: what identifies each coding tool, a row of data/agents.json each."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any, Final, NamedTuple

from aiprov_otel.history.evidence.tool_names import Names, fold

ROLES: Final = ("co-authored", "assisted", "review")
_HINTS: Final = (
    "author", "http", "assist", "generat", "written", "develop", "session", "[x]", "created",
    "made", "built", "coded", "implemented", "synthesized", "refactored", "drafted", "prepared",
    "supported", "agent", "model", "ai-", "ai ", "ai_",
)  # fmt: skip
_NOREPLY: Final = "@users.noreply.github.com"


class Agent(NamedTuple):
    """
    One row of the table. All of it is literal text, compared without regard to case.

    Attributes:
        agent: slug of the tool; None where many tools share the rest, and the text names them.
        hosted: slug of the tool where it is the author of a commit, if that is another one.
        provider: the maker of the tool's models, where that is always the same.
        role: what the tool does as a co-author; a `review` does not mark a commit.
        names: how it is called, the product first.
        alone: whether its name marks a commit without an address, though people are called so.
        mails: addresses that are enough.
        beside_name: addresses, and domains from the `@` on, that people have too: they are
            believed beside one of `names`.
        bots: accounts of GitHub: `name[bot]`, which no person can have, or `ID+name`.
        suffixes: what it writes in parentheses behind the name of a person.
        subjects: how the subjects of its commits begin.
        keys: trailers of its own: `Key`, whose value names a tool, or `Key: value`.
        session_keys: trailers of its own whose value is an identifier.
        sessions: addresses of its sessions; a `*` stands for an identifier.
        branches: how the names of its branches begin.
        example: a real mark, without people; for the tests.
    """

    agent: str | None = None
    hosted: str | None = None
    provider: str | None = None
    role: str = ROLES[0]
    names: tuple[str, ...] = ()
    alone: bool = False
    mails: tuple[str, ...] = ()
    beside_name: tuple[str, ...] = ()
    bots: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    session_keys: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    example: str | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Agent:
        """The row that a table of JSON or TOML describes."""
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}
        return cls(**values)

    @property
    def id(self) -> str:
        """Names the row."""
        return self.agent or "several-tools"

    @property
    def digest(self) -> str:
        """Changes when the row does, without what it holds."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:12]

    def is_named(self, text: str) -> bool:
        """Whether *text* has one of the names, as whole words."""
        words = f" {fold(text)} "
        return any(f" {fold(name)} " in words for name in self.names)


LISTS: Final = tuple(name for name, kind in Agent.__annotations__.items() if "tuple" in str(kind))
"""The keys of a row that hold several texts."""


class Table:
    """The package's rows and, before them, those that a policy adds."""

    def __init__(self, extra: Iterable[Agent] = ()) -> None:
        self.rows = (*extra, *load_agents())
        self.names = Names((name, row.agent) for row in self.rows for name in row.names)

    def by_address(self, name: str, mail: str) -> Agent | None:
        """The row that *mail* is an address of, beside this *name* of its owner."""
        domain = mail[mail.rfind("@") :]
        for row in self._beside[mail] + self._beside[domain]:
            if row.is_named(name) and not self.names.is_person(name):
                return row
        if mail in self._by_mail:
            return self._by_mail[mail]
        if not mail.endswith(_NOREPLY):
            return None
        number, plus, account = mail.removesuffix(_NOREPLY).rpartition("+")
        return self._by_bot.get(number + plus) or self._by_bot.get(account)

    def by_slug(self, slug: str | None) -> Agent | None:
        """The row of the tool *slug*."""
        return self._by_slug.get(slug or "")

    def by_branch(self, branch: str) -> Agent | None:
        """The row whose branches are called like *branch*."""
        name = branch.lower()
        return next((row for row in self.rows if name.startswith(row.branches)), None)

    def by_session(self, address: str) -> Agent | None:
        """The row that *address* is a session of; None for another address."""
        if not self._sessions.fullmatch(address):
            return None
        return next(
            row
            for row in self.rows
            if any(re.fullmatch(_pattern(text), address, re.IGNORECASE) for text in row.sessions)
        )

    @cached_property
    def by_key(self) -> dict[str, Agent]:
        """The rows by their own trailers, spelled as by `normalize_key`."""
        return {
            normalize_key(text.partition(":")[0]): row
            for row in reversed(self.rows)
            for text in (*row.keys, *row.session_keys)
        }

    def may_mark(self, text: str) -> bool:
        """Whether *text* has anything that each line with a mark has; a quick look."""
        text = text.lower()
        return any(hint in text for hint in self._hints)

    @cached_property
    def _hints(self) -> tuple[str, ...]:
        own = (text.partition(":")[0] for row in self.rows for text in (*row.keys, *row.subjects))
        keys = (text for row in self.rows for text in row.session_keys)
        # Of a key only the first word: the others are spelled with blanks, hyphens or without.
        first = {re.split("[ _-]", text.lower())[0] for text in (*own, *keys)}
        return (*_HINTS, *sorted(word for word in first if not any(h in word for h in _HINTS)))

    @cached_property
    def by_suffix(self) -> dict[str, Agent]:
        """The rows by what they write in parentheses behind a name."""
        return {text.lower(): row for row in self.rows for text in row.suffixes}

    @cached_property
    def by_subject(self) -> dict[str, Agent]:
        """The rows by how the subjects of their commits begin."""
        return {text: row for row in self.rows for text in row.subjects}

    @cached_property
    def providers(self) -> dict[str, str]:
        """The maker of a tool's models, by its slug."""
        slugs = ((slug, row) for row in self.rows for slug in (row.agent, row.hosted))
        return {slug: row.provider for slug, row in slugs if slug and row.provider}

    @cached_property
    def _by_slug(self) -> dict[str, Agent]:
        return {row.agent: row for row in reversed(self.rows) if row.agent}

    @cached_property
    def _by_mail(self) -> dict[str, Agent]:
        return {mail.lower(): row for row in reversed(self.rows) for mail in row.mails}

    @cached_property
    def _by_bot(self) -> dict[str, Agent]:
        rows: dict[str, Agent] = {}
        for row in reversed(self.rows):
            for account in row.bots:
                number, plus, name = account.lower().rpartition("+")
                rows[number + plus or name] = row
        return rows

    @cached_property
    def _beside(self) -> defaultdict[str, list[Agent]]:
        rows: defaultdict[str, list[Agent]] = defaultdict(list)
        for row in self.rows:
            for mail in row.beside_name:
                rows[mail.lower()].append(row)
        return rows

    @cached_property
    def _sessions(self) -> re.Pattern[str]:
        patterns = [_pattern(text) for row in self.rows for text in row.sessions]
        return re.compile("|".join(patterns), re.IGNORECASE)


def normalize_key(key: str) -> str:
    """The *key* of a trailer, however it is spelled: `Co-Authored by` is `coauthoredby`."""
    return re.sub(r"[\s_-]+", "", key).lower()


def _pattern(address: str) -> str:
    return re.escape(address).replace(r"\*", r"[\w.~-]{1,100}")


@lru_cache(maxsize=1)
def load_agents() -> tuple[Agent, ...]:
    """The package's own rows."""
    data = resources.files("aiprov_otel.history.evidence") / "data" / "agents.json"
    return tuple(map(Agent.of, json.loads(data.read_text("utf-8"))))


@lru_cache(maxsize=1)
def load_table() -> Table:
    """The package's own rows, where no policy adds any."""
    return Table()
