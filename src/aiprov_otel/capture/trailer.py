"""`Assisted-by: AGENT:MODEL` in a commit's message, where hooks or the environment name one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from aiprov_otel import settings
from aiprov_otel.capture import lines, watched
from aiprov_otel.capture.journal import PENDING, Journal, State
from aiprov_otel.files import permissions, read_regular, write_whole
from aiprov_otel.history.git.objects import parse_contents
from aiprov_otel.history.git.repository import Git

_OTHERS: Final = {"merge", "squash"}  # messages of commits that others may have written
_SCISSORS: Final = " ------------------------ >8 ------------------------"
_COMMENTS: Final = "#;@!$%^&|:"  # what git chooses from where `core.commentChar` is `auto`
_TRAILER: Final = re.compile(r"[A-Za-z0-9-]+\s*:|\(cherry picked from|\s")


def prepare(journal: Journal, name: str, source: str = "") -> None:
    """
    Adds a trailer for each agent whose lines are about to be committed to the message *name*.

    A message that the user has yet to write gets them when it is written: with one in it, closing
    the editor would not cancel the commit.
    """
    journal.drop(PENDING, "")
    if source in _OTHERS:
        return
    trailers = list(_trailers(journal, is_new=source != "commit"))
    if not trailers:
        return
    if source in {"message", "commit"}:
        _add(journal, name, trailers)
    else:
        text = read_regular(journal.root / name).decode("utf-8", "surrogateescape")
        journal.put(PENDING, "", {"trailers": trailers, "message": journal.key(text)})


def finish(journal: Journal, name: str, pending: Mapping[str, Any]) -> None:
    """Adds the trailers that are *pending* to the message *name*, if the user wrote any text."""
    journal.drop(PENDING, "")
    text = read_regular(journal.root / name).decode("utf-8", "surrogateescape")
    if pending["message"] != journal.key(text):
        _add(journal, name, pending["trailers"])


def _trailers(journal: Journal, *, is_new: bool) -> Iterator[str]:
    """The trailers of what is staged, and of an agent that commits a *new* message itself."""
    rows = {tuple(label.split("\t", 1)) for label in _staged(journal) - {watched.LABEL}}
    running = settings.agent_by_variable() if is_new and not watched.in_progress(journal) else None
    if not rows and not running:
        return
    from aiprov_otel.history.evidence.mark import agent_slug
    from aiprov_otel.history.evidence.model_names import normalize

    pairs = {(agent_slug(tool), normalize(model)) for tool, model in rows}
    agent = agent_slug(running.split("_")[0]) if running else None
    if agent and agent not in {slug for slug, _ in pairs}:
        pairs.add((agent, None))
    for slug, model in sorted(pairs, key=str):
        if slug:
            yield f"Assisted-by: {slug}:{model or 'unknown'}"


def _staged(journal: Journal) -> set[str]:
    """The labels of the lines that are about to be committed."""
    # For `git commit --all` and `git commit FILE`, git makes an index of its own.
    index = settings.git_index()
    variables = {"GIT_INDEX_FILE": os.path.join(journal.root, index)} if index else {}  # noqa: PTH118
    git = Git(journal.root, variables=variables)
    states = {state.path: state for state in journal.states() if any(state.labels)}
    if not states:
        return set()
    staged = _read(journal, git, states)
    moved = [states[path] for path, hashes in staged.items() if hashes is None]
    added: list[str] = []
    if moved:
        options = ("--cached", "--diff-filter=A", "--no-renames", "--name-only", "-z")
        added = os.fsdecode(git.run("diff", *options)).split("\0")[:-1]
    pairs = [(states[path], hashes) for path, hashes in staged.items() if hashes is not None]
    for hashes in _read(journal, git, added).values():
        pairs += [(s, hashes) for s in moved if hashes and lines.is_half_in(s.hashes, hashes)]
    return {label for state, hashes in pairs for label in _kept(state, hashes)}


def _read(journal: Journal, git: Git, paths: Iterable[str]) -> dict[str, list[bytes] | None]:
    """The hashes of the lines that each of *paths* has in the index; None where it is not there."""
    names = [path for path in paths if "\n" not in path]
    contents = parse_contents(git.objects(f":0:{path}" for path in names))
    hasher = lines.Hasher(journal.salt)
    return {
        path: None if content is None else hasher.hash(lines.split(content))
        for path, content in zip(names, contents, strict=True)
    }


def _kept(state: State, hashes: Sequence[bytes]) -> Iterator[str]:
    """The labels of those lines of *state* that a file with these *hashes* has."""
    for place in lines.align(state.hashes, hashes):
        if place >= 0 and (label := state.labels[place]):
            yield label


def _add(journal: Journal, name: str, trailers: Sequence[str]) -> None:
    place = journal.root / name
    message = read_regular(place).decode("utf-8", "surrogateescape")
    values = Git(journal.root).configuration.values("core.commentchar")
    comment = values[-1] if values else "#"
    text = with_trailers(message, trailers, comment, edited=settings.is_edited())
    if text != message:
        data = text.encode("utf-8", "surrogateescape")
        write_whole(place, data, permissions(place, 0o644))


def with_trailers(message: str, trailers: Sequence[str], comment: str, *, edited: bool) -> str:
    """
    *message* with those of *trailers* that it lacks after its text, if it has any.

    Below the text of one that is *edited*, git puts comments and, behind a line of scissors, the
    changes; *comment* is what its comments begin with.
    """
    rows = message.split("\n")
    if comment == "auto":
        comment = next((row[0] for row in reversed(rows) if row.strip()), "#")
        comment = comment if comment in _COMMENTS else "#"
    end = rows.index(comment + _SCISSORS) if comment + _SCISSORS in rows else len(rows)
    while end and (not rows[end - 1].strip() or (edited and rows[end - 1].startswith(comment))):
        end -= 1
    text = rows[:end]
    missing = [trailer for trailer in trailers if trailer not in text]
    if not missing or not any(not (edited and row.startswith(comment)) and row for row in text):
        return message
    start = next((n for n in range(end, 0, -1) if not text[n - 1].strip()), 0)
    is_block = start > 0 and all(_TRAILER.match(row) for row in text[start:])
    below = "\n".join(rows[end:]).lstrip("\n")
    whole = "\n".join([*text, *([] if is_block else [""]), *missing, ""])
    return f"{whole}\n{below}" if below else whole
