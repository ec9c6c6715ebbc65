"""Under `opentelemetry-instrument`, without a line of code in the service."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import sys
import tomllib
from pathlib import Path

import pytest

from aiprov_otel import AiprovInstrumentor
from aiprov_otel.runtime import install
from support.application import REVISION, process

SERVICE = """
from opentelemetry import trace
import shop.orders

def library():
    with trace.get_tracer("x").start_as_current_span("query", kind=trace.SpanKind.CLIENT):
        shop.orders.fail()

try:
    shop.orders.order(library)
except OSError:
    pass
"""


@pytest.fixture
def entry_points(tmp_path):
    """Where our entry points can be found, if this is no installed distribution."""
    try:
        importlib.metadata.distribution("aiprov-otel")
    except importlib.metadata.PackageNotFoundError:
        pass
    else:
        return ""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    folder = tmp_path / "metadata" / "aiprov_otel-0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: aiprov-otel\nVersion: 0\n")
    lines = [
        f"[{group}]\n{name} = {value}\n"
        for group, each in project["entry-points"].items()
        for name, value in each.items()
    ]
    (folder / "entry_points.txt").write_text("".join(lines))
    return str(folder.parent)


def spans(text):
    """The spans that the console exporter printed."""
    decoder, found, position = json.JSONDecoder(), [], 0
    while (position := text.find("{", position)) >= 0:
        span, position = decoder.raw_decode(text, position)
        found.append(span)
    return found


def test_a_service_that_was_not_changed_is_annotated(application, entry_points):
    """
    `opentelemetry-instrument python …` with a manifest beside it: spans, exceptions and resource.
    """
    text = "def order(library):\n    return library()\n\ndef fail():\n    raise OSError\n"
    application.write("shop/orders.py", text)
    application.manifest()
    done = process(
        SERVICE,
        application.folder,
        str(Path(sys.executable).with_name("opentelemetry-instrument")),
        sys.executable,
        PYTHONPATH=entry_points,
        OTEL_TRACES_EXPORTER="console",
        OTEL_METRICS_EXPORTER="none",
        OTEL_LOGS_EXPORTER="none",
        OTEL_EXPERIMENTAL_RESOURCE_DETECTORS="aiprov",
    )
    assert done.returncode == 0, done.stderr
    (span,) = spans(done.stdout)

    assert span["attributes"]["aiprov.origin"] == "ai"
    assert span["attributes"]["aiprov.unit"] == "caller"
    assert span["attributes"]["aiprov.error.origin"] == "ai"
    assert span["attributes"]["error.type"] == "OSError"
    assert span["events"][0]["attributes"]["aiprov.exception.origin"] == "ai"
    assert span["resource"]["attributes"]["vcs.ref.head.revision"] == REVISION
    assert span["resource"]["attributes"]["vcs.repository.url.full"].endswith("/shop.git")
    assert "aiprov" not in done.stderr


def test_it_installs_and_uninstalls(application):
    """
    `instrument()` takes the arguments of `install()`, and `uninstrument()` undoes it.
    """
    shop = application.module("shop.orders", "def order(library):\n    return library()\n")
    instrumentor = AiprovInstrumentor()
    instrumentor.instrument(
        manifest=application.manifest(),
        tracer_provider=application.provider,
        meter_provider=None,
        attributes="minimal",
    )
    shop.order(lambda: application.tracer.start_span("in").end())
    instrumentor.uninstrument()
    shop.order(lambda: application.tracer.start_span("out").end())

    assert set(application.spans["in"].attributes) == {
        "aiprov.origin",
        "aiprov.model.name",
        "aiprov.commit.id",
    }
    assert not application.spans["out"].attributes
    assert install._installed is None


def test_it_asks_for_no_other_package():
    """
    It instruments the application, whatever that uses.
    """
    assert AiprovInstrumentor().instrumentation_dependencies() == ()


def test_a_second_call_is_quiet(application, caplog):
    """
    OpenTelemetry calls it for its configuration file and again for its entry point: no word of it.
    """
    instrumentor = AiprovInstrumentor()
    instrumentor.instrument(manifest=application.manifest())
    instrumentor.instrument()
    instrumentor.uninstrument()

    assert not [each for each in caplog.records if each.name.startswith("opentelemetry")]


def test_a_manifest_that_is_not_there_does_not_stop_it(application, monkeypatch, caplog):
    """
    Nobody is there to catch an exception: one warning says it, and spans are annotated.
    """
    monkeypatch.delenv("AIPROV_STRICT")
    monkeypatch.chdir(application.folder)
    shop = application.module("shop.orders", "def order(library):\n    return library()\n")
    application.manifest()
    instrumentor = AiprovInstrumentor()
    instrumentor.instrument(manifest="/no/such", tracer_provider=application.provider)
    shop.order(lambda: application.tracer.start_span("s").end())
    instrumentor.uninstrument()

    (message,) = caplog.messages
    assert message.startswith("no manifest at /no/such; write one with `aiprov build`;")
    assert message.endswith("(manifest-unreadable)")
    assert application.spans["s"].attributes["aiprov.origin"] == "ai"


def test_options_of_a_file_are_looked_at(monkeypatch, caplog):
    """
    What OpenTelemetry's file may not say is named in a warning; the rest is handed on.
    """
    monkeypatch.delenv("AIPROV_STRICT")
    said = AiprovInstrumentor.configuration(attributes="some", commits="ai-only", atributes="all")

    assert {field.name: getattr(said, field.name) for field in dataclasses.fields(said)} == {
        "manifest": None,
        "attributes": "minimal",
        "commits": "ai-only",
    }
    assert [message.split(";")[0] for message in caplog.messages] == [
        "attributes is 'some'",
        "'atributes' can't be set",
    ]
