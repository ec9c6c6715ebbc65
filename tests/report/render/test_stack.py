"""The lines of a stack trace as a reader gets them."""

from __future__ import annotations

import zipfile

import pytest

from aiprov_otel.manifest import Manifest, Run, SourceFile, content_hash, dump
from aiprov_otel.report.render.stack import stack_lines
from support.telemetry import AI

PACKAGES = "/venv/lib/python3.13/site-packages"
TRACE = f"""Traceback (most recent call last):
  File "{PACKAGES}/starlette/routing.py", line 78, in app
    await route()
  File "/app/src/shop/app.py", line 3, in order
    return total()
           ^^^^^^^
  File "{PACKAGES}/aiprov_otel/runtime/wrapping.py", line 67, in wrapper
    result = function(*args, **kwargs)
             ^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/app/src/shop/app.py", line 9, in total
    return 1 / 0
KeyError: 'x'"""


@pytest.fixture
def manifest(tmp_path):
    """A manifest of the application, and the path of its file."""
    file = SourceFile("src/shop/app.py", "shop/app.py", content_hash(b""), (Run(1, 20, AI),))
    dump(tmp_path / "m", [file], revision=None, repository_url=None, policy={})
    return tmp_path / "m"


def test_our_own_frames_are_left_out(manifest):
    """With their source and their carets; the application's stay, with who wrote them."""
    lines = list(stack_lines(TRACE, Manifest.load(manifest)))

    assert not [line for line in lines if "wrapper" in line.text or "result =" in line.text]
    assert [line.text.split(" in ")[-1] for line in lines if line.provenance] == ["order", "total"]
    assert [line.number for line in lines if line.number] == [3, 9]
    assert [line.foreign for line in lines].count(True) == 2  # starlette's frame and its source


def test_a_damaged_document_costs_the_names_only(manifest):
    """The stack is plain, as without a manifest."""
    damaged = manifest.with_name("damaged")
    with zipfile.ZipFile(manifest) as whole, zipfile.ZipFile(damaged, "w") as archive:
        for name in whole.namelist():
            archive.writestr(name, whole.read(name) if name == "manifest.json" else b"{}")

    lines = list(stack_lines(TRACE, Manifest.load(damaged)))

    assert [line.text for line in lines][-1] == "KeyError: 'x'"
    assert not any(line.provenance for line in lines)
