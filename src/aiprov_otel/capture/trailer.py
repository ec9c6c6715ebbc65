"""`Assisted-by: AGENT:MODEL` in a commit's message, where hooks or the environment name one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from aiprov_otel.capture import watched
from aiprov_otel.capture.journal import Journal
from aiprov_otel.files import read_regular, write_whole

_OTHERS: Final = {"merge", "squash"}  # messages of commits that others may have written


def add(journal: Journal, arguments: Sequence[str]) -> None:
    """Adds a trailer for each agent whose lines are about to be committed."""
    from aiprov_otel.history.evidence.mark import agent_slug
    from aiprov_otel.history.evidence.model_names import normalize
    from aiprov_otel.settings import agent_by_variable

    name, *rest = arguments
    if rest and (rest[0] in _OTHERS or rest[0] == "commit"):
        return
    staged = _staged(journal)
    labels = {
        label
        for state in journal.states()
        if state.path in staged
        for label in state.labels
        if label
    }
    rows = {tuple(label.split("\t", 1)) for label in labels - {watched.LABEL}}
    pairs = {(agent_slug(tool), normalize(model)) for tool, model in rows}
    running = agent_by_variable()
    agent = agent_slug(running.split("_")[0]) if running else None
    if agent and agent not in {slug for slug, _ in pairs}:
        pairs.add((agent, None))
    place = journal.root / name
    message = read_regular(place).decode("utf-8", "surrogateescape")
    wanted = (
        f"Assisted-by: {slug}:{model or 'unknown'}"
        for slug, model in sorted(pairs, key=str)
        if slug
    )
    missing = [line for line in wanted if line not in message.splitlines()]
    if missing:
        write_whole(place, os.fsencode(with_trailers(message, missing)), 0o644)


def _staged(journal: Journal) -> set[str]:
    from aiprov_otel.history.git.repository import Git

    options = ("--cached", "--name-only", "--no-renames", "-z")
    status, output, _ = Git(journal.root).try_run("diff", *options)
    return set() if status else {os.fsdecode(name) for name in output.split(b"\0")}


def with_trailers(message: str, trailers: Sequence[str]) -> str:
    """*message* with *trailers* after its text, and before the comments that git put below it."""
    rows = message.split("\n")
    end = next((i for i, row in enumerate(rows) if row.startswith("#")), len(rows))
    text = "\n".join(rows[:end]).rstrip("\n")
    last = text.rpartition("\n\n")[2]
    in_block = "\n\n" in text and all(": " in row for row in last.split("\n"))
    joint = "\n" if in_block else "\n\n"
    comments = "\n".join(rows[end:])
    return f"{text}{joint}{chr(10).join(trailers)}\n" + (f"\n{comments}" if comments else "")
