"""A small application on disk: who wrote each line, its manifest, and the spans that it sends."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import aiprov_otel
from aiprov_otel.manifest import SourceFile, content_hash, dump
from aiprov_otel.manifest.document import fold_runs
from aiprov_otel.runtime.patching import Patches
from aiprov_otel.values import Evidence, Match, Origin, Provenance

REVISION = "c0ffee" + "0" * 34
LONG_AGO = 1_700_000_000
"""When the files of tests were written: before this process began, as those of a service are."""

AI = Provenance(
    Origin.AI,
    agent="claude-code",
    model="claude-opus-4-6",
    provider="anthropic",
    commit="9fd81c2" + "0" * 33,
    time="2026-05-04T10:00:00Z",
    evidence=Evidence.CO_AUTHOR,
    match=Match.EXACT,
)
HUMAN = Provenance(
    Origin.HUMAN,
    commit="4444444" + "0" * 33,
    time="2026-01-02T03:04:05Z",
    evidence=Evidence.UNMARKED,
    match=Match.EXACT,
)
MIXED = Provenance(
    Origin.MIXED,
    agent="cursor",
    commit="5555555" + "0" * 33,
    time="2026-03-03T03:03:03Z",
    evidence=Evidence.ASSISTED_BY,
    match=Match.EXACT,
)
UNKNOWN = Provenance(match=Match.EXACT)
_BY = {"ai": AI, "human": HUMAN, "mixed": MIXED, "unknown": UNKNOWN}


def source(text: str, path: str, by: Provenance = AI, import_path: str | None = None) -> SourceFile:
    """*text* as the manifest has it: *by* one, but for lines that end with `# human` or such."""
    lines = [_BY.get(line.rpartition("# ")[2], by) for line in text.split("\n")[: text.count("\n")]]
    placed = [Provenance(**{**_fields(each), "path": path}) for each in lines]
    name = import_path or path.removeprefix("src/")
    runs = tuple(fold_runs((provenance, 1) for provenance in placed))
    return SourceFile(path, name, content_hash(text.encode()), runs)


def _fields(provenance: Provenance) -> dict[str, Any]:
    return {name: getattr(provenance, name) for name in Provenance.__slots__}


class Application:
    """Modules below *folder*, which is on `sys.path`, and what they send once it is installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sources: list[SourceFile] = []
        self.memory = InMemorySpanExporter()
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self.memory))
        self.tracer = self.provider.get_tracer("a library")

    def write(self, path: str, text: str, by: Provenance = AI, **known: Any) -> Path:
        """Write a module and remember who wrote its lines; *known* as for `source`."""
        self.sources.append(source(text, f"src/{path}", by, **known))
        return self.place(path, text)

    def place(self, path: str, text: str) -> Path:
        """Write a file that no manifest knows, as old as a deployed one."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
        os.utime(file, (LONG_AGO, LONG_AGO))
        return file

    def manifest(self, path: Path | None = None) -> Path:
        """The manifest of what was written."""
        path = path or self.folder / "aiprov.manifest"
        url = "https://example.org/shop.git"
        dump(path, self.sources, revision=REVISION, repository_url=url, policy={})
        return path

    def module(self, name: str, text: str | None = None, by: Provenance = AI) -> ModuleType:
        """The module *name*, imported; written first if *text* is given."""
        if text is not None:
            self.write(name.replace(".", "/") + ".py", text, by)
        importlib.invalidate_caches()
        return importlib.import_module(name)

    def install(self, **arguments: Any) -> aiprov_otel.Installation:
        """Install with this manifest and this provider."""
        given = {"manifest": self.manifest(), "tracer_provider": self.provider, **arguments}
        return aiprov_otel.install(**given)

    @property
    def spans(self) -> dict[str, ReadableSpan]:
        """The finished spans, by name; of several with one name, the last."""
        return {span.name: span for span in self.memory.get_finished_spans()}

    def span(self, name: str | None = None) -> ReadableSpan:
        """The only finished span, or the one whose name ends with *name*."""
        found = [s for s in self.memory.get_finished_spans() if s.name.endswith(name or "")]
        assert len(found) == 1, [span.name for span in found]
        return found[0]


def process(
    code: str, folder: Path, *command: str, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run *code* in *folder*, under *command* if given, with warnings as errors."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AIPROV_", "OTEL_"))}
    home = str(Path(aiprov_otel.__file__).parents[1])  # the wheel's, or the work tree's
    path = os.pathsep.join(filter(None, [environ.pop("PYTHONPATH", None), home]))
    return subprocess.run(
        [*(command or (sys.executable, "-W", "error")), "-c", code],
        cwd=folder,
        env={**kept, "PYTHONPATH": path, **environ},
        capture_output=True,
        text=True,
        timeout=600,  # for one that hangs; CPython's own tests may need minutes
        check=False,
    )


def run(code: str, folder: Path, *command: str, **environ: str) -> str:
    """What such a process prints."""
    done = process(code, folder, *command, **environ)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """*folder* first on `sys.path`; what is imported from it is forgotten afterwards."""
    before, path = set(sys.modules), sys.path  # a test may put another list in its place
    path.insert(0, str(folder))
    try:
        yield
    finally:
        path.remove(str(folder))
        for name in set(sys.modules) - before:
            if _home(sys.modules[name]).startswith(str(folder)):
                del sys.modules[name]


def _home(module: ModuleType) -> str:
    """The file of *module*; of a package without one, its first folder."""
    return getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), "")


class Remembering(Patches):
    """Patches that know what was there."""

    def __init__(self) -> None:
        super().__init__()
        self.before: list[tuple[Any, str, Any]] = []

    def replace(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Remember, then replace."""
        self.before.append((owner, name, vars(owner).get(name)))
        super().replace(owner, name, make)
