"""The table of agents: how each coding tool marks a commit. The rows are data/agents.json."""

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
        agent: slug of the tool; None where the text that matched says which.
        provider: who makes the tool's models, where that is always the same house.
        kind: where it stands: `author`, `committer`, `trailer`, or `message` (a line of text).
        role: what it says the tool did.
        pattern: searched in `Name <mail>`, or in one line of the message.
        model: searched in the same text, for the group `model`; None: *pattern* may hold it.
        requires_lexicon: people write such lines too, so it has to name a tool or a model.
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
        """What kind of statement it is; None for one that does not mark the commit."""
        if self.kind == "author":
            return Evidence.AGENT_AUTHOR
        if self.kind == "message" and self.role == "co-authored":
            return Evidence.FOOTER
        return _EVIDENCE[self.role]


class Table:
    """The package's rows and, before them, those that a policy adds."""

    def __init__(self, extra: Iterable[Rule] = ()) -> None:
        rules = (*extra, *rows())
        # A row that names its tool knows more than one that has to read it out of the text.
        self._rules = sorted(rules, key=lambda rule: rule.agent is None)

    def of_kind(self, *kinds: str) -> list[Rule]:
        """The rules of these *kinds*, the most specific first."""
        return [rule for rule in self._rules if rule.kind in kinds]

    @cached_property
    def lines(self) -> list[Rule]:
        """The rules that are about one line of a message."""
        return self.of_kind("trailer", "message")

    def any_line(self, line: str) -> bool:
        """Whether one of `lines` finds something in *line*: most lines are none of ours."""
        return bool(self._from_the_start.match(line) or self._anywhere.search(line))

    @cached_property
    def _from_the_start(self) -> re.Pattern[str]:
        """Those that begin at the start of a line, which are most, need not be tried further on."""
        return _either(rule for rule in self.lines if _is_anchored(rule))

    @cached_property
    def _anywhere(self) -> re.Pattern[str]:
        return _either(rule for rule in self.lines if not _is_anchored(rule))

    @cached_property
    def providers(self) -> dict[str, str]:
        """Who makes the models of an agent, by its slug."""
        return {rule.agent: rule.provider for rule in self._rules if rule.agent and rule.provider}


def _is_anchored(rule: Rule) -> bool:
    """Whether *rule* can begin at the start of a line alone; False where that is hard to tell."""
    pattern = rule.pattern.pattern
    bare = re.sub(r"\\.|\[\^?\]?[^]]*\]", "", pattern)
    while (outer := re.sub(r"\([^()]*\)", "", bare)) != bare:
        bare = outer
    return pattern.startswith(("^", r"\A")) and "|" not in bare


def _either(rules: Iterable[Rule]) -> re.Pattern[str]:
    """Matches what one of *rules* does; never, where there are none."""
    patterns = [re.sub(r"\(\?P<\w+>", "(?:", rule.pattern.pattern) for rule in rules]
    return re.compile("|".join(f"(?:{one})" for one in patterns) or "(?!)", re.IGNORECASE)


@lru_cache(maxsize=1)
def rows() -> tuple[Rule, ...]:
    """The package's own rows."""
    return tuple(Rule.of(row) for row in json.loads(_data("agents.json")))


def _data(name: str) -> str:
    return (resources.files("aiprov_otel.history.evidence") / "data" / name).read_text("utf-8")


@dataclass(frozen=True)
class Lexicon:
    """The words that name a tool or a model, and those among them that people are called too."""

    words: re.Pattern[str]
    names: frozenset[str]
    products: tuple[tuple[str, re.Pattern[str]], ...]

    def product(self, text: str) -> str | None:
        """Slug of the first tool that *text* names."""
        text = re.sub(r"<[^>]*>", " ", text)
        found = [
            (m.start(), slug) for slug, product in self.products if (m := product.search(text))
        ]
        return min(found)[1] if found else None


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The package's lexicon."""
    data = json.loads(_data("lexicon.json"))
    bounded = r"(?<![\w-])(?:{})(?![\w-])"
    return Lexicon(
        words=re.compile(data["words"], re.IGNORECASE),
        names=frozenset(data["first_or_last_names"]),
        products=tuple(
            (slug, re.compile(bounded.format(pattern), re.IGNORECASE))
            for slug, pattern in data["products"]
        ),
    )
