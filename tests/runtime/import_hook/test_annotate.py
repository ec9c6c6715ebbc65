"""`annotate`: what was really loaded is verified and known, and nothing else is different."""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.resources
import importlib.util
import inspect
import os
import pkgutil
import py_compile
import sys
import zipfile
from pathlib import Path

import pytest

import aiprov_otel
from aiprov_otel import provenance_of
from support.application import HUMAN, process, run

SHOP = "def order(library):\n    return library()\n"


@pytest.fixture
def hooked(application):
    """An application whose package `shop` is observed; its manifest is written at the start."""

    def begin(**modules):
        application.write("shop/__init__.py", "")
        for name, text in modules.items():
            application.write(f"shop/{name}.py", text)
        application.install()
        aiprov_otel.install_import_hook("shop")
        return application

    return begin


def test_a_module_is_known_without_reading_anything_later(hooked):
    """
    Its source may change or be gone after the import: what was loaded is what counts.
    """
    application = hooked(orders=SHOP, cart=SHOP)
    orders, cart = application.module("shop.orders"), application.module("shop.cart")
    (application.folder / "shop/orders.py").unlink()
    (application.folder / "shop/cart.py").write_text("# another text\n" * 3)
    (application.folder / "aiprov.manifest").unlink()

    for function in (orders.order, cart.order):
        found = provenance_of(function)
        assert (found.origin, found.match) == ("ai", "exact")


def test_nothing_is_opened_for_a_look_up(application):
    """
    A span, an exception or a question about a loaded module reads no file.
    """
    application.write("shop/__init__.py", "")
    application.write("shop/orders.py", SHOP)
    application.manifest()
    asked = """
import sys
import aiprov_otel
aiprov_otel.install()
aiprov_otel.install_import_hook("shop")
import shop.orders
provenance_of = aiprov_otel.provenance_of
opened = []
sys.addaudithook(lambda name, args: opened.append(args[0]) if name == "open" else None)
print(provenance_of(shop.orders.order).origin)
print(opened)
"""
    assert run(asked, application.folder) == "ai\n[]\n"


def test_a_file_that_was_changed_after_the_build_is_stale(hooked):
    """
    A module whose source is not that of the manifest is `stale`, from its import on.
    """
    application = hooked(orders=SHOP)
    application.place("shop/orders.py", SHOP + "# changed\n")

    assert provenance_of(application.module("shop.orders").order).match == "stale"


def test_a_young_file_is_verified_all_the_same(hooked):
    """
    A file that was written after the start is no riddle where its import was seen.
    """
    application = hooked(orders=SHOP)
    os.utime(application.folder / "shop/orders.py")

    assert provenance_of(application.module("shop.orders").order).match == "exact"


def test_a_reloaded_module_and_what_is_left_of_the_first(hooked):
    """
    After a reload from another text, new functions are `stale`, and old ones are what they were.
    """
    application = hooked(orders=SHOP)
    orders = application.module("shop.orders")
    before = orders.order
    application.place("shop/orders.py", "import sys\n\n\n" + SHOP)
    importlib.reload(orders)

    assert provenance_of(orders.order).match == "stale"
    assert (provenance_of(before).match, provenance_of(before).origin) == ("exact", "ai")


def test_other_packages_are_left_alone(hooked):
    """
    Neither a neighbor whose name begins alike nor a package in mode `off` is looked at.
    """
    application = hooked(orders=SHOP)
    aiprov_otel.install_import_hook("shop.legacy", mode="off")
    application.place("shopping.py", "")
    application.place("shop/legacy.py", "")

    for name, seen in {"shop.orders": True, "shop.legacy": False, "shopping": False}.items():
        loader = application.module(name).__loader__
        assert ("get_code" in vars(loader)) is seen


