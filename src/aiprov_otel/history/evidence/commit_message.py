"""What a commit says about the tools that wrote it: its people, and every line of its message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from aiprov_otel.history.evidence import identities, model_names
from aiprov_otel.history.evidence.agents import Rule, Table, lexicon
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.values import Evidence, Origin

_LONGEST_LINE = 400  # no mark is longer; generated text in a message may be


@dataclass(frozen=True, slots=True)
class Mark:
    """
    One statement found: on a commit, in a record about its lines, or in the source itself.

    Attributes:
        rule: id of the table's row that found it, or what kind of record it is.
        evidence: its kind; None for one that is shown and does not mark the commit.
        agent: slug of the tool.
        model: normalised.
        provider: who makes the model.
        where: `author`, `committer`, `line 3 of the message`, `refs/notes/ai`.
        text: what stands there, without mails, URLs and people.
        line: which line of the message it is; 0 where it is none.
        origin: what it says of the lines themselves; None for a mark on the commit.
    """

    rule: str
    evidence: Evidence | None
    agent: str | None
    model: str | None
    provider: str | None
    where: str
    text: str
    line: int = 0
    origin: Origin | None = None


def find(commit: Commit, table: Table) -> list[Mark]:
    """Every mark of *commit*: author and committer first, then line by line."""
    return [
        *_of_person(commit.author, "author", table),
        *_of_person(commit.committer, "committer", table),
        *_of_message(commit.lines, table),
    ]


@lru_cache(maxsize=4096)  # few people make most of the commits
def _of_person(who: str, kind: str, table: Table) -> tuple[Mark, ...]:
    for rule in table.of_kind(kind):
        if found := rule.pattern.search(who):
            return (_mark(rule, found, kind, table),)
    return ()


def _of_message(lines: Iterable[str], table: Table) -> Iterator[Mark]:
    for number, line in enumerate(lines, start=1):
        if 0 < len(line) <= _LONGEST_LINE and table.any_line(line):
            yield from _of_line(line, number, table)


def _of_line(line: str, number: int, table: Table) -> Iterator[Mark]:
    """The mark that *line* is, by the first rule that applies to it."""
    for rule in table.lines:
        if (found := rule.pattern.search(line)) and _applies(rule, found, number):
            said = _mark(rule, found, f"line {number} of the message", table)
            yield replace(said, line=number)
            return


def _applies(rule: Rule, found: re.Match[str], number: int) -> bool:
    if rule.pattern.pattern.startswith(r"\A"):
        return number == 1
    if not rule.requires_lexicon:
        return True
    value = found.string.partition(":")[2]
    # A subject may begin with "AI agent: …"; it holds no trailers.
    return number > 1 and identities.names_a_tool(value, yes=rule.id == "ai-assistant")


def _mark(rule: Rule, found: re.Match[str], where: str, table: Table) -> Mark:
    agent = rule.agent or _agent(found)
    model = model_names.normalise(_model_text(rule, found))
    provider = model_names.provider_of(model) or (table.providers.get(agent) if agent else None)
    # Whoever has the tool's name in theirs is still a person: of people, only the tool is said.
    text = (agent or rule.id) if where in {"author", "committer"} else clean(found.string)
    return Mark(rule.id, rule.evidence, agent, model, provider, where, text)


def _agent(found: re.Match[str]) -> str | None:
    groups = found.groupdict()
    named = groups.get("agent") or groups.get("tool")
    return lexicon().product(named or found.string.partition(":")[2] or found[0])


def _model_text(rule: Rule, found: re.Match[str]) -> str:
    within = rule.model.search(found.string) if rule.model else found
    return (within.groupdict().get("model") if within else None) or ""


def clean(line: str) -> str:
    """*line* without mails, URLs and the identifiers of sessions."""
    key, colon, _ = line.partition(":")
    if re.search(r"(session|thread(-id)?|checkpoint|logs-url)\s*$", key, re.IGNORECASE):
        return key.strip() + colon
    line = re.sub(r"\(?\b[a-z][a-z0-9+.-]*://\S*|<[^>]*>?|\S*@\S*", "", line, flags=re.IGNORECASE)
    return " ".join(line.split())
