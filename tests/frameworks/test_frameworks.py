"""The list of frameworks, and what is replaced in each: it is put back."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from aiprov_otel.runtime import frameworks, guard
from aiprov_otel.runtime.patching import Patches
from support.application import Remembering, run

EACH = pytest.mark.parametrize("framework", frameworks.FRAMEWORKS, ids=lambda each: each.MODULE)


@EACH
def test_what_was_replaced_is_put_back(framework):
    """
    Each framework has the methods that we replace, and has them back after `uninstall()`.
    """
    module, patches = pytest.importorskip(framework.MODULE), Remembering()
    framework.instrument(module, patches)

    assert patches.before
    assert all(vars(owner)[name] is not original for owner, name, original in patches.before)
    patches.undo()
    assert all(vars(owner).get(name) is original for owner, name, original in patches.before)


@EACH
def test_a_framework_that_changed_is_left_alone(framework, caplog):
    """
    Where such a method is missing, one warning says so and nothing breaks.
    """
    guard._warned.clear()
    for _ in range(2):
        frameworks._instrument_one(framework, Patches(), ModuleType(framework.MODULE))

    (message,) = caplog.messages
    assert message.startswith(f"{framework.MODULE} names no handlers")
    assert message.endswith("(framework-changed)")


def test_nothing_is_imported_for_it(tmp_path):
    """
    A framework that the application does not import stays so.
    """
    code = "import sys, aiprov_otel; aiprov_otel.install(); print(*sys.modules)"
    imported = {name.partition(".")[0] for name in run(code, tmp_path).split()}

    names = {name.partition(".")[0] for name in (each.MODULE for each in frameworks.FRAMEWORKS)}
    assert imported & names == {"opentelemetry"}


@EACH
def test_a_framework_is_tested_and_documented(framework):
    """
    The tests install each framework with its instrumentation, and the docs name it.
    """
    root = Path(__file__).parents[2]
    pyproject = tomllib.loads((root / "pyproject.toml").read_text())
    groups = [pyproject["dependency-groups"], pyproject["project"]["optional-dependencies"]]
    docs = "".join(path.read_text() for path in (root / "docs").rglob("*.md")).lower()

    for name in (framework.DISTRIBUTION, framework.INSTRUMENTATION):
        assert re.search(rf"'{name}\W", str(groups))
    assert framework.DISTRIBUTION in docs
