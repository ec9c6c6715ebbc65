"""What is replaced in a framework, and that it is put back."""

from __future__ import annotations

from types import ModuleType

import pytest

from aiprov_otel.runtime import frameworks, guard
from aiprov_otel.runtime.patching import Patches
from support.application import run


class Remembering(Patches):
    """Patches that know what was there."""

    def __init__(self):
        super().__init__()
        self.before = []

    def replace(self, owner, name, make):
        """Remember, then replace."""
        self.before.append((owner, name, vars(owner).get(name)))
        super().replace(owner, name, make)


@pytest.mark.parametrize("name", frameworks._HOOKS)
def test_what_was_replaced_is_put_back(name):
    """
    Each framework has what we meet it in, and has it back after `uninstall()`.
    """
    module, patches = pytest.importorskip(name), Remembering()
    frameworks._HOOKS[name](module, patches)

    assert patches.before
    assert all(vars(owner)[name] is not original for owner, name, original in patches.before)
    patches.undo()
    assert all(vars(owner).get(name) is original for owner, name, original in patches.before)


@pytest.mark.parametrize("name", frameworks._HOOKS)
def test_a_framework_that_changed_is_left_alone(name, monkeypatch, caplog):
    """
    Where the place is missing that we meet it in, one line says so and nothing breaks.
    """
    monkeypatch.setattr(guard, "_said", set())
    for _ in range(2):
        frameworks._imported(frameworks._HOOKS[name], Patches(), ModuleType(name))

    (said,) = caplog.messages
    assert said.startswith(f"{name} names no handlers")
    assert said.endswith("(framework-changed)")


def test_nothing_is_imported_for_it(tmp_path):
    """
    A framework that the application does not import stays so.
    """
    code = "import sys, aiprov_otel; aiprov_otel.install(); print(*sys.modules)"
    imported = {name.partition(".")[0] for name in run(code, tmp_path).split()}

    names = {name.partition(".")[0] for name in frameworks._HOOKS}
    assert imported & names == {"opentelemetry"}
