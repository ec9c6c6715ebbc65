"""The registry for weaver: what is sent, in the form that weaver reads, and in the docs."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

import pytest
import yaml

from aiprov_otel import attributes as keys
from aiprov_otel.values import Evidence, Match, Origin, Outcome, Provenance, Strength, Unit
from support.application import Application, run
from support.named import KEYS, unsent

ROOT = Path(__file__).parents[2]
REGISTRY = yaml.safe_load((ROOT / "semconv" / "aiprov.yaml").read_text())
MANIFEST = yaml.safe_load((ROOT / "semconv" / "manifest.yaml").read_text())
ATTRIBUTES = {one["key"]: one for one in REGISTRY["attributes"]}
GROUPS = {one["id"]: one for one in REGISTRY["attribute_groups"]}
METRICS = {one["name"]: one for one in REGISTRY["metrics"]}

FULL = Provenance(
    *(Origin.AI, "agent", "model", "provider", "commit", "time", Evidence.NOTE, "shop.py", 0.5)
)
SENT = {
    "aiprov.span": {*keys.of_unit(FULL, Unit.FUNCTION), *keys.CODE, keys.ERROR_TYPE},
    "aiprov.span.error": {*keys.of_error(FULL), keys.ERROR_OUTCOME},
    "aiprov.exception": {*keys.of_exception(FULL, FULL), *keys.CODE, keys.EXCEPTION_REPEATED},
    "aiprov.log": {*keys.of_log(FULL)},
    "aiprov.resource": {keys.RUN_ID, keys.VCS_REF_HEAD_REVISION, keys.VCS_REPOSITORY_URL_FULL},
}
VALUES = {
    keys.ORIGIN: Origin,
    keys.EXCEPTION_ORIGIN: Origin,
    keys.EXCEPTION_CAUSE_ORIGIN: Origin,
    keys.ERROR_ORIGIN: Origin,
    keys.ERROR_OUTCOME: Outcome,
    keys.EVIDENCE_KIND: Evidence,
    keys.EXCEPTION_EVIDENCE_KIND: Evidence,
    keys.EVIDENCE_STRENGTH: Strength,
    keys.MATCH: Match,
    keys.UNIT: Unit,
}

SHOP = """\
import aiprov_otel

def quote(item):
    if item:
        raise KeyError(item)
"""
SERVICE = """
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
import aiprov_otel

reader = InMemoryMetricReader()
metrics.set_meter_provider(MeterProvider([reader]))
aiprov_otel.install_import_hook("shop", mode="metrics", by_function=True)
import shop

shop.quote(0)
try:
    aiprov_otel.provenance(shop.quote)(1)
except KeyError:
    print(reader.get_metrics_data().to_json())
