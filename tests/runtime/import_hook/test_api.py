"""`install_import_hook()`: in, out, and too late."""

from __future__ import annotations

import sys

import pytest

import aiprov_otel
from aiprov_otel import provenance_of
from aiprov_otel.manifest import dump
from aiprov_otel.runtime import state
from support.application import process, run

SHOP = "def order(library):\n    return library()\n"


def seen(module):
    """Whether the code of *module* was shown to us."""
    return "get_code" in vars(module.__loader__)


def test_uninstall_lets_later_imports_be(application):
    """
    After `uninstall()`, and twice is fine, nothing of ours stands on `sys.meta_path`.
    """
    application.install()
    finders = list(sys.meta_path)
    hook = aiprov_otel.install_import_hook("shop")
    assert sys.meta_path[1:] == finders
    first = application.module("shop.first", SHOP)
    hook.uninstall()
    hook.uninstall()

    assert sys.meta_path == finders
    assert seen(first)
    assert not seen(application.module("shop.second", SHOP))


def test_a_with_block(application):
    """
    The handle is a context manager.
    """
    with aiprov_otel.install_import_hook("shop"):
        assert seen(application.module("shop.first", SHOP))
    assert not seen(application.module("shop.second", SHOP))


def test_two_hooks_are_undone_apart(application):
    """
    One hook's end leaves the packages of another observed.
    """
    with aiprov_otel.install_import_hook("cart"):
        with aiprov_otel.install_import_hook("shop"):
            pass
        assert seen(application.module("cart", SHOP))
        assert not seen(application.module("shop.first", SHOP))


def test_it_installs_what_install_does(application, monkeypatch):
    """
    Without `install()`, spans are annotated all the same, until the handle is let go.
    """
    monkeypatch.chdir(application.folder)
    application.write("shop.py", SHOP)
    application.manifest()
    hook = aiprov_otel.install_import_hook("shop")
    application.provider.add_span_processor(aiprov_otel.ProvenanceSpanProcessor())
    shop = application.module("shop")
    shop.order(lambda: application.tracer.start_span("in").end())
    hook.uninstall()
    shop.order(lambda: application.tracer.start_span("out").end())

    assert application.spans["in"].attributes["aiprov.origin"] == "ai"
    assert not application.spans["out"].attributes


def test_an_installation_that_was_there_stays(application):
    """
    A hook that found `install()` done does not undo it.
    """
    application.install()
    aiprov_otel.install_import_hook("shop").uninstall()

    assert state.is_installed()


def test_disabled_it_does_nothing(application, monkeypatch):
    """
    Switched off, no finder is put in, and the handle can be let go.
    """
    monkeypatch.setenv("AIPROV_DISABLED", "true")
    finders = list(sys.meta_path)
    with aiprov_otel.install_import_hook("shop"):
        assert sys.meta_path == finders


def test_the_environment_names_packages(application, monkeypatch):
    """
    `install()` observes what `AIPROV_PACKAGES` names, until it is undone.
    """
    monkeypatch.setenv("AIPROV_PACKAGES", "shop,cart")
    with application.install():
        assert seen(application.module("shop.first", SHOP))
        assert seen(application.module("cart", SHOP))
    assert not seen(application.module("shop.second", SHOP))


def test_opentelemetry_instrument_needs_no_line_of_code(application):
    """
    With `AIPROV_PACKAGES` alone, a module is verified when the application imports it.
    """
    application.write("shop.py", SHOP)
    application.manifest()
    asked = """
import os
os.utime("shop.py")
import shop, aiprov_otel
print(aiprov_otel.provenance_of(shop.order).match)
"""
    found = run(
        "from opentelemetry.instrumentation.auto_instrumentation import initialize\n"
        "initialize()\n" + asked,
        application.folder,
        AIPROV_PACKAGES="shop",
        OTEL_TRACES_EXPORTER="none",
        OTEL_METRICS_EXPORTER="none",
        OTEL_LOGS_EXPORTER="none",
        PYTHONWARNINGS="ignore",
    )
    assert found == "exact\n"


