"""Why a line has its origin, step by step: where it comes from, its evidence, what decided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aiprov_otel.history import attribution
from aiprov_otel.history.attribution import Decision
from aiprov_otel.history.evidence import commit_message, identities
from aiprov_otel.history.evidence.agents import Table
from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.history.evidence.through_requests import RULE
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.query import FileAnswer, Place
from aiprov_otel.values import Origin

_NO_COMMIT = "the line is not of a known commit"


def explain_line(answer: FileAnswer, number: int) -> list[dict[str, Any]]:
    """The steps for line *number* of the file of *answer*, as JSON values."""
    explain = _explain_by_git if answer.decisions else _explain_by_manifest
    return list(explain(answer, number))


def _explain_by_manifest(answer: FileAnswer, number: int) -> Iterator[dict[str, Any]]:
    line, where = answer.file.line(number), answer.answered_by
    text = f"the line is of commit {line.commit}" if line.commit else _NO_COMMIT
    yield {"step": "line", "where": where, "text": text, "commit": line.commit}
    text = f"{line.evidence} decided when the manifest was built: {line.origin}"
    yield {"step": "decision", "where": where, "text": text}


def _explain_by_git(answer: FileAnswer, number: int) -> Iterator[dict[str, Any]]:
    decision, place = answer.decisions[number - 1], answer.places[number - 1]
    commit = answer.commit(place.commit) if decision.provenance.commit else None
    yield _line_step(answer, place, commit)
    for mark in decision.marks:
        yield _mark_step(mark, decision, commit, answer)
    yield {"step": "decision", "where": "policy", "text": answer.problem or decision.reason}
    if commit and decision.deciding:
        unmarked = attribution.decide(commit, [], answer.policy)
        origin = unmarked.provenance.origin
        text = f"without any mark: {origin} ({unmarked.reason})"
        yield {"step": "otherwise", "where": "policy", "text": text, "says": origin.value}


def _line_step(answer: FileAnswer, place: Place, commit: Commit | None) -> dict[str, Any]:
    where = answer.answered_by
    if commit is None:
        return {"step": "line", "where": where, "text": _NO_COMMIT, "commit": None}
    author = author_class(commit, answer.policy)
    return {
        "step": "line",
        "where": where,
        "text": f"line {place.line} of {place.path} in {commit.id}, whose author is {author}",
        "commit": commit.id,
        "path": place.path,
        "line": place.line,
        "author": author,
    }


def author_class(commit: Commit, policy: Policy) -> str:
    """The kind of author that *commit* has; never a name."""
    if marks := commit_message.author_marks(commit.author, Table(policy.extra_agents)):
        return f"an agent ({marks[0].text})"
    return "a bot that is not an AI" if identities.is_bot(commit.author) else "a person"


def _mark_step(
    mark: Mark, decision: Decision, commit: Commit | None, answer: FileAnswer
) -> dict[str, Any]:
    if mark.rule == RULE:
        return {"step": "request", "where": mark.where, "text": mark.text, "commit": mark.commit}
    decides = mark is decision.deciding
    origin = decision.provenance.origin if decides else _says_alone(mark, commit, answer)
    return {
        "step": "evidence",
        "where": mark.where,
        "text": mark.text,
        "evidence": mark.evidence and mark.evidence.value,
        "strength": mark.evidence and mark.evidence.strength.value,
        "rule": mark.rule,
        "agent": mark.agent,
        "model": mark.model,
        "says": origin and origin.value,
        "decides": decides,
    }


def _says_alone(mark: Mark, commit: Commit | None, answer: FileAnswer) -> Origin | None:
    """The origin of a line of *commit* that has only this *mark*; None for one that is shown."""
    if commit is None or mark.evidence is None:
        return None
    if mark.commit and (own := answer.commit(mark.commit)):
        commit = commit._replace(author=own.author, message=own.message)
    return attribution.decide(commit, [mark], answer.policy).provenance.origin
