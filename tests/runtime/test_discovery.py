"""Where the service finds its manifests, and what it says if it finds none."""

from __future__ import annotations

import pytest

import aiprov_otel
from aiprov_otel.errors import ManifestError
from aiprov_otel.runtime import discovery
from support.application import Application, run

FUNCTION = "def f():\n    pass\n"


def test_the_named_manifest_wins(application, monkeypatch, tmp_path):
    """
    `AIPROV_MANIFEST` is taken, and not the one beside the working directory.
    """
    application.manifest(tmp_path / "aiprov.manifest")
    named = application.manifest(tmp_path / "named")
    monkeypatch.setenv("AIPROV_MANIFEST", str(named))

    assert [each.path for each in discovery.find()] == [named]


@pytest.mark.parametrize("folder", [".", "a", "a/b/c"])
def test_one_beside_or_above_is_found(application, monkeypatch, tmp_path, folder):
    """
    The nearest `aiprov.manifest`, from the working directory upwards, is taken.
    """
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    path = application.manifest(tmp_path / "aiprov.manifest")
    monkeypatch.chdir(tmp_path / folder)

    assert [each.path for each in discovery.find()] == [path]


@pytest.mark.parametrize("place", ["lib-1.dist-info", "lib-1.dist-info/extra_metadata"])
def test_manifests_of_installed_packages_are_found(application, monkeypatch, tmp_path, place):
    """
    A package ships its manifest in its `*.dist-info`, where a build backend can put it.
    """
    library = tmp_path / "site-packages"
    (library / place).mkdir(parents=True)
    path = application.manifest(library / place / "aiprov.manifest")
    monkeypatch.syspath_prepend(str(library))

    assert [each.path for each in discovery.find()] == [path]
    assert discovery.application() is None


def test_none_is_one_warning_that_says_what_to_do(caplog, tmp_path):
    """
    Without a manifest the service runs on, and is told once how to write one.
    """
    assert discovery.find() == discovery.find() == []
    (said,) = caplog.messages
    assert said == (
        "No aiprov.manifest was found; write one with `aiprov build` (manifest-missing)"
    )


def test_a_corrupt_one_is_left_out_with_one_warning(application, caplog, monkeypatch, tmp_path):
    """
    A manifest that can't be read is said once; under AIPROV_STRICT it raises.
    """
    (tmp_path / "aiprov.manifest").write_bytes(b"PK")

    with pytest.raises(ManifestError):
        discovery.find()
    monkeypatch.delenv("AIPROV_STRICT")
    assert discovery.find() == discovery.find() == []
    (said,) = caplog.messages
    assert "run `aiprov build` again" in said
    assert said.endswith("(manifest-unreadable)")


def test_a_service_goes_on_with_a_corrupt_manifest(application, tmp_path):
    """
    `install()` and a decorated function work beside a manifest that is none.
    """
    (tmp_path / "aiprov.manifest").write_bytes(b"nonsense")
    asked = """
import aiprov_otel
aiprov_otel.install()
@aiprov_otel.provenance
def f(): return 7
print(f())
"""
    assert run(asked, tmp_path) == "7\n"


def test_a_working_directory_that_is_gone_is_no_error(tmp_path):
    """
    A daemon whose folder was removed starts without a manifest.
    """
    asked = """
import os, sys
import aiprov_otel.runtime.discovery as manifests
os.mkdir("gone"); os.chdir("gone"); os.rmdir("../gone")
sys.path[:] = [each for each in sys.path if each]
print(manifests.find())
"""
    assert run(asked, tmp_path) == "[]\n"


def test_a_folder_above_that_may_not_be_searched_is_no_error(application, tmp_path):
    """
    Where a folder above the working directory is closed, the search goes on.
    """
    inner = tmp_path / "closed" / "inner"
    inner.mkdir(parents=True)
    asked = """
import os
from pathlib import Path
import aiprov_otel.runtime.discovery as manifests
os.chdir("closed/inner")
Path("..").chmod(0)
if os.getuid() == 0: os.setuid(65534)
print(manifests.find())
"""
    assert run(asked, tmp_path) == "[]\n"
    (tmp_path / "closed").chmod(0o755)


def test_what_was_given_must_be_readable(tmp_path):
    """
    `install(manifest=…)` with a path that is none raises at the door.
    """
    with pytest.raises(ManifestError, match="aiprov build"):
        aiprov_otel.install(manifest=tmp_path / "none")


def test_the_resource_is_that_of_the_application(monkeypatch, tmp_path):
    """
    `vcs.*` comes from the application's manifest, never from an installed package's.
    """
    application, package = Application(tmp_path / "app"), Application(tmp_path / "site-packages")
    (tmp_path / "app").mkdir()
    (tmp_path / "site-packages" / "lib-1.dist-info").mkdir(parents=True)
    package.manifest(tmp_path / "site-packages" / "lib-1.dist-info" / "aiprov.manifest")
    monkeypatch.syspath_prepend(str(tmp_path / "site-packages"))
    detector = aiprov_otel.AiprovResourceDetector()

    assert detector.detect().attributes == {}
    application.manifest(tmp_path / "aiprov.manifest")
    resource = detector.detect()
    assert resource.attributes == {
        "vcs.ref.head.revision": "c0ffee" + "0" * 34,
        "vcs.repository.url.full": "https://example.org/shop.git",
    }
    assert resource.schema_url == ""
    monkeypatch.setenv("AIPROV_DISABLED", "true")
    assert detector.detect().attributes == {}
