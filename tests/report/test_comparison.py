"""Who is compared with whom, and when not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aiprov_otel.report.comparison import HUMAN, NOT_AI, VersionCounts, comparisons

ROW = VersionCounts(
    *("shop", "GET /", "function", "total", "ai", None, None, "c", None, "commit", "unknown"),
    calls=100,
    errors=5,
)  # fmt: skip


def rows(functions=12, **changes):
    """Functions of both origins on one route, AI-written ones with twice the errors."""
    return [
        replace(ROW, name=f"{origin}{n}", origin=origin, errors=(4 + n % 3) * times, **changes)
        for n in range(functions)
        for origin, times in (("ai", 2), ("human", 1))
    ]


def test_the_ratio_and_its_check_agree():
    """Mantel-Haenszel and the regression see the same in the same cells."""
    first, *_ = comparisons(rows(), HUMAN)

    assert first.adjusted.value == pytest.approx(2)
    assert first.adjusted.check.value == pytest.approx(2, rel=0.01)
    assert first.adjusted.low < first.adjusted.check.value < first.adjusted.high
    assert "bootstrap over functions" in first.adjusted.method


def test_mixed_code_is_on_no_side():
    """What is partly AI is neither compared nor a baseline."""
    mixed = [replace(ROW, name=f"m{n}", origin="mixed", errors=90) for n in range(20)]

    assert comparisons([*rows(), *mixed], HUMAN) == comparisons(rows(), HUMAN)
    assert comparisons([*rows(), *mixed], NOT_AI)[0] == comparisons(rows(), NOT_AI)[0]


def test_unknown_code_is_a_baseline_only_where_humans_are_unknown():
    """With people known, what nothing is known of stays out."""
    unknown = [replace(ROW, name=f"u{n}", origin="unknown", errors=40) for n in range(20)]

    assert comparisons([*rows(), *unknown], HUMAN)[0].adjusted.value == pytest.approx(2)
    assert comparisons([*rows(), *unknown], NOT_AI)[0].adjusted.value < 1


def test_code_of_different_age_is_not_compared_by_age():
    """Where all AI-written code is young and all human code old, age explains as much as origin."""
    aged = [replace(row, age="old" if row.origin == "human" else "young") for row in rows()]

    first, by_age, _ = comparisons(aged, HUMAN)

    assert first.adjusted
    assert by_age.adjusted is None
    assert "can't separate origin from route and age: 0% of the calls" in by_age.reason


def test_weak_evidence_is_left_out_by_line():
    """The third comparison is of units with line-level evidence only."""
    assert comparisons(rows(), HUMAN)[2].adjusted is None
    assert comparisons(rows(strength="line"), HUMAN)[2].adjusted.value == pytest.approx(2)


def test_too_few_on_the_same_routes_are_too_few():
    """Ten failing functions are needed where both ran, not elsewhere."""
    apart = [replace(row, route=f"GET /{row.origin}", name=f"{row.name}b") for row in rows()]
    comparison = comparisons([*rows(9), *apart], HUMAN)[0]

    assert comparison.adjusted is None
    assert comparison.reason.startswith(
        "Too few to tell: 9 AI-written and 9 human-written functions below a handler failed a "
        "request where both ran"
    )


def test_nothing_at_all_is_too_few():
    """No rows is an answer too."""
    for comparison in comparisons([], HUMAN):
        assert (comparison.adjusted, comparison.informative_share) == (None, None)
        assert "Too few to tell: 0 AI-written and 0 human-written" in comparison.reason
