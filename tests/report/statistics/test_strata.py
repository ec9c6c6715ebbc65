"""Counts of functions in strata."""

from __future__ import annotations

from aiprov_otel.report.statistics.strata import (
    Cell,
    Tally,
    count_failing,
    informative_cells,
    informative_share,
    merge_cells,
    tallies,
)

CELLS = [
    Cell(("shop", "GET /"), exposed=True, function="total", calls=10, errors=1),
    Cell(("shop", "GET /"), exposed=False, function="stock", calls=20, errors=0),
    Cell(("shop", "GET /"), exposed=True, function="total", calls=5, errors=2),
    Cell(("shop", "POST /"), exposed=True, function="quote", calls=65, errors=4),
]


def test_one_cell_a_function_arm_and_stratum():
    """What was counted in pieces, such as by commit, is one cell."""
    assert [(cell.function, cell.calls, cell.errors) for cell in merge_cells(CELLS)] == [
        ("stock", 20, 0),
        ("total", 15, 3),
        ("quote", 65, 4),
    ]


def test_a_stratum_counts_both_arms():
    """Calls and errors stand apart by arm."""
    assert tallies(CELLS)["shop", "GET /"] == Tally(15, 3, 20, 0)
    assert tallies(CELLS)["shop", "POST /"] == Tally(65, 4, 0, 0)


def test_a_stratum_informs_where_both_arms_ran():
    """A route that one arm alone served says nothing, and lowers the informative share."""
    assert {cell.stratum for cell in informative_cells(CELLS)} == {("shop", "GET /")}
    assert informative_share(tallies(CELLS)) == 0.35
    assert informative_share({}) is None


def test_failing_functions_are_counted_once():
    """A function that fails in two routes is one failing function."""
    assert (count_failing(CELLS, exposed=True), count_failing(CELLS, exposed=False)) == (2, 0)
