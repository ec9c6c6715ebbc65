"""The edits of agents: what a file was before one, and which of its lines are the agent's after."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

from aiprov_otel.capture import agents, lines
from aiprov_otel.capture.inputs import Edit, Event, model_name
from aiprov_otel.capture.journal import Journal
from aiprov_otel.capture.observe import Observer

_TELLING: Final = 4  # letters and digits that make a part of a line an agent's
_TAIL: Final = 256 * 1024  # bytes at the end of a transcript that are searched for the model
_IN_TRANSCRIPT: Final = re.compile(rb'"model"\s*:\s*"([^"\\]{1,80})"')


def apply(journal: Journal, event: Event) -> None:
    """Records *event* in *journal*."""
    from aiprov_otel.capture import watched

    if watched.is_declared(journal):
        _follow_turn(journal, event)
    elif event.kind in {agents.TURN, agents.REST}:
        return
    if event.kind == agents.BEFORE and event.edits:
        _before(Observer(journal), event)
    elif event.kind in {agents.AFTER, agents.COMPLETION} and event.edits:
        _after(Observer(journal), event)


def _follow_turn(journal: Journal, event: Event) -> None:
    """Keeps who is at work; looks at everything before an agent begins, and when it has done."""
    turn = f"{event.agent} {event.session}"
    known = journal.record("turns", turn) is not None
    if event.kind == agents.COMPLETION:
        return
    if event.kind != agents.TURN and not known:
        # It began without being seen: nothing that came since is a person's for certain.
        journal.put("turns", turn, {"agent": event.agent})
    if event.kind == agents.REST or not known:
        Observer(journal).look_at_all()
    journal.put("turns", turn, {"agent": event.agent})
    journal.put("seen", event.agent, {})
    if event.kind == agents.REST:
        journal.drop("turns", turn)
        for name, use in journal.records("tools").items():
            if use.get("turn") == journal.key(turn):
                journal.drop("tools", name, hashed=True)


def _before(observer: Observer, event: Event) -> None:
    """Remembers what the files are before the tool runs."""
    paths = {observer.relative(edit.path, event.folder) for edit in event.edits if edit.path}
    shell = any(edit.path is None for edit in event.edits)
    dirty = observer.dirty() if shell else {}
    files: dict[str, str] = {}
    for path in sorted({*filter(None, paths), *dirty}):
        if (text := observer.read(path)) is not None:
            files[path] = b"".join(observer.look(path, text).hashes).hex()
    use: dict[str, Any] = {"files": files, "shell": shell}
    if shell:
        use["head"] = observer.git.try_run("rev-parse", "HEAD")[1].decode("ascii", "replace")
    use["turn"] = observer.journal.key(f"{event.agent} {event.session}")
    observer.journal.put("tools", event.call, use)


def _after(observer: Observer, event: Event) -> None:
    """Labels the lines that are new since, and that what the agent gave to the tool explains."""
    use = observer.journal.record("tools", event.call)
    label = f"{agents.AGENTS[event.agent].tool}\t{_model(event) or 'unknown'}"
    for edit in event.edits:
        if edit.path is None:
            for name, before in _bases_of_shell(observer, use):
                _label(observer, name, before, edit, label)
        elif path := observer.relative(edit.path, event.folder):
            base: Sequence[bytes] | None = _base(use, path)
            if base is None and not edit.whole:
                state = observer.journal.state(path)
                base = state.hashes if state else observer.hash(observer.committed(path))
            if base is not None:
                _label(observer, path, base, edit, label)
    if event.kind == agents.AFTER:
        observer.journal.drop("tools", event.call)


def _label(observer: Observer, path: str, base: Sequence[bytes], edit: Edit, label: str) -> None:
    text = observer.read(path)
    if text is None:
        return
    state = observer.look(path, text)
    places = lines.align(base, state.hashes)
    new = lines.added(base, state.hashes, places, observer.blank)
    own = _explained(text, new, edit)
    if own:
        labels = [label if line in own else known for line, known in enumerate(state.labels)]
        observer.journal.save(state._replace(labels=labels))


def _explained(text: Sequence[bytes], new: Iterable[int], edit: Edit) -> set[int]:
    """Those of the *new* lines of *text* that *edit* wrote."""
    written = {line.strip().encode("utf-8", "surrogatepass") for line in edit.written}
    edges = [edge.strip().encode("utf-8", "surrogatepass") for edge in edit.edges]
    edges = [edge for edge in edges if _is_telling(edge)]
    own = {
        line
        for line in new
        if (stripped := text[line].strip()) in written or any(edge in stripped for edge in edges)
    }
    if edit.path is not None:
        return own
    # Somebody else may have written at the same time: a brace alone is not evidence.
    flags = [line in own for line in range(len(text))]
    return {
        line
        for first, after in lines.runs(flags)
        if any(_is_telling(text[line]) for line in range(first, after))
        for line in range(first, after)
    }


def _is_telling(part: bytes) -> bool:
    return sum(chr(byte).isalnum() or byte > 127 for byte in part) >= _TELLING


def _base(use: Any, path: str) -> list[bytes] | None:
    """What the file at *path* was before the tool ran; None where that was not seen."""
    if not isinstance(use, dict) or path not in use["files"]:
        return None
    body = bytes.fromhex(use["files"][path])
    return [body[i : i + lines.SIZE] for i in range(0, len(body), lines.SIZE)]


def _bases_of_shell(observer: Observer, use: Any) -> Iterable[tuple[str, Sequence[bytes]]]:
    """The files that a command may have written, and what they were before it."""
    if not isinstance(use, dict) or not use.get("shell"):
        return
    head = observer.git.try_run("rev-parse", "HEAD")[1].decode("ascii", "replace")
    if head != use["head"]:
        return  # git wrote, and what it wrote is anybody's
    for path in observer.dirty():
        base = _base(use, path)
        yield path, observer.hash(observer.committed(path)) if base is None else base


def _model(event: Event) -> str | None:
    """The model that the input names, or else the last one in the transcript."""
    if event.model or not event.transcript:
        return event.model
    with suppress(OSError), open(event.transcript, "rb") as file:  # noqa: PTH123
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - _TAIL))
        for name in reversed(_IN_TRANSCRIPT.findall(file.read(_TAIL))):
            if model := model_name(name.decode("utf-8", "replace")):
                return model
    return None
