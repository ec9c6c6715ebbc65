"""The note of a commit: git-ai's authorship log, written and merged; pure."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Final, TypeAlias

from aiprov_otel.capture import lines, watched
from aiprov_otel.history.evidence.authorship_log import WATCHED_AUTHOR, Log, parse_logs

REF: Final = "refs/notes/ai"

Labels: TypeAlias = dict[str, dict[int, str]]
"""By path, and by the number of a line in the commit: tool and model, or `watched`."""

NOBODY: Final = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "aiprov"), ("EMAIL", "aiprov@aiprov-otel.invalid"))
}
"""Who commits to the ref of the notes: no person."""

_SCHEMA: Final = "authorship/3.0.0"
_RECORDER: Final = "aiprov"
_COMMIT: Final = re.compile("[0-9a-f]{40,64}")
_MOST: Final = 2_000_000  # lines that a note is read for


def render(labels: Labels, commit: str) -> bytes:
    """The note with the *labels* of *commit*."""
    sessions: dict[str, Any] = {}
    humans: dict[str, Any] = {}
    blocks = []
    for path in sorted(labels):
        by_label: dict[str, list[int]] = {}
        for line, label in sorted(labels[path].items()):
            by_label.setdefault(label, []).append(line)
        # A reader cuts space from the end of a path, and quotes from around it.
        quoted = path.startswith('"') or path == "---" or any(map(str.isspace, path))
        name = f'"{path}"' if quoted else path
        rows = [name] if by_label else []
        for label, numbers in by_label.items():
            rows.append(f"  {_key(label, sessions, humans)} {_ranges(numbers)}")
        blocks += rows
    metadata: dict[str, Any] = {
        "schema_version": _SCHEMA,
        "base_commit_sha": commit,
        "recorder": _RECORDER,
        "prompts": {},
        "sessions": sessions,
    }
    if humans:
        metadata["humans"] = humans
    text = "\n".join([*blocks, "---", json.dumps(metadata, indent=2), ""])
    return text.encode("utf-8", "surrogateescape")  # a path may have any bytes


def _key(label: str, sessions: dict[str, Any], humans: dict[str, Any]) -> str:
    if label == watched.LABEL:
        key = f"h_{_digest(WATCHED_AUTHOR)}"
        humans[key] = {"author": WATCHED_AUTHOR}
        return key
    tool, _, model = label.partition("\t")
    # The format names a conversation here; all of one model are one, and none is traced.
    key = f"s_{_digest(f'{tool}:{model}')}"
    sessions[key] = {"agent_id": {"tool": tool, "id": key, "model": model}}
    return f"{key}::t_{_digest(key)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:14]


def _ranges(numbers: list[int]) -> str:
    flags = [False] * (numbers[-1] + 1)
    for number in numbers:
        flags[number] = True
    return ",".join(
        f"{first}-{after - 1}" if after - first > 1 else str(first)
        for first, after in lines.runs(flags)
    )


def read(note: bytes, commit: str) -> Labels:
    """The labels in a *note* whose numbers count the lines of *commit*."""
    return read_all(note).get(commit, {})


def read_all(note: bytes) -> dict[str, Labels]:
    """
    The labels in a *note*, by the commit whose lines their numbers count.

    That is not always the commit that the note is on: git copies notes where commits are
    rewritten, and puts them one after the other where commits are melted.
    """
    by_commit: dict[str, Labels] = {}
    left = _MOST
    for log in parse_logs(note) or ():
        if not _COMMIT.fullmatch(log.commit):
            continue
        labels = by_commit.setdefault(log.commit, {})
        for path, key, ranges in log.entries:
            label = _label(log, key)
            for first, last in ranges:
                left -= last - first
                if left < 0:  # a note is written by anybody, and may claim lines without an end
                    return by_commit
                for line in range(first, last + 1):
                    if label:
                        labels.setdefault(path, {})[line] = label
                    else:
                        labels.get(path, {}).pop(line, None)
    return by_commit


def is_ours(note: bytes) -> bool:
    """Whether a *note* was written by us alone."""
    logs = parse_logs(note) or []
    return bool(logs) and all(log.recorder == _RECORDER for log in logs)


def _label(log: Log, key: str) -> str | None:
    author = log.humans.get(key)
    if isinstance(author, dict):
        return watched.LABEL if author.get("author") == WATCHED_AUTHOR else None
    session = log.sessions.get(key.partition("::")[0]) or log.prompts.get(key)
    agent = session.get("agent_id") if isinstance(session, dict) else None
    if not isinstance(agent, dict) or not isinstance(agent.get("tool"), str):
        return None
    model = agent.get("model")
    return f"{agent['tool']}\t{model if isinstance(model, str) else 'unknown'}"
