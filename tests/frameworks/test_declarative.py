"""OpenTelemetry's declarative file configures us too: a real process, with `OTEL_CONFIG_FILE`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from support.application import HUMAN, Application, process

pytest.importorskip("opentelemetry.configuration")

# What the SDK itself says of its own `opentelemetry-instrument`.
_KWARGS = "ignoring configurator kwargs: ['auto_instrumentation_version']"
FILE = """\
file_format: "1.0"
resource:
  detection/development:
    detectors: [{aiprov: }]
tracer_provider:
  processors: [{simple: {exporter: {console: }}}]
instrumentation/development:
  python:
    aiprov: %s
"""
SERVICE = """
from opentelemetry import trace
import shop.orders
shop.orders.order(lambda: trace.get_tracer("x").start_span("query").end())
"""


@pytest.fixture
def said(tmp_path):
    """What a service says that OpenTelemetry's file configures: its span, and its complaints."""
    application = Application(tmp_path)
    application.write("shop/orders.py", "def order(library):\n    return library()\n", HUMAN)
    application.manifest(tmp_path / "elsewhere.manifest")

    def run(options):
        (tmp_path / "otel.yaml").write_text(FILE % json.dumps(options))
        instrument = str(Path(sys.executable).with_name("opentelemetry-instrument"))
        # Pyramid, which is instrumented beside others here, warns of a module of its own.
        environ = {"OTEL_CONFIG_FILE": "otel.yaml", "PYTHONWARNINGS": "ignore:pkg_resources"}
        done = process(SERVICE, tmp_path, instrument, sys.executable, **environ)
        assert done.returncode == 0, done.stderr
        lines = done.stderr.splitlines()
        return json.loads(done.stdout), [line for line in lines if _KWARGS not in line]

    return run


def test_the_file_says_what_install_would(said):
    """
    The manifest, which attributes and which commits: as the arguments of `install()`, and no word.
    """
    options = {"manifest": "elsewhere.manifest", "attributes": "minimal", "commits": "ai-only"}
    span, complaints = said(options)

    assert span["attributes"] == {"aiprov.origin": "human"}
    assert complaints == []


def test_what_it_leaves_open_is_as_without_it(said):
    """
    An empty section sends everything.
    """
    span, complaints = said({"manifest": "elsewhere.manifest"})

    assert span["attributes"]["aiprov.origin"] == "human"
    assert span["attributes"]["aiprov.commit.id"]
    assert span["attributes"]["code.function.name"] == "shop.orders.order"
    assert complaints == []


def test_a_wrong_value_is_named_and_the_service_runs_on(said):
    """
    One line for each, with the value and the allowed ones; what was right holds.
    """
    options = {"manifest": "elsewhere.manifest", "attributes": "some", "atributes": "all"}
    span, complaints = said(options)

    assert span["attributes"]["aiprov.origin"] == "human"
    assert "aiprov.file.path" not in span["attributes"]
    assert complaints == [
        "attributes is 'some'; use 'all' or 'minimal'; using 'minimal' (setting-wrong)",
        "unknown option 'atributes'; use 'attributes' or 'commits' or 'manifest' (setting-wrong)",
    ]
