"""
What a service pays to open a large manifest: CPU time until the first answer, and memory.

It writes a manifest of 2,400 files and 1.5 million lines, and opens it in fresh processes; medians
are printed. Run it with `make bench`.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from aiprov_otel.manifest import Run, SourceFile, content_hash, dump
from aiprov_otel.values import Evidence, Match, Origin, Provenance

FILES, LINES, COMMITS, ROUNDS = 2_400, 638, 41_700, 15

OPEN = """
import sys, time
from aiprov_otel.manifest import Manifest, content_hash

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

before, began = resident(), time.process_time()
manifest = Manifest.load(sys.argv[1])
[entry] = manifest.with_hash(content_hash(b"1234"))
manifest.source(entry).line(100)
print((time.process_time() - began) * 1000, (resident() - before) / 1e6)
"""


def source(number: int, chance: random.Random) -> SourceFile:
    """A file as a long history leaves it: short runs, from some hundred commits."""
    path = f"src/package{number % 60}/part{number % 7}/module{number}.py"
    return SourceFile(path, path[4:], content_hash(b"%d" % number), tuple(runs(path, chance)))


def runs(path: str, chance: random.Random) -> Iterator[Run]:
    """So many lines of the file at *path*, three at a time."""
    commits = [chance.randrange(COMMITS) for _ in range(120)]
    first = 1
    while first <= LINES:
        lines = min(chance.choice([1, 1, 1, 2, 2, 3, 4, 8]), LINES + 1 - first)
        ai = chance.random() < 0.3
        record = Provenance(
            Origin.AI if ai else Origin.UNKNOWN,
            "claude-code" if ai else None,
            "claude-opus-4-6" if ai else None,
            "anthropic" if ai else None,
            f"{chance.choice(commits):040x}",
            "2026-05-04T10:00:00Z",
            Evidence.CO_AUTHOR if ai else Evidence.UNMARKED,
            path,
            match=Match.EXACT,
        )
        yield Run(first, lines, record)
        first += lines


def main() -> None:
    """Print milliseconds and megabytes."""
    chance = random.Random(1)  # noqa: S311 (no secret)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "aiprov.manifest")
        files = (source(number, chance) for number in range(FILES))
        dump(path, files, revision=None, repository_url=None, policy={})
        answers = [
            subprocess.run(
                [sys.executable, "-c", OPEN, path], check=True, capture_output=True
            ).stdout.split()
            for _ in range(ROUNDS)
        ]
        size = path.stat().st_size / 1e6
    taken, held = (statistics.median(map(float, column)) for column in zip(*answers, strict=True))
    print(f"{FILES} files, {FILES * LINES} lines, {size:.1f} MB on disk")
    print(f"open and first look-up {taken:.1f} ms (target 15), resident +{held:.1f} MB (target 6)")


if __name__ == "__main__":
    main()
