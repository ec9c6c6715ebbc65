"""What runs is what Python would run, and a file of ours is run only if it is our own and whole."""

from __future__ import annotations

import os
import py_compile
import sys
import zipfile
from importlib.util import cache_from_source
from py_compile import PycInvalidationMode as Invalidation

import pytest

from aiprov_otel.runtime.import_hook.bytecode_cache import Cache, Rewritten, number_functions
from aiprov_otel.runtime.source_text import Text
from support.application import LONG_AGO, run

OLD = "def f():\n    return 'old'\n"
NEW = "def f():\n    return 'new'\n"
ASKED = "import shop\nprint(shop.f())\n"
HOOK = "import aiprov_otel\naiprov_otel.install_import_hook('shop', mode={!r})\n"
KINDS = {each.name.lower(): each for each in Invalidation}


def ran(application, asked, *command, write=""):
    """What a process prints, which may *write* bytecode or not, and logs what is not rewritten."""
    environ = {"PYTHONDONTWRITEBYTECODE": write, "AIPROV_STRICT": "false"}
    return run(asked, application.folder, sys.executable, "-W", "error", *command, **environ)


def compiled(application, name, invalidation, *, replaced=NEW):
    """A module that was compiled, and then *replaced* within one tick of the clock."""
    path = application.write(f"{name}.py", OLD)
    py_compile.compile(str(path), doraise=True, invalidation_mode=invalidation)
    application.place(f"{name}.py", replaced)
    return path


@pytest.mark.parametrize("mode", ["annotate", "metrics", "spans"])
@pytest.mark.parametrize("check", ["default", "always", "never"])
def test_what_runs_is_what_python_runs(application, check, mode):
    """
    Bytecode of another text runs or does not run as it does without the hook, cold and warm.
    """
    for name, invalidation in KINDS.items():
        compiled(application, f"shop/{name}", invalidation)
    application.write("shop/__init__.py", "")
    application.write("shop/alone.py", OLD)
    application.manifest()
    asked = "import shop\n" + "".join(
        f"import shop.{name}\nprint(shop.{name}.f())\n" for name in (*KINDS, "alone")
    )
    command = ("--check-hash-based-pycs", check)
    expected = ran(application, asked, *command, write="1")
    assert {"old", "new"} >= set(expected.split())
    for _ in range(2):
        assert ran(application, HOOK.format(mode) + asked, *command) == expected


@pytest.mark.parametrize("mode", ["metrics", "spans"])
def test_an_edit_within_one_tick_is_seen(application, mode):
    """
    Our own files are good for a text, whatever its time and its size: those of a reproducible image
    are all the same.
    """
    application.write("shop.py", OLD)
    application.manifest()
    asked = HOOK.format(mode) + ASKED
    assert ran(application, asked) == "old\n"
    application.place("shop.py", NEW)
    assert ran(application, asked) == "new\n"


@pytest.mark.parametrize("mode", ["annotate", "metrics"])
def test_code_of_another_source_is_stale(application, mode):
    """
    An unchecked bytecode file of an older source runs, and has nobody's provenance.
    """
    compiled(application, "shop/orders", Invalidation.UNCHECKED_HASH)
    application.sources.clear()
    application.write("shop/orders.py", NEW)
    application.write("shop/__init__.py", "")
    application.manifest()
    asked = """
import shop.orders
provenance = aiprov_otel.provenance_of(shop.orders.f)
print(provenance.origin, provenance.match)
"""
    assert ran(application, HOOK.format(mode) + asked) == "unknown stale\n"


@pytest.mark.parametrize("invalidation", Invalidation)
def test_bytecode_of_the_same_source_is_rewritten(application, invalidation):
    """
    What `compileall` made when an image was built, by whatever rule, keeps nothing from counting.
    """
    compiled(application, "shop", invalidation, replaced=OLD)
    application.manifest()
    asked = (
        "from aiprov_otel.runtime.import_hook.call_table import REGISTRY\nimport shop\n"
        "print(shop.f(), len(REGISTRY.modules()))"
    )
    assert run(HOOK.format("metrics") + asked, application.folder) == "old 1\n"


def test_bytecode_in_a_zip(application):
    """
    Where a zip has bytecode of another text than its source, that runs, as without the hook.
    """
    path = compiled(application, "shop", Invalidation.UNCHECKED_HASH)
    application.manifest()
    with zipfile.ZipFile(application.folder / "app.zip", "w") as archive:
        archive.write(path, "shop.py")
        archive.write(cache_from_source(str(path)), "shop.pyc")
    path.unlink()
    first = "import sys; sys.path.insert(0, 'app.zip')\n"
    assert ran(application, first + ASKED) == "old\n"
    assert ran(application, first + HOOK.format("metrics") + ASKED) == "old\n"


@pytest.fixture
def cached(application, monkeypatch):
    """A module, the cache of it, and the file that it was written to."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path = application.write("shop.py", OLD)
    path.chmod(0o600)
    cache = Cache(str(path), "metrics", OLD.encode(), b"")
    code = number_functions(compile(OLD, str(path), "exec"), "aiprov_key")
    before = os.umask(0)
    try:
        cache.store(Rewritten(code, "aiprov_key", Text(OLD.encode())))
    finally:
        os.umask(before)
    (place,) = (application.folder / "__pycache__").iterdir()
    return path, cache, place


def test_a_file_of_ours_has_the_mode_of_its_source(cached):
    """
    Whom the source is hidden from, its bytecode is hidden from too, whatever the umask.
    """
    _, cache, place = cached
    assert place.stat().st_mode & 0o777 == 0o600
    assert cache.load()


def test_a_file_that_others_may_write_is_not_read(cached):
    """
    Unless they may write the source as well.
    """
    path, cache, place = cached
    place.chmod(0o622)
    assert cache.load() is None
    path.chmod(0o666)
    assert cache.load()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
def test_a_file_of_another_user_is_not_read(cached):
    """
    What somebody else put there does not run.
    """
    _, cache, place = cached
    os.chown(place, 65_534, 65_534)
    assert cache.load() is None


def test_a_damaged_file_is_refused(cached):
    """
    Whichever bit is wrong, and wherever it ends, nothing of it is unmarshaled.
    """
    _, cache, place = cached
    whole = place.read_bytes()
    for index in range(len(whole)):
        damaged = bytearray(whole)
        damaged[index] ^= 1 << index % 8
        place.write_bytes(damaged)
        assert cache.load() is None
        place.write_bytes(whole[:index])
        assert cache.load() is None
    place.write_bytes(whole)
    assert cache.load()


def test_the_time_of_the_source_does_not_matter(cached):
    """
    A source that was only touched is the same text.
    """
    path, cache, _ = cached
    os.utime(path, (LONG_AGO + 5, LONG_AGO + 5))
    assert cache.load()
