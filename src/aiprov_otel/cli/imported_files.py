"""The files of a manifest, as the application imports them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aiprov_otel.manifest import Manifest, content_hash
from aiprov_otel.runtime.source_text import read


def top_level(manifest: Manifest) -> list[str]:
    """The packages and modules of *manifest*, as the application imports them."""
    names = {entry.import_path.partition("/")[0] for entry in manifest.entries}
    return sorted(name.removesuffix(".py") for name in names)


def match_files(manifest: Manifest, folders: Sequence[str]) -> dict[str, str]:
    """
    How each file of *manifest*, by its path, matches the file that is imported from *folders*.

    `exact`, `unverified` (compiled, without its source), `stale` (content differs), or `missing`.
    """
    return {
        entry.path: _match((entry.import_path, entry.path), entry.hash, folders)
        for entry in manifest.entries
    }


def _match(names: Sequence[str], digest: str, folders: Sequence[str]) -> str:
    candidates = [str(Path(folder, name)) for folder in folders for name in names]
    sources = (source for path in candidates if (source := read(path)) is not None)
    source = next(sources, None)
    if source is None:
        compiled = any(read(f"{path}c") is not None for path in candidates)
        return "unverified" if compiled else "missing"
    return "exact" if content_hash(source) == digest else "stale"
