"""From running code to provenance: what is ours, and how it met the manifest."""

from __future__ import annotations

import json
import os
import py_compile
import sysconfig
import types
import zipfile
from pathlib import Path

import pytest

from aiprov_otel import provenance_of
from aiprov_otel.errors import ManifestError
from aiprov_otel.manifest import Manifest
from aiprov_otel.runtime import libraries, resolver, source_text
from aiprov_otel.runtime.callables import code_of
from aiprov_otel.values import MISSING, Match, Origin
from support.application import AI, HUMAN, Application, importable, run

CART = "def total(items):\n    return sum(items)\n"


def resolver_of(application) -> resolver.Resolver:
    """A resolver with the application's manifest."""
    return resolver.Resolver([Manifest.load(application.manifest())])


def test_code_in_place_is_exact(application):
    """
    A file that is as it was built says who wrote its functions.
    """
    cart = application.module("shop.cart", CART)
    application.install()

    found = provenance_of(cart.total)
    assert (found.origin, found.match, found.commit) == (Origin.AI, Match.EXACT, AI.commit)
    assert (found.path, found.ai_ratio) == ("src/shop/cart.py", 1.0)


@pytest.mark.parametrize("place", ["elsewhere/shop/cart.py", "renamed/totals.py"])
def test_a_copy_elsewhere_is_exact(application, place):
    """
    The same content is found in another folder, under another name.
    """
    application.write("shop/cart.py", CART)
    copy = application.place(place, CART)

    assert resolver_of(application).file(str(copy)).line(2).origin is Origin.AI


def test_an_installed_copy_is_exact(application, tmp_path):
    """
    A wheel of the application in site-packages, here the user's own, is the application.
    """
    application.write("shop/cart.py", CART)
    base = application.folder / "user"
    installed = Path(sysconfig.get_path("purelib", "posix_user", {"userbase": str(base)}))
    application.place(str(installed.relative_to(application.folder) / "shop" / "cart.py"), CART)
    code = "import aiprov_otel, shop.cart; aiprov_otel.install()\n"
    code += "print(shop.cart.__file__, aiprov_otel.provenance_of(shop.cart.total).match)"
    environ = {"PYTHONUSERBASE": str(base), "PYTHONPATH": str(installed)}

    said = run(code, tmp_path, AIPROV_MANIFEST=str(application.manifest()), **environ)

    assert said == f"{installed / 'shop' / 'cart.py'} exact\n"


def test_code_in_a_zip_is_exact(application):
    """
    A zip on `sys.path` is read like a folder.
    """
    application.write("boxed/cart.py", CART)
    archive = application.folder / "app.pyz"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("boxed/__init__.py", "")
        made.writestr("boxed/cart.py", CART)
    (application.folder / "boxed" / "cart.py").unlink()
    with importable(archive):
        module = application.module("boxed.cart")
        application.install()

        assert module.__file__.startswith(str(archive))
        assert provenance_of(module.total).match is Match.EXACT


def test_other_line_endings_are_exact(application):
    """
    A checkout with carriage returns is the same code.
    """
    application.write("shop/cart.py", CART)
    copy = application.place("windows/cart.py", CART.replace("\n", "\r\n"))

    assert resolver_of(application).file(str(copy)).match is Match.EXACT


def test_changed_code_is_stale(application):
    """
    What was changed after the build is unknown and says so, rather than blame the wrong line.
    """
    application.write("shop/cart.py", CART)
    application.place("shop/cart.py", "# new\n" + CART)
    cart = application.module("shop.cart")
    application.install()

    found = provenance_of(cart.total)
    assert (found.origin, found.match) == (Origin.UNKNOWN, Match.STALE)
    assert (found.commit, found.agent) == (None, None)
    assert found.path == "src/shop/cart.py"


def test_a_file_younger_than_the_process_is_stale(application):
    """
    Met late, a file that was written since need not be what runs.
    """
    file = application.write("shop/late.py", CART)
    os.utime(file)
    later = source_text.STARTED + 100
    os.utime(file, (later, later))

    assert resolver_of(application).file(str(file)).match is Match.STALE


