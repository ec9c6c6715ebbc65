"""What a person sees, in a terminal, a narrow one, and a pipe."""

from __future__ import annotations

import io
import re

import pytest
from opentelemetry.trace import SpanKind, StatusCode
from rich.console import Console

from aiprov_otel.manifest import Manifest, Run, SourceFile, content_hash, dump
from aiprov_otel.report.render.terminal import open_console, show_report
from aiprov_otel.report.render.terminal_comparison import sparkline
from aiprov_otel.report.report import build_report
from aiprov_otel.report.trends import RatioPoint
from aiprov_otel.telemetry.store import Store
from support.telemetry import AI, HUMAN, Service, record, serve


@pytest.fixture
def report(tmp_path):
    """A report with an error of each kind of code."""
    service = Service()
    for n in range(30):
        root = service.span("GET /checkout", by=HUMAN, at=n * 100, ms=50)
        service.span("total", root, by=AI, at=n * 100 + 1, ms=20)
    root = service.tracer.start_span("GET /[bold]", start_time=0, kind=SpanKind.SERVER)
    try:
        {}["price"]
    except KeyError as error:
        service.span("stock", root, by=HUMAN, at=9, failed=True, raised=(error, AI))
    root.set_status(StatusCode.ERROR)
    root.end(10)
    service.span("pay", by=HUMAN, failed=True)
    with Store.open(tmp_path / "telemetry.duckdb") as store:
        service.send(store)
        return build_report(store)


@pytest.fixture
def compared(tmp_path):
    """A report in which AI-written functions fail twice as often on the same route."""
    service = Service()
    serve(service)
    with Store.open(tmp_path / "telemetry.duckdb") as store:
        service.send(store)
        return build_report(store)


@pytest.fixture
def manifest(tmp_path):
    """This file, as if a model had written it."""
    source = SourceFile(
        "tests/report/render/test_terminal.py",
        "test_terminal.py",
        content_hash(b""),
        (Run(1, 500, AI),),
    )
    dump(tmp_path / "m", [source], revision=None, repository_url=None, policy={})
    return Manifest.load(tmp_path / "m")


def text(report, manifest, **options) -> str:
    out = io.StringIO()
    show_report(report, manifest, Console(file=out, markup=False, highlight=False, **options))
    return out.getvalue()


def test_a_pipe_gets_every_word_and_no_color(report, manifest):
    """Nothing is cut, wrapped or colored for a program that reads."""
    out = io.StringIO()

    show_report(report, manifest, open_console(out))

    shown = out.getvalue()
    assert "\x1b" not in shown
    for word in (
        *("origin", "functions", "calls", "errors", "errors per call", "95% limits", "self p95 ms"),
        *("claude-code", "claude-opus-4-6", "Too few to tell", "src/shop/cart.py:7"),
        *("100.0% of 62 calls have a known origin", "KeyError raised at src/shop/cart.py:7"),
    ):
        assert word in shown
    assert f'test_terminal.py", line {found_line(shown)}' in shown
    assert "◀ ai claude-code claude-opus-4-6 9fd81c200" in shown
    assert "GET /[bold]" in shown


def found_line(shown: str) -> int:
    (line,) = [line for line in shown.splitlines() if 'test_terminal.py", line' in line]
    return int(line.partition(", line ")[2].partition(",")[0])


def test_what_the_verdict_rests_on_is_shown(compared):
    """The comparisons beside it, the time of calls, the functions and routes with the excess."""
    shown = text(compared, None, width=200)

    for word in (
        *("is associated with 1.8 times the errors per call", "12 AI-written functions and 12 of"),
        *("Within service, route, kind of unit and age of the code: 1.8 (95% limits", "Too few"),
        *("By regression: 1.8, quasi-Poisson limits", "Ratio over time: ", "shop.quote1"),
        *("Time per call on the same routes", "self", "inclusive", "difference ms"),
        "AI-written functions above the baseline of their routes",
        "Routes that both sides serve",
        "AI-written exceptions above the baseline of their routes",
    ):
        assert word in shown
    assert "cause" not in shown