def test_a_module_that_came_too_early_is_named(application, caplog, monkeypatch):
    """
    One warning names the modules, the line that imported them, and the two ways out.
    """
    application.place("shop/__init__.py", "import shop.cart\n")
    application.place("shop/cart.py", SHOP)
    application.place(
        "main.py",
        "import os\nimport shop\nimport aiprov_otel\n"
        "hook = aiprov_otel.install_import_hook(['shop', 'other'])\n",
    )
    application.manifest()
    monkeypatch.chdir(application.folder)
    application.module("main").hook.uninstall()

    (message,) = [each for each in caplog.messages if not each.endswith("(provider-missing)")]
    assert message == (
        f"shop, shop.cart were imported before the import hook, at {application.folder}/main.py:2,"
        " so their files on disk are taken for what they run: call"
        " install_import_hook('shop') above that line, or set AIPROV_PACKAGES=shop and start with"
        " opentelemetry-instrument (imported-before-hook)"
    )


def test_it_is_named_wherever_it_was_imported(application):
    """
    The line is found in a module that is not on the stack any more.
    """
    application.place("shop.py", SHOP)
    application.place("wiring.py", "from os import path\nfrom shop import order\n")
    told = process(
        "import wiring, aiprov_otel; aiprov_otel.install_import_hook('shop')",
        application.folder,
        AIPROV_STRICT="false",
    ).stderr
    assert f"shop was imported before the import hook, at {application.folder}/wiring.py:2," in told


def test_where_no_line_can_be_found(application):
    """
    An import without a line in a file is said to be that.
    """
    application.place("shop.py", SHOP)
    told = process(
        "__import__('shop'); import aiprov_otel; aiprov_otel.install_import_hook('shop')",
        application.folder,
        AIPROV_STRICT="false",
    ).stderr
    assert "before the import hook, by an unknown line," in told


def test_what_came_early_is_taken_as_it_is_now(application):
    """
    A module that was imported before the hook is verified as `install()` does it.
    """
    shop = application.module("shop", SHOP)
    application.install()
    aiprov_otel.install_import_hook("shop")

    assert provenance_of(shop.order).match == "exact"


@pytest.mark.parametrize(
    ("packages", "said"), [("sh op", "is not a valid package name"), ([], "no package was named")]
)
def test_a_mistake_is_said_at_the_door(packages, said):
    """
    What can't be is refused, and nothing is installed.
    """
    with pytest.raises(ValueError, match=said):
        aiprov_otel.install_import_hook(packages)
    assert not state.is_installed()


def test_the_policy_in_the_manifest_names_packages(application, monkeypatch):
    """
    A team may say it once, for every service that has the manifest; the environment says it last.
    """
    application.write("shop/first.py", SHOP)
    path = application.folder / "aiprov.manifest"
    policy = {"packages": ["shop=metrics", "cart=off"]}
    dump(path, application.sources, revision=None, repository_url=None, policy=policy)
    monkeypatch.setenv("AIPROV_PACKAGES", "cart")
    with aiprov_otel.install(manifest=path):
        assert (
            "_CompilesItself" in type(application.module("shop.first").__loader__.get_code).__name__
        )
        assert seen(application.module("cart", SHOP))


@pytest.mark.parametrize("insist", ["", "true"])
@pytest.mark.parametrize("mode", ["count", "metrics", "spans"])
def test_an_unknown_python_rewrites_nothing(application, mode, insist):
    """
    What rewrites code turns itself off with one line that says how to insist; the rest works.
    """
    application.write("shop/first.py", SHOP)
    application.manifest()
    code = f"""
import sys
import aiprov_otel
aiprov_otel.install()
sys.version_info = (3, 99, 0, "final", 0)  # not before what would want modules of that Python
aiprov_otel.install_import_hook("shop", mode={mode!r})
aiprov_otel.install_import_hook("shop.other", mode={mode!r})
import shop.first
from aiprov_otel.runtime.import_hook.call_table import REGISTRY
print(len(REGISTRY.modules()))
print([aiprov_otel.provenance_of(each).match for each in vars(shop.first).values()
    if hasattr(each, "__code__")][0])
"""
    done = process(code, application.folder, AIPROV_UNTESTED_PYTHON=insist, AIPROV_STRICT="false")
    assert done.stdout.split() == ["1" if insist else "0", "exact"]
    lines = [line for line in done.stderr.splitlines() if "(python-untested)" in line]
    assert len(lines) == (0 if insist else 1)
    assert insist or "3.99" in lines[0]
    assert insist or "AIPROV_UNTESTED_PYTHON=true" in lines[0]
