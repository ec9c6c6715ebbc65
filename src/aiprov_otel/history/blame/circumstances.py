"""The circumstances that a cache is valid for."""

from __future__ import annotations

import hashlib
import os

from aiprov_otel.history.git.repository import Git, matching_refs


def cache_key(git: Git) -> str:
    """Names the release, the git and the options that a cache is valid for."""
    replaced = (f"{ref} {git.refs[ref]}" for ref in matching_refs(git, "refs/replace/"))
    parts = (*replaced, *sorted(git.boundaries), *git.blame_options, *git.ignored)
    circumstances = git.version + os.fsencode("\n".join(parts))
    return hashlib.sha256(_package_metadata().encode() + b"\0" + circumstances).hexdigest()


def _package_metadata() -> str:
    """The metadata of the package as text; parsing its version takes ten times as long."""
    from importlib import metadata  # only what reads or writes a cache needs it

    try:
        package = metadata.distribution("aiprov-otel")
        return package.read_text("METADATA") or package.read_text("PKG-INFO") or ""
    except metadata.PackageNotFoundError:  # run from a checkout
        return ""
