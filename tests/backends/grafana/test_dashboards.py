"""Each panel is complete, and its queries give what the telemetry says."""

from __future__ import annotations

import json
import re
import time
from itertools import combinations
from operator import itemgetter
from pathlib import Path
from urllib.parse import unquote

import pytest

from aiprov_otel.backends import texts
from support.boards import boards, panels
from support.generated import (
    CALLS,
    COUNTS,
    EXCEPTIONS,
    LINES,
    MODELS,
    RATIOS,
    REQUESTS,
    SECONDS,
    SECONDS_OF_HALF,
    ratio,
    share,
    total,
)
from support.prometheus import ask, rows

DOCS = Path(__file__).parents[3] / "docs"
DASHBOARDS = boards()
PANELS = [
    pytest.param(panel, id=f"{board['uid']}-{panel['title']}")
    for board in DASHBOARDS.values()
    for panel in panels(board)
]
ASKING = [one for one in PANELS if one.values[0]["type"] != "text"]
PROMQL = [
    pytest.param(panel.values[0]["title"], target, id=f"{panel.id}-{target['refId']}")
    for panel in ASKING
    for target in panel.values[0]["targets"]
    if "expr" in target
]
PUT_IN = {
    "$__rate_interval": "5m",
    "$__range": "1h",
    "$service": ".*",
    "$route": ".*",
    "$model": ".*",
    "$job": ".*",
    "${budget}": "0.001",
}
"""What Grafana puts in for macros and variables, where everything is chosen."""


def filled(text: str) -> str:
    """*text* with what Grafana puts in."""
    for variable, value in PUT_IN.items():
        text = text.replace(variable, value)
    return text


def by_origin(counts):
    """*counts* of all services together."""
    return total((key[1:], number) for key, number in counts.items())


def by_route(counts, name="GET /{}"):
    """*counts* by service and origin, each of which has a route of its own, and a model or none."""
    return {
        (service, name.format(origin), origin, *models(origin)): number
        for (service, origin), number in counts.items()
    }


def models(origin):
    """The label of its model, if it has one."""
    return (MODELS[origin],) if origin in MODELS else ()


def of_models(counts):
    """*counts* by origin, of those that have a model."""
    return {
        (origin, MODELS[origin]): number for (origin,), number in counts.items() if origin in MODELS
    }


def times(factor, counts):
    """Each of *counts*, *factor* times."""
    return {key: factor * number for key, number in counts.items()}


def readings(failed, made):
    """The crude ratio, as recorded, and if the unknown were of people or of AI."""
    of = {
        "as recorded": (["ai"], ["human"]),
        "if people wrote the unknown": (["ai"], ["human", "unknown"]),
        "if AI wrote the unknown": (["ai", "unknown"], ["human"]),
    }

    def part(origins):
        return sum(failed.get((one,), 0) for one in origins) / sum(made[one,] for one in origins)

    return {(name,): part(ai) / part(human) for name, (ai, human) in of.items()}


def only(key, counts):
    """*counts* by their part number *key* alone."""
    return {(one[key],): number for one, number in counts.items()}


FAILED = {key: number for key, number in REQUESTS.items() if key[2] is not None}
REQUESTED = by_origin(COUNTS["requests"])
FAILED_BY_SERVICE = total((key[:2], number) for key, number in FAILED.items())
FAILING = by_origin(FAILED_BY_SERVICE)
RAISED = total(((raised or origin,), number) for (_, origin, raised), number in FAILED.items())
RAISED_ON = total(
    ((f"GET /{origin}", raised or origin), number) for (_, origin, raised), number in FAILED.items()
)
IN_ALL = sum(REQUESTED.values())
RATIO = ratio(FAILING, REQUESTED)
BURNS = total((key[:1], burn) for key, burn in RATIOS["burn"].items())
RATIO_BY_SERVICE = ratio(FAILED_BY_SERVICE, COUNTS["requests"])
RAISING = by_origin(EXCEPTIONS)
CALLED = by_origin(COUNTS["function_calls"])
FAILED_CALLS = by_origin(COUNTS["function_errors"])
SPENT = by_origin(SECONDS)
DEPLOYED = by_origin(LINES)
FUNCTION_RATIO = ratio(FAILED_CALLS, CALLED)
P95 = {(origin,): 1.9 * half for origin, half in SECONDS_OF_HALF.items()}
P95_IN_SHOP = {("shop", origin): seconds for (origin,), seconds in P95.items()}
AN_HOUR = 0.5  # of the two that the telemetry is of
A_SECOND = 1 / 7_200

