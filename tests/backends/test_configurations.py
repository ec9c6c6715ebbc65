"""The configuration of the Collector and of Jaeger fits together, and names what is sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from aiprov_otel import attributes
from aiprov_otel.backends import texts
from aiprov_otel.values import Evidence, Match, Origin, Provenance, Unit

DOCS = Path(__file__).parents[2] / "docs"
FILES = texts()
COLLECTOR, CLICKHOUSE = (
    yaml.safe_load(FILES[f"collector/{name}.yaml"]) for name in ("otelcol", "clickhouse")
)
JAEGER = yaml.safe_load(FILES["jaeger/jaeger.yaml"])
LINKS = json.loads(FILES["jaeger/jaeger-ui.json"])["linkPatterns"]
PIPELINES = COLLECTOR["service"]["pipelines"]

FULL = Provenance(Origin.AI, "a", "m", "p", "c", "t", Evidence.NOTE, "shop.py", Match.EXACT)
ON_SPANS = {
    *attributes.of_unit(FULL, Unit.FUNCTION),
    *attributes.of_error(FULL),
    attributes.ERROR_OUTCOME,
}
ON_EVENTS = {*attributes.of_exception(FULL, FULL), attributes.EXCEPTION_REPEATED}


def used(part: str) -> set[str]:
    """What the pipelines name as their *part*."""
    return {name for pipeline in PIPELINES.values() for name in pipeline.get(part, ())}


@pytest.mark.parametrize("config", [COLLECTOR, JAEGER], ids=["collector", "jaeger"])
def test_what_is_used_is_defined_and_the_other_way_round(config):
    """
    Every component of a pipeline is there, and none is there for nothing.
    """
    connectors = set(config.get("connectors", ()))
    parts = {part: set(config.get(part, ())) for part in ("receivers", "processors", "exporters")}
    pipelines = config["service"]["pipelines"].values()

    for part, defined in parts.items():
        named = {name for pipeline in pipelines for name in pipeline.get(part, ())}
        assert named - connectors == defined
        if part != "processors":
            assert connectors <= named
    assert set(config["service"].get("extensions", ())) == set(config.get("extensions", ()))


def test_clickhouse_comes_on_top():
    """
    The second file replaces exporters by the same ones and ClickHouse, and is the first to name it.
    """
    assert CLICKHOUSE["exporters"].keys() == {"clickhouse"}
    assert "clickhouse" not in COLLECTOR["exporters"]
    for name, pipeline in CLICKHOUSE["service"]["pipelines"].items():
        assert pipeline == {"exporters": [*PIPELINES[name]["exporters"], "clickhouse"]}


def test_what_counts_counts_before_anything_is_dropped():
    """
    No pipeline samples that feeds a connector or ClickHouse; no policy looks at an origin.
    """
    for name, pipeline in PIPELINES.items():
        counts = set(pipeline["exporters"]) & {"spanmetrics", "exceptions", "count"}
        if counts or name in CLICKHOUSE["service"]["pipelines"]:
            assert "tail_sampling" not in pipeline["processors"]
    assert "tail_sampling" in used("processors")
    assert "aiprov" not in json.dumps(COLLECTOR["processors"])


def test_the_page_says_how_long_sampling_waits():
    """
    Whoever counts failures in kept traces reads from when on they are not all there.
    """
    waits = COLLECTOR["processors"]["tail_sampling"]["decision_wait"].removesuffix("s")

    assert f"{waits} seconds" in (DOCS / "guides" / "traces-and-queries.md").read_text()


def test_dimensions_are_keys_of_what_they_are_looked_for_on():
    """
    Those of spans are on spans; those of exceptions on events, and never on a span too.
    """
    of_spans = {one["name"] for one in COLLECTOR["connectors"]["spanmetrics"]["dimensions"]}
    of_exceptions = {one["name"] for one in COLLECTOR["connectors"]["exceptions"]["dimensions"]}
    of_logs = {
        one["key"] for one in COLLECTOR["connectors"]["count"]["logs"]["log.errors"]["attributes"]
    }

    assert of_spans <= ON_SPANS
    assert of_exceptions - {"exception.type"} <= ON_EVENTS - ON_SPANS
    assert of_logs <= attributes.of_log(FULL).keys()


def test_links_lead_from_a_commit_to_the_forge():
    """
    Each link is for a key that is sent where it looks, and carries the value of that key.
    """
    for link in LINKS:
        assert link["key"] in {"tags": ON_SPANS, "logs": ON_EVENTS}[link["type"]]
        assert link["url"].endswith(f"/commit/#{{{link['key']}}}")
    assert len(LINKS) == 3


def test_the_files_that_are_named_are_there():
    """
    Jaeger finds the configuration of its page from the folder that the files are written to.
    """
    assert JAEGER["extensions"]["jaeger_query"]["ui"]["config_file"] in FILES
