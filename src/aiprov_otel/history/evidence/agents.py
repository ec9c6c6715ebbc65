"""The table of agents: how each coding tool marks a commit, a row of data/agents.json each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any, Final

from aiprov_otel.values import Evidence

KINDS: Final = ("author", "committer", "trailer", "message")
_EVIDENCE: Final = {
    "co-authored": Evidence.CO_AUTHOR,
    "authored": Evidence.GENERATED_BY,
    "session": Evidence.SESSION,
    "assisted": Evidence.ASSISTED_BY,
    "review-suggestion": None,
    "not-authorship": None,
}
ROLES: Final = tuple(_EVIDENCE)


@dataclass(frozen=True, slots=True)
class Rule:
    """
    One row of the table.

    Attributes:
        id: names the row.
        agent: slug of the tool; None where the matching text names it.
        provider: the maker of the tool's models, where that is always the same.
        kind: where it is found: `author`, `committer`, `trailer`, or `message` (a line of text).
        role: what the tool did.
        pattern: searched in `Name <mail>`, or in one line of the message.
        model: searched in the same text, for the group `model`; None: *pattern* may hold it.
        requires_lexicon: people write such lines too, so the line has to name a tool or a model.
    """

    id: str
    agent: str | None
    provider: str | None
    kind: str
    role: str
    pattern: re.Pattern[str]
    model: re.Pattern[str] | None = None
    requires_lexicon: bool = False

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Rule:
        """The rule that a *row* of the table describes."""
        return cls(
            id=row["id"],
            agent=row.get("agent"),
            provider=row.get("provider"),
            kind=row["kind"],
            role=row["role"],
            pattern=re.compile(row["pattern"], re.IGNORECASE),
            model=re.compile(row["model"], re.IGNORECASE) if row.get("model") else None,
            requires_lexicon=row.get("requires_lexicon", False),
        )

    @property
    def evidence(self) -> Evidence | None:
        """The kind of evidence; None for a line that does not mark the commit."""
        if self.kind == "author":
            return Evidence.AGENT_AUTHOR
        if self.kind == "message" and self.role == "co-authored":
            return Evidence.FOOTER
        return _EVIDENCE[self.role]


class Table:
    """The package's rows and, before them, those that a policy adds."""

    def __init__(self, extra: Iterable[Rule] = ()) -> None:
        rules = (*extra, *load_rules())
        # A row that names its tool is more specific than one that takes it from the text.
        self._rules = sorted(rules, key=lambda rule: rule.agent is None)

    def of_kind(self, *kinds: str) -> list[Rule]:
        """The rules of these *kinds*, the most specific first."""
        return [rule for rule in self._rules if rule.kind in kinds]

    @cached_property
    def lines(self) -> list[Rule]:
        """The rules that are about one line of a message."""
        return self.of_kind("trailer", "message")

    def any_line(self, line: str) -> bool:
        """Whether one of `lines` matches *line*: one look rules out most lines."""
        return bool(self._anchored.match(line) or self._anywhere.search(line))

    @cached_property
    def _anchored(self) -> re.Pattern[str]:
        """Most rules match at the start of a line only, and need not be tried elsewhere."""
        return _combine(rule for rule in self.lines if _is_anchored(rule))

    @cached_property
    def _anywhere(self) -> re.Pattern[str]:
        return _combine(rule for rule in self.lines if not _is_anchored(rule))

    @cached_property
    def providers(self) -> dict[str, str]:
        """The maker of an agent's models, by its slug."""
        return {rule.agent: rule.provider for rule in self._rules if rule.agent and rule.provider}


def _is_anchored(rule: Rule) -> bool:
    """Whether *rule* matches at the start of a line only; False where that is uncertain."""
    pattern = rule.pattern.pattern
    bare = re.sub(r"\\.|\[\^?\]?[^]]*\]", "", pattern)
    while (outer := re.sub(r"\([^()]*\)", "", bare)) != bare:
        bare = outer
    return pattern.startswith(("^", r"\A")) and "|" not in bare


def _combine(rules: Iterable[Rule]) -> re.Pattern[str]:
    """Matches where one of *rules* does; never, where there are none."""
    patterns = [re.sub(r"\(\?P<\w+>", "(?:", rule.pattern.pattern) for rule in rules]
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns) or "(?!)", re.IGNORECASE)


@lru_cache(maxsize=1)
def load_rules() -> tuple[Rule, ...]:
    """The package's own rows."""
    return tuple(map(Rule.of, _read_rows()))


def _read_rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(_read_data("agents.json"))
    return rows


def _read_data(name: str) -> str:
    return (resources.files("aiprov_otel.history.evidence") / "data" / name).read_text("utf-8")


@dataclass(frozen=True)
class Lexicon:
    """
    How tools and models are called in free text.

    Attributes:
        words: finds the name of any tool or model.
        names: those of the words that are people's names too.
        tools: slugs of the tools that only records name, by the name there.
        products: the slug of a tool, and the pattern of its names.
    """

    words: re.Pattern[str]
    names: frozenset[str]
    tools: Mapping[str, str]
    products: tuple[tuple[str, re.Pattern[str]], ...]

    def find_product(self, text: str) -> str | None:
        """The slug of the first tool that *text* names."""
        text = re.sub(r"<[^>]*>", " ", text)
        matches = [
            (match.start(), slug)
            for slug, product in self.products
            if (match := product.search(text))
        ]
        return min(matches)[1] if matches else None


@lru_cache(maxsize=1)
def load_lexicon() -> Lexicon:
    """The package's lexicon: data/lexicon.json, and the `names` of the rows of the table."""
    data = json.loads(_read_data("lexicon.json"))
    names = [(row["agent"], row["names"]) for row in _read_rows() if "names" in row]
    bounded = [
        (slug, rf"(?<![\w-])(?:{pattern})(?![\w-])")
        for slug, pattern in (*data["products"], *names)
    ]
    return Lexicon(
        words=re.compile("|".join((data["words"], *dict(bounded).values())), re.IGNORECASE),
        names=frozenset(data["first_or_last_names"]),
        tools=data["names_in_records"],
        products=tuple((slug, re.compile(pattern, re.IGNORECASE)) for slug, pattern in bounded),
    )