FAILED_BY_ROUTE = times(AN_HOUR, by_route(FAILED_BY_SERVICE))
RAISED_A_MINUTE = times(60 * A_SECOND, RAISED)
EXCEPTIONS_BY_TYPE = {
    ("KeyError", origin, *models(origin)): number * AN_HOUR for (origin,), number in RAISING.items()
}

WANTED = {
    "Since when does it burn, and whose lines raise?": times(1 / IN_ALL / 0.001, RAISED),
    "Is the budget burning?": dict([max(BURNS.items(), key=itemgetter(1))]),
    "Whose lines fail requests now?": times(1 / sum(RAISED.values()), RAISED),
    "How many requests fail?": {(): sum(FAILING.values()) / IN_ALL},
    "Do AI handlers fail more? (crude)": readings(FAILING, REQUESTED),
    "How much has a known origin?": {(): 1 - REQUESTED["unknown",] / IN_ALL},
    "How much traffic, by handler?": times(AN_HOUR, REQUESTED),
    "How many failed, by handler?": times(AN_HOUR, FAILING),
    "Which handlers fail more, by origin?": RATIO,
    "Which routes fail more?": {(f"GET /{origin}",): part for (origin,), part in RATIO.items()},
    "Whose lines fail requests, minute by minute?": RAISED_A_MINUTE,
    "Which routes fail, by whose lines?": times(60 * A_SECOND, RAISED_ON),
    "Which handlers are slow? (p50)": {(k,): s for k, s in SECONDS_OF_HALF.items()},
    "Which handlers are slow? (p95)": P95,
    "Which routes are slow? (p95)": {
        (f"GET /{origin}",): seconds for (origin,), seconds in P95.items()
    },
    "Which model's handlers are slow?": only(1, of_models(P95)),
    "Which model's handlers fail? (crude)": only(1, of_models(RATIO)),
    "Which routes fail, and who raised it?": dict(
        sorted(
            total(
                ((service, f"GET /{origin}", origin, raised or origin), number * AN_HOUR)
                for (service, origin, raised), number in FAILED.items()
            ).items(),
            key=lambda one: -one[1],
        )[:20]
    ),
    ("How do routes do, and who wrote them?", "A"): FAILED_BY_ROUTE,
    ("How do routes do, and who wrote them?", "B"): times(AN_HOUR, by_route(COUNTS["requests"])),
    ("How do routes do, and who wrote them?", "C"): by_route(RATIO_BY_SERVICE),
    ("How do routes do, and who wrote them?", "D"): by_route(P95_IN_SHOP),
    ("How do functions do, and who wrote them?", "A"): times(
        2 * AN_HOUR, by_route(FAILED_BY_SERVICE, "{}.function")
    ),
    ("How do functions do, and who wrote them?", "B"): times(
        2 * AN_HOUR, by_route(COUNTS["requests"], "{}.function")
    ),
    ("How do functions do, and who wrote them?", "C"): by_route(RATIO_BY_SERVICE, "{}.function"),
    ("How do functions do, and who wrote them?", "D"): {
        (service, f"{origin}.function", origin, *models(origin)): seconds
        for (service, origin), seconds in P95_IN_SHOP.items()
    },
    ("How do handlers do, by model? (crude)", "A"): times(AN_HOUR, of_models(FAILING)),
    ("How do handlers do, by model? (crude)", "B"): times(AN_HOUR, of_models(REQUESTED)),
    ("How do handlers do, by model? (crude)", "C"): of_models(RATIO),
    ("How do handlers do, by model? (crude)", "D"): of_models(P95),
    ("How do functions do, by model? (crude)", "A"): times(AN_HOUR, of_models(FAILED_CALLS)),
    ("How do functions do, by model? (crude)", "B"): times(AN_HOUR, of_models(CALLED)),
    ("How do functions do, by model? (crude)", "C"): of_models(FUNCTION_RATIO),
    ("How do functions do, by model? (crude)", "D"): of_models(ratio(SPENT, CALLED)),
    ("How do functions do, by model? (crude)", "E"): of_models(DEPLOYED),
    "Which model's lines raise?": times(AN_HOUR, of_models(RAISING)),
    "How much is deployed, by model?": only(
        1, of_models(times(1 / sum(DEPLOYED.values()), DEPLOYED))
    ),
    "Which functions fail more, by who wrote them?": FUNCTION_RATIO,
    "Do AI functions fail more? (crude)": readings(FAILED_CALLS, CALLED),
    "How many calls have a known origin?": {(): 1 - CALLED["unknown",] / sum(CALLED.values())},
    "How many calls, by who wrote it?": times(AN_HOUR, CALLED),
    "Whose functions take the time?": times(A_SECOND, SPENT),
    "Whose calls are slow in themselves?": ratio(SPENT, CALLED),
    "Who wrote what is deployed?": times(1 / sum(DEPLOYED.values()), DEPLOYED),
    "Which model fails? (crude)": only(1, of_models(FUNCTION_RATIO)),
    "Which errors, in whose functions?": {
        (job, origin, error): number * AN_HOUR
        for (job, origin, error), number in CALLS.items()
        if error
    },
    "Whose lines raise, minute by minute?": times(60 * A_SECOND, RAISING),
    "How many exceptions, by whose line?": times(AN_HOUR, RAISING),
    "What was handled, by whose line?": times(3 * AN_HOUR, RAISING),
    "Which share, by whose line?": {
        key[1:]: part for key, part in share({("", *k): n for k, n in RAISING.items()}).items()
    },
    "How many per thousand lines?": {
        k: 1000 * n * AN_HOUR / DEPLOYED[k] for k, n in RAISING.items()
    },
    "Which model's lines raise? (crude)": only(1, times(AN_HOUR, of_models(RAISING))),
    "Which types, raised by whom?": {
        (job, "KeyError", origin): number * AN_HOUR for (job, origin), number in EXCEPTIONS.items()
    },
    "Which exceptions, raised by whom?": EXCEPTIONS_BY_TYPE,
}
"""What the telemetry says of two hours, or of one; worked out without PromQL."""


