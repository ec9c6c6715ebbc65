"""Changes a manifest as somebody who means harm, or a faulty disk, would."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any


def forge(
    path: Path,
    parts: dict[str, bytes] | None = None,
    *,
    commits: bytes | None = None,
    compression: int = zipfile.ZIP_STORED,
    index: dict[str, Any] | None = None,
) -> Path:
    """
    Write the manifest at *path* again, and return *path*.

    The files whose paths end as the keys of *parts* do get these parts, with the right digest;
    *commits* replaces the table of commits, and *index* keys of the index.
    """
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    told = json.loads(members["manifest.json"])
    for name, part in (parts or {}).items():
        entry = next(each for each in told["files"] if each["path"].endswith(name))
        start = len(members["lines.bin"])
        entry.update(start=start, size=len(part), digest=hashlib.sha256(part).hexdigest())
        members["lines.bin"] += part
    if commits is not None:
        members["commits.txt"] = commits
    members["manifest.json"] = json.dumps({**told, **(index or {})}).encode()
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path