@pytest.mark.parametrize("width", [30, 40, 60, 80, 120])
def test_the_comparison_fits_a_narrow_terminal(compared, width):
    """Its tables leave columns out, and its sentences are wrapped."""
    shown = plain(text(compared, None, width=width, force_terminal=True, no_color=True))

    assert max(map(len, shown.splitlines())) <= width
    assert "excess" in shown


def test_what_is_not_told_as_a_whole_is_not_told_in_parts(tmp_path):
    """With too few failing functions there is no ratio over time or by route, and no excess."""
    service = Service()
    serve(service, functions=9)
    with Store.open(tmp_path / "telemetry.duckdb") as store:
        service.send(store)
        shown = text(build_report(store), None, width=200)

    assert "Too few to tell" in shown
    for word in (
        "over time",
        "above the baseline",
        "Routes that both sides serve",
        "Time per call on",
    ):
        assert word not in shown


def points(*ratios):
    """One after another, with these ratios."""
    return [RatioPoint("2026-09-21T14:13:20+00:00", ratio, 1, 1, 1, 1) for ratio in ratios]


def test_a_sparkline_shows_the_ratio_over_time():
    """Doublings are as high as halves are low; where there is none, there is a gap."""
    line = sparkline(points(1, 2, None, 0.5, 0))

    assert line.startswith("Ratio over time: ▅█ ▁▁  0.5 to 2, since 2026-09-21T14:13:20+00:00")
    assert line.endswith("1 is ▅")


def test_a_single_ratio_has_no_course():
    """One part with a ratio, or none, makes no line; a level course does."""
    assert sparkline(points(None, 2)) is None
    assert sparkline([]) is None
    assert "▅▅" in sparkline(points(1, 1))


@pytest.mark.parametrize("width", [30, 40, 60, 80, 120])
def test_no_line_is_wider_than_the_terminal(report, manifest, width):
    """A narrow terminal gets fewer columns, and lines that are wrapped, never cut."""
    shown = text(report, manifest, width=width, force_terminal=True, no_color=True)

    lines = [Console(width=999).render_str(line).cell_len for line in plain(shown).splitlines()]
    assert max(lines) <= width
    assert "errors" in shown
    assert "…" not in shown.replace("… ", "")


def plain(shown: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", shown)


def test_a_wide_terminal_shows_every_column(report, manifest):
    """With room enough nothing is left out."""
    shown = text(report, manifest, width=160)

    assert "95% limits" in shown
    assert shown.count("self p50 ms") == 4


def test_colors_can_be_turned_off(report, manifest, monkeypatch):
    """`NO_COLOR` leaves words only."""
    monkeypatch.setenv("NO_COLOR", "1")

    assert "\x1b[3" not in text(report, manifest, width=120, force_terminal=True)


def test_without_a_manifest_the_stack_is_plain(report):
    """No frame is folded or annotated where nothing is known of it."""
    shown = text(report, None, width=200)

    assert 'test_terminal.py", line' in shown
    assert "outside the application" not in shown


def test_characters_that_a_stream_lacks_are_replaced(report, manifest):
    """An ASCII pipe is no reason to fail."""
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")

    show_report(report, manifest, open_console(out))
    out.flush()

    assert b"claude-opus-4-6" in raw.getvalue()


def test_a_long_trace_is_shortened(tmp_path):
    """Of a trace with many spans the first are shown, and the others counted."""
    service = Service()
    root = service.tracer.start_span("GET /", start_time=0)
    try:
        {}["k"]
    except KeyError as error:
        record(root, error, AI)
        root.set_status(StatusCode.ERROR)
    for n in range(60):
        service.span(f"query {n}", root, at=n)
    root.end()
    with Store.open(tmp_path / "telemetry.duckdb") as store:
        service.send(store)

        assert "… 21 more spans" in text(build_report(store), None, width=100)
