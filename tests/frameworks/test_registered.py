"""What an application registers with a framework is the same under the import hook."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.programs import REWRITING, answers, names

PROGRAMS = Path(__file__).with_name("programs")


@pytest.mark.parametrize("mode", REWRITING)
@pytest.mark.parametrize("name", names(PROGRAMS))
def test_what_is_registered_is_found_and_runs(tmp_path, name, mode):
    """
    Routes, models, signals, commands, tasks: each answers as it does without the hook.
    """
    pytest.importorskip(name)
    bare, ours = answers(PROGRAMS / f"{name}.py", tmp_path, mode)

    assert ours == bare
