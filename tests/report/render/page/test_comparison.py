"""Numbers over time, and texts that are not markup."""

from __future__ import annotations

import pytest

from aiprov_otel.report.render.page.comparison import Chart, Series, short_time
from aiprov_otel.report.render.page.html import _environment
from aiprov_otel.report.render.page.scale import shares

BEGINS = tuple(f"14:1{n}" for n in range(5))


def draw(series: Series, scale) -> str:
    """The chart of one *series*."""
    ticks = tuple(map(str, scale.ticks))
    chart = Chart("title", "note", "label", (series,), scale, ticks, BEGINS[: len(series.values)])
    template = '{% import "macros.html" as m with context %}{{ m.chart(drawn, "name") }}'
    return _environment().from_string(template).render(drawn=chart)


def render(text: str) -> str:
    """*text* as a template shows it, in an element and in an attribute."""
    template = '<p title="{{ text }}">{{ text }}</p>'
    return _environment().from_string(template).render(text=text)


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
    drawn = draw(Series("ai", "ai", [0.1, 0.2, None, 0.1, 0.2]), shares([0.2]))

    assert (drawn.count("<circle"), drawn.count('class="course')) == (4, 2)


def test_a_reach_goes_up_from_its_point():
    """The line of a part begins at its median and ends at its 95th percentile."""
    drawn = draw(Series("ai", "ai", [0], upto=[1]), shares([1]))

    assert 'y1="152.0" y2="8.0" class="reach ai"' in drawn


def test_text_is_escaped():
    """Whatever a text looks like, it is no markup."""
    assert render('"><b>') == '<p title="&#34;&gt;&lt;b&gt;">&#34;&gt;&lt;b&gt;</p>'


@pytest.mark.parametrize("unseen", ["\0", "\x1b", "\u202e", "\u2066", "\ud800"])
def test_a_character_that_can_not_be_seen_is_shown(unseen):
    """Controls, and characters that turn the direction of text, can't hide in a name."""
    assert render(f"a{unseen}b") == '<p title="a\ufffdb">a\ufffdb</p>'
