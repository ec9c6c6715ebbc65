"""Files that a generator wrote: said of them, beside who committed their lines."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Final

from aiprov_otel.history.git.repository import Git
from aiprov_otel.manifest import SourceFile

_NAMES: Final = ("*_pb2.py", "*_pb2_grpc.py")
_HEADER: Final = 2048  # bytes: what stands further down is about something else
_COMMENT: Final = re.compile(
    rb"^\s*(?:#|\"\"\").*(?:(?<!\w)@generated\b|\b[Gg]enerated (?:by|from)\b.*\bDO NOT EDIT\b)",
    re.MULTILINE,
)
_ATTRIBUTE: Final = "linguist-generated"


def flagged(git: Git, sources: Iterable[SourceFile]) -> Iterator[SourceFile]:
    """*sources*, with `generated` as the repository says, where it says something."""
    known = list(sources)
    said = _attributes(git, [source.path for source in known])
    for source in known:
        generated = said.get(source.path, source.generated)
        yield source if generated == source.generated else replace(source, generated=generated)


def _attributes(git: Git, paths: list[str]) -> dict[str, bool]:
    """What `.gitattributes` say of *paths*, either way; it counts more than name and header."""
    stdin = b"".join(os.fsencode(path) + b"\0" for path in paths)
    words = git.run("check-attr", "-z", "--stdin", _ATTRIBUTE, stdin=stdin).split(b"\0")
    triples = zip(words[::3], words[1::3], words[2::3], strict=False)
    said = {os.fsdecode(path): value for path, _, value in triples if value != b"unspecified"}
    return {path: value in {b"set", b"true"} for path, value in said.items()}


def looks_generated(path: str, content: bytes) -> bool:
    """Whether a generator seems to have written the file at *path*, by its name and its head."""
    name = path.rpartition("/")[2]
    if any(fnmatchcase(name, pattern) for pattern in _NAMES):
        return True
    head = content[:_HEADER]
    return b"enerated" in head and bool(_COMMENT.search(head))
