"""The remote repository: its address, and the refs that `git clone` does not fetch."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from aiprov_otel.history.git import pull_requests
from aiprov_otel.history.git.repository import Git, matching_refs

NAME: Final = "origin"
"""The remote that `git clone` sets up."""

_SCP = re.compile(r"(?:[^@/:]+@)?(?P<host>[^@/:]{2,}):(?!//)(?P<path>.+)")
_WITH_PORT = ("http", "https")
_FORGE = (*_WITH_PORT, "ssh", "git", "git+ssh", "git+https")


def url(git: Git) -> str | None:
    """The URL of the remote as it is configured; None without a remote."""
    urls = git.configuration.values(f"remote.{NAME}.url")
    if not urls or "://" in urls[0] or "@" in urls[0]:
        return urls[0] if urls else None
    # An abbreviation, `gh:org/repo`, that only the user's `url.….insteadOf` explains.
    status, output, _ = git.try_run("remote", "get-url", NAME)
    return None if status else os.fsdecode(output.removesuffix(b"\n"))


def web_address(url: str | None) -> str | None:
    """*url* as `https://host/path`, without credentials; None for a local one."""
    if not url:
        return None
    if "://" not in url:
        match = _SCP.fullmatch(_without_password(url))
        return _https(match["host"], match["path"]) if match else None
    from urllib.parse import urlsplit  # not needed for a single file

    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _FORGE or not parts.hostname:
        return None
    if "@" in parts.path and "@" not in parts.netloc:
        return None  # a password with a slash, which is not valid, would be in the path
    # The port of ssh is not the port of the page.
    host = f"{parts.hostname}:{port}" if port and parts.scheme in _WITH_PORT else parts.hostname
    return _https(host, parts.path)


def _without_password(url: str) -> str:
    """*url*, `user@host:path`, without the user if it wrongly has a password."""
    return url.rpartition("@")[2] if ":" in url.partition("@")[0] else url


def _https(host: str, path: str) -> str | None:
    path = path.strip("/").removesuffix(".git").strip("/")
    return f"https://{host}/{path}" if path else None


_TIMEOUT: Final = 5.0  # seconds: a build does not wait for a network that is down


def fetch_command(git: Git, records: Collection[str]) -> str | None:
    """
    The command that fetches the *records*, refs or patterns of refs, that only the remote has.

    It overwrites nothing that was not pushed: notes are fetched beside one's own, and merged.
    None where nothing is missing, without a remote, and without an answer from it in time.
    """
    if not url(git):
        return None
    patterns = (*records, *pull_requests.PATTERNS)
    missing = list(_missing_refs(git, list_refs(git, NAME, patterns), records))
    if not missing:
        return None
    fetch = " ".join(("git fetch", NAME, *(_refspec(ref) for ref in missing)))
    merges = (
        f"git notes --ref={_short(ref)} merge -s union {_short(_beside(ref))}"
        for ref in missing
        if ref.startswith(_NOTES)
    )
    return " && ".join((fetch, *merges))


_NOTES: Final = "refs/notes/"


def _refspec(ref: str) -> str:
    if ref.startswith(_NOTES):
        return f"'+{ref}:{_beside(ref)}'"
    # The forge alone writes the refs of requests, and may rewrite them.
    return f"'+{ref}:{ref}'" if ref in pull_requests.PATTERNS else f"'{ref}:{ref}'"


def _beside(ref: str) -> str:
    """Where notes of the remote are kept, as git-ai does it too."""
    return f"{ref}-remote/{NAME}"


def _short(ref: str) -> str:
    return ref.removeprefix(_NOTES)


def list_refs(
    git: Git, address: str, patterns: Iterable[str], seconds: float = _TIMEOUT
) -> dict[str, str]:
    """The refs of the remote at *address* that match *patterns*, with their objects."""
    options = ("ls-remote", "--refs", "--upload-pack=git-upload-pack", address, *patterns)
    output = git.try_run(*options, seconds=seconds, online=True)[1]
    rows = (os.fsdecode(line).partition("\t") for line in output.splitlines())
    return {ref: name for name, _, ref in rows}


def _missing_refs(git: Git, remote: Mapping[str, str], records: Collection[str]) -> Iterator[str]:
    """The refs and patterns to fetch."""
    for pattern in sorted(records):
        refs = fnmatch.filter(remote, pattern)
        if not all(_has(git, ref, remote[ref]) for ref in refs):
            yield pattern
    heads = [pattern for pattern in pull_requests.HEADS if fnmatch.filter(remote, pattern)]
    # Where there are refs of the heads, those of the merges add nothing.
    for pattern in heads or pull_requests.MERGES:
        if fnmatch.filter(remote, pattern) and not matching_refs(git, pattern):
            yield pattern


def _has(git: Git, ref: str, name: str) -> bool:
    """Whether the object *name*, of the remote's *ref*, was fetched and counts here."""
    refs = [ref, _beside(ref)] if ref.startswith(_NOTES) else [ref]
    here = {git.refs[one] for one in refs if one in git.refs}
    # A merge with one's own notes has the remote's as a parent.
    return name in here or (ref in git.refs and git.object_names([name]) == [name])
