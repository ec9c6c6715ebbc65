"""Jaeger accepts the configuration, finds what was kept of the shop, and shows what was counted."""

from __future__ import annotations

import json
import re
from collections import Counter
from math import isnan
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from aiprov_otel.backends import texts
from aiprov_otel.demo import customers, load
from aiprov_otel.demo.shop import lay_out
from support import jaeger
from support.pipeline import pipeline, why_not
from support.servers import prometheus
from support.shop import deployed
from support.waiting import until

if reason := jaeger.why_not() or why_not():
    pytest.skip(reason, allow_module_level=True)

DOCS = Path(__file__).parents[3] / "docs" / "guides" / "traces-and-queries.md"
SEARCHES = re.findall(r"^/search\?(\S+)", DOCS.read_text(), re.MULTILINE)
A_COMMIT = "9fd81c2…"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The Collector with all that the shop sent, and the address of the Jaeger behind it."""
    folder = tmp_path_factory.mktemp("jaeger")
    with (
        prometheus(folder) as metrics,
        jaeger.jaeger(folder, metrics) as (taking, address),
        pipeline(folder, into=metrics, also={"traces/kept": taking}) as found,
    ):
        with deployed(lay_out(folder / "shop"), found.endpoint) as shop:
            load.drive(shop, customers.plan(300))
        until(lambda: has_all(address, found), "Jaeger has all traces that are kept")
        yield found, address


def has_all(address, found):
    """Whether all that failed is kept, and the Jaeger at *address* finds all that is kept."""
    failed = {row.trace_id for row in found.sent.rows if row.status_code == "Error"}
    kept = {row.trace_id for row in found.kept.rows}
    return failed <= kept and len(jaeger.found(address, {})) == len(kept)


def said(row):
    """The attributes of a span, and those of each of its events."""
    return [row.span_attributes, *row.event_attributes]


def matching(rows, tags):
    """The traces with a span that has *tags*, on itself or on one of its events."""
    return {row.trace_id for row in rows if any(tags.items() <= each.items() for each in said(row))}


def most(rows, key):
    """The value of *key* that spans or events have most often."""
    return Counter(each[key] for row in rows for each in said(row) if key in each).most_common()[0]


def test_jaeger_accepts_the_configuration(tmp_path):
    """
    Its own validator finds nothing wrong with the files as they are shipped.
    """
    told = jaeger.validate(tmp_path)

    assert told.returncode == 0, told.stderr


@pytest.mark.parametrize("search", SEARCHES)
def test_a_search_of_the_documentation_finds_its_traces(served, search):
    """
    By an origin or a commit, on spans and on events, it finds the traces that have it, and no more.
    """
    found, address = served
    (service,), (text,) = parse_qs(search)["service"], parse_qs(search)["tags"]
    tags = json.loads(text)
    for key, value in tags.items():
        if value == A_COMMIT:
            tags[key], _ = most(found.kept.rows, key)

    traces = {trace["traceID"] for trace in jaeger.found(address, tags)}

    assert service == "shop"
    assert traces == matching(found.kept.rows, tags) != set()


@pytest.mark.parametrize("key", ["aiprov.error.commit.id", "aiprov.exception.commit.id"])
def test_a_commit_leads_to_what_it_failed(served, key):
    """
    The key of spans finds the spans that a commit failed, that of events its exceptions.
    """
    found, address = served
    commit, _ = most(found.kept.rows, key)

    traces = {trace["traceID"] for trace in jaeger.found(address, {key: commit})}

    assert traces == matching(found.kept.rows, {key: commit})


def test_the_page_links_commits_to_the_forge(served):
    """
    The page that Jaeger serves has the shipped patterns of links.
    """
    _, address = served
    patterns = json.loads(texts()["jaeger/jaeger-ui.json"])["linkPatterns"]

    shown = jaeger.page(address)

    assert all(pattern["url"] in shown for pattern in patterns)


@pytest.mark.parametrize("kind", ["server", "internal"])
def test_the_monitor_shows_all_that_was_sent_by_operation(served, kind):
    """
    Calls and latencies of each operation, errors of those that failed, also of traces that were not
    kept; a function is an operation of kind "internal".
    """
    found, address = served
    rows = [
        row
        for row in found.sent.rows
        if (row.service_name, row.span_kind.lower()) == ("shop", kind)
    ]
    names = {row.span_name for row in rows}
    failed = {row.span_name for row in rows if row.status_code == "Error"}

    def shown(what, expected):
        return jaeger.monitored(address, what, kind).keys() == expected

    until(lambda: shown("calls", names), "the calls of all operations")
    until(lambda: shown("errors", failed), "the errors of those that failed")
    until(lambda: shown("latencies", names), "the latencies of all operations")


def test_the_monitor_has_latencies_in_seconds(served):
    """
    What its page takes for milliseconds; no latency is above the bucket of the longest request.
    """
    found, address = served
    longest = max(row.duration for row in found.sent.rows) / 1e9

    latencies = jaeger.monitored(address, "latencies", quantile=0.5).values()

    assert all(0 < latency < 2.5 * longest for latency in latencies if not isnan(latency))
