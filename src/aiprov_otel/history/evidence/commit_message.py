"""The marks that tools leave on a commit: in its author, its committer and its message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Final, NamedTuple

from aiprov_otel.history.evidence import identities, model_names, places, trailers
from aiprov_otel.history.evidence.agents import Table
from aiprov_otel.history.evidence.found import Found
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.values import Evidence, Origin

_LONGEST_LINE: Final = 1_000  # a longer line is generated text, not a mark
_MOST_MARKS: Final = 1_000  # more than any squash has; a message with more is an attack


class Mark(NamedTuple):
    """
    One piece of evidence: on a commit, in a record about its lines, or in the source itself.

    Attributes:
        rule: the row of the table of agents, the place of a mark that names none, or the format of
            the record.
        evidence: its kind; None for one that is shown and does not mark the commit.
        agent: slug of the tool.
        model: normalized.
        provider: the maker of the model.
        where: `author`, `committer`, `line 3 of the message`, `refs/notes/ai`.
        text: the text found there, without mail addresses, URLs and people.
        line: the line of the message that it was found in; 0 elsewhere.
        origin: the origin that it states; None where the kind of evidence decides.
        commit: the commit that it is on, where that is one of the pull request behind a squash.
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
    commit: str | None = None


def find_marks(commit: Commit, table: Table) -> list[Mark]:
    """Every mark of *commit*: author and committer first, then line by line."""
    marks: Iterator[Mark] = islice(_message_marks(commit.lines, table), _MOST_MARKS)
    if identities.quotes_others(commit.author):
        marks = _quoted(commit, marks)
    return [
        *author_marks(commit.author, table),
        *_committer_marks(commit.committer, table),
        *marks,
    ]


def _quoted(commit: Commit, marks: Iterable[Mark]) -> Iterator[Mark]:
    """*marks*, of which those don't count that a bot may have repeated from somewhere else."""
    name, _ = identities.split_address(commit.author)
    own = re.compile(rf"(?:signed-off|co-authored)-by: *{re.escape(name)} *<", re.IGNORECASE)
    lines = commit.lines
    signed = next((n for n, line in enumerate(lines, start=1) if own.match(line)), 0)
    # What others did to its pull request is in one block with its signature, or below.
    while signed > 1 and lines[signed - 2].strip():
        signed -= 1
    for mark in marks:
        yield mark if 0 < signed <= mark.line else mark._replace(evidence=None)


@lru_cache(maxsize=4096)  # few people make most of the commits
def author_marks(who: str, table: Table) -> tuple[Mark, ...]:
    """The mark that *who*, the author of a commit, is; none for a person."""
    name, mail = identities.split_address(who)
    model = _model_suffix(name)
    row, slug = trailers.read_author(name, mail, table) or (None, None)
    if row and row.role != "review":
        slug = row.hosted or slug
        found = Found(row.id, Evidence.AGENT_AUTHOR, slug, model or model_names.normalize(name))
    elif model or (slug := _tool_suffix(name, table)):
        found = Found("author-suffix", Evidence.AGENT_AUTHOR, slug, model)
    else:
        return ()
    # A person may have a tool's name in theirs: of an author, only the tool is shown.
    return (_make_mark(found, "author", slug or found.rule, 0, table),)


def _model_suffix(name: str) -> str | None:
    """The model in `Jane (claude-sonnet-4)`, whose owner let a tool write under their name."""
    match = re.search(r"\(([a-z][\w.-]+)\)\s*$", name)
    model = model_names.normalize(match[1]) if match else None
    return model if model_names.provider_of(model) else None


def _tool_suffix(name: str, table: Table) -> str | None:
    match = re.search(r"\(([^()]+)\)\s*$", name)
    whole = table.names.find_whole(match[1]) if match else None
    return whole[1] if whole else None


@lru_cache(maxsize=4096)
def _committer_marks(who: str, table: Table) -> tuple[Mark, ...]:
    """A committer's suffix: aider commits a person's own changes under it."""
    suffix = re.search(r"\(([^()]*)\)\s*$", identities.split_address(who)[0])
    row = table.by_suffix.get(suffix[1].lower()) if suffix else None
    return (
        (_make_mark(Found(row.id, None, row.agent), "committer", row.id, 0, table),) if row else ()
    )


def _message_marks(lines: Sequence[str], table: Table) -> Iterator[Mark]:
    if not table.may_mark("\n".join(lines)):
        return
    pair: dict[str, tuple[int, str]] = {}
    for number, line in trailers.unfold(lines, table):
        if not 0 < len(line) <= _LONGEST_LINE or not table.may_mark(line):
            continue
        if found := places.read_line(line, number, table):
            where = f"line {number} of the message"
            yield _make_mark(found, where, redact(line), number, table)
        key, value = trailers.split_trailer(line)
        if key in {"agent", "model"} and number > 1:
            pair[key] = number, value
    if len(pair) == 2 and (found := trailers.read_pair(pair["agent"][1], pair["model"][1], table)):
        number, value = pair["agent"]
        where = f"line {number} of the message"
        yield _make_mark(found, where, redact(f"Agent: {value}"), number, table)


def _make_mark(found: Found, where: str, text: str, line: int, table: Table) -> Mark:
    by_agent = table.providers.get(found.agent) if found.agent else None
    provider = model_names.provider_of(found.model) or by_agent
    return Mark(
        found.rule, found.evidence, found.agent, found.model, provider, where, text, line,
        found.origin,
    )  # fmt: skip


def redact(line: str) -> str:
    """*line* without mail addresses, URLs and the identifiers of sessions."""
    key, colon, _ = line.partition(":")
    if re.search(r"(session|thread(-id)?|checkpoint|logs-url)\s*$", key, re.IGNORECASE):
        return key.strip() + colon
    line = re.sub(r"\(?\b[a-z][a-z0-9+.-]*://\S*|<[^>]*>?|\S*@\S*", "", line, flags=re.IGNORECASE)
    return " ".join(line.split())
