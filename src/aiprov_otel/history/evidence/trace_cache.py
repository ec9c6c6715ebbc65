"""Where the lines of squashes come from, kept for the next build."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from aiprov_otel.history.blame import cache, circumstances
from aiprov_otel.history.blame.hunks import Hunk
from aiprov_otel.history.git.repository import Git

_NAME: Final = "requests.cache"


@contextmanager
def opened(git: Git) -> Iterator[dict[str, Sequence[Hunk]]]:
    """
    What is known of the lines of squashes; what is added in the block is kept.

    It is of no use where blame follows moved lines, as that depends on other files.
    """
    known: dict[str, Sequence[Hunk]] = {}
    usable = not git.follows_moves and not git.revision
    key = circumstances.cache_key(git) if usable else ""
    if usable and isinstance(found := cache.load(git.root, key, _NAME), cache.Cached):
        known = dict(found.files)
    before = len(known)
    yield known
    if usable and len(known) > before:
        cache.save(git.root, cache.Cached(key, "", known), _NAME)
