"""The edits of agents: what a file was before one, and which of its lines are the agent's after."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from aiprov_otel.capture import agents, lines
from aiprov_otel.capture.inputs import Event, model_name
from aiprov_otel.capture.journal import Journal
from aiprov_otel.capture.observe import MANY, Observer

_TELLING: Final = 4  # letters and digits that make a part of a line an agent's
_TAIL: Final = 256 * 1024  # bytes at the end of a transcript that are searched for the model
_IN_TRANSCRIPT: Final = re.compile(rb'"model"\s*:\s*"([^"\\]{1,80})"')


def apply(journal: Journal, event: Event) -> None:
    """Records *event* in *journal*."""
    from aiprov_otel.capture import watched

    if watched.is_declared(journal):
        _follow_turn(journal, event)
    elif event.kind in {agents.TURN, agents.REST}:
        _drop_uses(journal, event)
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
        _drop_uses(journal, event)


def _drop_uses(journal: Journal, event: Event) -> None:
    """Forgets the uses of tools by the session of *event* that never ended."""
    turn = journal.key(f"{event.agent} {event.session}")
    for name, use in journal.records("tools").items():
        if use.get("turn") == turn:
            journal.drop("tools", name, hashed=True)


def _before(observer: Observer, event: Event) -> None:
    """Remembers what the files are before the tool runs."""
    paths = {observer.relative(edit.path, event.folder) for edit in event.edits if edit.path}
    commands = [edit for edit in event.edits if edit.path is None]
    dirty = observer.dirty() if commands else {}
    files: dict[str, str | None] = {}
    for path in sorted({*filter(None, paths), *dirty}):
        text = observer.read(path)
        files[path] = None if text is None else b"".join(observer.look(path, text).hashes).hex()
    use: dict[str, Any] = {"files": files, "all": len(dirty) < MANY}
    use["turn"] = observer.journal.key(f"{event.agent} {event.session}")
    if commands:
        # It may commit what it writes, before its hook after.
        use["head"] = observer.head
        use["label"] = _label_of(event)
        hashes = {h for edit in commands for h in _hashes(observer, edit.written)}
        use["written"] = b"".join(sorted(hashes)).hex()
    observer.journal.put("tools", event.call, use)


def _after(observer: Observer, event: Event) -> None:
    """Labels the lines that are new since, and that what the agent gave to the tool explains."""
    use = observer.journal.record("tools", event.call)
    label = _label_of(event)
    for edit in event.edits:
        written = _hashes(observer, edit.written)
        if edit.path is None:
            if isinstance(use, dict) and use.get("head") == observer.head:
                for name in observer.dirty():
                    _label_command(observer, use, name, "HEAD", written, label)
        elif path := observer.relative(edit.path, event.folder):
            base: Sequence[bytes] | None = _base(use, path)
            if base is not None:
                _label(observer, path, base, written, label, edges=edit.edges)
            elif not edit.whole:
                state = observer.journal.state(path)
                base = state.hashes if state else observer.hash(observer.committed(path))
                texts = [*map(_bytes, edit.written)]
                _label(observer, path, base, written, label, edges=edit.edges, texts=texts)
    if event.kind == agents.AFTER:
        observer.journal.drop("tools", event.call)


def label_committed(observer: Observer, before: str, paths: Iterable[str]) -> bool:
    """
    Labels the lines of *paths* that commands wrote which still run, and commit themselves.

    Returns whether there are such commands.
    """
    from aiprov_otel.settings import agent_variable

    if agent_variable() is None:  # a person commits, and a command whose end was not seen is over
        return False
    found = False
    for use in observer.journal.records("tools").values():
        if isinstance(use, dict) and use.get("written") and use["head"] == before:
            found = True
            written = set(_split(use["written"]))
            for path in paths:
                _label_command(observer, use, path, before, written, use["label"])
    return found


def _label_command(
    observer: Observer, use: Any, path: str, head: str, written: set[bytes], label: str
) -> None:
    """
    Labels what a command wrote into the file at *path*.

    A file that was not looked at before was as it is in *head*.
    """
    base: Sequence[bytes] | None = _base(use, path)
    if path not in use["files"] and use["all"]:
        base = observer.hash(observer.committed(path, head))
    if base is not None:
        _label(observer, path, base, written, label, telling=True)


def _label(
    observer: Observer,
    path: str,
    base: Sequence[bytes],
    written: set[bytes],
    label: str,
    *,
    edges: Iterable[str] = (),
    telling: bool = False,
    texts: Sequence[bytes] = (),
) -> None:
    """
    Labels the lines of the file at *path* that are not in *base*, and are *written*.

    Those that hold one of the *edges* are too. With *telling*, only those that are next to one
    that nobody else writes by chance. With *texts*, what was written where *base* is older than
    the edit: of lines that are there more often, it is not known which are the agent's.
    """
    text = observer.read(path)
    if text is None:
        return
    state = observer.look(path, text)
    places = lines.align(base, state.hashes)
    new = lines.added(base, state.hashes, places, observer.blank)
    parts = [part for edge in edges if _is_telling(part := _bytes(edge))]
    stripped = {line: text[line].strip() for line in new}
    hashes = dict(zip(stripped, observer.hash([*stripped.values()]), strict=True))
    own = {
        line
        for line in new
        if hashes[line] in written or any(part in stripped[line] for part in parts)
    }
    for part, count in Counter(texts).items():
        alike = {n for n in own if stripped[n] == part or (part in parts and part in stripped[n])}
        if len(alike) > count:
            own -= alike
    if telling:
        flags = [line in own for line in range(len(text))]
        for first, after in lines.runs(flags):
            if not any(_is_telling(text[line]) for line in range(first, after)):
                own -= set(range(first, after))
    if own:
        labels = [*state.labels]
        for line in own:
            labels[line] = label
        observer.journal.save(state._replace(labels=labels))


def _label_of(event: Event) -> str:
    return f"{agents.AGENTS[event.agent].tool}\t{_model(event) or 'unknown'}"


def _hashes(observer: Observer, written: Iterable[str]) -> set[bytes]:
    return set(observer.hash([_bytes(line) for line in written]))


def _bytes(text: str) -> bytes:
    return text.strip().encode("utf-8", "surrogatepass")


def _is_telling(part: bytes) -> bool:
    return sum(chr(byte).isalnum() or byte > 127 for byte in part) >= _TELLING


def _base(use: Any, path: str) -> list[bytes] | None:
    """What the file at *path* was before the tool ran; None where that was not seen."""
    text = use["files"].get(path) if isinstance(use, dict) else None
    return None if text is None else _split(text)


def _split(text: str) -> list[bytes]:
    return lines.cut(bytes.fromhex(text))


def _model(event: Event) -> str | None:
    """The model that the input names, or else the last one in the transcript."""
    if event.model or not event.transcript:
        return event.model
    transcript = Path(event.transcript)
    if not transcript.is_file():
        return None
    with suppress(OSError), transcript.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - _TAIL))
        for name in reversed(_IN_TRANSCRIPT.findall(file.read(_TAIL))):
            if model := model_name(name.decode("utf-8", "replace")):
                return model
    return None
