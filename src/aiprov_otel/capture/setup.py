"""`aiprov init`: what it writes, what it removes, and what works."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from aiprov_otel.capture import agent_settings, git_hooks
from aiprov_otel.capture.agents import AGENTS
from aiprov_otel.capture.exchange import refspec
from aiprov_otel.capture.journal import ENABLED, Journal
from aiprov_otel.errors import HistoryError, UsageError
from aiprov_otel.files import make_folder, permissions, read_regular, write_whole
from aiprov_otel.history.git.process import failure_reason
from aiprov_otel.history.git.repository import Git

_LONGEST: Final = 4 * 1024 * 1024  # bytes of a settings file


@dataclass(frozen=True)
class Change:
    """A file that is written, or removed where *text* is None, and its *mode*."""

    path: Path
    text: str | None
    mode: int = 0o644


@dataclass
class Plan:
    """
    What `aiprov init` will do.

    Attributes:
        changes: the files.
        fetched: remotes whose notes are fetched from now on.
        settings: what the hooks read; None to remove it.
        by_hand: one sentence for each thing that can't be done for the user.
    """

    changes: list[Change] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    settings: dict[str, Any] | None = None
    by_hand: list[str] = field(default_factory=list)


def open_work_tree(start: Path) -> Git:
    """
    Git in the work tree that *start* is in, which may have no commit yet.

    Raises:
        HistoryError: there is none, or git refuses it.
    """
    git = Git(start)
    status, output, errors = git.try_run("rev-parse", "--show-toplevel")
    if status:
        raise HistoryError(failure_reason(start, "rev-parse", errors))
    return Git(Path(os.fsdecode(output.removesuffix(b"\n"))))


def agents_in_use(root: Path) -> list[str]:
    """The agents whose settings or files the project at *root* has."""
    return [
        name
        for name, agent in AGENTS.items()
        if any(os.path.lexists(root / trace) for trace in agent.traces)
    ]


def check_names(names: Sequence[str]) -> None:
    """
    Checks the names of agents.

    Raises:
        UsageError: one of them is unknown.
    """
    for name in names:
        if name not in AGENTS:
            msg = f"{name!r} is not a known agent; --agents takes {', '.join(AGENTS)}"
            raise UsageError(msg)


def plan(git: Git, names: Sequence[str], *, trailers: bool, watch: bool) -> Plan:
    """What has to be written so that the agents *names* are recorded."""
    result = Plan()
    for name in names:
        _plan_agent(git.root, name, result)
    by_git_ai = shutil.which("git-ai") is not None
    if not by_git_ai:
        hooks = list(git_hooks.HOOKS)
        hooks += git_hooks.TRAILERS if trailers else ()
        hooks += git_hooks.WATCH if watch else ()
        _plan_hooks(git, hooks, result)
        remotes = git.run("remote").decode().split()
        for remote in remotes:
            if refspec(remote) not in git.configuration.values(f"remote.{remote}.fetch"):
                result.fetched.append(remote)
    result.settings = {"agents": list(names), "trailers": trailers, "git_ai": by_git_ai}
    if watch:
        result.settings["watched"] = list(names) or ["none"]
    return result


def _plan_agent(root: Path, name: str, result: Plan) -> None:
    agent = AGENTS[name]
    own = agent_settings.files(name)
    for path, text in own.items():
        now = read_text(root / path)
        if now is None or "aiprov record" in now:
            mode = 0o755 if agent.form == "scripts" else 0o644
            _change(result, root / path, now, text, mode)
        else:
            command = agent_settings.commands(name)
            result.by_hand.append(f"{path} is there already; call `{command}` from it")
    if own:
        return
    place = root / agent.settings
    now = read_text(place)
    merged = agent_settings.merged(name, now)
    if merged is None:
        result.by_hand.append(f"{agent.settings} is not plain JSON; fix it, and run this again")
    else:
        _change(result, place, now, merged)


def _plan_hooks(git: Git, hooks: Sequence[str], result: Plan) -> None:
    folder = git_hooks.place(git)
    if reason := git_hooks.why_not(git, folder):
        result.by_hand.append(reason)
        return
    tracked = git_hooks.is_tracked(git, folder)
    for hook in hooks:
        places = [folder / name for name in git_hooks.names(hook)]
        place = next((path for path in places if git_hooks.has_block(git, path)), places[0])
        if place == places[0]:
            result.by_hand += _for_lefthook(git.root, hook)
        now = read_text(place)
        text = git_hooks.with_block(now, hook, tracked=tracked)
        if now is not None and not git_hooks.is_enabled(git, place):
            result.by_hand.append(
                f"{place} is not executable, so git does not run it, and it is left alone; "
                "remove it, or make it executable, and run this again"
            )
        elif text is None:
            result.by_hand.append(
                f"{place} is not a shell script; "
                f"call `aiprov record git {hook}` from it, with its arguments and its input"
            )
        else:
            _change(result, place, now, text, 0o755)


def _for_lefthook(root: Path, hook: str) -> Iterator[str]:
    """What to add to a configuration of lefthook, which writes the hooks that it names anew."""
    for name, text in git_hooks.lefthook(root):
        if re.search(rf"^\W*{hook}\b", text, re.MULTILINE) and "aiprov record" not in text:
            call = f"aiprov record git {hook} {{0}}"
            yield f"{name} has {hook}; add a command to it that runs `{call}`"


def _change(result: Plan, path: Path, now: str | None, text: str | None, mode: int = 0o644) -> None:
    """Plans to write *text* where it is not so *now*; *mode* is for a new file."""
    if now != text:
        result.changes.append(Change(path, text, permissions(path, mode)))


def undo(git: Git) -> Plan:
    """What has to be written so that nothing of ours is left."""
    result = Plan()
    for name in AGENTS:
        _undo_agent(git.root, name, result)
    folder = git_hooks.place(git)
    hooks = (*git_hooks.HOOKS, *git_hooks.TRAILERS, *git_hooks.WATCH)
    for name in (name for hook in hooks for name in git_hooks.names(hook)):
        now = read_text(folder / name)
        if now is not None:
            _change(result, folder / name, now, git_hooks.without_block(now))
    for remote in git.run("remote").decode().split():
        if refspec(remote) in git.configuration.values(f"remote.{remote}.fetch"):
            result.fetched.append(remote)
    return result


def _undo_agent(root: Path, name: str, result: Plan) -> None:
    own = agent_settings.files(name)
    for path, text in own.items():
        if read_text(root / path) == text:
            _change(result, root / path, text, None)
    place = root / AGENTS[name].settings
    if own or (now := read_text(place)) is None:
        return
    _change(result, place, now, agent_settings.removed(name, now))


def apply(git: Git, wanted: Plan) -> None:
    """
    Writes what *wanted* holds.

    Raises:
        OSError: a file can't be written, or leads through a link of the repository.
    """
    for change in wanted.changes:
        if change.text is None:
            change.path.unlink()
            _remove_empty(change.path.parent, git.root)
        else:
            make_folder(change.path.parent)
            write_whole(change.path, change.text.encode("utf-8", "surrogateescape"), change.mode)
    for remote in wanted.fetched:
        key, value = f"remote.{remote}.fetch", refspec(remote)
        if wanted.settings is None:
            git.run("config", "--local", "--fixed-value", "--unset", key, value)
        else:
            git.run("config", "--local", "--add", key, value)
    folder = git.directory / "aiprov"
    if wanted.settings is None:
        _remove_journals(git)
    else:
        make_folder(folder, 0o700)
        write_whole(folder / ENABLED, json.dumps(wanted.settings, indent=2).encode())
        if journal := Journal.find(git.root):
            # Servers may have learned, and what a crash left unfinished is over.
            for kind in ("refused", "tools", "turns"):
                journal.clear(kind)


def _remove_empty(folder: Path, root: Path) -> None:
    """Removes *folder*, and those above it, as far as nothing is in them; *root* stays."""
    while folder != root and folder.is_relative_to(root) and not any(folder.iterdir()):
        if folder.name == "hooks" and folder.parent.name == ".git":
            return
        folder.rmdir()
        folder = folder.parent


def _remove_journals(git: Git) -> None:
    for folder in (git.directory, *(git.directory / "worktrees").glob("*")):
        journal = folder / "aiprov"
        if journal.is_dir() and not journal.is_symlink():
            shutil.rmtree(journal)


def read_text(path: Path) -> str | None:
    """The text of the file at *path*; None where there is none."""
    try:
        return read_regular(path, _LONGEST).decode("utf-8", "surrogateescape")
    except (FileNotFoundError, NotADirectoryError):
        return None
