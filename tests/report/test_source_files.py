"""Files of the application, with errors, self time and tests of each line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aiprov_otel.coverage.values import FileCoverage
from aiprov_otel.manifest import Manifest, Run, SourceFile, content_hash, dump
from aiprov_otel.report.code import Code
from aiprov_otel.report.error_groups import error_groups
from aiprov_otel.report.session import opened
from aiprov_otel.report.source_files import SourceReader
from aiprov_otel.telemetry.store import Store
from support.telemetry import AI, HUMAN, Service

CART, STOCK = "src/shop/cart.py", "src/shop/stock.py"
NEWER = "5" * 40
TEXT = "".join(f"line {number}\n" for number in range(1, 11))


@pytest.fixture
def sources(tmp_path):
    """The files of a service that calls two functions, of which one fails."""
    newer = replace(AI, agent="cursor", model=None, commit=NEWER, time="2026-05-05T10:00:00Z")
    runs = (Run(1, 4, AI), Run(5, 2, newer), Run(7, 4, HUMAN))
    file = SourceFile(CART, "shop/cart.py", content_hash(TEXT.encode()), runs)
    dump(tmp_path / "m", [file], revision=None, repository_url=None, policy={})
    tested = FileCoverage(CART, frozenset({1, 7}), frozenset({2, 3}))
    texts = {CART: TEXT}
    code = Code(
        Manifest.load(tmp_path / "m"), text=lambda entry: texts.get(entry.path),
        coverage={CART: tested},
    )  # fmt: skip
    service = Service()
    service.span("total", by=AI, ms=4)
    service.span("total", by=AI, ms=6, failed=True, raised=(KeyError("x"), AI))
    service.span("stock", by=HUMAN, ms=1)
    with Store.open(tmp_path / "s.duckdb") as store:
        service.send(store)
        with opened(store) as session:
            yield SourceReader(session, code, error_groups(session)), texts


def test_every_file_of_the_manifest_and_of_the_spans_is_listed(sources):
    """With its origins, errors, self time and tests, as far as known, below its folder."""
    folder, cart, stock = sources[0].files()

    assert (cart.path, cart.lines, cart.errors, cart.ai_share, cart.covered) == (
        CART,
        10,
        1,
        0.6,
        0.5,
    )
    assert cart.self_s == pytest.approx(0.01)
    assert (stock.path, stock.lines, stock.ai_share, stock.covered) == (STOCK, 0, None, None)
    assert (folder.path, folder.is_folder, folder.lines, folder.errors) == (
        "src/shop/",
        True,
        10,
        1,
    )
    assert (stock.agents, stock.newest_commit) == ((), None)
    for file in (cart, folder):
        assert (file.agents, file.models) == (("claude-code", "cursor"), (AI.model, None))
        assert file.newest_commit == NEWER
    assert (folder.origins, folder.covered) == ((("ai", 0.6), ("human", 0.4)), 0.5)
    assert folder.self_s == pytest.approx(0.011)
    assert sources[0].failed() == [CART]


def test_a_file_is_filtered_by_what_any_of_its_lines_has(sources):
    """And by the services whose spans or errors name it; its folder is not filtered."""
    folder, cart, stock = sources[0].files()

    assert folder.filters == {}
    assert cart.filters == {
        "service": "shop",
        "origin": "ai\nhuman",
        "agent": "claude-code\ncursor\nunknown",
        "model": f"{AI.model}\nunknown",
        "commit": "\n".join(one[:9] for one in (NEWER, AI.commit, HUMAN.commit)),
    }
    unknown = dict.fromkeys(("origin", "agent", "model", "commit"), "unknown")
    assert stock.filters == {"service": "shop", **unknown}


def test_each_line_has_who_wrote_it_and_what_became_of_it(sources):
    """The errors that it raised, the time of the function that is defined there, and its tests."""
    lines = sources[0].file(CART).lines

    assert [line.number for line in lines if line.begins] == [1, 5, 7]
    assert [(line.number, line.errors) for line in lines if line.groups] == [(7, 1)]
    first = lines[0]
    assert (first.text, first.calls, first.self_s) == ("line 1", 2, pytest.approx(0.01))
    assert [line.covered for line in lines[:4]] == [True, False, False, None]
    assert [line.number for line in sources[0].around(CART, 9)] == [6, 7, 8, 9, 10]


def test_a_text_that_is_missing_is_named(sources):
    """So is a file that no manifest contains; one that nobody knows is none."""
    reader, texts = sources
    texts.clear()

    assert "can't be read" in reader.file(CART).reason
    assert "does not contain" in reader.file(STOCK).reason
    assert reader.file("src/shop/other.py") is None
    assert reader.around(CART, 3) == ()
