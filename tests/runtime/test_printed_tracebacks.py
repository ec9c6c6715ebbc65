"""What a person reads in the console, in real processes with and without the annotation."""

from __future__ import annotations

import re
import subprocess
import sys
import threading

import pytest

from aiprov_otel.runtime import printed_tracebacks
from aiprov_otel.runtime.patching import Patches
from support.application import process
from support.command import environment

SHOP = """\
def fail(item):
    raise KeyError(item)  # human

def wrap(item):
    try:
        fail(item)
    except KeyError as error:
        error.add_note("noted")
        raise LookupError(item) from error

def handle(item):
    try:
        wrap(item)
    except LookupError:
        raise OSError("two\\n  lines\\x0c and a form feed")

def several(item):
    errors = []
    for each in (fail, wrap):
        try:
            each(item)
        except LookupError as error:
            errors.append(error)
    raise ExceptionGroup("several", [ExceptionGroup("inner", errors), ValueError()])

def recurse(n):
    return recurse(n - 1) if n else fail(n)

def misspelled():
    fial()

def wrong():
    compile("a = = 1", "x.py", "exec")

def interrupted():
    raise KeyboardInterrupt

class Kept:
    def __del__(self):
        fail("kept")

class Unprintable:
    def __repr__(self):
        raise RuntimeError

    __del__ = Kept.__del__

def drop(kind):
    kind()

def call(function, *given):
    return function(*given)
"""
PROLOGUE = """\
import threading
import aiprov_otel
aiprov_otel.install()
import shop
def in_thread(function, *given):
    thread = threading.Thread(target=function, args=given, name="worker")
    thread.start()
    thread.join()
"""
# Addresses; and carets, which Python 3.13 leaves out below "Exception ignored in".
VARIES = re.compile(r" at 0x\w+|^ +[~^]+\n", re.MULTILINE)
ASKED = {"AIPROV_ANNOTATED_TRACEBACK": "true"}
ALL = [
    "shop.fail('x')",
    "shop.handle('x')",
    "shop.several('x')",
    "shop.recurse(20)",
    "shop.misspelled()",
    "shop.wrong()",
    "shop.interrupted()",
    "shop.call(lambda: shop.fail('x'))",
    "raise SystemExit(3)",
    "in_thread(shop.fail, 'x')",
    "in_thread(shop.handle, 'x')",
    "in_thread(exit)",
    "shop.drop(shop.Kept)",
    "shop.drop(shop.Unprintable)",
]


@pytest.fixture
def shop(application):
    """Runs a program in the folder of the shop, with the annotation or without."""
    application.write("shop.py", SHOP)
    application.manifest()

    def run(code, **environ):
        done = process(PROLOGUE + code, application.folder, sys.executable, **environ)
        return done.stderr, done.returncode

    return run


@pytest.mark.parametrize("code", ALL)
def test_nothing_else_changes(shop, code):
    """
    Without what stands behind the frames, it is what Python prints, and so is the exit status.
    """
    plain, status = shop(code)
    told, same = shop(code, **ASKED)

    assert re.sub(VARIES, "", re.sub(r"  <- .*", "", told)) == re.sub(VARIES, "", plain)
    assert same == status
    assert ("  <- " in told) == ("shop.py" in plain)


def test_each_frame_of_the_application_says_who_wrote_it(shop):
    """
    Origin, agent, model, commit and age behind the frame; nothing behind those of others.
    """
    told, _ = shop("shop.call(lambda: shop.fail('x'))", **ASKED)
    frames = [line for line in told.splitlines() if line.startswith('  File "')]

    assert [frame.partition("  <- ")[2].partition(", ")[0] for frame in frames] == [
        "",
        "ai (claude-code",
        "",
        "human",
    ]
    assert re.search(
        r"in call  <- ai \(claude-code, claude-opus-4-6\), 9fd81c200, .* old$", told, re.MULTILINE
    )
    assert re.search(r"in fail  <- human, 444444400, .* old$", told, re.MULTILINE)


OUT = "aiprov_otel.install().uninstall()\n"
UNDER = """\
import sys
of_main, of_threads = sys.excepthook, threading.excepthook
sys.excepthook = lambda *args: of_main(*args)
threading.excepthook = lambda args: of_threads(args)
"""


@pytest.mark.parametrize("code", ["shop.fail('x')", "in_thread(shop.fail, 'x')"])
@pytest.mark.parametrize("before", [OUT, UNDER + OUT], ids=["out", "under another"])
def test_after_uninstall_it_is_as_it_was(shop, before, code):
    """
    Taken out, or left under a hook of somebody who came later, ours prints nothing.
    """
    told, _ = shop(before + code, **ASKED)

    assert "KeyError: 'x'" in told
    assert "<-" not in told


