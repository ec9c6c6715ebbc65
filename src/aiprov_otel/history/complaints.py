"""What git complains of, as one line that says what to do next."""

from __future__ import annotations

from pathlib import Path
from typing import Final

IGNORE_REVS: Final = "object name list"
"""In the message of a git that can't blame any file, as its own configuration is wrong."""


def reason(root: Path, verb: str, complaint: bytes) -> str:
    """Why `git verb` failed in the repository at *root*, by its *complaint*."""
    lines = complaint.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
    first = lines[0].removeprefix("fatal: ").removeprefix("error: ")
    if "not a git repository" in first:
        return f"{root} is not in a git repository; run in one, or name a folder that is"
    if "dubious ownership" in first:
        advice = next((line.strip() for line in lines if "safe.directory" in line), "")
        return f"git refuses: {first}. If you trust it: {advice}"
    if IGNORE_REVS in first:
        return f"git refuses blame.ignoreRevsFile of its configuration: {first}; mend or unset it"
    return f"git {verb} failed in {root}: {first}"
