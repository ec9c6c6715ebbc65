"""Each panel is complete, and its query gives what the telemetry says."""

from __future__ import annotations

import json
from itertools import combinations
from urllib.parse import unquote

import pytest

from aiprov_otel.backends.files import texts
from support.generated import (
    CALLS,
    COUNTS,
    EXCEPTIONS,
    LINES,
    MODELS,
    REQUESTS,
    SECONDS,
    SECONDS_OF_HALF,
    ratio,
    share,
    total,
)
from support.prometheus import rows

DASHBOARDS = {
    name: json.loads(text) for name, text in texts().items() if name.startswith("grafana/")
}
PANELS = [
    pytest.param(panel, id=f"{board['uid']}-{panel['title']}")
    for board in DASHBOARDS.values()
    for panel in board["panels"]
]
ASKING = [one for one in PANELS if one.values[0]["type"] != "text"]


def by_origin(counts):
    """*counts* of all services together."""
    return total((key[1:], number) for key, number in counts.items())


FAILED = {key: number for key, number in REQUESTS.items() if key[2] is not None}
REQUESTED = by_origin(COUNTS["requests"])
FAILING = total(((origin,), number) for (_, origin, _), number in FAILED.items())
RAISED = total(((raised or origin,), number) for (_, origin, raised), number in FAILED.items())
IN_ALL = sum(REQUESTED.values())
RATIO = ratio(FAILING, REQUESTED)
RAISING = by_origin(EXCEPTIONS)
CALLED = by_origin(COUNTS["function_calls"])
SPENT = by_origin(SECONDS)
DEPLOYED = by_origin(LINES)
FUNCTION_RATIO = ratio(by_origin(COUNTS["function_errors"]), CALLED)
AN_HOUR = 0.5  # of the two that the telemetry is of
A_SECOND = 1 / 7_200

WANTED = {
    "Budget burn, by who raised it": {k: n / IN_ALL / 0.001 for k, n in RAISED.items()},
    "Error ratio, AI-written over human-written handlers": {(): RATIO["ai",] / RATIO["human",]},
    "Coverage": {(): 1 - REQUESTED["unknown",] / IN_ALL},
    "Requests, by origin of the handler": {k: n * AN_HOUR for k, n in REQUESTED.items()},
    "Failed requests, by origin of the handler": {k: n * AN_HOUR for k, n in FAILING.items()},
    "Error ratio, by origin of the handler": RATIO,
    "Failed requests a second, by who raised it": {k: n * A_SECOND for k, n in RAISED.items()},
    "Latency p50, by origin of the handler": {(k,): s for k, s in SECONDS_OF_HALF.items()},
    "Latency p95, by origin of the handler": {(k,): 1.9 * s for k, s in SECONDS_OF_HALF.items()},
    "Error ratio, by model that wrote the handler": {(MODELS["ai"],): RATIO["ai",]},
    "Failed requests, by route, handler and who raised it": {
        (service, f"GET /{origin}", origin, *filter(None, [raised])): number * AN_HOUR
        for (service, origin, raised), number in sorted(FAILED.items(), key=lambda one: -one[1])[
            :20
        ]
    },
    "Error ratio of calls, by origin": FUNCTION_RATIO,
    "Error ratio, AI-written over human-written functions": {
        (): FUNCTION_RATIO["ai",] / FUNCTION_RATIO["human",]
    },
    "Coverage of calls": {(): 1 - CALLED["unknown",] / sum(CALLED.values())},
    "Calls, by origin": {k: n * AN_HOUR for k, n in CALLED.items()},
    "Time in functions, by origin": {k: n * A_SECOND for k, n in SPENT.items()},
    "Mean self time of a call, by origin": ratio(SPENT, CALLED),
    "Share of the deployed lines, by origin": {
        k: n / sum(DEPLOYED.values()) for k, n in DEPLOYED.items()
    },
    "Error ratio of calls, by model": {(MODELS["ai"],): FUNCTION_RATIO["ai",]},
    "Failed calls, by type of error and origin": {
        (job, origin, error): number * AN_HOUR
        for (job, origin, error), number in CALLS.items()
        if error
    },
    "Exceptions a second, by who wrote the line that raised": {
        k: n * A_SECOND for k, n in RAISING.items()
    },
    "Exceptions, by who wrote the line that raised": {k: n * AN_HOUR for k, n in RAISING.items()},
    "Share of the exceptions": {
        key[1:]: part for key, part in share({("", *k): n for k, n in RAISING.items()}).items()
    },
    "Exceptions for each thousand deployed lines": {
        k: 1000 * n * AN_HOUR / DEPLOYED[k] for k, n in RAISING.items()
    },
    "Exceptions, by model that wrote the line": {(MODELS["ai"],): RAISING["ai",] * AN_HOUR},
    "Exceptions, by type and origin": {
        (job, "KeyError", origin): number * AN_HOUR for (job, origin), number in EXCEPTIONS.items()
    },
}
"""What the telemetry says of two hours, or of one; worked out without PromQL."""


@pytest.mark.parametrize("panel", ASKING)
def test_a_panel_shows_what_the_telemetry_says(panel, server):
    """
    Its query, with what Grafana puts in, returns the values that the generated telemetry gives.
    """
    (target,) = panel["targets"]
    asked = target["expr"]
    for variable, value in {
        "$__rate_interval": "5m",
        "$__range": "1h",
        "$service": ".*",
        "$job": ".*",
        "${budget}": "0.001",
    }.items():
        asked = asked.replace(variable, value)

    found = rows(server, asked)

    wanted = WANTED[panel["title"]]
    assert found.keys() == wanted.keys()
    for key, value in wanted.items():
        assert found[key] == pytest.approx(value, rel=0.03), key


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_explains_itself(panel):
    """
    It has a title, a description and a unit, and asks the data source that the reader chose.
    """
    assert panel["title"]
    assert panel["description"].endswith(".")
    if panel["type"] != "text":
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["datasource"]["uid"] == "${prometheus}"
        assert {one["datasource"]["uid"] for one in panel["targets"]} == {"${prometheus}"}


@pytest.mark.parametrize("board", DASHBOARDS.values(), ids=list(DASHBOARDS))
def test_panels_fit_side_by_side(board):
    """
    None covers another or leaves the page, and the numbers by which links find them differ.
    """
    places = [panel["gridPos"] for panel in board["panels"]]

    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below
    assert all(place["x"] + place["w"] <= 24 for place in places)
    assert len({panel["id"] for panel in board["panels"]}) == len(places)


def test_the_uids_stay():
    """
    A second import replaces the first, and links from elsewhere go on working.
    """
    assert {name: board["uid"] for name, board in DASHBOARDS.items()} == {
        "grafana/aiprov-exceptions.json": "aiprov-exceptions",
        "grafana/aiprov-functions.json": "aiprov-functions",
        "grafana/aiprov-overview-tempo.json": "aiprov-overview-tempo",
        "grafana/aiprov-overview.json": "aiprov-overview",
    }


@pytest.mark.parametrize("panel", ASKING)
def test_a_link_asks_tempo_for_what_was_clicked(panel):
    """
    Where there is one, it is TraceQL by the label that the series has.
    """
    for link in panel["fieldConfig"]["defaults"]["links"]:
        panes = json.loads(unquote(link["url"].partition("panes=")[2]))
        query = panes["a"]["queries"][0]["query"]
        legend = panel["targets"][0]["legendFormat"].strip("{}")
        assert f'= "${{__field.labels.{legend}}}"' in query
