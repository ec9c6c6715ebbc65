"""Where a commit can be read in a browser; pure."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

_HASH: Final = re.compile(r"[0-9a-f]{7,64}")


def commit_url(repository: str | None, commit: str | None) -> str | None:
    """
    The page of *commit* on the forge of *repository*; None where it can't be told.

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
    return f"{parts.scheme}://{parts.netloc}{path}/{_below(host)}/{commit}"


def _below(host: str) -> str:
    if "gitlab" in host:
        return "-/commit"
    return "commits" if "bitbucket" in host else "commit"