def test_the_loader_stays_what_it_was(hooked):
    """
    Class, spec, source, resources and package data are those of an import without a hook.
    """
    application = hooked(orders=SHOP)
    application.place("shop/data.txt", "apples")
    orders = application.module("shop.orders")

    assert type(orders.__loader__) is importlib.machinery.SourceFileLoader
    assert orders.__spec__.loader is orders.__loader__
    assert orders.__cached__ == importlib.util.cache_from_source(orders.__file__)
    assert inspect.getsource(orders) == SHOP
    assert importlib.resources.files("shop").joinpath("data.txt").read_text() == "apples"
    assert pkgutil.get_data("shop", "data.txt") == b"apples"
    assert [each.name for each in pkgutil.walk_packages(sys.modules["shop"].__path__)] == ["orders"]
    assert orders.__loader__.get_code("shop.orders").co_filename == orders.__file__


def test_python_s_own_bytecode_is_used(hooked, monkeypatch):
    """
    The usual cache is written, read, and enough: the module is not compiled anew.
    """
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    application = hooked(orders=SHOP)
    cached = Path(importlib.util.cache_from_source(str(application.folder / "shop/orders.py")))
    before = application.module("shop.orders")
    inode = cached.stat().st_ino
    del sys.modules["shop.orders"]
    again = application.module("shop.orders")
    assert again is not before
    assert cached.stat().st_ino == inode
    assert provenance_of(again.order).match == "exact"


def test_a_namespace_package(application):
    """
    A package without `__init__.py` is one still, over two folders, and its modules are seen.
    """
    application.write("wide/one.py", SHOP)
    application.write("other/wide/two.py", SHOP, import_path="wide/two.py")
    application.install()
    aiprov_otel.install_import_hook("wide")
    sys.path.append(str(application.folder / "other"))
    try:
        one, two = application.module("wide.one"), application.module("wide.two")
        assert len(sys.modules["wide"].__path__) == 2
    finally:
        sys.path.remove(str(application.folder / "other"))
    assert {provenance_of(each.order).match for each in (one, two)} == {"exact"}


def test_a_zip(application):
    """
    Modules inside a zip are verified like others.
    """
    application.write("shop/orders.py", SHOP)
    application.manifest()
    with zipfile.ZipFile(application.folder / "app.zip", "w") as archive:
        archive.writestr("shop/__init__.py", "")
        archive.write(application.folder / "shop/orders.py", "shop/orders.py")
        archive.writestr("shop/late.py", "x = 1")
    asked = """
import os, sys
sys.path.insert(0, "app.zip")
import aiprov_otel
aiprov_otel.install()
aiprov_otel.install_import_hook("shop")
import shop.orders, shop.late
os.unlink("app.zip")
print(shop.orders.__file__.endswith("app.zip/shop/orders.py"), type(shop.__loader__).__name__)
print(aiprov_otel.provenance_of(shop.orders.order).match)
"""
    assert run(asked, application.folder) == "True zipimporter\nexact\n"


def test_bytecode_without_a_source(application):
    """
    Where only a `.pyc` was shipped, its path decides, and the match says so.
    """
    path = application.write("shop/orders.py", SHOP)
    application.write("shop/__init__.py", "")
    application.install()
    py_compile.compile(str(path), cfile=str(path) + "c", doraise=True)
    path.unlink()
    aiprov_otel.install_import_hook("shop")
    orders = application.module("shop.orders")

    assert orders.__file__.endswith(".pyc")
    assert provenance_of(orders.order).match == "unverified"


def test_python_m(application):
    """
    `python -m shop` under `AIPROV_PACKAGES` verifies what it runs as `__main__` too.
    """
    application.write("shop/__init__.py", "")
    application.write(
        "shop/__main__.py",
        "def main():\n    pass\n\n\nimport os\nimport aiprov_otel\nos.unlink(__file__)\n"
        "print(aiprov_otel.provenance_of(main).match, __name__)\n",
        HUMAN,
    )
    application.manifest()
    asked = (
        "import aiprov_otel, runpy; aiprov_otel.install();"
        "runpy.run_module('shop', run_name='__main__', alter_sys=True)"
    )
    assert run(asked, application.folder, AIPROV_PACKAGES="shop") == "exact __main__\n"


