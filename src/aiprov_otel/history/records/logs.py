"""The logs that Agent Trace records are kept in: in the work tree, in a commit, in refs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from aiprov_otel.history.evidence import notes
from aiprov_otel.history.evidence.agent_trace import Claim, parse
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.refs import fitting

LOG: Final = ".agent-trace/traces.jsonl"
REFS: Final = "refs/agentdiff/traces/"


def claims(git: Git) -> list[Claim]:
    """What all logs of *git* claim about its files."""
    return [claim for text, where in _logs(git) for claim in about_files(text, where, git.root)]


def about_files(text: bytes, where: str, root: Path) -> Iterator[Claim]:
    """The claims in *text*, found at *where*, that are about files of the repository at *root*."""
    for claim in parse(text.decode("utf-8", "replace"), where):
        if path := _relative(claim.path, root.as_posix()):
            yield replace(claim, path=path)


def of_tree(git: Git) -> bytes:
    """The log of the work tree or, where it is not checked out, of the commit; empty for none."""
    try:
        return Path(git.root, LOG).read_bytes()
    except OSError:
        [content] = notes.read(git, [f"{git.head()}:{LOG}"])
        return content or b""


def _logs(git: Git) -> Iterator[tuple[bytes, str]]:
    """Each log, and where it is kept."""
    yield of_tree(git), LOG
    refs = fitting(git, REFS)
    found = notes.read(git, (f"{ref}:traces.jsonl" for ref in refs))
    for ref, content in zip(refs, found, strict=True):
        yield content or b"", ref


def _relative(path: str, root: str) -> str | None:
    """*path* from *root* on; None for one elsewhere, for a URL, and for one that git can't name."""
    path = path.removeprefix(f"{root}/")
    elsewhere = path.startswith(("/", "../")) or ":" in path.partition("/")[0]
    return None if elsewhere or not _is_name(path) else os.path.normpath(path)


def _is_name(path: str) -> bool:
    return bool(path) and path.isprintable()
