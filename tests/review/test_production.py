"""What failed in production, by each source: a store, a ClickHouse, a Prometheus."""

from __future__ import annotations

import json

import pytest

from aiprov_otel.errors import UsageError
from aiprov_otel.mcp_server.answers import Answers
from aiprov_otel.telemetry.store import Store
from support.command import invoke
from support.failing import failing_store
from support.prometheus import prometheus, why_not
from support.reviewed import make_branch

GATE = "[tool.aiprov.review]\nmax_failing = 0\n"
CALLS = "aiprov_function_calls_total"
AI = 'aiprov_origin="ai",job="shop"'
COUNTERS = {
    f'{CALLS}{{{AI},code_function_name="shop.cart.total",error_type="ZeroDivisionError"}}': 1_200,
    f'{CALLS}{{{AI},code_function_name="shop.cart.total",error_type="KeyError"}}': 240,
    f'{CALLS}{{{AI},code_function_name="shop.cart.total"}}': 9_000,
    f'{CALLS}{{{AI},code_function_name="other.total",error_type="KeyError"}}': 70,
    f'{CALLS}{{{AI},error_type="OSError"}}': 60,
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A branch of a shop, whose policy allows no function that failed lately."""
    return make_branch(tmp_path_factory.mktemp("production") / "shop", GATE)


def reviewed(shop, *given, base="main"):
    """The exit status of a review by *given*, and what failed."""
    done = invoke("review", "--base", base, "--json", *given, cwd=shop.path)
    assert done.returncode in {0, 1}, done.stderr
    return done.returncode, json.loads(done.stdout)["failing"]


def test_clickhouse_has_the_errors_of_the_store(shop, tmp_path):
    """
    A ClickHouse that the Collector fills gives the review that the local store gives, and the gate
    fails by it; a change of a function that did not fail passes.
    """
    pytest.importorskip("chdb", reason="there is no ClickHouse to ask: pip install chdb")
    from support.clickhouse import clickhouse

    place = shop.path / ".aiprov" / "telemetry.duckdb"
    failing_store(place, shop.git("rev-parse", "main"))
    local = reviewed(shop, "--days", "9999")
    with clickhouse() as server:
        with Store.open(place) as store:
            server.load(store, tmp_path)
        place.unlink()
        given = ("--from", server.address, "--days")
        told = reviewed(shop, *given, "9999")
        lately = reviewed(shop, *given, "0.001")
        elsewhere = reviewed(shop, *given, "9999", base="topic~1")

    assert told == local
    assert (told[0], [row["errors"] for row in told[1]]) == (1, [3])
    assert lately == elsewhere == (0, [])


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    """The address of a Prometheus that counted errors for two hours."""
    if reason := why_not():
        pytest.skip(reason)
    with prometheus(COUNTERS, tmp_path_factory.mktemp("prometheus")) as address:
        yield f"prometheus://{address}"


def test_prometheus_has_the_errors_of_functions(shop, counted):
    """
    Counters of functions give the errors of those that the change adds lines to, and the gate fails
    by them; a change of a function that did not fail passes.
    """
    status, [function] = reviewed(shop, "--from", counted)

    assert status == 1
    assert function["function"] == "shop.cart.total"
    assert [(row["type"], row["errors"], row["line"]) for row in function["failed"]] == [
        ("ZeroDivisionError", pytest.approx(1_200, rel=0.02), None),
        ("KeyError", pytest.approx(240, rel=0.02), None),
    ]
    assert reviewed(shop, "--from", counted, base="topic~1") == (0, [])


def test_days_are_those_that_were_asked_for(shop, counted):
    """
    Half of the errors are of the last of the two hours, whatever period the address names for a
    report; a bot that asks for fewer days gets fewer too.
    """
    hour = str(1 / 24)
    for address in (counted, f"{counted}?period=30d"):
        _, [function] = reviewed(shop, "--from", address, "--days", hour)
        assert function["errors"] == pytest.approx(720, rel=0.05)
    told = Answers(shop.path, counted).errors_by_line("src/shop/cart.py", days=1 / 24)

    assert told["errors"] == pytest.approx(720, rel=0.05)


def test_prometheus_counts_no_commits(shop):
    """
    A bot that asks for a commit is told so, and not that nothing failed.
    """
    with pytest.raises(UsageError, match="by function, not by commit"):
        Answers(shop.path, "prometheus://127.0.0.1:1").errors_by_commit("a" * 40)
