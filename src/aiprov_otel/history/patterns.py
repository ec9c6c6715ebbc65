"""The patterns of `exclude`: which paths they name."""

from __future__ import annotations

from fnmatch import fnmatchcase


def matches(path: str, pattern: str) -> bool:
    """
    Whether *pattern* names *path*, which is relative to the root, with `/`.

    `name/` is a folder anywhere, `a/b*.py` a path from the root, `*_test.py` a file name anywhere.
    """
    *folders, name = path.split("/")
    if pattern.endswith("/"):
        folder = pattern.strip("/")
        return path.startswith(f"{folder}/") or (
            "/" not in folder and any(fnmatchcase(part, folder) for part in folders)
        )
    return fnmatchcase(path, pattern.lstrip("/")) if "/" in pattern else fnmatchcase(name, pattern)
