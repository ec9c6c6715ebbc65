"""git-ai's authorship log as text: which key attests which lines; loads next to nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

WATCHED_AUTHOR: Final = "watched <watched@aiprov-otel.invalid>"
"""Stands for the person in a note of `aiprov init`, whose hooks saw that no agent wrote a line."""

Ranges = tuple[tuple[int, int], ...]


class Log(NamedTuple):
    """
    An authorship log.

    Attributes:
        entries: path, key and ranges of lines, in the order in which they were written.
        sessions: sessions of a tool, by key.
        humans: people, by key.
        prompts: sessions of a tool in the older form, by key.
        commit: the one whose lines the numbers count; "" where the log names none.
        recorder: the program that wrote it; "" where the log names none.
    """

    entries: tuple[tuple[str, str, Ranges], ...] = ()
    sessions: Mapping[str, Any] = {}
    humans: Mapping[str, Any] = {}
    prompts: Mapping[str, Any] = {}
    commit: str = ""
    recorder: str = ""


_ENTRY: Final = re.compile(r"  (\S+) (\S+)\s*")
_RANGE: Final = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")
_DECODER: Final = json.JSONDecoder()


def parse_logs(note: bytes) -> list[Log] | None:
    """
    The authorship logs in a *note*, in their order; None where one can't be read.

    git joins the notes of commits that it melts into one.
    """
    text = note.decode("utf-8", "surrogateescape")  # a path may have any bytes
    logs = []
    while text.strip():
        entries, _, metadata = f"\n{text}".partition("\n---\n")
        try:
            document, end = _DECODER.raw_decode(metadata.lstrip())
        except (ValueError, RecursionError):
            return None
        text = metadata.lstrip()[end:].lstrip("\n")
        logs.append(_parse(entries, document if isinstance(document, dict) else {}))
    return logs


def _parse(entries: str, metadata: Mapping[str, Any]) -> Log:
    objects = (metadata.get(name) for name in ("sessions", "humans", "prompts"))
    sessions, humans, prompts = (value if isinstance(value, dict) else {} for value in objects)
    texts = (metadata.get(name) for name in ("base_commit_sha", "recorder"))
    commit, recorder = (value if isinstance(value, str) else "" for value in texts)
    return Log(tuple(_parse_entries(entries)), sessions, humans, prompts, commit, recorder)


def join(logs: Iterable[Log]) -> Log:
    """*logs* as one, in which later ones win."""
    entries: list[tuple[str, str, Ranges]] = []
    sessions: dict[str, Any] = {}
    humans: dict[str, Any] = {}
    prompts: dict[str, Any] = {}
    for log in logs:
        entries += log.entries
        sessions.update(log.sessions)
        humans.update(log.humans)
        prompts.update(log.prompts)
    return Log(tuple(entries), sessions, humans, prompts)


def _parse_entries(text: str) -> Iterator[tuple[str, str, Ranges]]:
    path = ""
    for line in text.split("\n"):
        if not line.startswith("  "):
            path = line.strip()
            path = path[1:-1] if len(path) > 1 and path[0] == path[-1] == '"' else path
        elif path and (match := _ENTRY.fullmatch(line)):
            yield path, match[1], _parse_ranges(match[2])


def _parse_ranges(text: str) -> Ranges:
    matches = (_RANGE.fullmatch(part) for part in text.split(","))
    return tuple((int(match[1]), int(match[2] or match[1])) for match in matches if match)
