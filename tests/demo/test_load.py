"""The load: the same for the same seed, with ordinary requests and odd ones."""

from __future__ import annotations

from collections import Counter

import pytest

from aiprov_otel.demo import customers, load
from aiprov_otel.errors import AiprovError


def test_a_plan_is_the_same_for_the_same_seed():
    """
    Two runs of the demo send the same requests, and another seed sends others.
    """
    assert customers.plan(500) == customers.plan(500)
    assert customers.plan(500) != customers.plan(500, seed=1)


def test_a_shorter_plan_holds_every_route():
    """
    Even a small load reaches each route of the shop.
    """
    routes = Counter((one.method, one.path.partition("?")[0]) for one in customers.plan(100))

    assert set(routes) == {
        ("GET", "/catalog"),
        ("POST", "/quote"),
        ("POST", "/orders"),
        ("GET", "/orders/{order}"),
        ("POST", "/orders/{order}/refund"),
        ("GET", "/reports/daily"),
        ("POST", "/feeds"),
    }


def test_most_requests_are_ordinary():
    """
    The odd inputs are a few in a hundred, as in life.
    """
    bodies = [one.body for one in customers.plan(1000) if "postcode" in (one.body or {})]
    odd = [body for body in bodies if not body["postcode"].isdecimal() or body["coupon"] == "STAFF"]

    assert 0.02 < len(odd) / len(bodies) < 0.15


def test_a_shop_that_is_gone_is_said_in_one_line():
    """
    A service that dies under the load ends the demo with a line, not with a traceback.
    """
    with pytest.raises(AiprovError, match=r"^the shop at .* stopped answering \(ConnectError\)"):
        load.drive("http://127.0.0.1:9", customers.plan(3))
