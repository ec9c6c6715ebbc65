"""
What the last build learned from git, kept for the next: whose the lines of one commit's files are.

It lies in `.aiprov/` of the work tree, which git does not see. It is never needed: one that is
damaged, foreign or about other circumstances is as good as none, and says why.

    aiprov-blame 1 <SHA-256 of the rest>
    <zlib of JSON: key, head, commits, paths, files: {path: [commit, path, original, count, …]}>
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

from aiprov_otel.history.blame.hunks import Hunk
from aiprov_otel.manifest.locate import FOLDER, hidden_folder

_NAME: Final = "blame.cache"
_MAGIC: Final = b"aiprov-blame 1 "
_FASTEST: Final = 1


@dataclass(frozen=True)
class Known:
    """
    The hunks of the files of one commit.

    Attributes:
        key: the circumstances under which git gave them.
        head: full hash of the commit.
        files: the hunks by path.
    """

    key: str
    head: str
    files: Mapping[str, Sequence[Hunk]]


def load(root: Path, key: str) -> Known | str | None:
    """What was saved for the work tree at *root*; why it is of no use; None where nothing was."""
    try:
        data = (root / FOLDER / _NAME).read_bytes()
    except OSError:
        return None
    head, _, packed = data.partition(b"\n")
    if head != _MAGIC + hashlib.sha256(packed).hexdigest().encode():
        return "what the last build kept is damaged, or of another version"
    known = _known(json.loads(zlib.decompress(packed)))
    return known if known.key == key else "git, aiprov or what blame looks through has changed"


def save(root: Path, known: Known) -> None:
    """Keep *known* for the next build of the work tree at *root*, if that may be written to."""
    packed = zlib.compress(json.dumps(_document(known)).encode(), _FASTEST)
    head = _MAGIC + hashlib.sha256(packed).hexdigest().encode()
    with contextlib.suppress(OSError):
        _write(hidden_folder(root), head + b"\n" + packed)


def _write(folder: Path, data: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=folder, prefix=_NAME, delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(data)
            file.close()
            temporary.replace(folder / _NAME)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _document(known: Known) -> dict[str, Any]:
    hunks = list(chain.from_iterable(known.files.values()))
    commits = {name: index for index, name in enumerate(sorted({h.commit for h in hunks}))}
    paths = {name: index for index, name in enumerate(sorted({h.path for h in hunks}))}
    files = {
        path: [n for h in rows for n in (commits[h.commit], paths[h.path], h.original, h.count)]
        for path, rows in known.files.items()
    }
    return {
        "key": known.key,
        "head": known.head,
        "commits": list(commits),
        "paths": list(paths),
        "files": files,
    }


def _known(document: Mapping[str, Any]) -> Known:
    commits, paths = document["commits"], document["paths"]
    files = {path: list(_hunks(row, commits, paths)) for path, row in document["files"].items()}
    return Known(document["key"], document["head"], files)


def _hunks(row: Sequence[int], commits: Sequence[str], paths: Sequence[str]) -> Iterator[Hunk]:
    first = 1
    for commit, path, original, count in zip(*(iter(row),) * 4, strict=True):
        yield Hunk(commits[commit], first, count, original, paths[path])
        first += count
