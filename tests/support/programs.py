"""Programs that say what they see of themselves, as they are and under the import hook."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import aiprov_otel
from aiprov_otel.runtime.import_hook.call_table import REGISTRY
from aiprov_otel.settings import Mode
from support.application import Application, importable

REWRITING: tuple[Mode, ...] = ("count", "metrics", "spans")


def names(folder: Path) -> list[str]:
    """The programs in *folder*."""
    return sorted(path.stem for path in folder.glob("*.py"))


@contextmanager
def twice(program: Path, folder: Path, mode: Mode) -> Iterator[tuple[ModuleType, ModuleType]]:
    """The module *program* as it is, and in *mode*, both imported from *folder*."""
    application, text = Application(folder), program.read_text()
    bare, ours = f"bare.{program.stem}", f"{mode}.{program.stem}"
    application.write(bare.replace(".", "/") + ".py", text)
    with importable(folder), application.install():
        untouched = importlib.import_module(bare)
        with aiprov_otel.install_import_hook(mode, mode=mode):
            rewritten = application.module(ours, text)
            assert ours in REGISTRY.modules()
            yield untouched, rewritten


def answers(program: Path, folder: Path, mode: Mode) -> tuple[object, object]:
    """What `answer()` says in both, in the words of the one that is as it is."""
    with twice(program, folder, mode) as (untouched, rewritten):
        bare, ours = repr(untouched.answer()), repr(rewritten.answer())
    ours = ours.replace(rewritten.__name__, untouched.__name__)
    return _known(bare), _known(ours.replace(rewritten.__file__ or "", untouched.__file__ or ""))


def _known(text: str) -> str:
    """*text* without addresses in memory."""
    return re.sub(r" at 0x[0-9a-f]+", "", text)
