"""The way of the notes: fetched beside our own, merged without a loss, pushed before a push."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Mapping
from typing import Final

from aiprov_otel.capture import authorship
from aiprov_otel.capture.journal import Journal
from aiprov_otel.errors import HistoryError
from aiprov_otel.format import hide_credentials
from aiprov_otel.history.evidence.notes import list_notes
from aiprov_otel.history.git.process import failure_reason
from aiprov_otel.history.git.repository import Git

FETCHED: Final = "refs/notes/ai-remote/"
"""The refs that hold the notes of remotes, by their names."""

_ATTEMPTS: Final = 6  # others may push at the same time
_SECONDS: Final = 30.0  # for one call of a server
_LOST_RACE: Final = (
    b"non-fast-forward",
    b"fetch first",
    b"cannot lock ref",
    b"failed to update ref",
)
_REFUSED: Final = "refused"


def refspec(remote: str) -> str:
    """
    What `git fetch` takes from *remote* beside its branches.

    With a `*`, because git fails on a name that the server does not have.
    """
    return f"+{authorship.REF}*:{FETCHED}{remote}*"


def push(journal: Journal, remote: str) -> None:
    """Pushes the notes to *remote*, after those that are there already were merged into them."""
    git = Git(journal.root)
    name = journal.key(remote)
    fetched = FETCHED + (
        remote if _is_name(git, remote) else hashlib.sha256(os.fsencode(remote)).hexdigest()[:16]
    )
    own = _object(git, authorship.REF)
    if not own or own == _object(git, fetched) or journal.record(_REFUSED, name) is not None:
        return
    for attempt in range(_ATTEMPTS):
        status, errors = _push(git, remote)
        if not status:
            git.run("update-ref", fetched, authorship.REF)
            return
        if status < 0 or not any(part in errors for part in _LOST_RACE):
            _give_up(journal, name, remote, errors)
            return
        time.sleep(0.05 * attempt)
        options = ("--no-tags", "--no-write-fetch-head", "--upload-pack=git-upload-pack")
        git.try_run(
            "fetch", *options, remote, f"+{authorship.REF}:{fetched}", seconds=_SECONDS, online=True
        )
        merge(git, fetched)
    journal.complain(
        f"push: others were always faster at {remote}; the notes go with the next push"
    )


def _push(git: Git, remote: str) -> tuple[int, bytes]:
    options = ("--no-verify", "--porcelain", "--receive-pack=git-receive-pack")
    status, output, errors = git.try_run(
        "push",
        *options,
        remote,
        f"{authorship.REF}:{authorship.REF}",
        seconds=_SECONDS,
        online=True,
    )
    return status, output + errors


def _give_up(journal: Journal, name: str, remote: str, errors: bytes) -> None:
    """Names a server that takes no notes, once; other trouble only goes to the log."""
    if b"[remote rejected]" in errors:
        journal.put(_REFUSED, name, {})
        print(  # noqa: T201 (once, to the user who pushes)
            f"aiprov: {hide_credentials(remote)} refuses {authorship.REF}; "
            "the notes stay in this clone (`aiprov init` tries again)",
            file=sys.stderr,
        )
    lines = errors.decode("utf-8", "replace").splitlines() or ["no answer in time"]
    journal.complain(f"push: {remote} took no notes: {lines[-1]}")


def merge_fetched(git: Git) -> None:
    """Merges the notes that were fetched from any remote into our own."""
    for remote in git.run("remote").decode().split():
        merge(git, f"{FETCHED}{remote}")


def merge(git: Git, fetched: str) -> None:
    """Merges the notes of the ref *fetched* into our own; of two on one commit, both stay."""
    theirs, ours = _object(git, fetched), _object(git, authorship.REF)
    if not theirs or theirs == ours:
        return
    if not ours:
        git.run("update-ref", authorship.REF, theirs, "0" * len(theirs))
        return
    both = _on_both(git, fetched)
    command = ("notes", f"--ref={authorship.REF}", "merge", "--quiet", "--strategy=ours", fetched)
    status, _, errors = git.try_run(*command, variables=authorship.NOBODY)
    if status:
        raise HistoryError(failure_reason(git.root, "notes merge", errors))
    for commit, note in both.items():
        add = ("notes", f"--ref={authorship.REF}", "add", "--force", "--file=-", commit)
        git.run(*add, stdin=note, variables=authorship.NOBODY)


def _on_both(git: Git, fetched: str) -> Mapping[str, bytes]:
    """The union of the notes on each commit that has different ones on both sides."""
    git.__dict__.pop("refs", None)
    ours, theirs = (list_notes(git, ref) for ref in (authorship.REF, fetched))
    shared = [name for name in ours.commits if name in theirs.commits]
    mine, yours = dict(ours.read(shared)), dict(theirs.read(shared))
    unions = {}
    for commit, note in mine.items():
        other = yours.get(commit, note)
        if other == note or not (authorship.is_ours(note) and authorship.is_ours(other)):
            continue
        labels = authorship.read(other, commit)
        for path, rows in authorship.read(note, commit).items():
            labels.setdefault(path, {}).update(rows)
        unions[commit] = authorship.render(labels, commit)
    return unions


def _object(git: Git, ref: str) -> str:
    status, output, _ = git.try_run("rev-parse", "--verify", "--quiet", ref)
    return "" if status else output.decode("ascii").strip()


def _is_name(git: Git, remote: str) -> bool:
    return bool(git.configuration.values(f"remote.{remote}.url"))
