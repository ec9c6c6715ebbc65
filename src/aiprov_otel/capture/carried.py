"""Labels that a new commit has from older ones, whose lines it repeats: found by content."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Final, NamedTuple

from aiprov_otel.capture import authorship, lines
from aiprov_otel.capture.authorship import Labels
from aiprov_otel.capture.observe import Observer
from aiprov_otel.capture.written import Written, contents, written
from aiprov_otel.files import read_regular
from aiprov_otel.history.blame import hunks as blame_hunks
from aiprov_otel.history.evidence.notes import list_notes
from aiprov_otel.history.git.repository import Git

MANY: Final = 200
"""The most commits that a reset or a squash melts."""

_RECENT: Final = 20  # entries of the reflog in which a reset is looked for
_RESET: Final = "reset"  # the kind of the record with the commit that a reset was over with


class Commit(NamedTuple):
    """
    The commit at `HEAD`.

    Attributes:
        how: how it came, by the reflog.
        before: where `HEAD` was before; "" for the first commit.
        reflog: the last entries of the reflog of `HEAD`: a commit, and how it came.
    """

    id: str
    parents: Sequence[str]
    how: str
    before: str
    message: str
    reflog: Sequence[tuple[str, str]]

    @classmethod
    def read(cls, git: Git) -> Commit:
        """The commit that was just made."""
        output = git.run("log", "-1", "--no-show-signature", "--format=%H%n%P%n%B", "HEAD")
        name, parents, message = output.decode("utf-8", "replace").split("\n", 2)
        entries = _read_reflog(git)
        how = entries[0][1].partition(":")[0] if entries and entries[0][0] == name else ""
        before = entries[1][0] if len(entries) > 1 else ""
        return cls(name, parents.split(), how, before, message, entries)

    @property
    def undone(self) -> str | None:
        """The commit that this one reverts, by its message; None for another kind of commit."""
        found = re.search(r"This reverts commit ([0-9a-f]{40,64})", self.message)
        return found[1] if found else None


def _read_reflog(git: Git) -> list[tuple[str, str]]:
    status, output, _ = git.try_run("log", "-g", f"-{_RECENT}", "--format=%H %gs", "HEAD")
    rows = output.decode("utf-8", "replace").splitlines() if not status else []
    return [(name, how) for name, _, how in (row.partition(" ") for row in rows)]


_Known = tuple[Sequence[bytes], Sequence[str | None]]


def fill(
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
    notes = notes_on(observer.git, sources)
    if not notes:
        return
    texts = contents(observer.git, commit, files)
    by_commit = [pair for note in notes.values() for pair in authorship.read_all(note).items()]
    for source, by_path in by_commit:
        pairs = {path: name for path, f in files.items() if (name := _name_in(path, f, by_path))}
        befores = contents(observer.git, source, set(pairs.values()))
        for path, name in pairs.items():
            before, text = befores[name], texts[path]
            if before is not None and text is not None:
                known = [by_path[name].get(line + 1) for line in range(len(before))]
                pair = (observer.hash(before), known)
                fill(labels, path, files[path], observer.hash(text), [pair])


def _name_in(path: str, file: Written, by_path: Mapping[str, object]) -> str | None:
    return next((name for name in (path, file.former) if name and name in by_path), None)


def notes_on(git: Git, commits: Iterable[str]) -> dict[str, bytes]:
    """The notes on those of *commits* that have one, in their order."""
    names = list(commits)
    if not names:
        return {}
    if len(names) == 1:  # there may be very many notes, and only some are read here
        status, note, _ = git.try_run("notes", f"--ref={authorship.REF}", "show", *names)
        return {} if status else {names[0]: note}
    git.__dict__.pop("refs", None)  # read once, and we write to them
    if authorship.REF not in git.refs:
        return {}
    notes = list_notes(git, authorship.REF)
    return dict(notes.read(name for name in names if name in notes.commits))


def sources_of(observer: Observer, commit: Commit) -> list[str]:
    """The commits whose lines *commit* may repeat, by how it came."""
    git, journal = observer.git, observer.journal
    with suppress(OSError):
        picked = read_regular(journal.git_folder / "CHERRY_PICK_HEAD", 4096)
        return [picked.decode("ascii", "replace").strip()]
    squash = journal.record("squash", "")
    if squash is not None:
        journal.drop("squash", "")
    if isinstance(squash, dict) and [squash.get("head")] == list(commit.parents):
        return [str(name) for name in squash["commits"]]
    if commit.how == "commit (cherry-pick)":
        return _same_author(git, commit.id)
    return _undone_by_reset(observer, commit)


def _undone_by_reset(observer: Observer, commit: Commit) -> list[str]:
    """The commits that a recent reset took away from the branch, but left in the work tree."""
    git = observer.git
    over = observer.journal.record(_RESET, "")
    tips = []
    for (name, how), (before, _) in pairwise(commit.reflog):
        verb = how.partition(":")[0]
        if verb == "reset":
            if _is_in_work_tree(observer, before, name):
                tips.append(before)
        elif name == over or not (verb == "checkout" or verb.startswith("commit")):
            break
    if not tips:
        return []
    if not observer.dirty():  # all of it is committed again
        observer.journal.put(_RESET, "", commit.id)
    excluded = (f"^{parent}" for parent in commit.parents)
    options = (f"--max-count={MANY}", *tips, *excluded, f"^{commit.id}")
    return git.run("rev-list", *options).decode("ascii").split()


def _is_in_work_tree(observer: Observer, tip: str, base: str) -> bool:
    """
    Whether most lines that *tip* has beside those of *base* are in the work tree.

    They are after `git reset --soft` and `--mixed`; after `--hard`, one of them that is
    there again was written anew.
    """
    files = written(observer.git, tip, [base])
    texts = contents(observer.git, tip, files)
    total = kept = 0
    for path, file in files.items():
        before, text = texts[path], observer.read(path)
        if before is not None:
            total += len(file.added)
            kept += len(file.added.intersection(lines.align(before, text or [])))
    return 2 * kept > total


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


def carry_undone(
    observer: Observer, undone: str, commit: str, files: Mapping[str, Written], labels: Labels
) -> None:
    """Adds the labels of lines that *commit* brings back, which *undone* had removed."""
    git = observer.git
    texts = contents(git, commit, files)
    befores = contents(git, f"{undone}^", files)
    for path, file in files.items():
        before, text = befores[path], texts[path]
        if before is None or text is None:
            continue
        known: list[str | None] = [None] * len(before)
        hunks = blame_hunks.parse(git.blame(path, f"{undone}^"))
        notes = notes_on(git, {hunk.commit for hunk in hunks})
        by_commit = {name: authorship.read(note, name) for name, note in notes.items()}
        for hunk in hunks:
            rows = by_commit.get(hunk.commit, {}).get(hunk.path, {})
            for line in range(hunk.count):
                known[hunk.first - 1 + line] = rows.get(hunk.original + line)
        pair = (observer.hash(before), known)
        fill(labels, path, file, observer.hash(text), [pair])