def test_whoever_hooks_in_later_has_ours_to_call(shop):
    """
    An error tracker that calls what it found prints our stack trace.
    """
    later = "import sys\nfound = sys.excepthook\nsys.excepthook = lambda *a: found(*a)\n"
    told, _ = shop(later + "shop.fail('x')", **ASKED)

    assert "in fail  <- human" in told


@pytest.mark.parametrize("code", ["shop.fail('x')", "in_thread(shop.fail, 'x')"])
def test_what_is_printed_is_logged_too(application, code):
    """
    The log record of an exception that nobody handled is sent beside the annotated stack trace.
    """
    application.write("shop.py", SHOP)
    application.manifest()
    logs = """\
from opentelemetry import _logs
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs import export
new = "ConsoleLogRecordExporter"  # since 1.39
exporter = getattr(export, new)() if hasattr(export, new) else export.ConsoleLogExporter()
provider = LoggerProvider()
provider.add_log_record_processor(export.SimpleLogRecordProcessor(exporter))
_logs.set_logger_provider(provider)
"""
    done = process(logs + PROLOGUE + code, application.folder, sys.executable, **ASKED)

    assert "in fail  <- human" in done.stderr
    assert done.stderr.count("KeyError: 'x'") == 1
    assert done.stdout.count('"aiprov.exception.origin": "human"') == 1


@pytest.mark.parametrize("owner", [sys, threading])
def test_a_hook_of_somebody_else_is_left_alone(monkeypatch, owner):
    """
    Where rich or IPython print, they go on printing as they do.
    """

    def theirs(*args):
        pass

    monkeypatch.setenv("AIPROV_ANNOTATED_TRACEBACK", "true")
    monkeypatch.setattr(owner, "excepthook", theirs)
    monkeypatch.setattr(sys, "unraisablehook", theirs)
    patches = Patches()
    printed_tracebacks.instrument(patches)

    assert owner.excepthook is theirs
    assert sys.unraisablehook is theirs
    patches.undo()


def test_rich_goes_on_as_it_does(application):
    """
    A service that installed rich's stack traces has them.
    """
    pytest.importorskip("rich")
    application.write("shop.py", SHOP)
    application.manifest()
    code = "import rich.traceback\nrich.traceback.install()\n" + PROLOGUE + "shop.fail('x')"
    done = process(code, application.folder, sys.executable, **ASKED)

    assert "Traceback (most recent call last) ─" in done.stderr
    assert "<-" not in done.stderr


def test_it_is_off_unless_it_is_asked_for(application):
    """
    Without the variable, Python prints, and what would is not even imported.
    """
    code = PROLOGUE + "import sys\nprint('aiprov_otel.runtime.printed_tracebacks' in sys.modules)"
    application.write("shop.py", SHOP)
    application.manifest()

    assert process(code, application.folder, sys.executable).stdout == "False\n"


def test_a_stack_trace_is_never_lost(application):
    """
    Where ours fails, Python prints its own; the failure has one warning.
    """
    code = """
import aiprov_otel
aiprov_otel.install(manifest="aiprov.manifest")
from aiprov_otel.runtime import printed_tracebacks
def broken(*_):
    raise RuntimeError("ours")
printed_tracebacks.annotated = broken
raise KeyError("theirs")
"""
    application.manifest()
    done = process(code, application.folder, sys.executable, **ASKED)

    assert done.returncode == 1
    assert done.stderr.endswith("KeyError: 'theirs'\n")
    assert "(provenance-failed)" in done.stderr


def test_a_file_that_was_changed_is_not_blamed(application):
    """
    What stands in it now is not what the manifest knows.
    """
    application.write("market/shop.py", SHOP)
    application.place("market/shop.py", "\n" + SHOP)
    application.manifest()
    code = PROLOGUE.replace("import shop", "from market import shop") + "shop.fail('x')"
    done = process(code, application.folder, sys.executable, **ASKED)

    assert "in fail  <- unknown (changed since the build)" in done.stderr


def test_a_closed_standard_error_does_not_matter(application):
    """
    A process without one ends as it would have.
    """
    application.manifest()
    code = PROLOGUE.replace("import shop\n", "") + "raise KeyError"
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" -c "$1" 2>&-', sys.executable, code],
        cwd=application.folder,
        env=environment(**ASKED, AIPROV_STRICT=""),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
