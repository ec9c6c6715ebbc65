"""Every panel as Grafana's own components draw it, from what its queries return."""

from __future__ import annotations

import sys
from copy import deepcopy
from pathlib import Path

import pytest

from support.boards import boards
from support.drawn import complaints
from support.prometheus import why_not as no_prometheus

# At the end: some of the scripts have names of other packages.
sys.path.append(str(Path(__file__).parents[3] / "scripts"))

from pictures import drawing
from pictures.staging import results

pytestmark = pytest.mark.matrix
if reason := no_prometheus() or drawing.why_not():
    pytest.skip(reason, allow_module_level=True)

BOARDS = {board["uid"]: board for board in boards().values()}
LOOKS = [(mode, width) for mode in ("dark", "light") for width in (1600, 1000)]
AWKWARD = {
    "service_name": 'shop & söhne / "A" #1',
    "service": 'shop & söhne / "A" #1',
    "span_name": 'GET /a&b=c/{x}?y=z#1 "quoted" it\'s 100% + größe 日本',
}
CHOSEN = "shop / söhne 'A' 日本"
"""A name that a link to Explore bears: Grafana can't encode what several services are chosen by."""

COMMIT = 'release 1/2 & "three" #4 ü'


@pytest.fixture(scope="module")
def staged():
    """What the queries of each dashboard return."""
    with results() as found:
        yield {uid: found.given(board) for uid, board in BOARDS.items()}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A browser with the components."""
    with drawing.canvas(tmp_path_factory.mktemp("page")) as canvas:
        yield canvas


def wrong(page, given, mode="dark", width=1600):
    """All that is wrong with the dashboard that is *given*."""
    seen = page.draw(given, mode, width)
    return [
        *(f"failure: {one}" for one in seen["failures"]),
        *(
            f"{line} ({panel['title']})"
            for panel in given["board"]["panels"]
            for line in complaints(panel, given, seen)
        ),
    ]


@pytest.mark.parametrize(("mode", "width"), LOOKS)
@pytest.mark.parametrize("uid", BOARDS)
def test_every_panel_shows_what_it_was_asked_for(staged, page, uid, mode, width):
    """
    Its title, names, values with their units, colors and links are on the page, each within its
    panel; no option, transformation or override of it is unknown to Grafana.
    """
    assert wrong(page, staged[uid], mode, width) == []


def awkward(given):
    """The same with names of services, routes and commits that an address has to encode."""
    given = deepcopy(given)
    if chosen := given["chosen"].get("service"):
        given["chosen"]["service"] = CHOSEN if isinstance(chosen, str) else [CHOSEN]
    for answers in given["answers"].values():
        for answer in answers.values():
            for one in answer.get("result", ()):
                one["metric"] |= {k: v for k, v in AWKWARD.items() if k in one["metric"]}
            for one in answer.get("series", ()):
                one["name"] = COMMIT
            for column in answer.get("columns", ()):
                if column["name"] in {"commit", "aiprov.error.commit.id"}:
                    column["values"] = [value and COMMIT for value in column["values"]]
    return given


@pytest.mark.parametrize("uid", BOARDS)
def test_every_link_arrives_whatever_things_are_called(staged, page, uid):
    """
    An ampersand, a slash, a space, quotes and letters of any language reach the other side.
    """
    found = wrong(page, awkward(staged[uid]))

    assert [line for line in found if line.startswith(("link", "failure"))] == []


def test_a_dashboard_over_metrics_asks_nothing_of_traces():
    """
    Where there is no Tempo no panel is without data: those that ask it are folded away.
    """
    for uid, board in BOARDS.items():
        if "-tempo" not in uid:
            assert all(
                panel.get("datasource", {}).get("type") != "tempo" for panel in board["panels"]
            )


def first(given, kind):
    """The first panel of a *kind*, its defaults, and its answers."""
    panel = next(one for one in given["board"]["panels"] if one["type"] == kind)
    return panel, panel["fieldConfig"]["defaults"], given["answers"][panel["id"]]


def override(panel, name, key, value, matcher="byName"):
    """Add an override."""
    matcher = {"id": matcher, "options": name}
    panel["fieldConfig"]["overrides"].append(
        {"matcher": matcher, "properties": [{"id": key, "value": value}]}
    )


def link_of(panel):
    """The link behind a column."""
    (links,) = [
        one["value"]
        for override in panel["fieldConfig"]["overrides"]
        for one in override["properties"]
        if one["id"] == "links"
    ]
    return links[0]


def unknown_option(given):
    first(given, "stat")[1]["unti"] = "s"


def unknown_style(given):
    first(given, "timeseries")[1]["custom"]["lineWidht"] = 2


def unknown_transformation(given):
    first(given, "table")[0]["transformations"].append({"id": "orgnize", "options": {}})


def unknown_unit(given):
    first(given, "bargauge")[1]["unit"] = "precentunit"


def override_of_nothing(given):
    override(first(given, "table")[0], "writen by", "unit", "s")


def no_answer(given):
    for answer in first(given, "bargauge")[2].values():
        answer["result"] = []


def long_title(given):
    first(given, "stat")[0]["title"] += " And if so, since when, and by how much?"


def no_legend(given):
    first(given, "timeseries")[0]["options"]["legend"]["showLegend"] = False


def other_name(given):
    override(first(given, "bargauge")[0], "ai", "displayName", "robots")


def other_value(given):
    first(given, "bargauge")[0]["options"]["reduceOptions"]["calcs"] = ["count"]


def other_unit(given):
    override(first(given, "bargauge")[0], "ai", "unit", "short")


def unit_of_a_column(given):
    override(first(given, "table")[0], "number", "unit", "s", matcher="byType")


def no_text(given):
    first(given, "bargauge")[0]["options"]["valueMode"] = "hidden"


def other_color(given):
    color = {"mode": "fixed", "fixedColor": "red"}
    override(first(given, "bargauge")[0], "number", "color", color, matcher="byType")


def wide_columns(given):
    first(given, "table")[1]["custom"]["minWidth"] = 400


def no_headings(given):
    panel = first(given, "table")[0]
    panel["transformations"] = [
        one for one in panel["transformations"] if one["id"] != "organize"
    ] + [{"id": "organize", "options": {"renameByName": {"nothing": "service"}}}]


def raw_route(given):
    link = link_of(first(given, "table")[0])
    link["url"] = link["url"].replace(":percentencode", "")


def no_such_dashboard(given):
    link = link_of(first(given, "table")[0])
    link["url"] = link["url"].replace("/d/", "/d/no-")


def raw_query(given):
    links = first(given, "timeseries")[1]["links"]
    links[0]["url"] = links[0]["url"].replace("%26%26", "&&")


FAULTS = {
    unknown_option: "unknown",
    unknown_style: "unknown",
    unknown_transformation: "unknown",
    unknown_unit: "unknown",
    override_of_nothing: "override",
    no_answer: "empty",
    long_title: "title",
    no_legend: "names",
    other_name: "names",
    other_value: "value",
    other_unit: "unit",
    unit_of_a_column: "unit",
    no_text: "text",
    other_color: "color",
    wide_columns: "edge",
    no_headings: "headings",
    raw_route: "link",
    no_such_dashboard: "link",
    raw_query: "link",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_is_found(staged, page, fault):
    """
    What the test above compares makes a difference: each kind of mistake turns it red.
    """
    given = awkward(staged["aiprov-overview"])
    fault(given)

    kinds = {line.partition(":")[0] for line in wrong(page, given, width=1000)}

    assert FAULTS[fault] in kinds
