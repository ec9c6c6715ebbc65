"""No file is read where a span, an exception or a log record asks for one."""

from __future__ import annotations

import os
from types import CodeType

import pytest

import aiprov_otel
from aiprov_otel.manifest import Manifest
from aiprov_otel.runtime import state
from aiprov_otel.runtime.background_resolver import BackgroundResolver
from aiprov_otel.values import Match, Origin
from support.application import run
from support.waiting import until

ORDERS = "def order(call):\n    return call()\n\ndef fail():\n    raise KeyError(1)\n"
WATCH = """
import sys, threading
opened = []

def watch(event, args):
    if event == "open" and str(args[0]).endswith(("orders.py", ".manifest")):
        opened.append(threading.get_ident() == threading.main_thread().ident)
        if opened[-1]:
            raise PermissionError("no files here")

def executed():
    names = {"__name__": "shop.orders"}
    source = open("shop/orders.py").read()
    exec(compile(source, os.path.abspath("shop/orders.py"), "exec"), names)
    return names
"""
INSTALLED = """
import os, time
import aiprov_otel
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
provider = TracerProvider()
aiprov_otel.install(tracer_provider=provider)
tracer = provider.get_tracer("a library")

def span():
    with tracer.start_as_current_span("query") as span:
        return span.attributes.get("aiprov.origin"), span.attributes.get("aiprov.match")
"""


@pytest.fixture
def shop(application):
    """A file of the application that is executed and not imported, as a plug-in may be."""
    application.write("shop/orders.py", ORDERS)
    application.manifest()
    return application


def test_a_file_that_was_not_imported_is_read_in_the_background(shop):
    """
    It is unknown until then, and only until then; the thread that asks reads nothing.
    """
    code = f"""{INSTALLED}{WATCH}
names = executed()
sys.addaudithook(watch)
sys.setswitchinterval(60)  # the other thread comes later
print(*names["order"](span))
sys.setswitchinterval(0.005)
end = time.monotonic() + 60
while names["order"](span)[0] != "ai" and time.monotonic() < end:
    time.sleep(0.01)
print(*names["order"](span), any(opened), len(opened))
"""
    assert run(code, shop.folder, AIPROV_STRICT="false").splitlines() == [
        "unknown missing",
        "ai exact False 1",
    ]


def test_an_imported_file_is_known_at_the_first_span(shop):
    """
    The import registers it: the first request carries what the hundredth does.
    """
    code = f"""{INSTALLED}{WATCH}
import shop.orders
sys.addaudithook(watch)
print(*shop.orders.order(span), opened)
"""
    assert run(code, shop.folder) == "ai exact []\n"


@pytest.mark.parametrize(
    "loaded",
    ["importlib.util.find_spec('shop.orders')", "importlib.import_module('shop.orders')"],
)
def test_a_file_that_changes_after_it_was_found_is_unknown(shop, loaded):
    """
    Whoever only looks for a module runs nothing of it, and a reload runs another text.
    """
    code = f"""{INSTALLED}
import importlib.util, pathlib
{loaded}
path = pathlib.Path("shop/orders.py")
path.write_text("# a line more\\n" + path.read_text())
module = importlib.import_module("shop.orders")
module = importlib.reload(module)
print(*module.order(span))
"""
    assert run(code, shop.folder) == "unknown stale\n"


@pytest.mark.parametrize("mode", ["metrics", "spans"])
def test_a_handler_opens_nothing_and_replaces_nothing(shop, mode):
    """
    Where no file may be opened, as on an event loop, a handled exception stays what it is.
    """
    shop.write(
        "shop/handling.py",
        "def handle(fail):\n    try:\n        fail()\n    except KeyError as error:\n"
        "        return repr(error)\n",
    )
    shop.manifest()
    code = f"""{INSTALLED}{WATCH}
aiprov_otel.install_import_hook("shop", mode={mode!r})
import shop.handling
names = executed()
sys.addaudithook(watch)
print(shop.handling.handle(names["fail"]), any(opened))
"""
    assert run(code, shop.folder, AIPROV_STRICT="false") == "KeyError(1) False\n"


def test_the_main_script_is_known_from_the_start(application, tmp_path):
    """
    Python runs it without an import; what is installed before that registers it.
    """
    application.write("app.py", "def serve(call):\n    return call()\n\nprint(*serve(span))\n")
    application.manifest()
    (application.folder / "sitecustomize.py").write_text(
        f"{INSTALLED}\nimport builtins\nbuiltins.span = span\n"
    )
    code = "import subprocess, sys\nsubprocess.run([sys.executable, 'app.py'], check=True)"
    environ = {"PYTHONPATH": str(application.folder)}
    assert run(code, application.folder, **environ).splitlines()[-1] == "ai exact"


def test_who_asks_for_provenance_gets_it_at_once(shop):
    """
    `provenance_of` reads the file that it is asked about.
    """
    shop.install()
    names: dict[str, object] = {}
    path = shop.folder / "shop/orders.py"
    exec(compile(path.read_text(), str(path), "exec"), names)
    provenance = aiprov_otel.provenance_of(names["order"])
    assert (provenance.origin, provenance.match) == (Origin.AI, Match.EXACT)


def test_a_library_needs_no_reading(shop):
    """
    A file that only its name tells to be somebody else's waits for no thread.
    """
    resolver = BackgroundResolver([Manifest.load(shop.folder / "aiprov.manifest")], state.renew)
    assert resolver.file(os.__file__) is None
    assert os.__file__ in resolver.libraries


def test_a_fork_meanwhile(shop):
    """
    A child has no thread of its parent; it reads what the parent had not read.
    """
    path = shop.folder / "shop/orders.py"
    resolver = BackgroundResolver([Manifest.load(shop.folder / "aiprov.manifest")], state.renew)
    resolver._reading = True  # as in a child that was forked while the thread of its parent read
    code: CodeType = compile(path.read_text(), str(path), "exec")
    assert resolver.unit(code).match is Match.MISSING
    resolver.restart()
    until(lambda: resolver.unit(code).match is Match.EXACT, "the file is read")
