"""The address of a commit on the forge of its repository; pure."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

_HASH: Final = re.compile(r"[0-9a-f]{7,64}")


def commit_url(repository: str | None, commit: str | None) -> str | None:
    """
    Returns the page of *commit* on the forge of *repository*; None if unknown.

    GitHub, Forgejo, Gitea and Azure have it at `/commit/`, GitLab at `/-/commit/`, Bitbucket at
    `/commits/`.
    """
    if not repository or not commit or not _HASH.fullmatch(commit):
        return None
    try:
        parts = urlsplit(repository)
        host = parts.hostname or ""
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host or "@" in parts.netloc:
        return None
    path = parts.path.rstrip("/").removesuffix(".git")
    folder = "-/commit" if "gitlab" in host else "commits" if "bitbucket" in host else "commit"
    return f"{parts.scheme}://{parts.netloc}{path}/{folder}/{commit}"
