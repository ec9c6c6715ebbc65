"""The hooks of git: a block of ours at the top of each, before what was there already."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from aiprov_otel.files import read_regular
from aiprov_otel.history.git.repository import Git

HOOKS: Final = ("post-commit", "post-rewrite", "post-merge", "pre-push")
"""The hooks that are always installed."""

TRAILERS: Final = ("prepare-commit-msg", "commit-msg")
"""Those that write into the message of a commit."""

WATCH: Final = ("post-index-change", "post-checkout")
"""Those that run when git writes into the work tree."""

_LONGEST: Final = 1024 * 1024  # bytes of a configuration
_BEGIN: Final = "# >>> aiprov (`aiprov init --undo` removes this block)"
_END: Final = "# <<< aiprov"
_BLOCK: Final = re.compile(rf"^{re.escape(_BEGIN)}\n.*?^{_END}\n", re.MULTILINE | re.DOTALL)
_PROGRAM: Final = re.compile(r"^if \[ -x (.+) \]; then ", re.MULTILINE)
_SHELL: Final = re.compile(r"#!\s*(?:/\S*/)?(?:env\s+)?(?:\S*/)?(?:ba|da|z|k|a)?sh\b")
_NEW: Final = "#!/bin/sh\n"

# A hook's own input is read once, and handed on to what follows.
_BODIES: Final = {
    "post-rewrite": """aiprov_input=$(cat)
{guard}printf '%s\\n' "$aiprov_input" | {command} >/dev/null 2>&1{end} || true
exec <<AIPROV
$aiprov_input
AIPROV
""",
    "pre-push": """{guard}{command} </dev/null >/dev/null{end} || true
""",
    # Its first argument is 1 if the work tree was updated, but for a checkout of single files.
    "post-index-change": """if [ "$1" = 1 ]; then
  printf . >>"$(git rev-parse --git-path aiprov/touched)"
fi 2>/dev/null || true
""",
    "post-checkout": """{{
  printf . >>"$(git rev-parse --git-path aiprov/touched)"
}} 2>/dev/null || true
""",
}
_BODY: Final = """{guard}{command} </dev/null >/dev/null 2>&1{end} || true
"""


def hooks_folder(git: Git) -> Path:
    """The folder that git takes its hooks from in the work tree of *git*."""
    # The last value is the one that keeps our own commands from running any hook.
    configured = [value for value in git.configuration.values("core.hookspath")[:-1] if value]
    if not configured:
        return git.directory / "hooks"
    return git.root / Path(configured[-1]).expanduser()


def place(git: Git) -> Path:
    """The folder for our hooks: that one or, where it is husky's own, the one above it."""
    folder = hooks_folder(git)
    return folder.parent if folder.name == "_" and folder.parent.name == ".husky" else folder


def is_tracked(git: Git, folder: Path) -> bool:
    """Whether the hooks in *folder* are files of the repository, which others have too."""
    inside = folder.resolve().is_relative_to(git.root)
    return inside and not folder.resolve().is_relative_to(git.directory.resolve())


def why_not(git: Git, folder: Path) -> str | None:
    """Why no hook can be written to *folder*; None if one can."""
    places = (git.root.resolve(), git.directory.resolve())
    if any(folder.resolve().is_relative_to(parent) for parent in places):
        return None
    return (
        f"core.hooksPath leads to {folder}, which is not of this repository; "
        'call `aiprov record git HOOK "$@"` from its hooks ' + ", ".join(HOOKS)
    )


def with_block(text: str | None, hook: str, *, tracked: bool) -> str | None:
    """The *text* of a *hook* with our block; None where it is not a shell script."""
    text = _NEW if text is None else _BLOCK.sub("", text)
    # A hook that names no program is run by a shell, by git as well as by husky.
    first, _, rest = text.partition("\n") if text.startswith("#!") else ("", "", text)
    if "\0" in text or (first and not _SHELL.match(first)):
        return None
    if tracked:  # others have it elsewhere, or not at all
        guard, program, end = "if command -v aiprov >/dev/null 2>&1; then ", "aiprov", "; fi"
    else:
        python = shlex.quote(sys.executable)
        # -P: no module of the repository, where hooks run, is taken for one of Python's.
        guard, program, end = f"if [ -x {python} ]; then ", f"{python} -P -m aiprov_otel", "; fi"
    body = _BODIES.get(hook, _BODY).format(
        guard=guard, command=f'{program} record git {hook} "$@"', end=end
    )
    block = f"{_BEGIN}\n{body}{_END}\n"
    return f"{first}\n{block}{rest}" if first else f"{block}{rest}"


def without_block(text: str) -> str | None:
    """The *text* of a hook without our block; None where nothing else is left."""
    rest = _BLOCK.sub("", text)
    return None if rest == _NEW else rest


def names(hook: str) -> tuple[str, str]:
    """The files that a *hook* of ours may be in: pre-commit renames one and runs it."""
    return hook, f"{hook}.legacy"


def is_installed(git: Git, folder: Path, hook: str) -> bool:
    """Whether git's *hook* runs ours."""
    by_lefthook = any(f"aiprov record git {hook}" in text for _, text in lefthook(git.root))
    return by_lefthook or any(_runs(git, folder / name) for name in names(hook))


_LEFTHOOK: Final = ("lefthook", ".lefthook", "lefthook-local", ".config/lefthook")


def lefthook(root: Path) -> Iterator[tuple[str, str]]:
    """The name and the text of each configuration of lefthook in the project at *root*."""
    for name in (f"{stem}.{end}" for stem in _LEFTHOOK for end in ("yml", "yaml", "toml", "json")):
        with suppress(OSError):
            text = read_regular(root / name, _LONGEST, inside=root).decode("utf-8", "replace")
            yield name, text


def has_block(git: Git, path: Path) -> bool:
    """Whether our block is in the hook at *path*, and git does not ignore it."""
    return is_enabled(git, path) and bool(_block(path))


def _runs(git: Git, path: Path) -> bool:
    """Whether the hook at *path* runs ours, by a Python that is there."""
    program = _PROGRAM.search(_block(path))
    is_there = program is None or os.access(shlex.split(program[1])[0], os.X_OK)
    return has_block(git, path) and is_there


def _block(path: Path) -> str:
    """Our block in the hook at *path*; empty where there is none."""
    try:
        match = _BLOCK.search(read_regular(path, _LONGEST).decode("utf-8", "replace"))
    except OSError:
        return ""
    return match[0] if match else ""


def is_enabled(git: Git, path: Path) -> bool:
    """Whether the hook at *path* is run: git runs what is executable, husky whatever is there."""
    return os.access(path, os.X_OK) or path.parent != hooks_folder(git)
