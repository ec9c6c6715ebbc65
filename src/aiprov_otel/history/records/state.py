"""What the records of a repository are now: by this a manifest knows that there are others."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping

from aiprov_otel.history.evidence.sources import READERS
from aiprov_otel.history.git import pull_requests
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.records import logs
from aiprov_otel.history.refs import fitting
from aiprov_otel.history.source_files import printable


def state(git: Git) -> dict[str, str]:
    """
    What records are read from, each with what it holds: empty where there are none.

    That is every ref of records, with its object; the log in the tree, and beside records each
    pattern of requests, with a digest: requests without records are never looked at.
    """
    refs = (ref for reader in READERS for ref in fitting(git, *reader.REFS))
    found = {printable(ref): git.refs[ref] for ref in refs}
    if log := logs.of_tree(git):
        found[logs.LOG] = _digest(log)
    return {**found, **_requests(git)} if found else {}


def changed(now: Mapping[str, str], built: Mapping[str, str]) -> tuple[str, ...]:
    """What is in one of the two states alone, or is something else in the other; sorted."""
    return tuple(sorted(name for name in {**now, **built} if now.get(name) != built.get(name)))


def _requests(git: Git) -> dict[str, str]:
    by_pattern = ((pattern, fitting(git, pattern)) for pattern in pull_requests.PATTERNS)
    return {
        pattern: _digest(os.fsencode("".join(f"{git.refs[ref]} {ref}\n" for ref in refs)))
        for pattern, refs in by_pattern
        if refs
    }


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