@pytest.mark.parametrize(("title", "target"), PROMQL)
def test_a_panel_shows_what_the_telemetry_says(title, target, server):
    """
    Its query, with what Grafana puts in, returns the values that the generated telemetry gives.
    """
    wanted = WANTED.get(title) or WANTED[title, target["refId"]]

    found = rows(server, filled(target["expr"]))

    assert found.keys() == wanted.keys()
    for key, value in wanted.items():
        assert found[key] == pytest.approx(value, rel=0.03), key


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_explains_itself(panel):
    """
    It has a title, a description and a unit, and asks a data source that the reader chose.
    """
    assert panel["title"]
    assert panel["description"].endswith(".")
    if panel["type"] != "text":
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["datasource"]["uid"] in {"${prometheus}", "${tempo}", "${clickhouse}"}
        assert {one["datasource"]["uid"] for one in panel["targets"]} == {
            panel["datasource"]["uid"]
        }


@pytest.mark.parametrize("panel", ASKING)
def test_only_numbers_of_things_are_rounded(panel):
    """
    A count has no digits behind the point, in a column too; ratios and times keep theirs.
    """
    config = panel["fieldConfig"]
    columns = [
        {one["id"]: one["value"] for one in override["properties"]}
        for override in config["overrides"]
    ]
    counted = panel["type"] != "table" and config["defaults"]["unit"] == "locale"

    assert ("decimals" in config["defaults"]) == counted
    for column in columns:
        assert ("decimals" in column) == (column.get("unit") == "locale")


