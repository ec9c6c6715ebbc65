"""The report for a pull request."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from aiprov_otel.report.render.markdown import render_markdown
from aiprov_otel.report.report import build_report
from aiprov_otel.telemetry.store import Store
from support.telemetry import AI, HUMAN, Service, serve


@pytest.fixture
def lines_of(tmp_path):
    """The lines of the report on what a service sent."""

    def lines_of(service):
        with Store.open(tmp_path / "telemetry.duckdb") as store:
            service.send(store)
            return list(render_markdown(build_report(store)))

    return lines_of


def test_the_verdict_and_the_tables(lines_of):
    """Verdict, origins, models and the functions with the excess, and how it was compared."""
    service = Service()
    serve(service)

    lines = lines_of(service)

    assert lines[0].startswith("**AI-written code: 54 errors in 480 calls;")
    assert "is associated with 1.8 times the errors" in lines[0]
    assert any(line.startswith("| `ai` | 12 | 480 | 54 | 11.2% |") for line in lines)
    model = "| `ai` | `claude-code` | `claude-opus-4-6` | 12 |"
    assert any(line.startswith(model) for line in lines)
    assert any(
        line.startswith("| `shop.quote1` | `claude-opus-4-6` | `9fd81c200` |  | 40 | 5 |")
        for line in lines
    )
    assert "Mantel-Haenszel within service, route and kind of unit" in lines[-1]


def test_every_row_has_the_columns_of_its_table(lines_of):
    """Names with signs of Markdown don't break a table."""
    service = Service()
    serve(service)
    odd = replace(AI, model="a|b\n<c>`d`")
    service.span("x|y", by=odd)
    service.span("GET /", by=HUMAN, failed=True)

    lines = lines_of(service)

    cells = [len(re.findall(r"(?<!\\)\|", line)) for line in lines if line.startswith("|")]
    headings = [line for line in lines if line and set(line) <= set("|-: ")]
    assert len(headings) == 3
    assert set(cells) == {heading.count("|") for heading in headings}
    assert "`a\\|b <c>'d'`" in "".join(lines)


def test_without_a_comparison_there_are_counts(lines_of):
    """Where nothing is compared, no method is named."""
    service = Service()
    service.span("total", by=AI)

    lines = lines_of(service)

    assert "Nothing to compare" in lines[0]
    assert "AI-written functions" not in "".join(lines)
    assert "Mantel-Haenszel" not in "".join(lines)
    assert lines[-1].startswith("100.0% of 1 call have a known origin.")
