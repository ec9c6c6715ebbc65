"""Nothing in the environment makes `install()` raise, block, or trust a stranger."""

from __future__ import annotations

import os
import sys
import zipfile
from types import ModuleType

import pytest

import aiprov_otel
from aiprov_otel import provenance, provenance_of
from aiprov_otel.errors import ManifestError
from aiprov_otel.manifest import Manifest
from support.application import run
from support.forged import forge

SHOP = "def total():\n    return 1\n"


class Claims:
    """What a C library may put into `sys.modules`: it only says that it is a module."""

    __slots__ = ()

    @property
    def __class__(self):
        return ModuleType


class Raises(ModuleType):
    """A module whose attributes can't be asked for."""

    def __getattribute__(self, name):
        raise RuntimeError(name)


class Text(str):
    """A text whose methods raise."""

    __slots__ = ()

    def startswith(self, *_):
        raise RuntimeError("startswith")


@pytest.fixture
def odd_modules(application):
    """Anything may stand in `sys.modules`."""
    named = ModuleType("named")
    named.__file__ = Text("/x.py")
    modules = {
        "odd.none": None,
        "odd.number": 7,
        "odd.claims": Claims(),
        "odd.raises": Raises("odd.raises"),
        "odd.named": named,
        "odd.type": type("odd", (), {"__file__": property(lambda self: 1 / 0)})(),
    }
    sys.modules.update(modules)
    yield
    for name in modules:
        del sys.modules[name]


def test_odd_modules_are_passed_over(application, odd_modules):
    """
    Objects in `sys.modules` that are not modules, or answer nothing, are left alone.
    """
    shop = application.module("shop", SHOP)
    with application.install():
        assert provenance_of(shop.total).origin == "ai"


def test_odd_entries_of_the_path_are_passed_over(application, monkeypatch):
    """
    So are entries of `sys.path` that are not text.
    """
    shop = application.module("shop", SHOP)
    monkeypatch.setattr(sys, "path", [*sys.path, None, 7, b"/x"])
    with application.install():
        assert provenance_of(shop.total).origin == "ai"


@pytest.mark.parametrize(
    "policy",
    [[], None, 7, "x", {"packages": 7}, {"packages": [1]}, {"packages": "shop"}, {"packages": {}}],
)
def test_an_odd_policy_is_ignored(application, policy, monkeypatch):
    """
    A policy of any shape lets the manifest count.
    """
    monkeypatch.delenv("AIPROV_STRICT")
    shop, path = application.module("shop", SHOP), application.manifest()
    forge(path, index={"policy": policy})
    with aiprov_otel.install(manifest=path):
        assert provenance_of(shop.total).origin == "ai"


@pytest.mark.parametrize("part", [b"", b"[]", b"BBB\1\0\0", b"BBB\2\x63\0", b"BBB\2\0\x63"])
def test_a_bad_part_costs_that_file_once(application, part, monkeypatch, caplog):
    """
    Its functions are unknown and keep their spans, with one warning; other files have theirs.
    """
    monkeypatch.delenv("AIPROV_STRICT")
    application.write("cart.py", SHOP)
    shop, cart = application.module("shop", SHOP), application.module("cart")
    path = application.manifest()
    forge(path, {"shop.py": part})
    with aiprov_otel.install(manifest=path, tracer_provider=application.provider):
        for _ in range(3):
            provenance(shop.total)()
        provenance(cart.total)()

    spans = application.memory.get_finished_spans()
    origins = [span.attributes["aiprov.origin"] for span in spans]
    assert origins == ["unknown", "unknown", "unknown", "ai"]
    assert len([line for line in caplog.messages if line.endswith("(manifest-unreadable)")]) == 1


def test_a_compressed_member_is_refused(application):
    """
    Two megabytes can't become four gigabytes: members are stored, as we write them.
    """
    application.write("shop.py", SHOP)
    path = application.manifest()
    forge(path, compression=zipfile.ZIP_DEFLATED)

    with pytest.raises(ManifestError, match="compressed"):
        Manifest.load(path)


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_is_not_a_regular_file_is_refused(tmp_path, kind):
    """
    A pipe, which would block, and a device, which never ends, have one line.
    """
    path = tmp_path / "aiprov.manifest"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")

    with pytest.raises(ManifestError, match="not a regular file"):
        Manifest.load(path)


@pytest.mark.parametrize(
    ("folder", "file", "is_used"),
    [(0o755, 0o644, True), (0o777, 0o644, False), (0o1777, 0o644, True), (0o755, 0o666, False)],
)
def test_a_manifest_that_others_may_write_is_not_searched_for(application, folder, file, is_used):
    """
    A manifest that the search finds counts only where no other user could have put it.
    """
    application.write("shop.py", SHOP)
    path = application.manifest()
    path.chmod(file)
    application.folder.chmod(folder)
    code = "import aiprov_otel, shop\naiprov_otel.install()\n"
    code += "print(aiprov_otel.provenance_of(shop.total).origin)"

    assert run(code, application.folder).strip() == ("ai" if is_used else "unknown")
