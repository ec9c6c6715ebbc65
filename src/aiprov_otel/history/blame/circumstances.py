"""The circumstances that a cache is valid for."""

from __future__ import annotations

import hashlib
import os
from importlib import metadata

from aiprov_otel.history.git import repository
from aiprov_otel.history.git.repository import Git, matching_refs


def cache_key(git: Git) -> str:
    """Names the release, the git and the options that a cache is valid for."""
    replaced = (f"{ref} {git.refs[ref]}" for ref in matching_refs(git, "refs/replace/"))
    parts = (*replaced, *sorted(repository.boundaries(git)), *git.blame_options, *git.ignored)
    circumstances = git.run("version") + os.fsencode("\n".join(parts))
    return hashlib.sha256(_release().encode() + b"\0" + circumstances).hexdigest()


def _release() -> str:
    try:
        return metadata.version("aiprov-otel")
    except metadata.PackageNotFoundError:  # run from a checkout
        return ""
