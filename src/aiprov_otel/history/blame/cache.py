"""
What a build keeps for the next one, signed: the blame of one commit's files, and other documents.

It is in `.aiprov/` of the work tree, which git does not see. It is never needed: a cache that
is damaged, of other circumstances, or not signed by this user is ignored, and `load` returns why.

    aiprov-blame 4 <HMAC-SHA256 of the rest>
    <zlib of JSON in one line: key, and what is kept; of a blame, the hunks follow>

Of a blame, the JSON is head, commits, paths and files. `files` has the number of bytes that the
hunks of each file take: five columns, commit, first, count, original, path. They are not JSON, as
reading that would take more memory than all else of a build.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from aiprov_otel.files import MANY_BYTES, read_regular, write_whole
from aiprov_otel.history.blame.cache_key import load_key
from aiprov_otel.history.blame.hunks import Hunks
from aiprov_otel.manifest import columns
from aiprov_otel.manifest.locate import FOLDER, hidden_folder

_NAME: Final = "blame.cache"
_MAGIC: Final = b"aiprov-blame 4 "
_DAMAGED: Final = "the cache of the last build is damaged, of another version or of another user"
_FASTEST: Final = 1
_LONGEST: Final = 512 * 1024 * 1024  # bytes: some ten million runs of lines


class Cached(NamedTuple):
    """
    The hunks of the files of one commit.

    Attributes:
        key: the circumstances under which git gave them.
        head: full hash of the commit.
        files: the hunks by path.
    """

    key: str
    head: str
    files: Mapping[str, Hunks]


def exists(root: Path, name: str) -> bool:
    """Whether something is kept under *name* for the work tree at *root*."""
    return os.path.lexists(root / FOLDER / name)  # false also where we may not look


def load(root: Path, key: str, name: str = _NAME) -> Cached | str | None:
    """The cache of the work tree at *root*, or why it is of no use; None where there is none."""
    text = _read(root, name)
    if not isinstance(text, bytes):
        return text
    document = _parse(text, key)
    try:
        return _from_json(document, text) if isinstance(document, dict) else document
    except (LookupError, TypeError, ValueError):
        return _DAMAGED


def save(root: Path, cached: Cached, name: str = _NAME) -> None:
    """Keeps *cached* for the next build of the work tree at *root*, if that is writable."""
    _write(root, _to_text(cached), name)


def load_document(root: Path, key: str, name: str) -> dict[str, Any] | str | None:
    """What is kept under *name* for *key*, or why it is of no use; None where there is nothing."""
    text = _read(root, name)
    return _parse(text, key) if isinstance(text, bytes) else text


def save_document(root: Path, document: Mapping[str, Any], name: str) -> None:
    """Keeps *document*, which has a `key`, under *name*, if the work tree is writable."""
    _write(root, json.dumps(document).encode(), name)


def _read(root: Path, name: str) -> bytes | str | None:
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
        return _DAMAGED
    unpacker = zlib.decompressobj()
    text = unpacker.decompress(packed, _LONGEST)
    return "the cache of the last build is too large" if unpacker.unconsumed_tail else text


def _parse(text: bytes, key: str) -> dict[str, Any] | str:
    try:
        document: dict[str, Any] = json.loads(text.partition(b"\n")[0])
        is_alike = document["key"] == key
    except (LookupError, TypeError, ValueError):
        return _DAMAGED
    return document if is_alike else "git, aiprov or the ignored commits have changed"


def _write(root: Path, text: bytes, name: str) -> None:
    if (secret := load_key()) is None:
        return
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


def _to_text(cached: Cached) -> bytes:
    commits = _number(hunks.commits for hunks in cached.files.values())
    paths = _number(hunks.paths for hunks in cached.files.values())
    parts = [
        columns.pack(
            [commits[commit] for commit in hunks.commits],
            hunks.firsts,
            hunks.counts,
            hunks.originals,
            [paths[path] for path in hunks.paths],
        )
        for hunks in cached.files.values()
    ]
    document = {
        "key": cached.key,
        "head": cached.head,
        "commits": list(commits),
        "paths": list(paths),
        "files": dict(zip(cached.files, map(len, parts), strict=True)),
    }
    return b"".join([json.dumps(document).encode(), b"\n", *parts])


def _number(names: Iterable[Iterable[str]]) -> dict[str, int]:
    return {name: index for index, name in enumerate(sorted(set().union(*names)))}


def _from_json(document: Mapping[str, Any], text: bytes) -> Cached:
    commits, paths = document["commits"], document["paths"]
    files = {}
    start = text.index(b"\n") + 1
    for path, size in document["files"].items():
        end = start + size
        names, firsts, counts, originals, places = columns.unpack(text[start:end], 5)
        files[path] = Hunks(
            map(commits.__getitem__, names),
            firsts,
            counts,
            originals,
            map(paths.__getitem__, places),
        )
        start = end
    return Cached(document["key"], document["head"], files)
