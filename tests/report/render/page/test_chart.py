"""Numbers over time."""

from __future__ import annotations

import re

import pytest

from aiprov_otel.report.render.page.chart import Series, chart, short_time
from aiprov_otel.report.render.page.scale import shares


@pytest.mark.parametrize(
    ("last", "shown"),
    [
        ("2026-09-21T14:13:59+00:00", "14:13:20"),
        ("2026-09-21T15:00:00+00:00", "14:13"),
        ("2026-09-22T15:00:00+00:00", "09-21 14:13"),
    ],
)
def test_a_moment_is_as_short_as_it_can_be(last, shown):
    """Seconds are shown where parts share a minute, the day where they don't share it."""
    assert short_time("2026-09-21T14:13:20+00:00", ["2026-09-21T14:13:20+00:00", last]) == shown


def test_a_gap_is_a_gap():
    """Where nothing is known nothing is drawn, and no line crosses it."""
    begins = [f"2026-09-21T14:1{n}:00+00:00" for n in range(5)]
    series = Series("ai", "ai", [0.1, 0.2, None, 0.1, 0.2])
    scale = shares([0.2])

    drawn = chart("errors", [series], scale, [str(tick) for tick in scale.ticks], begins)

    assert (drawn.count("<circle"), len(re.findall('class="course', drawn))) == (4, 2)


def test_a_reach_goes_up_from_its_point():
    """The line of a part begins at its median and ends at its 95th percentile."""
    scale = shares([1])
    series = Series("ai", "ai", [0], upto=[1])

    drawn = chart("time", [series], scale, [""] * len(scale.ticks), ["2026-09-21T14:13:20+00:00"])

    assert re.search(r'y1="152" y2="8" class="reach ai"', drawn)
