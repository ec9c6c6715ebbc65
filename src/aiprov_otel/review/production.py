"""The functions that a change adds lines to, and that failed in production lately."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from aiprov_otel.manifest import SourceFile
from aiprov_otel.report.failed_lines import FailedLine
from aiprov_otel.review.change import Change
from aiprov_otel.review.functions import Function
from aiprov_otel.review.places import Place, places
from aiprov_otel.review.tested import parse


@dataclass(frozen=True, slots=True)
class FailingFunction:
    """
    A function that failed lately.

    Attributes:
        name: module and qualified name.
        added: the lines that the change adds to it.
        failed: its errors, most first.
    """

    name: str
    added: tuple[Place, ...]
    failed: tuple[FailedLine, ...]

    @property
    def errors(self) -> int:
        """How many errors there were."""
        return sum(line.errors for line in self.failed)

    def to_json(self) -> dict[str, Any]:
        """The function as JSON values."""
        return {
            "function": self.name,
            "added": [place.to_json() for place in self.added],
            "errors": self.errors,
            "failed": [asdict(line) for line in self.failed],
        }


def failing_functions(change: Change, failed: Sequence[FailedLine]) -> list[FailingFunction]:
    """The functions that *change* adds lines to among those that *failed*, most errors first."""
    found = (
        function
        for file in change.files
        for function in _in_file(file.source, file.added, failed, change.git.root)
    )
    return sorted(found, key=lambda function: (-function.errors, function.name))


def _in_file(
    source: SourceFile, added: Iterable[int], failed: Sequence[FailedLine], root: Path
) -> Iterator[FailingFunction]:
    lines = set(added)
    for function in parse(source, root):
        here = lines & {function.first, *function.body}
        errors = tuple(line for line in failed if is_of(line, source, function)) if here else ()
        if errors:
            name = f"{module_name(source.import_path)}.{function.name}"
            yield FailingFunction(name, tuple(places(source.path, here)), errors)


def is_of(failed: FailedLine, source: SourceFile, function: Function) -> bool:
    """Whether *failed* is an error of *function*; a script is deployed as `__main__`."""
    if failed.function is None:
        return False
    if failed.function == f"{module_name(source.import_path)}.{function.name}":
        return True
    return failed.path == source.path and failed.function == f"__main__.{function.name}"


def module_name(import_path: str) -> str:
    """The dotted name of the module at *import_path*."""
    return import_path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