def test_a_lazy_module(hooked):
    """
    A module that is loaded when it is first used is seen then, and not before.
    """
    application = hooked(orders=SHOP + "loaded = True\n")
    spec = importlib.util.find_spec("shop.orders")
    spec.loader = importlib.util.LazyLoader(spec.loader)
    lazy = importlib.util.module_from_spec(spec)
    sys.modules["shop.orders"] = lazy
    spec.loader.exec_module(lazy)
    application.place("shop/orders.py", SHOP + "# newer\n")

    assert type(lazy).__name__ == "_LazyModule"
    assert provenance_of(lazy.order).match == "stale"


def test_a_finder_that_makes_lazy_loaders(hooked):
    """
    Where a finder of somebody else returns lazy loaders, what they load in the end is seen.
    """
    application = hooked(orders=SHOP)

    class Lazy:
        @staticmethod
        def find_spec(name, path=None, target=None):
            spec = importlib.machinery.PathFinder.find_spec(name, path, target)
            if spec and name == "shop.orders":
                spec.loader = importlib.util.LazyLoader(spec.loader)
            return spec

    sys.meta_path.insert(1, Lazy)
    orders = application.module("shop.orders")
    assert type(orders).__name__ == "_LazyModule"
    assert provenance_of(orders.order).match == "exact"
    (application.folder / "shop/orders.py").unlink()
    assert provenance_of(orders.order).match == "exact"


def test_a_loader_that_shows_no_code(hooked):
    """
    A loader that only executes is let be; the file is taken as it was when it was found.
    """
    application = hooked(orders=SHOP)

    class Opaque:
        __slots__ = ("path",)

        def __init__(self, path):
            self.path = path

        def create_module(self, spec):
            return None

        def exec_module(self, module):
            exec(compile(Path(self.path).read_text(), self.path, "exec"), vars(module))

    class Opaquely:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name != "shop.orders":
                return None
            place = str(application.folder / "shop/orders.py")
            return importlib.util.spec_from_file_location(name, place, loader=Opaque(place))

    sys.meta_path.insert(0, Opaquely)
    aiprov_otel.install_import_hook("shop")
    sys.meta_path.sort(key=lambda each: each is Opaquely)
    sys.meta_path.insert(1, sys.meta_path.pop())
    os.utime(application.folder / "shop/orders.py")
    assert provenance_of(application.module("shop.orders").order).match == "exact"


def test_builtin_and_frozen_modules_are_let_be(application):
    """
    A name that Python itself provides may be given, and nothing happens to its loader.
    """
    application.install()
    aiprov_otel.install_import_hook(["_symtable", "__hello__"])
    for name in ("_symtable", "__hello__"):
        sys.modules.pop(name, None)
        loader = importlib.util.find_spec(name).loader
        assert type(vars(loader)["get_code"]) is classmethod


def test_a_module_that_is_not_there(hooked):
    """
    A missing module is missing, and an optional import goes on without it.
    """
    hooked()
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'shop\.nothing'"):
        importlib.import_module("shop.nothing")
    assert importlib.util.find_spec("shop.nothing") is None


@pytest.mark.parametrize("text", ["x = 1 +\n", "import os\nraise OSError(1)\n"])
def test_a_mistake_is_told_as_ever(application, text):
    """
    The traceback of a module that can't be compiled or run shows no frame of ours.
    """
    application.place("shop/__init__.py", "")
    application.place("shop/wrong.py", text)
    hook = "import aiprov_otel; aiprov_otel.install_import_hook('shop')\n"
    environ = {"AIPROV_STRICT": "false"}
    told = [
        process(f"{first}\nimport shop.wrong", application.folder, **environ).stderr
        for first in ("\n", hook)
    ]
    assert told[0] == told[1].partition("(provider-missing)\n")[2]


def test_an_error_of_ours_does_not_reach_the_import(hooked, monkeypatch, caplog):
    """
    What goes wrong while a module is verified is logged, and the module is there.
    """
    monkeypatch.delenv("AIPROV_STRICT")
    application = hooked(orders=SHOP)
    (application.folder / "aiprov.manifest").write_bytes(b"gone")
    from aiprov_otel.runtime import state

    for manifest in state.annotator().resolver.manifests:
        manifest._archive.close()

    assert application.module("shop.orders").order(lambda: 1) == 1
    assert "(manifest-unreadable)" in caplog.text
