"""What a process says of itself to `aiprov doctor`."""

from __future__ import annotations

import json
import py_compile
import sys

import pytest

from aiprov_otel.runtime import doctor_probe
from support.application import REVISION, process

PROLOGUE = """\
import json, os, sys, time
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
import aiprov_otel
"""


def reports(application, code, **environ):
    """What the processes of *code* wrote, by their numbers."""
    folder = application.folder / "said"
    folder.mkdir()
    application.manifest()
    environ = {"AIPROV_DOCTOR": str(folder), **environ}
    done = process(PROLOGUE + code, application.folder, sys.executable, **environ)
    assert done.returncode == 0, done.stderr
    assert all(path.suffix == ".json" for path in folder.iterdir())
    return [json.loads(path.read_text()) for path in folder.iterdir()]


def test_a_process_says_what_it_has(application):
    """
    Manifests and how the loaded files met them, provider, processors, exporters and resource.
    """
    application.write("shop/orders.py", "a = 1\n")
    (said,) = reports(
        application,
        f"""
provider = TracerProvider(resource=Resource({{"vcs.ref.head.revision": {REVISION!r}}}))
provider.add_span_processor(BatchSpanProcessor(ConsoleSpanExporter()))
provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
trace.set_tracer_provider(provider)
aiprov_otel.install()
import shop.orders
""",
    )
    assert said["manifests"] == [str(application.folder / "aiprov.manifest")]
    assert (said["loaded"], said["stale"]) == ({"exact": 1}, [])
    assert said["tracer_provider"] == "opentelemetry.sdk.trace.TracerProvider"
    assert said["processors"] == [
        {"type": "BatchSpanProcessor", "exporter": "ConsoleSpanExporter", "grpc": False},
        {"type": "SimpleSpanProcessor", "exporter": "ConsoleSpanExporter", "grpc": False},
        {"type": "ProvenanceSpanProcessor", "exporter": None, "grpc": False},
    ]
    assert said["revision"] == REVISION
    assert (said["disabled"], said["wrong"], said["warnings"]) == (False, [], [])
    assert said["folder"] == str(application.folder)
    assert (said["installed"], said["early"]) == (True, False)


def test_a_forked_process_says_so_too(application):
    """
    A worker reports for itself, also while it runs: it may be killed.
    """
    said = reports(
        application,
        """
aiprov_otel.install()
if os.fork() == 0:
    while not os.path.exists(f"said/{os.getpid()}.json"):
        time.sleep(0.05)
    os._exit(0)
assert os.wait()[1] == 0
""",
    )
    assert len({each["pid"] for each in said}) == 2


def test_switched_off_it_says_so(application):
    """
    Disabled, the process still answers, and has no manifest.
    """
    (said,) = reports(application, "aiprov_otel.install()", AIPROV_DISABLED="true")

    assert said["disabled"]
    assert said["manifests"] == []


@pytest.mark.parametrize(
    ("fast", "encoding"),
    [
        ("true", {"used": ["http"], "refused": None}),
        ("false", {"used": [], "refused": "AIPROV_FAST_ENCODING is false"}),
    ],
)
def test_it_says_who_encodes_spans(application, fast, encoding):
    """
    The exporters that were imported, and why the SDK encodes where it does.
    """
    code = "import opentelemetry.exporter.otlp.proto.http.trace_exporter\naiprov_otel.install()"
    (said,) = reports(application, code, AIPROV_FAST="true", AIPROV_FAST_ENCODING=fast)

    assert said["encoding"] == encoding


def test_what_is_wrong_is_said(application):
    """
    Settings that can't be and the slugs of warnings come along.
    """
    (said,) = reports(application, "aiprov_otel.install(attributes='some')", AIPROV_FAST="maybe")

    assert said["wrong"] == ["AIPROV_FAST is 'maybe'; use 'true' or 'false'; using 'true'"]
    assert said["warnings"] == ["provider-missing", "setting-wrong"]


@pytest.mark.parametrize(
    ("name", "words"), [("broken", "is not a whole manifest"), ("gone", "no manifest at")]
)
def test_a_manifest_that_can_not_be_read_is_said(application, name, words):
    """
    One that was named is told of, with its path, also where another is then looked for.
    """
    application.place("broken", "not a manifest")
    path = str(application.folder / name)
    code = "from aiprov_otel.runtime.instrumentor import AiprovInstrumentor as I; I().instrument()"
    (said,) = reports(application, code, AIPROV_MANIFEST=path, AIPROV_STRICT="")

    (sentence,) = said["unreadable"]
    assert words in sentence
    assert path in sentence


def test_what_strict_does_not_take_leaves_nothing_installed(application):
    """
    Where `install()` fails of a setting, the process still says which.
    """
    code = "try:\n    aiprov_otel.install()\nexcept ValueError:\n    pass"
    (said,) = reports(application, code, AIPROV_FAST="maybe", AIPROV_STRICT="true")

    assert not said["installed"]
    assert said["wrong"][0].startswith("AIPROV_FAST is 'maybe'")


def test_a_module_without_its_source_is_loaded_unverified(application):
    """
    One that is there as `.pyc` only is a file of the application all the same.
    """
    file = application.write("shop/orders.py", "a = 1\n")
    with application.install():
        py_compile.compile(str(file), cfile=f"{file}c", doraise=True)
        file.unlink()
        application.module("shop.orders")

        assert doctor_probe.report()["loaded"] == {"unverified": 1}
    assert not doctor_probe.report()["installed"]


def test_nothing_is_made_for_being_asked(application):
    """
    A report of a process where nothing is installed looks for no manifest.
    """
    assert doctor_probe.report()["manifests"] == []