"""


def refs(signal: dict) -> set[str]:
    """The keys that *signal* has."""
    return {one["ref"] for one in signal["attributes"]}


def test_every_key_is_in_the_registry():
    """
    Of what attributes.py knows, nothing of ours is missing, and nothing else is there.
    """
    ours = {key for key in KEYS if key.startswith("aiprov.")}

    assert ATTRIBUTES.keys() | METRICS.keys() == ours
    assert set().union(*map(refs, [*GROUPS.values(), *METRICS.values()])) >= ATTRIBUTES.keys()


@pytest.mark.parametrize("group", SENT)
def test_a_group_is_what_is_sent_there(group):
    """
    Its keys are those that a span, an exception, a log record or the resource gets.
    """
    assert refs(GROUPS[group]) == SENT[group]
    assert GROUPS.keys() == SENT.keys()


def test_the_values_are_those_that_are_sent():
    """
    An enumeration has the members of ours, in the same order; nothing else has members.
    """
    enumerated = {
        key: one["type"] for key, one in ATTRIBUTES.items() if isinstance(one["type"], dict)
    }

    assert enumerated.keys() == VALUES.keys()
    for key, kind in enumerated.items():
        assert [member["value"] for member in kind["members"]] == [*VALUES[key]]


def test_examples_are_of_the_type():
    """
    A text for a text, a number for a number, a member of an enumeration for an enumeration.
    """
    kinds = {"string": str, "double": float, "boolean": bool}
    for key, one in ATTRIBUTES.items():
        for example in one["examples"]:
            if key in VALUES:
                assert example in set(VALUES[key])
            else:
                assert type(example) is kinds[one["type"]], key


def test_metrics_are_those_that_a_service_sends(tmp_path):
    """
    Name, unit, instrument and attributes are what the SDK collects from a service.
    """
    application = Application(tmp_path)
    application.write("shop.py", SHOP)
    application.manifest()
    instruments = {(True, "Sum"): "counter", (False, "Sum"): "updowncounter"}

    (resource,) = json.loads(run(SERVICE, tmp_path))["resource_metrics"]

    sent = {one["name"]: one for scope in resource["scope_metrics"] for one in scope["metrics"]}
    assert sent.keys() == METRICS.keys() - {keys.FUNCTION_DURATION}
    for name, one in sent.items():
        points = one["data"]["data_points"]
        assert one["unit"] == METRICS[name]["unit"]
        assert instruments[one["data"]["is_monotonic"], "Sum"] == METRICS[name]["instrument"]
        assert set().union(*(point["attributes"] for point in points)) <= refs(METRICS[name])


# The structure that weaver's documentation of the language describes ("definition/2").
SIGNAL = {"brief", "stability"}
REFERENCE = {"ref", "brief", "note", "examples", "requirement_level"}
NEEDED = {
    "attributes": SIGNAL | {"key", "type"},
    "attribute_groups": SIGNAL | {"id", "visibility", "attributes"},
    "metrics": SIGNAL | {"name", "instrument", "unit", "requirement_level", "attributes"},
}
ALLOWED = {"attributes": {"examples", "note"}, "attribute_groups": {"note"}, "metrics": {"note"}}


@pytest.mark.parametrize("part", NEEDED)
def test_what_weaver_needs_is_there_and_nothing_that_it_does_not_know(part):
    """
    Each definition has the keys that are required, and no other than those that are allowed.
    """
    for one in REGISTRY[part]:
        assert one.keys() >= NEEDED[part], one
        assert one.keys() <= NEEDED[part] | ALLOWED[part], one
        assert one["stability"] == "development"


def test_the_registry_is_whole():
    """
    The file says its format; references are to keys of ours or of OpenTelemetry's, and name each
    once; members of enumerations have what they need; the manifest says what it depends on.
    """
    theirs = {*keys.CODE, keys.ERROR_TYPE, *SENT["aiprov.resource"]}
    assert REGISTRY.keys() == {"file_format", *NEEDED}
    assert REGISTRY["file_format"] == "definition/2"
    for signal in (*GROUPS.values(), *METRICS.values()):
        assert refs(signal) <= ATTRIBUTES.keys() | theirs
        assert len(refs(signal)) == len(signal["attributes"])
        assert all(one.keys() <= REFERENCE for one in signal["attributes"])
    for key in VALUES:
        for member in ATTRIBUTES[key]["type"]["members"]:
            assert (
                {"id", "value", "stability"}
                <= member.keys()
                <= {"id", "value", "stability", "brief"}
            )
            assert re.fullmatch(r"[a-z][a-z0-9_]*", member["id"])
    assert re.fullmatch(r"https://\S+/\d+\.\d+\.\d+", MANIFEST["schema_url"])
    assert len(MANIFEST["dependencies"]) == 1


def test_the_tables_of_the_docs_are_those_of_the_registry():
    """
    `python scripts/attributes.py` would change nothing.
    """
    page = (ROOT / "docs" / "reference" / "attributes.md").read_text()
    written = runpy.run_path(str(ROOT / "scripts" / "attributes.py"))["written"]

    assert written(page) == page, "run `python scripts/attributes.py`"
    assert set(re.findall(r"<!-- ([\w.]+) -->", page)) == {*GROUPS, "metrics"}


PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
FILES = [*PAGES, *(ROOT / "semconv").iterdir(), *(ROOT / "examples").rglob("*.y*ml")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_names_what_is_sent(path):
    """
    A key, label, metric or rule that is named in the docs or in an example is there under this
    name; `aiprov.error` stands for what begins so.
    """
    others = {"aiprov.manifest", "aiprov.extra_agents", *GROUPS}
    found = {name for name in unsent(path.read_text()) if not name.startswith("aiprov_otel.")}

    assert not [
        name for name in found - others if not any(key.startswith(f"{name}.") for key in KEYS)
    ]
