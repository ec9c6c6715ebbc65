"""
The archive: a zip with one small JSON document a source file, and an index.

    manifest.json              schema, repository, policy, and every file with its content hash
    files/<path>.json          the runs of lines of one source file

Members are stored, not compressed, in sorted order and with a fixed date: the same input gives
the same bytes with every zlib. docs/manifest.md describes each key.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import tempfile
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiprov_otel.errors import AiprovError, ManifestError, ManifestNotFound
from aiprov_otel.manifest.document import Entry, SourceFile, dumps, tally
from aiprov_otel.values import Origin, Strength

SCHEMA = 1
FILE_NAME = "aiprov.manifest"
_INDEX = "manifest.json"
_FORMAT = "aiprov-manifest"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip can hold


class Manifest:
    """
    A manifest that was loaded; documents are read when they are first asked for.

    Attributes:
        path: where it was loaded from.
        revision: full hash of the commit it was built from.
        repository_url: of the forge, without credentials; None where there is no remote.
        policy: what `[tool.aiprov]` said when it was built.
        records: where the build read records, each with what was there; empty for none.
        entries: every source file, sorted by path.
    """

    def __init__(self, path: Path, index: Mapping[str, Any], archive: zipfile.ZipFile) -> None:
        self.path = path
        self.revision: str | None = index["repository"]["revision"]
        self.repository_url: str | None = index["repository"]["url"]
        policy = index["policy"]
        self.policy: Mapping[str, Any] = dict(policy) if isinstance(policy, dict) else {}
        # A version before there was this key did not say.
        self.records: Mapping[str, str] = dict(index.get("records", {}))
        self.entries = tuple(map(Entry.of, index["files"]))
        self._archive = archive
        self._documents: dict[str, SourceFile] = {}
        self._by_hash: dict[str, list[Entry]] = defaultdict(list)
        self._by_tail: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            self._by_hash[entry.hash].append(entry)
            for tail in {entry.path, entry.import_path}:
                self._by_tail[tail].append(entry)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Manifest:
        """
        Open the manifest at *path*.

        Raises:
            ManifestNotFound: there is no such file.
            ManifestError: it can't be read, is truncated, foreign, or of a newer schema.
        """
        path = Path(path)
        try:
            path = path.absolute()  # a child that is forked after a chdir must find it again
            archive = _open(path)
            return cls(path, _read_index(archive, path), archive)
        except ManifestError:
            raise
        except FileNotFoundError as error:
            msg = f"there is no manifest at {path}; write one with `aiprov build`"
            raise ManifestNotFound(msg) from error
        except OSError as error:
            msg = f"the manifest {path} can't be read: {error.strerror or error}"
            raise ManifestError(msg) from error
        except Exception as error:  # a foreign file fails in any way that zip and JSON can
            msg = f"{path} is not a whole manifest ({error}); run `aiprov build` again"
            raise ManifestError(msg) from error

    def reopen(self) -> None:
        """
        Open the file anew: a forked child must not share an offset and a lock.

        Where it was removed or replaced since, by what is deployed next, it is what it was.

        Raises:
            ManifestError: it was overwritten since.
        """
        try:
            self._archive = zipfile.ZipFile(self._anew())
        except Exception as error:  # as in `load`
            msg = f"{self.path} was overwritten while in use ({error}); replace it by renaming"
            raise ManifestError(msg) from error

    def _anew(self) -> Path | io.BytesIO:
        file: Any = self._archive.fp  # open, as nobody closes it
        if isinstance(file, io.BytesIO):  # a copy already, of which a fork makes another
            return file
        number = file.fileno()
        known = os.fstat(number)
        with suppress(OSError):
            if os.path.samestat(known, self.path.stat()):
                return self.path
        return io.BytesIO(os.pread(number, known.st_size, 0))

    def with_hash(self, content: str) -> list[Entry]:
        """The files whose content has this hash."""
        return self._by_hash.get(content, [])

    def with_tail(self, filename: str) -> list[Entry]:
        """The files that *filename*, an absolute or relative path, may be a deployed copy of."""
        return next((found for tail in tails(filename) if (found := self.named(tail))), [])

    def named(self, path: str) -> list[Entry]:
        """The files whose path, in the repository or when imported, is *path*."""
        return self._by_tail.get(path, [])

    def source(self, entry: Entry) -> SourceFile:
        """
        The lines of the file that *entry* names.

        Raises:
            ManifestError: its document is missing or was changed after the build.
        """
        if (known := self._documents.get(entry.document)) is None:
            known = self._documents[entry.document] = self._decode(entry)
        return known

    def sources(self) -> Iterator[SourceFile]:
        """Every file, in order of path, each checked against its digest."""
        return (self.source(entry) for entry in self.entries)

    def tally(self, entries: Iterable[Entry]) -> Counter[tuple[Origin, str | None, Strength]]:
        """
        How many lines of *entries* are of which origin, model and strength of evidence.

        Raises:
            ManifestError: a document is missing or was changed after the build.
        """
        found: Counter[tuple[Origin, str | None, Strength]] = Counter()
        for entry in entries:
            found.update(tally(self._read(entry)))
        return found

    def _decode(self, entry: Entry) -> SourceFile:
        data = self._read(entry)
        try:
            return SourceFile.decode(data)
        except ManifestError as error:
            msg = f"{entry.document} in {self.path}: {error}"
            raise ManifestError(msg) from error

    def _read(self, entry: Entry) -> bytes:
        try:
            data = _member(self._archive, entry.document)
        except Exception as error:  # as in `load`
            msg = f"{self.path} lacks a whole {entry.document} ({error}); run `aiprov build` again"
            raise ManifestError(msg) from error
        if hashlib.sha256(data).hexdigest() != entry.digest:
            msg = f"{entry.document} in {self.path} was changed; run `aiprov build` again"
            raise ManifestError(msg)
        return data


def tails(filename: str) -> Iterator[str]:
    """*filename* and what is left of it when its folders are taken away, longest first."""
    parts = filename.replace("\\", "/").split("/")
    return ("/".join(parts[start:]) for start in range(len(parts)))


def dump(
    path: str | os.PathLike[str],
    sources: Iterable[SourceFile],
    *,
    revision: str | None,
    repository_url: str | None,
    policy: Mapping[str, Any],
    records: Mapping[str, str] = {},
) -> None:
    """
    Write a manifest to *path*, whole or not at all.

    Raises:
        AiprovError: the folder can't be written to, or the disk is full.
    """
    ordered = sorted(sources, key=lambda source: source.path)
    documents = {f"files/{source.path}.json": source.encode() for source in ordered}
    index = {
        "format": _FORMAT,
        "schema": SCHEMA,
        "repository": {"revision": revision, "url": repository_url},
        "policy": dict(policy),
        "records": dict(records),
        "files": [
            _entry(source, name, data)
            for source, (name, data) in zip(ordered, documents.items(), strict=True)
        ],
    }
    _write(Path(path), _pack({_INDEX: dumps(index), **documents}))


def _open(path: Path) -> zipfile.ZipFile:
    mode = path.stat().st_mode
    # A pipe would block, and a device may never end; a folder can't be opened.
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        msg = f"{path} is not a regular file; name the manifest that `aiprov build` wrote"
        raise ManifestError(msg)
    return zipfile.ZipFile(path)


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    """The bytes of a member: stored, as we write it, since a compressed one may have any size."""
    if archive.getinfo(name).compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{name} is compressed")
    return archive.read(name)


def _read_index(archive: zipfile.ZipFile, path: Path) -> dict[str, Any]:
    index: dict[str, Any] = json.loads(_member(archive, _INDEX))
    if index["format"] != _FORMAT:
        raise ValueError(f"its format is {index['format']!r}")
    if index["schema"] != SCHEMA:
        msg = (
            f"{path} has manifest schema {index['schema']!r}; this version of aiprov-otel reads "
            f"{SCHEMA}. Build it with the same version that reads it."
        )
        raise ManifestError(msg)
    return index


def _entry(source: SourceFile, document: str, data: bytes) -> dict[str, Any]:
    """What `Entry.of` reads."""
    return {
        "path": source.path,
        "import_path": source.import_path,
        "hash": source.hash,
        "lines": source.lines,
        "document": document,
        "digest": hashlib.sha256(data).hexdigest(),
    }


def _pack(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.external_attr = 0o644 << 16
            info.create_system = 3  # Unix, on every system: the bytes must not tell
            archive.writestr(info, data)
    return buffer.getvalue()


def _write(path: Path, data: bytes) -> None:
    path = path.resolve()  # what a link points to is written, not the link
    if path.exists() and not path.is_file():
        msg = f"can't write {path}: it is no regular file; name another with --output"
        raise AiprovError(msg)
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
            temporary = Path(file.name)
            try:
                file.write(data)
                file.close()
                temporary.chmod(0o644)
                temporary.replace(path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
    except OSError as error:
        reason = error.strerror or error
        msg = f"can't write {path}: {reason}; mend that, or name another file with --output"
        raise AiprovError(msg) from error


def content_hash(source: bytes) -> str:
    """`sha256:` and the hexadecimal SHA-256 of *source* with every line ending as `\\n`."""
    if b"\r" in source:
        source = source.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return "sha256:" + hashlib.sha256(source).hexdigest()
