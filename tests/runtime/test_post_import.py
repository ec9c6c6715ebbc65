"""Modules that somebody waits for are imported as all others, and then announced."""

from __future__ import annotations

import copy
import importlib
import importlib.util
import runpy
import sys
import zipfile
from importlib.machinery import SourceFileLoader

import pytest

from aiprov_otel.runtime import source_text
from aiprov_otel.runtime.post_import import register_post_import_hook
from support.application import process

QUIET = """
import sys
from opentelemetry.sdk.trace import TracerProvider
before = set(sys.modules)
import aiprov_otel
aiprov_otel.install(manifest="aiprov.manifest", tracer_provider=TracerProvider())
print(sorted({"asyncio", "wrapt"} & (set(sys.modules) - before)))
from aiprov_otel.runtime.source_text import BOOTSTRAPS
import asyncio
loop = asyncio.Handle._run, asyncio.run
print(BOOTSTRAPS.issuperset(function.__code__.co_filename for function in loop))
"""


@pytest.fixture
def awaited(tmp_path, monkeypatch):
    """Names of modules that were announced, and a folder that Python imports from."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path, []


def test_a_module_is_announced_once_it_has_run(awaited):
    """
    The hook sees the whole module, and no trace of us is left on it.
    """
    folder, seen = awaited
    (folder / "awaited_whole.py").write_text("x = 1\n")
    register_post_import_hook(lambda module: seen.append(module.x), "awaited_whole")
    module = importlib.import_module("awaited_whole")

    assert seen == [1]
    assert type(module.__loader__) is SourceFileLoader
    assert type(module.__spec__.loader) is SourceFileLoader
    importlib.reload(module)
    assert seen == [1]


def test_a_module_that_is_there_is_announced_at_once():
    """
    Whoever comes late misses nothing.
    """
    seen = []
    register_post_import_hook(seen.append, "sys")

    assert seen == [sys]


def test_a_module_that_fails_is_still_waited_for(awaited):
    """
    An import that failed may be tried again.
    """
    folder, seen = awaited
    (folder / "awaited_failing.py").write_text("raise ValueError\n")
    register_post_import_hook(seen.append, "awaited_failing")
    with pytest.raises(ValueError, match=r"^$"):
        importlib.import_module("awaited_failing")
    assert not seen
    (folder / "awaited_failing.py").write_text("x = 'fixed'\n")
    importlib.invalidate_caches()

    assert [importlib.import_module("awaited_failing")] == seen


def test_modules_of_packages_and_zips_are_announced(awaited):
    """
    Wherever a module comes from.
    """
    folder, seen = awaited
    (folder / "awaited_package").mkdir()
    (folder / "awaited_package" / "__init__.py").write_text("")
    (folder / "awaited_package" / "part.py").write_text("")
    with zipfile.ZipFile(folder / "zipped.zip", "w") as archive:
        archive.writestr("awaited_zipped.py", "")
    sys.path.append(str(folder / "zipped.zip"))
    names = ["awaited_package", "awaited_package.part", "awaited_zipped"]
    for name in names:
        register_post_import_hook(lambda module: seen.append(module.__name__), name)
    importlib.import_module("awaited_package.part")
    importlib.import_module("awaited_zipped")

    assert seen == names


def test_a_module_can_be_run_instead(awaited):
    """
    `python -m` asks the loader for the code, and gets it; a module that is not there is not found.
    """
    folder, seen = awaited
    (folder / "awaited_run.py").write_text("y = 2\n")
    register_post_import_hook(seen.append, "awaited_run")
    register_post_import_hook(seen.append, "awaited_nowhere")

    assert runpy.run_module("awaited_run")["y"] == 2
    spec = importlib.util.find_spec("awaited_run")
    assert isinstance(spec.loader, SourceFileLoader)
    assert importlib.util.find_spec("awaited_nowhere") is None
    assert not seen


def test_installing_imports_neither_asyncio_nor_wrapt(application):
    """
    They take as long as all the rest; asyncio's loop is known as soon as the service imports it.
    """
    application.manifest()
    done = process(QUIET, application.folder, sys.executable)

    assert done.stdout == "[]\nTrue\n", done.stderr
    importlib.import_module("asyncio")
    assert importlib.import_module("asyncio.events").__file__ in source_text.BOOTSTRAPS


def test_a_module_named_like_the_applications_is_announced_too(application):
    """
    A file `events.py` of the application hides no other module of that name.
    """
    application.write("events.py", "x = 1\n")
    application.manifest()
    done = process(QUIET, application.folder, sys.executable)

    assert done.stdout == "[]\nTrue\n", done.stderr


def test_a_loader_can_be_copied(awaited):
    """As some tools do with the spec of a module that they only look at."""
    folder, _ = awaited
    (folder / "copied.py").write_text("")
    register_post_import_hook(lambda _: None, "copied")

    loader = copy.copy(importlib.util.find_spec("copied").loader)

    assert loader.get_filename("copied") == str(folder / "copied.py")
