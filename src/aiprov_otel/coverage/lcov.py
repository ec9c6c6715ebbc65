"""LCOV's tracefile, as `coverage lcov` writes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from aiprov_otel.coverage.values import FileCoverage


def read(data: bytes) -> Iterator[FileCoverage]:
    """
    The files of the tracefile *data*.

    Raises:
        ValueError: it is not a tracefile.
    """
    path, hits = "", dict[int, int]()
    branches, taken = Counter[int](), Counter[int]()
    for text in data.decode("utf-8", "surrogateescape").splitlines():
        kind, _, value = text.partition(":")
        match kind:
            case "SF":
                path, hits, branches, taken = value, {}, Counter(), Counter()
            case "DA":
                line, count, *_ = value.split(",")
                hits[int(line)] = int(count)
            case "BRDA":
                line, _, _, times = value.rsplit(",", 3)
                branches[int(line)] += 1
                taken[int(line)] += times not in {"-", "0"}
            case "end_of_record":
                yield FileCoverage(
                    path,
                    frozenset(line for line, n in hits.items() if n),
                    frozenset(line for line, n in hits.items() if not n),
                    {line: (taken[line], n) for line, n in branches.items()},
                )
