"""
What a build keeps for the next one, signed: the blame of one commit's files, and other documents.

It is in `.aiprov/` of the work tree, which git does not see. It is never needed: a cache that
is damaged, of other circumstances, or not signed by this user is ignored, and `load` returns why.

    aiprov-blame 3 <HMAC-SHA256 of the rest>
    <zlib of JSON: key, and what is kept>

Of a blame that is head, commits, paths and files. Of each file, `files` has five numbers a hunk:
commit, path, first, original, count.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

from aiprov_otel.files import MANY_BYTES, read_regular, write_whole
from aiprov_otel.history.blame.cache_key import load_key
from aiprov_otel.history.blame.hunks import Hunk
from aiprov_otel.manifest.locate import FOLDER, hidden_folder

_NAME: Final = "blame.cache"
_MAGIC: Final = b"aiprov-blame 3 "
_FASTEST: Final = 1
_LONGEST: Final = 512 * 1024 * 1024  # bytes of JSON: some million runs of lines


@dataclass(frozen=True)
class Cached:
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


def load(root: Path, key: str, name: str = _NAME) -> Cached | str | None:
    """The cache of the work tree at *root*, or why it is of no use; None where there is none."""
    document = load_document(root, key, name)
    return _from_json(document) if isinstance(document, dict) else document


def save(root: Path, cached: Cached, name: str = _NAME) -> None:
    """Keeps *cached* for the next build of the work tree at *root*, if that is writable."""
    save_document(root, _to_json(cached), name)


def load_document(root: Path, key: str, name: str) -> dict[str, Any] | str | None:
    """What is kept under *name* for *key*, or why it is of no use; None where there is nothing."""
    try:
        head, _, packed = read_regular(root / FOLDER / name).partition(b"\n")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return f"the cache of the last build can't be read: {error.strerror}"
    secret = load_key()
    if secret is None:
        return "the cache of the last build can't be verified without a key of this user"
    if not hmac.compare_digest(head, _signature(secret, packed)):
        return "the cache of the last build is damaged, of another version or of another user"
    unpacker = zlib.decompressobj()
    text = unpacker.decompress(packed, _LONGEST)
    if unpacker.unconsumed_tail:
        return "the cache of the last build is too large"
    document: dict[str, Any] = json.loads(text)
    return document if document["key"] == key else "git, aiprov or the ignored commits have changed"


def save_document(root: Path, document: Mapping[str, Any], name: str) -> None:
    """Keeps *document*, which has a `key`, under *name*, if the work tree is writable."""
    if (secret := load_key()) is None:
        return
    text = json.dumps(document).encode()
    packed = zlib.compress(text, _FASTEST)
    content = _signature(secret, packed) + b"\n" + packed
    with contextlib.suppress(OSError):
        place = hidden_folder(root) / name
        if len(text) > _LONGEST or len(content) > MANY_BYTES:
            place.unlink(missing_ok=True)  # the next build keeps only what it reads itself
        else:
            write_whole(place, content)


def _signature(secret: bytes, packed: bytes) -> bytes:
    return _MAGIC + hmac.new(secret, packed, hashlib.sha256).hexdigest().encode()


def _to_json(cached: Cached) -> dict[str, Any]:
    hunks = list(chain.from_iterable(cached.files.values()))
    commits = {name: index for index, name in enumerate(sorted({h.commit for h in hunks}))}
    paths = {name: index for index, name in enumerate(sorted({h.path for h in hunks}))}
    files = {
        path: [
            n
            for h in rows
            for n in (commits[h.commit], paths[h.path], h.first, h.original, h.count)
        ]
        for path, rows in cached.files.items()
    }
    return {
        "key": cached.key,
        "head": cached.head,
        "commits": list(commits),
        "paths": list(paths),
        "files": files,
    }


def _from_json(document: Mapping[str, Any]) -> Cached:
    commits, paths = document["commits"], document["paths"]
    files = {path: list(_hunks(row, commits, paths)) for path, row in document["files"].items()}
    return Cached(document["key"], document["head"], files)


def _hunks(row: Sequence[int], commits: Sequence[str], paths: Sequence[str]) -> Iterator[Hunk]:
    for commit, path, first, original, count in zip(*(iter(row),) * 5, strict=True):
        yield Hunk(commits[commit], first, count, original, paths[path])