def test_what_is_loaded_at_install_is_what_runs(application):
    """
    A module that is there at `install()` is hashed then: a later change does not touch it.
    """
    cart = application.module("shop.cart", CART)
    application.install()
    application.place("shop/cart.py", "# a deployment under our feet\n")

    assert provenance_of(cart.total).match is Match.EXACT


def test_bytecode_without_source_is_unverified(application):
    """
    Where only a .pyc is left, its path decides, and the match says that nothing was verified.
    """
    file = application.write("shop/cart.py", CART)
    py_compile.compile(str(file), cfile=str(file) + "c")
    file.unlink()
    cart = application.module("shop.cart")
    application.install()

    assert cart.__file__.endswith(".pyc")
    found = provenance_of(cart.total)
    assert (found.origin, found.match) == (Origin.AI, Match.UNVERIFIED)


def test_code_that_no_manifest_knows_is_missing(application):
    """
    A file that is not in the manifest is not application code.
    """
    application.write("shop/cart.py", CART)
    application.place("other.py", "def other():\n    pass\n")
    other = application.module("other")
    application.install()

    assert provenance_of(other.other) == MISSING
    assert not resolver_of(application).is_ours(other.other.__code__)


def test_files_of_equal_content_are_told_apart_by_path(application):
    """
    Two files with the same content and other histories each have their own.
    """
    one = application.write("a/same.py", CART)
    two = application.write("b/same.py", CART, HUMAN)
    ours = resolver_of(application)

    assert ours.file(str(one)).line(1).origin is Origin.AI
    assert ours.file(str(two)).line(1).origin is Origin.HUMAN


def test_files_that_the_path_does_not_tell_apart_are_unknown(application):
    """
    A third copy of two files with other histories is ours, exact, and nobody's.
    """
    application.write("a/same.py", CART)
    application.write("b/same.py", CART, HUMAN)
    third = application.place("c/other.py", CART)

    file = resolver_of(application).file(str(third))
    assert (file.match, file.line(1).origin) == (Match.EXACT, Origin.UNKNOWN)


def test_files_of_equal_content_and_history_need_not_be_told_apart(application):
    """
    Where both would give the same answer, it is given.
    """
    application.write("a/same.py", CART)
    application.write("b/same.py", CART)
    third = application.place("c/other.py", CART)

    assert resolver_of(application).file(str(third)).line(1).origin is Origin.AI


def test_the_standard_library_is_never_ours(application):
    """
    A file of the application with the name of a standard one makes that neither ours nor stale.
    """
    application.write("types.py", CART)
    application.write("json/decoder.py", CART)
    application.write("shop/types.py", CART)
    ours = resolver_of(application)

    assert ours.file(json.decoder.__file__) is None
    assert ours.file(types.__file__) is None
    assert ours.file("<frozen importlib._bootstrap>") is None


def test_installed_packages_are_never_ours(application):
    """
    Nor does a `utils.py`, at the root or in a package, make those of installed packages stale.
    """
    import opentelemetry.sdk.util as library

    file = Path(library.__file__)
    assert libraries.is_library(str(file))
    application.write("__init__.py", CART)
    application.write("util/__init__.py", CART)
    application.write("shop/util/__init__.py", CART)

    assert resolver_of(application).file(str(file)) is None


def test_a_name_without_a_folder_counts_where_it_can_be_imported(application):
    """
    A changed `main.py` on `sys.path` is stale; one in a folder of somebody else's is not ours.
    """
    application.write("main.py", CART)
    ours = resolver_of(application)

    changed = application.place("main.py", "x = 1\n")
    other = application.place("vendor/main.py", "y = 1\n")
    assert ours.file(str(changed)).match is Match.STALE
    assert ours.file(str(other)) is None
    assert ours.file("main.py").match is Match.UNVERIFIED


def test_several_manifests_are_one(application, tmp_path):
    """
    The application's and a package's manifest answer together, each for its files.
    """
    package = Application(tmp_path / "package")
    lib = package.write("lib/core.py", "def core():\n    pass\n", HUMAN)
    cart = application.write("shop/cart.py", CART)
    manifests = [Manifest.load(each.manifest()) for each in (application, package)]
    both = resolver.Resolver(manifests)

    assert both.file(str(cart)).line(1).origin is Origin.AI
    assert both.file(str(lib)).line(1).origin is Origin.HUMAN


