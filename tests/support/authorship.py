"""A reader of git-ai's authorship logs by its specification alone: none of our own code."""

from __future__ import annotations

import json
import re

HEX = "[0-9a-f]{14}"
KEY = re.compile(rf"s_{HEX}::t_{HEX}|h_{HEX}")
RANGES = re.compile(r"[1-9]\d*(?:-[1-9]\d*)?(?:,[1-9]\d*(?:-[1-9]\d*)?)*")


def parse(note: str) -> dict[str, dict[int, str]]:
    """
    By path and line: the tool of each attested line, or `h` for a person's.

    Fails on whatever the specification does not allow.
    """
    head, divider, tail = note.partition("---\n")
    assert divider, "no divider"
    metadata = json.loads(tail)
    assert metadata["schema_version"] == "authorship/3.0.0"
    assert re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", metadata["base_commit_sha"])
    assert metadata["prompts"] == {}
    found: dict[str, dict[int, str]] = {}
    path = None
    used = set()
    for row in head.splitlines():
        if not row.startswith("  "):
            path = row
            if path.startswith('"'):
                assert path.endswith('"')
                path = path[1:-1]
            else:
                assert " " not in path
                assert "\t" not in path
            assert path not in found
            found[path] = {}
            continue
        assert path is not None
        key, ranges = row[2:].split(" ")
        assert KEY.fullmatch(key), key
        assert RANGES.fullmatch(ranges), ranges
        name = key.partition("::")[0]
        used.add(name)
        if name.startswith("s_"):
            agent = metadata["sessions"][name]["agent_id"]
            assert set(agent) == {"tool", "id", "model"}
            assert all(isinstance(value, str) for value in agent.values())
            who = agent["tool"]
        else:
            assert isinstance(metadata["humans"][name]["author"], str)
            who = "h"
        for part in ranges.split(","):
            first, _, last = part.partition("-")
            for line in range(int(first), int(last or first) + 1):
                assert line not in found[path], "a line has two writers"
                found[path][line] = who
    assert all(found.values()), "a path without lines"
    assert used == {*metadata.get("sessions", {}), *metadata.get("humans", {})}
    return found
