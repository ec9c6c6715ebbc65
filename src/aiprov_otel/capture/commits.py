"""After a commit, a rewrite or a merge: the notes of the commits that are new."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from aiprov_otel.capture import authorship, lines, watched
from aiprov_otel.capture.authorship import Labels
from aiprov_otel.capture.carried import (
    MANY,
    Commit,
    carry,
    carry_undone,
    fill,
    notes_on,
    sources_of,
)
from aiprov_otel.capture.edits import label_committed
from aiprov_otel.capture.exchange import merge_fetched
from aiprov_otel.capture.git_hooks import hooks_folder
from aiprov_otel.capture.journal import CHAIN, Journal, State
from aiprov_otel.capture.observe import IGNORED, Observer
from aiprov_otel.capture.written import contents, written
from aiprov_otel.errors import HistoryError
from aiprov_otel.files import read_regular
from aiprov_otel.history.git.process import failure_reason
from aiprov_otel.history.git.repository import Git

_DAY: Final = 24 * 60 * 60
_TYPED: Final = {"commit", "commit (initial)", "commit (amend)"}


def after_commit(journal: Journal) -> None:
    """Writes the note of the commit that was just made, and forgets what is now committed."""
    observer = Observer(journal)
    git = observer.git
    commit = Commit.read(git)
    states = {state.path: state for state in journal.states()}
    files = written(git, commit.id, commit.parents)
    # What is not looked at now would be taken for unchanged, as its commit is, from here on.
    others = {*files, *observer.dirty()} if observer.declared else ()
    looked = _look(observer, commit, {*states, *others})
    if label_committed(observer, commit.before, files):
        looked = {state.path: state for state in journal.states()}
    texts = contents(git, commit.id, files)
    labels: Labels = {}
    gone = [s for s in states.values() if not (journal.root / s.path).is_file()]
    for path, file in files.items():
        if (text := texts[path]) is not None:
            hashes = observer.hash(text)
            names = (path, file.former) if file.former else (path,)
            known = [s[name] for name in names for s in (looked, states) if name in s]
            if len(file.added) == len(hashes):
                known += [state for state in gone if lines.is_half_in(state.hashes, hashes)]
            fill(labels, path, file, hashes, ((s.hashes, s.labels) for s in known))
    carry(observer, sources_of(observer, commit), commit.id, files, labels)
    if commit.how.startswith("revert") and (undone := commit.undone):
        carry_undone(observer, undone, commit.id, files, labels)
    write_note(git, commit.id, labels)
    _settle(observer, commit.id, texts)


def after_rewrite(journal: Journal, pairs: Sequence[tuple[str, str]]) -> None:
    """Carries notes from the commits that were rewritten: *pairs* of an old and a new one."""
    observer = Observer(journal)
    git = observer.git
    olds: dict[str, list[str]] = {}
    for old, new in pairs:
        olds.setdefault(new, []).append(old)
    if observer.declared:
        observer.why_not = "git rewrote commits"
        observer.look_at_all()
    else:
        for state in journal.states():
            if (text := observer.read(state.path)) is not None:
                observer.look(state.path, text)
    for new, sources in olds.items():
        parents = git.run("rev-parse", f"{new}^@").decode("ascii").split()
        files = written(git, new, parents)
        own = authorship.read(notes_on(git, [new]).get(new, b""), new)
        labels = {
            path: {line: label for line, label in own[path].items() if line - 1 in file.added}
            for path, file in files.items()
            if path in own
        }
        carry(observer, sources, new, files, labels)
        write_note(git, new, labels)
    _settle(observer, git.head(), {})


def after_merge(journal: Journal, *, squash: bool) -> None:
    """Remembers what a squash melts; else merges the notes that were fetched."""
    if squash:
        git = Observer(journal).git
        message = read_regular(journal.git_folder / "SQUASH_MSG").decode("utf-8", "replace")
        commits = re.findall(r"^commit ([0-9a-f]{40,64})$", message, re.MULTILINE)
        journal.put("squash", "", {"head": git.head(), "commits": commits[:MANY]})
        return
    merge_fetched(Observer(journal).git)


def _look(observer: Observer, commit: Commit, paths: Iterable[str]) -> dict[str, State]:
    """What is known of the files *paths* in the work tree, as they were before the commit."""
    if observer.declared and observer.why_not is None:
        if commit.how not in _TYPED or len(commit.parents) > 1:
            observer.why_not = f"it came by {commit.how or 'something else'}"
        elif os.access(hooks_folder(observer.git) / "pre-commit", os.X_OK):
            observer.why_not = "a pre-commit hook may have changed it"
    if observer.declared:
        observer.mark = f"{commit.before} {observer.mark.partition(' ')[2]}"
    base = commit.before or "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    texts = ((path, observer.read(path)) for path in sorted(paths))
    return {p: observer.look(p, text, base) for p, text in texts if text is not None}


def write_note(git: Git, commit: str, labels: Labels) -> None:
    """Writes *labels* as the note on *commit*; a note of somebody else stays."""
    labels = {path: rows for path, rows in labels.items() if rows}
    note = notes_on(git, [commit]).get(commit)
    if not labels or (note is not None and not authorship.is_ours(note)):
        return
    text = authorship.render(labels, commit)
    if text != note:
        add = ("notes", f"--ref={authorship.REF}", "add", "--force", "--file=-", commit)
        _retry(git, add, text)


def _retry(git: Git, arguments: Sequence[str], stdin: bytes) -> None:
    """Runs a command that another process may be ahead of."""
    for attempt in range(5):
        status, _, errors = git.try_run(*arguments, stdin=stdin, variables=authorship.NOBODY)
        if not status:
            return
        if attempt == 4:
            raise HistoryError(failure_reason(git.root, arguments[0], errors))


def _settle(observer: Observer, head: str, known: Mapping[str, list[bytes] | None]) -> None:
    """Forgets the labels of what is committed now; *known* are files as they are in *head*."""
    journal = observer.journal
    observer.mark = watched.mark(journal) if observer.declared else ""
    states = list(journal.states())
    paths = [state.path for state in states if state.path not in known]
    committed = {**known, **contents(observer.git, head, paths)}
    for state in states:
        text = observer.read(state.path)
        if text == committed[state.path] and not state.shelves:
            journal.forget(state.path)
            continue
        hashes = observer.hash(text or [])
        clean = observer.hash(committed[state.path] or [])
        places = lines.align(clean, hashes)
        before = lines.align(state.hashes, hashes)
        labels: list[str | None] = [
            None if places[line] >= 0 or before[line] < 0 else state.labels[before[line]]
            for line in range(len(hashes))
        ]
        shelves = state.shelves if observer.has_stash else ()
        # Of what differs from the commit, it is known that nobody saw a person write it.
        if any(labels) or shelves or (observer.declared and hashes != clean):
            weights = observer.weigh(text or [], hashes, state) if observer.declared else []
            journal.save(State(state.path, hashes, labels, weights, observer.mark, shelves))
        else:
            journal.forget(state.path)
    journal.drop(IGNORED, "")
    if not observer.declared:  # else an unfinished use keeps lines from being a person's
        journal.clear("tools", older=_DAY)
    if observer.declared:
        journal.put(CHAIN, "", observer.mark)