@pytest.mark.parametrize("panel", [one for one in PANELS if "burn" in one.id])
def test_a_burn_that_no_alert_reads_says_so(panel):
    """
    The rules that are shipped are over the Collector's metrics; over Tempo's with one file more.
    """
    (asked,) = panel["targets"]
    read = re.findall(r"traces_span\w+", texts()["prometheus/aiprov-requests.rules.yml"])

    silent = not set(re.findall(r"traces_span\w+", asked["expr"])) <= set(read)

    assert ("with `tempo/rules.yml` only" in panel["description"]) == silent


@pytest.mark.parametrize("panel", [one for one in ASKING if one.values[0]["type"] == "stat"])
def test_a_number_says_whose_it_is(panel):
    """
    The service that burns fastest is named, though it is the only one; so is a lone origin.
    """
    named = panel["options"]["textMode"] == "value_and_name"

    assert named == bool(panel["targets"][0]["legendFormat"].strip("{}"))


@pytest.mark.parametrize("board", DASHBOARDS.values(), ids=list(DASHBOARDS))
def test_a_dashboard_says_what_it_does_not_tell(board):
    """
    Each has the method and its limits, and no words of it make an origin the cause.
    """
    (method,) = [one for one in panels(board) if one["type"] == "text"]

    assert "Nothing here says why" in method["options"]["content"]
    for word in ("because of", "caused by", "causes", "due to", "blame", "better", "worse"):
        assert word not in json.dumps(board)


@pytest.mark.parametrize("board", DASHBOARDS.values(), ids=list(DASHBOARDS))
def test_every_variable_is_there(board):
    """
    What a query, a link or a mark names is a variable of the dashboard, or Grafana's own.
    """
    defined = {one["name"] for one in board["templating"]["list"]}
    named = set(re.findall(r"\$\{?([a-z]\w*)", unquote(json.dumps(board))))

    assert named == defined


@pytest.mark.parametrize("board", DASHBOARDS.values(), ids=list(DASHBOARDS))
def test_the_budget_is_that_of_the_alerts_until_somebody_changes_one(board):
    """
    The box at the head has the number that the rules have as they are shipped.
    """
    boxes = [one["query"] for one in board["templating"]["list"] if one["name"] == "budget"]

    assert boxes == ["0.001"] * ("${budget}" in json.dumps(board["panels"]))
    assert "vector(0.001)" in texts()["prometheus/aiprov-requests.rules.yml"]


@pytest.mark.parametrize("board", DASHBOARDS.values(), ids=list(DASHBOARDS))
def test_panels_fit_side_by_side(board):
    """
    None covers another or leaves the page, and the numbers by which links find them differ.
    """
    every = [*panels(board), *(one for one in board["panels"] if one["type"] == "row")]
    places = [panel["gridPos"] for panel in every]

    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below
    assert all(place["x"] + place["w"] <= 24 for place in places)
    assert len({panel["id"] for panel in every}) == len(places)


def test_the_uids_stay():
    """
    A second import replaces the first, and links from elsewhere go on working.
    """
    flavored = {f"aiprov-{name}" for name in ("overview", "routes", "models", "service")}

    assert {board["uid"] for board in DASHBOARDS.values()} == {
        *flavored,
        *(f"{uid}-tempo" for uid in flavored),
        "aiprov-functions",
        "aiprov-exceptions",
        "aiprov-commits",
    }
    for name, board in DASHBOARDS.items():
        assert name == f"grafana/{board['uid']}.json"
    assert len({board["title"] for board in DASHBOARDS.values()}) == len(DASHBOARDS)


@pytest.mark.parametrize("panel", ASKING)
def test_a_link_asks_tempo_for_what_was_clicked(panel):
    """
    Where there is one to traces, it is TraceQL by the label that the series has.
    """
    for link in panel["fieldConfig"]["defaults"]["links"]:
        if not link["url"].startswith("${forge}/"):
            panes = json.loads(unquote(link["url"].partition("panes=")[2]))
            query = panes["a"]["queries"][0]["query"]
            legend = panel["targets"][0]["legendFormat"].strip("{}")
            assert f'= "${{__field.labels.{legend}}}"' in query


