"""What of capture works in a clone, and what to do about the rest."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiprov_otel.capture import agent_settings, git_hooks, watched
from aiprov_otel.capture.agents import AGENTS
from aiprov_otel.capture.exchange import refspec
from aiprov_otel.capture.journal import ENABLED, Journal
from aiprov_otel.capture.setup import read_text
from aiprov_otel.history.git.repository import Git


@dataclass(frozen=True)
class Finding:
    """One thing that was checked; *then* is the next step where it does not work."""

    name: str
    found: str
    then: str = ""


def check(git: Git) -> Iterator[Finding]:
    """What works in this clone, and what to do about the rest."""
    again = "run `aiprov init` again"
    journal = Journal.find(git.root)
    if journal is None:
        yield Finding("capture", "nothing is recorded in this clone", "run `aiprov init`")
        return
    told = journal.settings
    if not told:
        yield Finding("capture", f"{journal.common}/aiprov/{ENABLED} is damaged", again)
        return
    by_git_ai = told["git_ai"]
    yield Finding("capture", "by git-ai, which is installed" if by_git_ai else "on")
    on_path = shutil.which("aiprov")
    yield Finding(
        "command",
        f"`aiprov` is {on_path}" if on_path else "`aiprov` is not on PATH, so no agent can call it",
        "" if on_path else "install it where agents find it, `pipx install aiprov-otel`",
    )
    for name in told["agents"]:
        yield _check_agent(git.root, name, again)
    if not by_git_ai:
        yield _check_hooks(git, told, again)
        yield _check_notes(git, again)
    if told.get("watched"):
        reason = watched.why_not(journal)
        yield Finding("watched", f"not now: {reason}" if reason else "lines of people are watched")
    if complaints := journal.complaints():
        more = f" and {len(complaints) - 1} more" if len(complaints) > 1 else ""
        log = journal.folder / "log"
        yield Finding("log", f"{complaints[-1]}{more}", f"read {log}, and remove it")


def _check_agent(root: Path, name: str, again: str) -> Finding:
    own = agent_settings.files(name)
    if own:
        gaps = [path for path in own if _lacks_us(root / path)]
    else:
        gaps = agent_settings.missing(name, read_text(root / AGENTS[name].settings))
    if gaps:
        return Finding(name, f"no hook for {', '.join(gaps)} in {AGENTS[name].settings}", again)
    return Finding(name, f"hooks in {AGENTS[name].settings}")


def _lacks_us(path: Path) -> bool:
    """Whether the file at *path* does not call `aiprov record`."""
    return "aiprov" not in (read_text(path) or "")


def _check_hooks(git: Git, told: dict[str, Any], again: str) -> Finding:
    hooks = list(git_hooks.HOOKS)
    hooks += git_hooks.TRAILERS if told["trailers"] else ()
    hooks += git_hooks.WATCH if told.get("watched") else ()
    folder = git_hooks.place(git)
    gaps = [hook for hook in hooks if not git_hooks.is_installed(git, folder, hook)]
    if gaps:
        return Finding("git hooks", f"{', '.join(gaps)} in {folder} do not call us", again)
    return Finding("git hooks", f"in {folder}")


def _check_notes(git: Git, again: str) -> Finding:
    remotes = git.run("remote").decode().split()
    gaps = [r for r in remotes if refspec(r) not in git.configuration.values(f"remote.{r}.fetch")]
    if gaps:
        return Finding("notes", f"not fetched from {', '.join(gaps)}", again)
    return Finding("notes", f"fetched from {', '.join(remotes)}" if remotes else "no remote yet")
