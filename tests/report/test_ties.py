"""What happened at the same moment: the report is the same, in whatever order it was stored."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import product

from opentelemetry.trace import SpanKind

from aiprov_otel.report.code import Code
from aiprov_otel.report.page import read_copy
from aiprov_otel.telemetry.store import Store
from support.telemetry import AI, HUMAN, Service

SERVER = {"kind": SpanKind.SERVER, "failed": True, "ms": 90}
ANOTHER = replace(AI, commit="1" * 40, model="claude-opus-4-5", agent=None)


def requests() -> list:
    """Requests that begin at once and fail at once, in versions of the same functions."""
    rows = []
    for revision, by in product(("a" * 40, "b" * 40), (AI, ANOTHER, HUMAN)):
        service = Service(revision=revision, run=revision[:4])
        for words in ("no", "none"):
            for route in ("GET /a", "GET /b"):
                root = service.span(route, **SERVER)
                error = KeyError(words)
                service.span("total", root, by=by, failed=True, raised=(error, by))
                service.span("total", root, by=ANOTHER, failed=True, raised=(OSError(words), HUMAN))
                service.span("raising", root, by=by)
                service.span(route, raised=(LookupError(words), by), **SERVER)
        rows += service.rows()
    return rows


def ids(rows) -> list:
    """The rows with ids that are the same each time."""
    names: dict[str, str] = {}

    def known(name: str) -> str:
        return name and names.setdefault(name, f"{len(names):016x}")

    return [
        row._replace(
            trace_id=known(row.trace_id),
            span_id=known(row.span_id),
            parent_span_id=known(row.parent_span_id),
        )
        for row in rows
    ]


def test_what_happened_at_the_same_moment_has_one_order(tmp_path):
    """Which version of a function, which message, which request stands for others."""
    rows = ids(requests())
    pages = []
    for seed in range(3):
        random.Random(seed).shuffle(rows)
        with Store.open(tmp_path / f"{seed}.duckdb") as store:
            store.add(rows)
            pages.append(read_copy(store, None, None, Code()))

    for page in pages[1:]:
        assert page.facts == pages[0].facts
        for one, other in zip(page.views, pages[0].views, strict=True):
            assert one == other, one.name
