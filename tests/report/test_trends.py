"""The ratio over time, and by route."""

from __future__ import annotations

import pytest

from aiprov_otel.report.comparison import HUMAN
from aiprov_otel.report.statistics.strata import Cell
from aiprov_otel.report.trends import PartCounts, ratio_by_route, ratio_over_time

BEGIN = 1_790_000_000_000_000_000
HOUR = 3_600_000_000_000


def timed(part, origin, errors, calls=100, name="f"):
    return PartCounts(part, "shop", "GET /", "function", name, origin, calls, errors)


def test_each_part_of_the_time_has_its_ratio():
    """Parts without a side have none, and no part is left out."""
    rows = [timed(0, "ai", 4), timed(0, "human", 2), timed(2, "ai", 4), timed(2, "mixed", 50)]

    first, second, third = ratio_over_time(rows, HUMAN, BEGIN, HOUR)

    assert (first.ratio, first.exposed_errors, first.baseline_calls) == (pytest.approx(2), 4, 100)
    assert (second.ratio, second.exposed_calls) == (None, 0)
    assert (third.ratio, third.exposed_calls, third.baseline_calls) == (None, 100, 0)
    assert first.begin == "2026-09-21T14:13:20+00:00"
    assert second.begin == "2026-09-21T15:13:20+00:00"


def test_no_calls_have_no_time():
    """Nothing is an empty tuple."""
    assert ratio_over_time([], HUMAN, 0, 1) == ()


def test_routes_have_their_own_ratio():
    """Those that both sides serve, with limits as wide as errors are bunched."""
    cells = [
        Cell(("shop", "GET /a", "function"), exposed=True, function="f", calls=100, errors=20),
        Cell(("shop", "GET /a", "function"), exposed=False, function="g", calls=100, errors=10),
        Cell(("shop", "GET /b", "function"), exposed=True, function="f", calls=100, errors=0),
        Cell(("shop", "GET /b", "function"), exposed=False, function="g", calls=100, errors=1),
        Cell(("shop", "GET /c", "function"), exposed=True, function="f", calls=100, errors=9),
    ]

    (a, b), (bunched, _) = ratio_by_route(cells, 1), ratio_by_route(cells, 4)

    assert (a.route, a.ratio) == ("GET /a", pytest.approx(2))
    assert a.low == pytest.approx(0.936, abs=1e-3)
    assert a.high == pytest.approx(4.273, abs=1e-3)
    assert bunched.low < a.low < a.high < bunched.high
    assert (b.route, b.ratio, b.low, b.high) == ("GET /b", 0, None, None)
