"""The note of a commit: git-ai's authorship log, written and merged; pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from aiprov_otel.capture import lines, watched
from aiprov_otel.history.evidence.git_ai import WATCHED_AUTHOR, parse_log

REF: Final = "refs/notes/ai"

Labels: TypeAlias = dict[str, dict[int, str]]
"""By path, and by the number of a line in the commit: tool and model, or `watched`."""

_SCHEMA: Final = "authorship/3.0.0"
_RECORDER: Final = "aiprov"
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
        quoted = " " in path or "\t" in path or path == "---"
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
    return "\n".join([*blocks, "---", json.dumps(metadata, indent=2), ""]).encode()


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
    return hashlib.sha256(text.encode()).hexdigest()[:14]


def _ranges(numbers: list[int]) -> str:
    flags = [False] * (numbers[-1] + 1)
    for number in numbers:
        flags[number] = True
    return ",".join(
        f"{first}-{after - 1}" if after - first > 1 else str(first)
        for first, after in lines.runs(flags)
    )


def read(note: bytes, commit: str) -> Labels:
    """
    The labels in a *note* on *commit*.

    Of several logs in one note, only those count that were written for this commit: git puts
    notes one after the other where commits are melted, and the numbers of some are then wrong.
    """
    logs = list(_logs(note))
    own = [log for log, metadata in logs if metadata.get("base_commit_sha") == commit]
    labels: Labels = {}
    for log in own if len(logs) > 1 else [log for log, _ in logs]:
        for path, rows in _labels(log).items():
            labels.setdefault(path, {}).update(rows)
    return labels


def is_ours(note: bytes) -> bool:
    """Whether a *note* was written by us alone."""
    logs = list(_logs(note))
    return bool(logs) and all(metadata.get("recorder") == _RECORDER for _, metadata in logs)


def _logs(note: bytes) -> Iterator[tuple[bytes, Mapping[str, Any]]]:
    """Each log in a *note*, and its metadata."""
    text = note.decode("utf-8", "surrogateescape")
    while text.strip():
        head, divider, rest = f"\n{text}".partition("\n---\n")
        try:
            metadata, end = json.JSONDecoder().raw_decode(rest)
        except (ValueError, RecursionError):
            return
        if not divider or not isinstance(metadata, dict):
            return
        log = f"{head.strip(chr(10))}\n---\n{rest[:end]}"
        yield log.encode("utf-8", "surrogateescape"), metadata
        text = rest[end:].lstrip("\n")


def _labels(note: bytes) -> Labels:
    labels: Labels = {}
    if (log := parse_log(note)) is None:
        return labels
    left = _MOST
    for path, key, ranges in log.entries:
        label = _label(log.sessions, log.humans, log.prompts, key)
        for first, last in ranges:
            left -= last - first
            if left < 0:  # a note is written by anybody, and may claim lines without an end
                return labels
            for line in range(first, last + 1):
                if label:
                    labels.setdefault(path, {})[line] = label
                else:
                    labels.get(path, {}).pop(line, None)
    return labels


def _label(
    sessions: Mapping[str, Any], humans: Mapping[str, Any], prompts: Mapping[str, Any], key: str
) -> str | None:
    author = humans.get(key)
    if isinstance(author, dict):
        return watched.LABEL if author.get("author") == WATCHED_AUTHOR else None
    session = sessions.get(key.partition("::")[0]) or prompts.get(key)
    agent = session.get("agent_id") if isinstance(session, dict) else None
    if not isinstance(agent, dict) or not isinstance(agent.get("tool"), str):
        return None
    model = agent.get("model")
    return f"{agent['tool']}\t{model if isinstance(model, str) else 'unknown'}"
