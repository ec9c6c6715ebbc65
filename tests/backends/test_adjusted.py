"""The adjusted ratio that Prometheus records is the one that the report computes."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from functools import partial
from itertools import product
from pathlib import Path

import pytest

from aiprov_otel.backends import texts
from aiprov_otel.report.statistics.rates import mantel_haenszel
from aiprov_otel.report.statistics.strata import Tally, informative_share
from support.generated import series
from support.prometheus import prometheus, rows, why_not
from support.waiting import until

if reason := why_not():
    pytest.skip(reason, allow_module_level=True)

DRAWN = random.Random(5)
ROUTES = [f"GET /{number}" for number in range(6)]


def drawn() -> tuple[int, int]:
    """Requests of one origin to one route, and those that failed; of some routes there are none."""
    requests = DRAWN.randrange(500, 50_000) * DRAWN.choice((0, 1, 1, 1))
    return requests, DRAWN.randrange(requests // 20 + 1)


TALLIES = {
    (service, route): Tally(*drawn(), *drawn())
    for service, route in product(("shop", "mail"), ROUTES)
}
OF = {service: {k: one for k, one in TALLIES.items() if k[0] == service} for service, _ in TALLIES}


def counters() -> dict[str, float]:
    """The tallies as the Collector counts them."""
    found: dict[str, float] = defaultdict(float)
    for (service, route), one in TALLIES.items():
        for origin, requests, failed in (
            ("ai", one.exposed_calls, one.exposed_errors),
            ("human", one.baseline_calls, one.baseline_errors),
            ("mixed", 70_000, 900),
        ):
            labels = {"service_name": service, "span_name": route, "aiprov_origin": origin}
            labels["span_kind"] = "SPAN_KIND_SERVER"
            for status, number in (("UNSET", requests - failed), ("ERROR", failed)):
                name = "traces_span_metrics_calls_total"
                found[series(name, **labels, status_code=f"STATUS_CODE_{status}")] = number
    return {key: number for key, number in found.items() if number}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One that has evaluated the rules over the tallies."""
    rules = [texts()["prometheus/aiprov-requests.rules.yml"]]
    with prometheus(counters(), tmp_path_factory.mktemp("prometheus"), rules) as address:
        recorded = partial(rows, address, "aiprov:request_informative_share:rate1h")
        until(recorded, "the rules are evaluated")
        yield address


def test_it_is_that_of_mantel_and_haenszel(server):
    """
    Within the routes of each service, and of no other; code of other origins is on neither side.
    """
    found = rows(server, "aiprov:request_error_ratio_adjusted:rate1h")

    assert found == {
        (service,): pytest.approx(mantel_haenszel(OF[service].values()), rel=0.01) for service in OF
    }


def test_the_share_says_what_it_rests_on(server):
    """
    The requests to routes that both origins serve, of those to routes of either.
    """
    found = rows(server, "aiprov:request_informative_share:rate1h")

    assert found == {
        (service,): pytest.approx(informative_share(OF[service]), rel=0.01) for service in OF
    }
    assert all(0 < part < 1 for part in found.values())


def test_the_ratio_of_a_week_is_what_the_docs_say(server):
    """
    The expression of the page gives the same, from what was recorded until now.
    """
    page = (Path(__file__).parents[2] / "docs" / "guides" / "dashboards-and-alerts.md").read_text()
    (asked,) = re.findall(r"`(sum_over_time[^`]+)`", page)

    assert rows(server, asked) == {
        (service,): pytest.approx(mantel_haenszel(OF[service].values()), rel=0.01) for service in OF
    }
