"""After a commit, a rewrite or a merge: the notes of the commits that are new."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Final, NamedTuple

from aiprov_otel.capture import authorship, lines, watched
from aiprov_otel.capture.authorship import Labels
from aiprov_otel.capture.edits import label_committed
from aiprov_otel.capture.git_hooks import hooks_folder
from aiprov_otel.capture.journal import Journal, State
from aiprov_otel.capture.observe import IGNORED, Observer
from aiprov_otel.errors import HistoryError
from aiprov_otel.files import read_regular
from aiprov_otel.history.blame import hunks as blame_hunks
from aiprov_otel.history.evidence.notes import list_notes
from aiprov_otel.history.git.objects import parse_contents
from aiprov_otel.history.git.repository import Git

NOBODY: Final = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "aiprov"), ("EMAIL", "aiprov@aiprov-otel.invalid"))
}
"""Who commits to the ref of the notes: no person."""

_TYPED: Final = {"commit", "commit (initial)", "commit (amend)"}
_RECENT: Final = 20  # entries of the reflog in which a reset is looked for
_MANY: Final = 200  # commits that a reset or a squash may melt


class Written(NamedTuple):
    """
    A file of a commit.

    Attributes:
        former: the name that it had in the parent, where it was renamed.
        added: the numbers of the lines, from 0, that none of the parents has.
    """

    former: str | None
    added: frozenset[int]


def after_commit(journal: Journal) -> None:
    """Writes the note of the commit that was just made, and forgets what is now committed."""
    observer = Observer(journal)
    git = observer.git
    commit = _Commit.read(git)
    states = {state.path: state for state in journal.states()}
    files = written(git, commit.id, commit.parents)
    looked = _look(observer, commit, {*states, *(files if observer.declared else ())})
    if label_committed(observer, commit.before, files):
        looked = {state.path: state for state in journal.states()}
    texts = _contents(git, commit.id, files)
    labels: Labels = {}
    for path, file in files.items():
        if (text := texts[path]) is not None:
            hashes = observer.hash(text)
            names = (path, file.former) if file.former else (path,)
            known = [s[name] for name in names for s in (looked, states) if name in s]
            _fill(labels, path, file, hashes, ((s.hashes, s.labels) for s in known))
    carry(observer, _sources(observer, commit), commit.id, files, labels)
    if commit.how.startswith("revert") and (undone := commit.undone):
        _carry_undone(observer, undone, commit.id, files, labels)
    write_note(git, commit.id, labels)
    _settle(observer, commit.id)


def after_rewrite(journal: Journal, pairs: Sequence[tuple[str, str]]) -> None:
    """Carries notes from the commits that were rewritten: *pairs* of an old and a new one."""
    observer = Observer(journal)
    git = observer.git
    olds: dict[str, list[str]] = {}
    for old, new in pairs:
        olds.setdefault(new, []).append(old)
    for new, sources in olds.items():
        parents = git.run("rev-parse", f"{new}^@").decode("ascii").split()
        files = written(git, new, parents)
        note = _notes(git, [new]).get(new, b"")
        labels = authorship.read(note, new) if _is_of(note, new) else {}
        carry(observer, sources, new, files, labels)
        write_note(git, new, labels)
    _settle(observer, git.head())


def after_merge(journal: Journal, *, squash: bool) -> None:
    """Remembers what a squash melts; else merges the notes that were fetched."""
    if squash:
        git = Observer(journal).git
        message = read_regular(journal.git_folder / "SQUASH_MSG").decode("utf-8", "replace")
        commits = re.findall(r"^commit ([0-9a-f]{40,64})$", message, re.MULTILINE)
        journal.put("squash", "", {"head": git.head(), "commits": commits[:_MANY]})
        return
    from aiprov_otel.capture.exchange import merge_fetched

    merge_fetched(Observer(journal).git)


class _Commit(NamedTuple):
    """The commit at `HEAD`, *how* it came by the reflog, and where `HEAD` was *before*."""

    id: str
    parents: Sequence[str]
    how: str
    before: str
    message: str

    @classmethod
    def read(cls, git: Git) -> _Commit:
        output = git.run("log", "-1", "--no-show-signature", "--format=%H%n%P%n%B", "HEAD")
        name, parents, message = output.decode("utf-8", "replace").split("\n", 2)
        entries = _reflog(git, 2)
        how = entries[0][1].partition(":")[0] if entries and entries[0][0] == name else ""
        before = entries[1][0] if len(entries) > 1 else ""
        return cls(name, parents.split(), how, before, message)

    @property
    def undone(self) -> str | None:
        found = re.search(r"This reverts commit ([0-9a-f]{40,64})", self.message)
        return found[1] if found else None


def _reflog(git: Git, number: int) -> list[tuple[str, str]]:
    """The last entries of the reflog of `HEAD`: the commit, and how it came."""
    status, output, _ = git.try_run("log", "-g", f"-{number}", "--format=%H %gs", "HEAD")
    rows = output.decode("utf-8", "replace").splitlines() if not status else []
    return [(name, how) for name, _, how in (row.partition(" ") for row in rows)]


def _look(observer: Observer, commit: _Commit, paths: Iterable[str]) -> dict[str, State]:
    """What is known of the files *paths* in the work tree, as they were before the commit."""
    if observer.declared and observer.why_not is None:
        if commit.how not in _TYPED or len(commit.parents) > 1:
            observer.why_not = f"it came by {commit.how or 'something else'}"
        elif os.access(hooks_folder(observer.git) / "pre-commit", os.X_OK):
            observer.why_not = "a pre-commit hook may have changed it"
    observer.mark = f"{commit.before} {observer.mark.partition(' ')[2]}"
    base = commit.before or "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    texts = ((path, observer.read(path)) for path in sorted(paths))
    return {p: observer.look(p, text, base) for p, text in texts if text is not None}


def written(git: Git, commit: str, parents: Sequence[str]) -> dict[str, Written]:
    """The files of *commit* with lines that none of its *parents* has."""
    diffs = [_diff(git, (parent, commit)) for parent in parents]
    first, *others = diffs or [_diff(git, ("--root", commit))]
    for other in others:
        first = {
            path: Written(file.former, file.added & other[path].added)
            for path, file in first.items()
            if path in other
        }
    return {path: file for path, file in first.items() if file.added}


_OPTIONS: Final = (
    "-r", "-p", "-U0", "-M", "--no-commit-id", "--no-color", "--no-ext-diff", "--no-textconv",
)  # fmt: skip
_HUNK: Final = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


def _diff(git: Git, revisions: Sequence[str]) -> dict[str, Written]:
    output = git.run("diff-tree", *_OPTIONS, *revisions)
    files: dict[str, Written] = {}
    rows = output.split(b"\n")
    index, path, former = 0, "", None
    while index < len(rows):
        row = rows[index]
        index += 1
        if row.startswith(b"diff --git "):
            path, former = "", None
        elif row.startswith(b"rename from "):
            former = _name(row.removeprefix(b"rename from "))
        elif row.startswith(b"+++ "):
            path = _name(row[4:]).removeprefix("b/")
        elif path and (match := _HUNK.match(row)):
            removed, first, count = int(match[1] or 1), int(match[2]), int(match[3] or 1)
            index += removed + count
            known = files[path].added if path in files else frozenset()
            files[path] = Written(former, known.union(range(first - 1, first - 1 + count)))
    return files


def _name(name: bytes) -> str:
    return os.fsdecode(blame_hunks.unquote(name.removesuffix(b"\t")))


def _contents(git: Git, commit: str, paths: Iterable[str]) -> dict[str, list[bytes] | None]:
    """The lines of each of the files *paths* in *commit*; None for one that can't be read."""
    names = [path for path in paths if "\n" not in path]
    contents = parse_contents(git.objects(f"{commit}:{path}" for path in names))
    found = {
        path: None if content is None or b"\0" in content[:8000] else lines.split(content)
        for path, content in zip(names, contents, strict=True)
    }
    return {path: found.get(path) for path in paths}


