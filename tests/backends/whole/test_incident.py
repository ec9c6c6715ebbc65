"""A commit breaks the shop, an alert says whose code it is and leads to the commit, and ends."""

from __future__ import annotations

import json
import re
import time
from contextlib import ExitStack
from functools import partial
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from aiprov_otel.backends import texts
from aiprov_otel.demo.shop import lay_out
from support import jaeger
from support.pipeline import pipeline, why_not
from support.prometheus import ask, rows
from support.shop import commit, deployed
from support.waiting import PATIENCE

if reason := why_not():
    pytest.skip(reason, allow_module_level=True)

BASKET = {"items": {"BK-001": 1}, "postcode": "1010", "coupon": "WELCOME"}
RIGHT = 'share(subtotal, coupon["percent"])'
WRONG = 'share(subtotal, coupon["percentage"])'
BY_A_MODEL = "Ask for the percentage\n\nCo-Authored-By: Claude Opus 4.6 <noreply@anthropic.com>"
SOONER = {"5m": "6s", "30m": "8s", "1h": "10s", "6h": "12s"}
"""The windows of the rules, so that nobody has to wait for an hour."""


def rules():
    """Those that are shipped, with shorter windows."""
    for name, text in texts().items():
        if name.endswith(".rules.yml"):
            yield re.sub(r"\[(\w+)\]", lambda of: f"[{SOONER[of[1]]}]", text)


def firing(found):
    """The burn alerts that fire, by what they say."""
    alerts = ask(found.prometheus, "alerts")["alerts"]
    return [one for one in alerts if "Burn" in one["labels"]["alertname"]]


def visit(address, enough, until):
    """Ask the shop for prices until *until*, as *enough* says; when a request failed first."""
    failed, end = None, time.monotonic() + PATIENCE
    single = httpx.Limits(max_keepalive_connections=0)  # a failed request ends its connection
    with httpx.Client(base_url=address, trust_env=False, limits=single) as client:
        while not enough():
            assert time.monotonic() < end, f"not within {PATIENCE} s: {until}"
            for _ in range(20):
                if client.post("/quote", json=BASKET).status_code == 500:
                    failed = failed or time.monotonic()
    return failed


def test_a_commit_breaks_the_shop_and_is_named(tmp_path, capsys, pytestconfig):
    """
    While all is well nothing fires; then the alert names `ai`, what lies behind it names the
    commit, and it ends when the fix is deployed.
    """
    with ExitStack() as stack:
        has_jaeger = not jaeger.why_not()
        taking, search = stack.enter_context(jaeger.jaeger(tmp_path)) if has_jaeger else ("", "")
        also = {"traces/kept": taking} if has_jaeger else {}
        found = stack.enter_context(pipeline(tmp_path, list(rules()), also=also))
        shop = lay_out(tmp_path / "shop")
        with deployed(shop, found.endpoint) as address:
            recorded = partial(rows, found.prometheus, "aiprov:request_coverage:rate1h")
            assert visit(address, recorded, "the rules judge its requests") is None
            assert firing(found) == []

        guilty = commit(shop, "src/shop/pricing.py", RIGHT, WRONG, BY_A_MODEL)
        with deployed(shop, found.endpoint) as address:
            failed = visit(address, lambda: firing(found), "the alert fires")
            fired, (alert, *_) = time.monotonic(), firing(found)
            visit(address, lambda: raised_most(found), "ClickHouse has exceptions")
            if has_jaeger:
                visit(address, lambda: commits_behind(alert, search), "Jaeger has its traces")

        assert alert["labels"]["raised_by"] == "ai"
        assert "ai code carries" in alert["annotations"]["summary"]
        assert raised_most(found) == [guilty, "ai"]
        if has_jaeger:
            assert commits_behind(alert, search) == {guilty}

        commit(shop, "src/shop/pricing.py", WRONG, RIGHT, "Ask for what is there")
        with deployed(shop, found.endpoint) as address:
            deployed_at = time.monotonic()
            assert visit(address, lambda: not firing(found), "it ends") is None
            ended = time.monotonic()

    told = pytestconfig.get_terminal_writer()
    with capsys.disabled():
        told.line(
            f"\nalert {fired - failed:.1f} s after the first failure; it leads to {guilty[:9]}"
        )
        told.line(f"ended {ended - deployed_at:.1f} s after the fix; an hour is 10 s here")


def raised_most(found):
    """The commit, and its origin, that the shipped statement names first, if it names one."""
    said = found.clickhouse.ask(texts()["clickhouse/03-which-commit-raised.sql"], "TSV").decode()
    return said.split("\t")[1:3]


def commits_behind(alert, search):
    """The commits that failed what the alert's link shows."""
    (tags,) = parse_qs(urlsplit(alert["annotations"]["traces"]).query)["tags"]
    return {
        tag["value"]
        for trace in jaeger.found(search, json.loads(tags))
        for span in trace["spans"]
        for tag in span["tags"]
        if tag["key"] == "aiprov.error.commit.id"
    }