def test_equal_functions_of_two_files_are_told_apart(application):
    """
    Two identical functions at the same line are equal as code and differ in origin.
    """
    one = application.module("shop.one", CART)
    two = application.module("shop.two", CART + "x = 1\n", HUMAN)
    application.install()

    assert one.total.__code__ == two.total.__code__
    for _ in range(2):
        assert provenance_of(one.total).origin is Origin.AI
        assert provenance_of(two.total).origin is Origin.HUMAN


def test_a_relative_file_name_is_found_below_the_working_directory(application, monkeypatch):
    """
    Code that was compiled under a relative name is read from where the process stands.
    """
    application.write("shop/cart.py", CART)
    ours = resolver_of(application)
    monkeypatch.chdir(application.folder)

    assert ours.file("shop/cart.py").match is Match.EXACT


def test_code_of_no_file_is_not_ours(application):
    """
    What was compiled from a text belongs to nobody.
    """
    application.write("shop/cart.py", CART)
    ours = resolver_of(application)

    assert ours.file("<string>") is None
    assert ours.unit(compile(CART, "<string>", "exec")) == MISSING
    assert ours.line(compile(CART, "/no/such/file.py", "exec"), 1) == MISSING


def test_a_part_that_was_changed_is_unknown_once(application, monkeypatch, caplog):
    """
    A corrupt part is one warning, and the service goes on without that file.
    """
    cart = application.module("shop.cart", CART)
    corrupt = application.manifest()
    corrupt.write_bytes(corrupt.read_bytes().replace(b"BBB", b"BBI"))
    ours = resolver.Resolver([Manifest.load(corrupt)])
    code = cart.total.__code__

    with pytest.raises(ManifestError, match="was changed"):
        ours.unit(code)
    monkeypatch.delenv("AIPROV_STRICT")
    assert ours.unit(code) == ours.line(code, 2) == MISSING
    (said,) = caplog.messages
    assert said.endswith("(manifest-unreadable)")


def test_caches_do_not_grow_without_end(application, monkeypatch):
    """
    A cache that is full starts afresh, and the answers stay the same.
    """
    monkeypatch.setattr(resolver, "LIMIT", 3)
    cart = application.module("shop.cart", CART)
    ours = resolver_of(application)
    for number in range(10):
        assert ours.unit(compile("x = 1", f"/made/{number}.py", "exec")) == MISSING
        assert ours.unit(cart.total.__code__).origin is Origin.AI

    assert len(ours._files) <= 3
    assert len(ours._units) <= 3


def test_the_definition_is_below_the_decorators(application):
    """
    `code.line.number` of a function is the line of its `def`, whatever decorates it.
    """
    text = "import functools as f\n\n@f.cache\n@f.lru_cache(\n    1\n)\ndef f():\n    pass\n"
    module = application.module(
        "shop.f", text + "\nclass C:\n    async def g(self):\n        pass\n"
    )
    ours = resolver_of(application)

    assert ours.definition(code_of(module.f)) == 7
    assert ours.definition(module.C.g.__code__) == 11


def test_a_package_of_this_environment_is_met_by_its_import_path(tmp_path):
    """
    In a real site-packages, the application's own files are exact and its neighbors not ours.
    """
    application = Application(tmp_path)
    application.write("shop/cart.py", CART)
    library = tmp_path / "env" / "lib" / "site-packages"
    application.place("env/lib/site-packages/shop/cart.py", CART)
    application.place("env/lib/site-packages/other/shop/cart.py", "def total():\n    return 0\n")
    (tmp_path / "shop" / "cart.py").unlink()
    asked = f"""
import site
site.getsitepackages = lambda: [{str(library)!r}]
import aiprov_otel
import shop.cart, other.shop.cart
aiprov_otel.install(manifest={str(application.manifest())!r})
print(aiprov_otel.provenance_of(shop.cart.total).match)
print(aiprov_otel.provenance_of(other.shop.cart.total).match)
"""
    assert run(asked, tmp_path / "env", PYTHONPATH=str(library)).split() == ["exact", "missing"]
