"""`aiprov record`: what the hooks of agents, of git and of editors call; it never fails."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiprov_otel.capture.inputs import Edit, Event
    from aiprov_otel.capture.journal import Journal

_MOST = 32 * 1024 * 1024  # bytes of standard input


def main(arguments: Sequence[str]) -> int:
    """Records one event; *arguments* are the writer and what its hook adds. Always returns 0."""
    writer, *rest = arguments or [""]
    start = Path(os.path.realpath(os.curdir))
    try:
        _record(writer, rest, start)
    except Exception as error:  # noqa: BLE001 (a hook of ours never fails what it hangs on)
        _complain(writer, error, start)
    return 0


def _record(writer: str, rest: Sequence[str], start: Path) -> None:
    from aiprov_otel.capture.journal import Journal

    if writer in {"git", "editor"}:
        journal = Journal.find(start)
        if journal is None:
            return
        if writer == "git":
            from aiprov_otel.capture.git_events import handle

            handle(journal, rest)
            return
        from aiprov_otel.capture.observe import Observer

        with journal.locked():
            observer = Observer(journal)
            path = observer.relative(rest[0], str(start))
            if observer.declared and path and (text := observer.read(path)) is not None:
                observer.look(path, text)
        return
    from aiprov_otel.capture.agents import AGENTS
    from aiprov_otel.capture.inputs import parse

    if writer not in AGENTS:
        msg = f"there is no agent {writer!r}; use one of {', '.join(AGENTS)}, git or editor"
        raise ValueError(msg)
    event = parse(writer, sys.stdin.buffer.read(_MOST))
    if event is None:
        return
    folder = os.path.realpath(os.path.join(start, event.folder))  # noqa: PTH118
    event = event._replace(folder=folder)
    for journal, own in _journals(event):
        if journal.settings.get("git_ai"):
            from aiprov_otel.capture.git_ai import forward

            forward(own)
            continue
        from aiprov_otel.capture.edits import apply

        with journal.locked():
            apply(journal, own)


def _journals(event: Event) -> Iterator[tuple[Journal, Event]]:
    """The journal of each repository that *event* is about, with its part of the event."""
    from aiprov_otel.capture.journal import Journal

    by_root: dict[Path, tuple[Journal, list[Edit]]] = {}
    for edit in event.edits or (None,):
        place = Path(event.folder)
        if edit is not None and edit.path:
            place = Path(os.path.realpath(place / edit.path)).parent
        journal = Journal.find(place)
        if journal is not None:
            edits = by_root.setdefault(journal.root, (journal, []))[1]
            if edit is not None:
                edits.append(edit)
    for journal, edits in by_root.values():
        yield journal, event._replace(edits=tuple(edits))


def _complain(writer: str, error: Exception, start: Path) -> None:
    from contextlib import suppress

    with suppress(Exception):
        from aiprov_otel.capture.journal import Journal

        if journal := Journal.find(start):
            journal.complain(f"{writer}: {type(error).__name__}: {error}")
