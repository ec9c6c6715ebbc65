"""The marks that tools leave on a commit: in its author, its committer and its message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import Final

from aiprov_otel.history.evidence import identities, model_names
from aiprov_otel.history.evidence.agents import Rule, Table, load_lexicon
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.values import Evidence, Origin

_LONGEST_LINE: Final = 400  # a longer line is generated text, not a mark
_MOST_MARKS: Final = 1_000  # more than any squash has; a message with more is an attack


@dataclass(frozen=True, slots=True)
class Mark:
    """
    One piece of evidence: on a commit, in a record about its lines, or in the source itself.

    Attributes:
        rule: id of the table's row that matched, or the format of the record.
        evidence: its kind; None for one that is shown and does not mark the commit.
        agent: slug of the tool.
        model: normalized.
        provider: the maker of the model.
        where: `author`, `committer`, `line 3 of the message`, `refs/notes/ai`.
        text: the text found there, without mail addresses, URLs and people.
        line: the line of the message that it was found in; 0 elsewhere.
        origin: the origin that it gives to lines; None for a mark on the commit.
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


def find_marks(commit: Commit, table: Table) -> list[Mark]:
    """Every mark of *commit*: author and committer first, then line by line."""
    return [
        *_person_marks(commit.author, "author", table),
        *_person_marks(commit.committer, "committer", table),
        *islice(_message_marks(commit.lines, table), _MOST_MARKS),
    ]


@lru_cache(maxsize=4096)  # few people make most of the commits
def _person_marks(who: str, kind: str, table: Table) -> tuple[Mark, ...]:
    for rule in table.of_kind(kind):
        if match := rule.pattern.search(who):
            return (_make_mark(rule, match, kind, table),)
    return ()


def _message_marks(lines: Iterable[str], table: Table) -> Iterator[Mark]:
    for number, line in enumerate(lines, start=1):
        if 0 < len(line) <= _LONGEST_LINE and table.any_line(line):
            yield from _line_marks(line, number, table)


def _line_marks(line: str, number: int, table: Table) -> Iterator[Mark]:
    """The mark in *line*, by the first rule that applies to it."""
    for rule in table.lines:
        if (match := rule.pattern.search(line)) and _applies(rule, match, number):
            mark = _make_mark(rule, match, f"line {number} of the message", table)
            yield replace(mark, line=number)
            return


def _applies(rule: Rule, match: re.Match[str], number: int) -> bool:
    if rule.pattern.pattern.startswith(r"\A"):
        return number == 1
    if not rule.requires_lexicon:
        return True
    value = match.string.partition(":")[2]
    # A subject may begin with "AI agent: …"; trailers are further down.
    return number > 1 and identities.names_a_tool(value, yes=rule.id == "ai-assistant")


def _make_mark(rule: Rule, match: re.Match[str], where: str, table: Table) -> Mark:
    agent = rule.agent or _find_agent(match)
    model = model_names.normalize(_model_text(rule, match))
    provider = model_names.provider_of(model) or (table.providers.get(agent) if agent else None)
    # A person may have a tool's name in theirs: of an author, only the tool is shown.
    text = (agent or rule.id) if where in {"author", "committer"} else redact(match.string)
    return Mark(rule.id, rule.evidence, agent, model, provider, where, text)


def _find_agent(match: re.Match[str]) -> str | None:
    groups = match.groupdict()
    name = groups.get("agent") or groups.get("tool")
    return load_lexicon().find_product(name or match.string.partition(":")[2] or match[0])


def _model_text(rule: Rule, match: re.Match[str]) -> str:
    model = rule.model.search(match.string) if rule.model else match
    return (model.groupdict().get("model") if model else None) or ""


def redact(line: str) -> str:
    """*line* without mail addresses, URLs and the identifiers of sessions."""
    key, colon, _ = line.partition(":")
    if re.search(r"(session|thread(-id)?|checkpoint|logs-url)\s*$", key, re.IGNORECASE):
        return key.strip() + colon
    line = re.sub(r"\(?\b[a-z][a-z0-9+.-]*://\S*|<[^>]*>?|\S*@\S*", "", line, flags=re.IGNORECASE)
    return " ".join(line.split())