LINKS = [
    pytest.param(panel.values[0], override["matcher"]["options"], link["url"], id=panel.id)
    for panel in ASKING
    for override in panel.values[0]["fieldConfig"]["overrides"]
    for one in override["properties"]
    if one["id"] == "links"
    for link in one["value"]
    if link["url"].startswith("/d/")
]


@pytest.mark.parametrize(("panel", "column", "url"), LINKS)
def test_a_link_between_dashboards_arrives(panel, column, url):
    """
    It stands behind a column that is there, and hands over what a row has to variables that are.
    """
    uid, given = re.fullmatch(r"/d/([\w-]+)\?(.*)", url).groups()
    (variables,) = [
        {one["name"] for one in board["templating"]["list"]}
        for board in DASHBOARDS.values()
        if board["uid"] == uid
    ]
    (organized,) = [one for one in panel["transformations"] if one["id"] == "organize"]
    columns = organized["options"]["renameByName"]

    assert column in columns.values()
    assert set(re.findall(r"__data\.fields\.(\w+)", given)) <= columns.keys()
    assert {*re.findall(r"var-(\w+)=", given), *re.findall(r"\{(\w+):", given)} <= variables


@pytest.mark.parametrize("name", ["grafana/aiprov-overview.json", "grafana/aiprov-functions.json"])
def test_a_deployment_is_marked_where_it_begins(name, server):
    """
    The mark is there for five minutes from when a service runs a revision that it did not run.
    """
    (mark,) = DASHBOARDS[name]["annotations"]["list"]
    now = time.time()

    marked = ask(
        server,
        "query_range",
        query=filled(mark["expr"]),
        start=str(now - 9_000),
        end=str(now),
        step="60",
    )["result"]

    assert {(one["metric"]["job"], one["metric"]["vcs_ref_head_revision"]) for one in marked} == {
        ("shop", "9fd81c2"),
        ("mail", "9fd81c2"),
    }
    for one in marked:
        (begin, _), (end, _) = one["values"][0], one["values"][-1]
        assert end - begin <= 300
        assert now - begin == pytest.approx(7_200, abs=180)


@pytest.mark.parametrize("name", ["overview", "functions"])
def test_a_ratio_of_a_few_failures_is_not_shown(name, server):
    """
    With fewer than it takes on either side there is no number that anybody could take for one.
    """
    (expr,) = [
        panel["targets"][0]["expr"]
        for panel in panels(DASHBOARDS[f"grafana/aiprov-{name}.json"])
        if panel["title"].startswith("Do AI")
    ]
    each = re.findall(r'label_replace\((.*?), "reading"', filled(expr))

    assert len(each) == 3
    for reading in each:
        ratio, of_ai, of_human = reading.split(" and ")
        assert of_ai.endswith(" >= 10")
        assert of_human.endswith(" >= 10")
        assert not rows(server, f"{ratio} and {of_ai}000000 and {of_human}")
        assert not rows(server, f"{ratio} and {of_ai} and {of_human}000000")


def test_a_service_is_found_by_its_job(server):
    """
    Prometheus puts the namespace of a service before its name; the matcher knows both.
    """
    panel = next(
        one.values[0] for one in ASKING if one.id.startswith("aiprov-service-Whose functions")
    )
    asked = (
        panel["targets"][0]["expr"].replace("$service", "shop").replace("$__rate_interval", "5m")
    )

    found = rows(server, asked)

    assert found[("ai",)] == pytest.approx(SECONDS["shop", "ai"] * A_SECOND, rel=0.03)


def test_the_documentation_shows_each_dashboard():
    """
    Each has a row and a picture there, but for those that differ in the maker of the metrics only.
    """
    page = DOCS / "guides" / "dashboards-and-alerts.md"
    shown = re.findall(r"\| \[`([\w-]+\.json)`\]\((\.\./pictures/[\w-]+\.png)\)", page.read_text())

    assert {f"grafana/{name}" for name, _ in shown} == {
        name for name in DASHBOARDS if "-tempo" not in name
    }
    for name, picture in shown:
        assert Path(picture).stem == Path(name).stem
        assert 10_000 < (page.parent / picture).stat().st_size < 150_000