_Known = tuple[Sequence[bytes], Sequence[str | None]]


def _fill(
    labels: Labels, path: str, file: Written, hashes: Sequence[bytes], sources: Iterable[_Known]
) -> None:
    """Labels those lines of *file* that have none by the *sources*: earlier hashes and labels."""
    for before, known in sources:
        if not any(known):
            continue
        places = lines.align(before, hashes)
        rows = labels.setdefault(path, {})
        for line in file.added:
            if line < len(places) and places[line] >= 0 and (label := known[places[line]]):
                rows.setdefault(line + 1, label)


def carry(
    observer: Observer,
    sources: Sequence[str],
    commit: str,
    files: Mapping[str, Written],
    labels: Labels,
) -> None:
    """Adds to *labels* of *commit* the notes of the commits *sources*, by content."""
    notes = _notes(observer.git, sources)
    if not notes:
        return
    texts = _contents(observer.git, commit, files)
    for source, note in notes.items():
        by_path = authorship.read(note, source)
        pairs = {path: name for path, f in files.items() if (name := _name_in(path, f, by_path))}
        befores = _contents(observer.git, source, set(pairs.values()))
        for path, name in pairs.items():
            before, text = befores[name], texts[path]
            if before is not None and text is not None:
                known = [by_path[name].get(line + 1) for line in range(len(before))]
                pair = (observer.hash(before), known)
                _fill(labels, path, files[path], observer.hash(text), [pair])


def _name_in(path: str, file: Written, by_path: Mapping[str, object]) -> str | None:
    return next((name for name in (path, file.former) if name and name in by_path), None)


def _notes(git: Git, commits: Iterable[str]) -> dict[str, bytes]:
    """The notes on those of *commits* that have one, in their order."""
    git.__dict__.pop("refs", None)  # read once, and we write to them
    if authorship.REF not in git.refs:
        return {}
    notes = list_notes(git, authorship.REF)
    return dict(notes.read(name for name in commits if name in notes.commits))


