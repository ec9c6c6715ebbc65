"""`aiprov explain FILE:LINE`: commit, evidence, origin, step by step."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aiprov_otel.cli.blame import as_json
from aiprov_otel.cli.plain import counted, say, say_json, visible
from aiprov_otel.errors import UsageError
from aiprov_otel.history.answers import FileAnswer, of_file
from aiprov_otel.history.attribution import Decision
from aiprov_otel.history.marks import Mark
from aiprov_otel.values import Provenance


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "explain",
        help="why a line has its origin: commit, evidence, policy",
        description="Print each step from a line to its origin. Git is asked, unless --manifest is "
        "given, which knows the result only.",
        epilog="example: aiprov explain src/shop/cart.py:42",
    )
    parser.add_argument("where", metavar="FILE:LINE", help="a tracked file and a line of it")
    parser.add_argument("--manifest", type=Path, help="ask this manifest, and not git")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the steps."""
    path, number = _where(args.where)
    answer = of_file(path, args.manifest, history=True)
    if not 1 <= number <= answer.file.lines:
        msg = f"{path} has {counted(answer.file.lines, 'line')}; there is no line {number}"
        raise UsageError(msg)
    line = answer.file.line(number)
    chain = list(_chain(answer, number, line))
    if args.json:
        told = {**as_json(answer.file.path, number, line), "said_by": answer.said_by}
        say_json({**told, "chain": chain})
    else:
        for text in _lines(answer.file.path, number, line, chain):
            say(visible(text))
    return 0


def _where(where: str) -> tuple[Path, int]:
    path, _, number = where.rpartition(":")
    if not path or not number.isdecimal():
        msg = f"{where!r} is not FILE:LINE; write it like src/shop/cart.py:42"
        raise UsageError(msg)
    return Path(path), int(number)


def _chain(answer: FileAnswer, number: int, line: Provenance) -> Iterator[dict[str, Any]]:
    """Each step: what was asked or found, where, and what follows from it."""
    commit = line.commit or "no commit that can be named"
    yield {"step": "line", "where": answer.said_by, "text": f"the line is of {commit}"}
    if not answer.decisions:
        text = f"{line.evidence} decided when the manifest was built: {line.origin}"
        yield {"step": "decision", "where": answer.said_by, "text": text}
        return
    decision = answer.decisions[number - 1]
    for mark in decision.marks:
        yield _of_mark(mark, decision)
    yield {"step": "decision", "where": "policy", "text": answer.problem or decision.reason}


def _of_mark(mark: Mark, decision: Decision) -> dict[str, Any]:
    return {
        "step": "evidence",
        "where": mark.where,
        "text": mark.text,
        "evidence": mark.evidence and mark.evidence.value,
        "rule": mark.rule,
        "agent": mark.agent,
        "model": mark.model,
        "decides": mark is decision.deciding,
    }


def _lines(path: str, number: int, line: Provenance, chain: list[dict[str, Any]]) -> Iterator[str]:
    named = ", ".join(value for value in (line.agent, line.model) if value)
    yield f"{path}:{number}  {line.origin}{f' ({named})' if named else ''}"
    if line.time:
        yield f"  committed {line.time}"
    for step in chain:
        yield f"  {step['where']}: {step['text']}{_verdict(step)}"


def _verdict(step: dict[str, Any]) -> str:
    if step["step"] != "evidence":
        return ""
    kind = step["evidence"] or "does not mark the commit"
    return f"  [{kind}, decides]" if step["decides"] else f"  [{kind}]"
