"""What a service gets with no extra; `make test-matrix` runs this where none is installed."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("duckdb") is not None, reason="an extra is installed here"
)

AIPROV = Path(sys.executable).with_name("aiprov")
SERVICE = """
import aiprov_otel
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
aiprov_otel.install()

@aiprov_otel.provenance
def quote(order):
    return sum(order)

assert quote([1, 2]) == 3
(span,) = exporter.get_finished_spans()
print(span.attributes["aiprov.origin"], span.attributes["aiprov.match"])
"""


def aiprov(*arguments, cwd):
    """Run the command line in *cwd*."""
    return subprocess.run([AIPROV, *arguments], cwd=cwd, capture_output=True, text=True)


@pytest.fixture
def repository(tmp_path):
    """A git repository with one committed file."""
    person = {"NAME": "A Person", "EMAIL": "person@example.com"}
    who = {
        f"GIT_{role}_{key}": value
        for role in ("AUTHOR", "COMMITTER")
        for key, value in person.items()
    }
    (tmp_path / "shop.py").write_text("def total(order):\n    return sum(order)\n")
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "Add the shop"]):
        subprocess.run(["git", *command], cwd=tmp_path, env={**os.environ, **who}, check=True)
    return tmp_path


def test_a_service_is_annotated(tmp_path):
    """
    install() and the decorator need the four dependencies and nothing else.
    """
    done = subprocess.run(
        [sys.executable, "-c", SERVICE], cwd=tmp_path, capture_output=True, text=True
    )

    assert (done.stdout, done.returncode) == ("unknown missing\n", 0), done.stderr


def test_the_manifest_is_built_and_read(repository):
    """
    The verbs of a build job need no extra.
    """
    assert aiprov("build", cwd=repository).returncode == 0
    assert aiprov("check", cwd=repository).returncode == 0
    for reader in (["blame", "shop.py"], ["explain", "shop.py:1"], ["stats"]):
        done = aiprov(*reader, cwd=repository)
        assert done.returncode == 0, done.stderr
        assert "unknown" in done.stdout


@pytest.mark.parametrize("verb", [["run", "--", "true"], ["serve"], ["report"], ["demo"]])
def test_a_verb_that_needs_an_extra_says_which(repository, verb):
    """
    One line names the command that installs what is missing, and the exit status is 2.
    """
    (repository / ".aiprov").mkdir()
    (repository / ".aiprov" / "telemetry.duckdb").touch()

    done = aiprov(*verb, cwd=repository)

    assert done.returncode == 2
    assert "pip install 'aiprov-otel[" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_doctor_needs_no_extra(repository):
    """
    Where what `opentelemetry-instrument` needs is not installed, it says how to install that.
    """
    done = aiprov("doctor", cwd=repository)

    assert done.returncode == 1, done.stderr
    assert "-m pip install opentelemetry-distro" in done.stdout