def _sources(observer: Observer, commit: _Commit) -> list[str]:
    """The commits whose lines *commit* may repeat, by how it came."""
    git, journal = observer.git, observer.journal
    with suppress(OSError):
        picked = read_regular(journal.git_folder / "CHERRY_PICK_HEAD", 4096)
        return [picked.decode("ascii", "replace").strip()]
    squash = journal.record("squash", "")
    journal.drop("squash", "")
    if isinstance(squash, dict) and [squash.get("head")] == list(commit.parents):
        return [str(name) for name in squash["commits"]]
    if commit.how == "commit (cherry-pick)":
        return _same_author(git, commit.id)
    return _undone_by_reset(git, commit)


def _undone_by_reset(git: Git, commit: _Commit) -> list[str]:
    """The commits that a recent reset took away from the branch."""
    entries = _reflog(git, _RECENT)
    tips = set()
    for (_, how), (before, _) in pairwise(entries):
        verb = how.partition(":")[0]
        if verb == "reset":
            tips.add(before)
        elif not verb.startswith("commit") and how.partition(":")[0] != "checkout":
            break
    if not tips:
        return []
    excluded = (f"^{parent}" for parent in commit.parents)
    options = (f"--max-count={_MANY}", *tips, *excluded, f"^{commit.id}")
    return git.run("rev-list", *options).decode("ascii").split()


def _same_author(git: Git, commit: str) -> list[str]:
    """The commits with a note that have the author, the time and the subject of *commit*."""
    noted = list_notes(git, authorship.REF).commits if authorship.REF in git.refs else ()
    form = ("--no-walk=unsorted", "--stdin", "--format=%H%x00%an%x00%ae%x00%at%x00%s")
    names = git.object_names(noted)
    present = [name for name in names if re.fullmatch("[0-9a-f]{40,64}", name)]
    output = git.run("log", *form, stdin="\n".join([commit, *present]).encode())
    rows = [row.partition("\0") for row in output.decode("utf-8", "replace").splitlines()]
    own = next((rest for name, _, rest in rows if name == commit), None)
    return [name for name, _, rest in rows if rest == own and name != commit]


def _carry_undone(
    observer: Observer, undone: str, commit: str, files: Mapping[str, Written], labels: Labels
) -> None:
    """Adds the labels of lines that *commit* brings back, which *undone* had removed."""
    git = observer.git
    texts = _contents(git, commit, files)
    befores = _contents(git, f"{undone}^", files)
    for path, file in files.items():
        before, text = befores[path], texts[path]
        if before is None or text is None:
            continue
        known: list[str | None] = [None] * len(before)
        hunks = blame_hunks.parse(git.blame(path, f"{undone}^"))
        notes = _notes(git, {hunk.commit for hunk in hunks})
        by_commit = {name: authorship.read(note, name) for name, note in notes.items()}
        for hunk in hunks:
            rows = by_commit.get(hunk.commit, {}).get(hunk.path, {})
            for line in range(hunk.count):
                known[hunk.first - 1 + line] = rows.get(hunk.original + line)
        pair = (observer.hash(before), known)
        _fill(labels, path, file, observer.hash(text), [pair])


def _is_of(note: bytes, commit: str) -> bool:
    return f'"base_commit_sha": "{commit}"'.encode() in note


def write_note(git: Git, commit: str, labels: Labels) -> None:
    """Writes *labels* as the note on *commit*; a note of somebody else stays."""
    labels = {path: rows for path, rows in labels.items() if rows}
    note = _notes(git, [commit]).get(commit)
    if not labels or (note is not None and not authorship.is_ours(note)):
        return
    text = authorship.render(labels, commit)
    if text != note:
        add = ("notes", f"--ref={authorship.REF}", "add", "--force", "--file=-", commit)
        _retry(git, add, text)


def _retry(git: Git, arguments: Sequence[str], stdin: bytes) -> None:
    """Runs a command that another process may be ahead of."""
    for attempt in range(5):
        status, _, errors = git.try_run(*arguments, stdin=stdin, variables=NOBODY)
        if not status:
            return
        if attempt == 4:
            raise HistoryError(errors.decode("utf-8", "replace"))


def _settle(observer: Observer, head: str) -> None:
    """Forgets the labels of what is committed now."""
    journal = observer.journal
    observer.mark = watched.mark(journal)
    states = list(journal.states())
    committed = _contents(observer.git, head, [state.path for state in states])
    for state in states:
        text = observer.read(state.path)
        hashes = observer.hash(text or [])
        places = lines.align(observer.hash(committed[state.path] or []), hashes)
        before = lines.align(state.hashes, hashes)
        labels: list[str | None] = [
            None if places[line] >= 0 or before[line] < 0 else state.labels[before[line]]
            for line in range(len(hashes))
        ]
        shelves = state.shelves if observer.has_stash else ()
        if any(labels) or shelves:
            weights = watched.weigh(text or [], journal.salt) if observer.declared else []
            journal.save(State(state.path, hashes, labels, weights, observer.mark, shelves))
        else:
            journal.forget(state.path)
    journal.clear(IGNORED)
    if observer.declared:
        journal.put("chain", "", observer.mark)
