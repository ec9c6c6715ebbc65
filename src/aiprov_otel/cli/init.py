"""`aiprov init`: from now on, who writes which lines is recorded in this repository."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from aiprov_otel.capture import checkup, setup
from aiprov_otel.capture.agents import AGENTS
from aiprov_otel.capture.exchange import refspec
from aiprov_otel.cli.output import say
from aiprov_otel.errors import UsageError
from aiprov_otel.history.git.repository import Git

_EPILOG: Final = """example:
  aiprov init --agents claude-code,codex

Shows what it writes, and asks once. --yes answers for you; --undo removes exactly that. Teammates
run the same command in their clones; a clone without it works as before."""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "init",
        description="Install hooks of coding agents and of git in this repository, so that each "
        "commit gets a note with the lines that an agent wrote.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "path", nargs="?", type=Path, default=Path(), help="a folder in the repository"
    )
    parser.add_argument(
        "--agents",
        metavar="NAMES",
        help=f"the agents, with commas: {', '.join(AGENTS)}; default: those in use here",
    )
    parser.add_argument(
        "--trailers",
        action="store_true",
        help="also add `Assisted-by: AGENT:MODEL` to the messages of commits",
    )
    parser.add_argument(
        "--watch",
        action="store_true",
        help="declare that nothing but these agents and people writes in this clone, and that "
        "inline completion is off or hooked; then lines that no agent wrote can be a person's",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--undo", action="store_true", help="remove all that this verb installed")
    parser.add_argument(
        "--check",
        action="store_true",
        help="print what works here; exit with 1 if something is missing",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Plan, show, ask, write."""
    git = setup.open_work_tree(args.path)
    if args.check:
        return _check(git)
    if args.undo:
        wanted = setup.undo(git)
    else:
        wanted = setup.plan(git, _names(args, git), trailers=args.trailers, watch=args.watch)
    _show(git, wanted)
    if not args.yes and not _agreed():
        say("nothing was written")
        return 1
    setup.apply(git, wanted)
    if args.undo:
        say("removed; the notes that were written stay in refs/notes/ai")
    else:
        say(
            "done; teammates run `aiprov init` in their clones too, "
            "and `aiprov init --check` shows what works"
        )
    return 0


def _names(args: argparse.Namespace, git: Git) -> list[str]:
    if args.agents is None:
        return setup.agents_in_use(git.root)
    names = [name.strip() for name in args.agents.split(",") if name.strip()]
    setup.check_names(names)
    return names


def _show(git: Git, wanted: setup.Plan) -> None:
    if wanted.settings is not None:
        names = ", ".join(wanted.settings["agents"]) or "none; name some with --agents"
        say(f"agents   {names}")
        if wanted.settings["git_ai"]:
            say("git-ai   is installed here and records instead; events are handed to it")
    for change in wanted.changes:
        verb = "remove" if change.text is None else "write"
        path = (
            change.path.relative_to(git.root)
            if change.path.is_relative_to(git.root)
            else change.path
        )
        say(f"{verb:7}  {path}")
    for remote in wanted.fetched:
        say(f"config   remote.{remote}.fetch {refspec(remote)}")
    for sentence in wanted.by_hand:
        say(f"by hand  {sentence}")


def _agreed() -> bool:
    if not sys.stdin.isatty():
        msg = "this is not a terminal, so nothing was written; add --yes"
        raise UsageError(msg)
    print("Go on? [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _check(git: Git) -> int:
    findings = list(checkup.check(git))
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        say(f"{'missing' if finding.then else 'ok':7}  {finding.name:{width}}  {finding.found}")
        if finding.then:
            say(f"{'':7}  {'':{width}}  -> {finding.then}")
    return 1 if any(finding.then for finding in findings) else 0
