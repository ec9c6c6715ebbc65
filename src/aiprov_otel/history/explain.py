"""Why a line has its origin, step by step: where it comes from, what was found, what decided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aiprov_otel.history import attribution
from aiprov_otel.history.attribution import Decision
from aiprov_otel.history.evidence import identities
from aiprov_otel.history.evidence.agents import Table
from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.query import FileAnswer, Place


def chain(answer: FileAnswer, number: int) -> list[dict[str, Any]]:
    """The steps for line *number* of the file that *answer* is about, as JSON can hold them."""
    return list(_by_git(answer, number) if answer.decisions else _by_manifest(answer, number))


def _by_manifest(answer: FileAnswer, number: int) -> Iterator[dict[str, Any]]:
    line = answer.file.line(number)
    text = f"the line is of {line.commit or 'no commit that can be named'}"
    yield {"step": "line", "where": answer.said_by, "text": text, "commit": line.commit}
    text = f"{line.evidence} decided when the manifest was built: {line.origin}"
    yield {"step": "decision", "where": answer.said_by, "text": text}


def _by_git(answer: FileAnswer, number: int) -> Iterator[dict[str, Any]]:
    decision, place = answer.decisions[number - 1], answer.places[number - 1]
    commit = answer.commit(place.commit) if decision.provenance.commit else None
    yield _origin_of_line(answer, place, commit)
    for mark in decision.marks:
        yield _of_mark(mark, decision, commit, answer.policy)
    yield {"step": "decision", "where": "policy", "text": answer.problem or decision.reason}
    if commit and decision.deciding:
        without = attribution.decide(commit, [], answer.policy)
        text = f"without any mark: {without.provenance.origin} ({without.reason})"
        yield {
            "step": "otherwise",
            "where": "policy",
            "text": text,
            "says": without.provenance.origin.value,
        }


def _origin_of_line(answer: FileAnswer, place: Place, commit: Commit | None) -> dict[str, Any]:
    if commit is None:
        text = "the line is of no commit that can be named"
        return {"step": "line", "where": answer.said_by, "text": text, "commit": None}
    author = author_class(commit, answer.policy)
    text = f"line {place.line} of {place.path} in {commit.id}, whose author is {author}"
    return {
        "step": "line",
        "where": answer.said_by,
        "text": text,
        "commit": commit.id,
        "path": place.path,
        "line": place.line,
        "author": author,
    }


def author_class(commit: Commit, policy: Policy) -> str:
    """What kind of author *commit* has; never who."""
    rules = Table(policy.extra_agents).of_kind("author")
    if found := next((rule for rule in rules if rule.pattern.search(commit.author)), None):
        return f"an agent ({found.agent or found.id})"
    return "a bot that is no AI" if identities.is_bot(commit.author) else "a person"


def _of_mark(
    mark: Mark, decision: Decision, commit: Commit | None, policy: Policy
) -> dict[str, Any]:
    alone = attribution.decide(commit, [mark], policy) if commit and mark.evidence else None
    return {
        "step": "evidence",
        "where": mark.where,
        "text": mark.text,
        "evidence": mark.evidence and mark.evidence.value,
        "strength": mark.evidence and mark.evidence.strength.value,
        "rule": mark.rule,
        "agent": mark.agent,
        "model": mark.model,
        "says": alone and alone.provenance.origin.value,
        "decides": mark is decision.deciding,
    }
