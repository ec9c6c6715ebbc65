"""
The archive: a zip with an index, and one small JSON document per source file.

    manifest.json              schema, repository, policy, and every file with its content hash
    files/<path>.json          the runs of lines of one source file

Members are stored, not compressed, in sorted order and with a fixed date: the same input gives
the same bytes with every zlib. docs/reference/manifest.md describes each key.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import struct
import zipfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiprov_otel.errors import AiprovError, ManifestError, ManifestNotFound
from aiprov_otel.files import real_path, write_whole
from aiprov_otel.manifest.document import Entry, SourceFile, dumps, tally
from aiprov_otel.values import Origin, Strength

SCHEMA = 1
_INDEX = "manifest.json"
_FORMAT = "aiprov-manifest"
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,  # an encrypted or unknown form of a zip, and JSON that exceeds the stack
)
"""What zipfile and json raise for a file that is not whole, or not a manifest."""
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip can hold


class Manifest:
    """
    A loaded manifest; documents are read when they are first needed.

    Attributes:
        path: where it was loaded from.
        revision: full hash of the commit it was built from.
        repository_url: of the forge, without credentials; None where there is no remote.
        policy: `[tool.aiprov]` at the time of the build.
        records: the state of each source of records that the build read.
        entries: every source file, sorted by path.
    """

    def __init__(self, path: Path, index: Mapping[str, Any], archive: zipfile.ZipFile) -> None:
        self.path = path
        self.revision: str | None = index["repository"]["revision"]
        self.repository_url: str | None = index["repository"]["url"]
        policy = index["policy"]
        self.policy: Mapping[str, Any] = dict(policy) if isinstance(policy, dict) else {}
        # Older versions did not write this key.
        self.records: Mapping[str, str] = dict(index.get("records", {}))
        self.entries = tuple(map(Entry.from_json, index["files"]))
        self._archive = archive
        self._documents: dict[str, SourceFile | str] = {}  # or why it can't be read
        self._by_hash: dict[str, list[Entry]] = defaultdict(list)
        self._by_tail: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            self._by_hash[entry.hash].append(entry)
            for tail in {entry.path, entry.import_path}:
                self._by_tail[tail].append(entry)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Manifest:
        """
        Opens the manifest at *path*.

        Raises:
            ManifestNotFound: the file doesn't exist.
            ManifestError: it can't be read, is truncated, foreign, or of a newer schema.
        """
        path = Path(path)
        try:
            path = path.absolute()  # a child forked after a chdir must find it again
            archive = _open(path)
            return cls(path, _read_index(archive, path), archive)
        except ManifestError:
            raise
        except FileNotFoundError as error:
            msg = f"no manifest at {path}; create one with `aiprov build`"
            raise ManifestNotFound(msg) from error
        except OSError as error:
            msg = f"the manifest {path} can't be read: {error.strerror or error}"
            raise ManifestError(msg) from error
        except _DAMAGED as error:
            msg = f"{path} is not a whole manifest ({error}); run `aiprov build` again"
            raise ManifestError(msg) from error

    def reopen(self) -> None:
        """
        Opens the file again: a forked child must not share an offset and a lock.

        A file that a deployment removed or replaced meanwhile keeps its old content here.

        Raises:
            ManifestError: the file was overwritten in place.
        """
        try:
            self._archive = zipfile.ZipFile(self._reopenable())
        except _DAMAGED as error:
            msg = f"{self.path} was overwritten while in use ({error}); replace it by renaming"
            raise ManifestError(msg) from error

    def _reopenable(self) -> Path | io.BytesIO:
        file: Any = self._archive.fp  # never closed
        if isinstance(file, io.BytesIO):  # a copy in memory, which a fork copies
            return file
        number = file.fileno()
        status = os.fstat(number)
        with suppress(OSError):
            if os.path.samestat(status, self.path.stat()):
                return self.path
        return io.BytesIO(os.pread(number, status.st_size, 0))

    def with_hash(self, content: str) -> list[Entry]:
        """The files whose content has this hash."""
        return self._by_hash.get(content, [])

    def with_tail(self, filename: str) -> list[Entry]:
        """The files that *filename*, an absolute or relative path, may be a deployed copy of."""
        return next((entries for tail in tails(filename) if (entries := self.named(tail))), [])

    def named(self, path: str) -> list[Entry]:
        """The files whose path in the repository, or import path, is *path*."""
        return self._by_tail.get(path, [])

    def source(self, entry: Entry) -> SourceFile:
        """
        The lines of the file that *entry* names.

        Raises:
            ManifestError: its document is missing, was changed since the build, or is invalid.
        """
        source = self._documents.get(entry.document)
        if source is None:
            try:
                source = self._decode(entry)
            except ManifestError as error:
                source = str(error)
            self._documents[entry.document] = source
        if isinstance(source, str):
            raise ManifestError(source)
        return source

    def sources(self) -> Iterator[SourceFile]:
        """Every file, in order of path, each checked against its digest."""
        return (self.source(entry) for entry in self.entries)

    def tally(self, entries: Iterable[Entry]) -> Counter[tuple[Origin, str | None, Strength]]:
        """
        Counts the lines of *entries* by origin, model and strength of evidence.

        Raises:
            ManifestError: a document is missing, was changed since the build, or is invalid.
        """
        lines: Counter[tuple[Origin, str | None, Strength]] = Counter()
        for entry in entries:
            lines.update(tally(self._read(entry)))
        return lines

    def _decode(self, entry: Entry) -> SourceFile:
        data = self._read(entry)
        try:
            source = SourceFile.decode(data)
        except (*_DAMAGED, ManifestError) as error:
            msg = f"{entry.document} in {self.path}: {error}"
            raise ManifestError(msg) from error
        if source.lines != entry.lines:
            msg = f"{entry.document} in {self.path} has {source.lines} lines, not {entry.lines}"
            raise ManifestError(msg)
        return source

    def _read(self, entry: Entry) -> bytes:
        try:
            data = _member(self._archive, entry.document)
        except _DAMAGED as error:
            msg = f"{self.path} lacks a whole {entry.document} ({error}); run `aiprov build` again"
            raise ManifestError(msg) from error
        if hashlib.sha256(data).hexdigest() != entry.digest:
            msg = f"{entry.document} in {self.path} was changed; run `aiprov build` again"
            raise ManifestError(msg)
        return data


def tails(filename: str) -> Iterator[str]:
    """*filename*, then without its first folder, its first two, and so on."""
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
    Writes a manifest to *path*, whole or not at all.

    Raises:
        AiprovError: the folder is not writable, or the disk is full.
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
    repository = index["repository"]
    if not all(isinstance(repository[key], str | None) for key in ("revision", "url")):
        raise ValueError("its revision or address is not text")
    return index


def _entry(source: SourceFile, document: str, data: bytes) -> dict[str, Any]:
    """What `Entry.from_json` reads."""
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
            info.create_system = 3  # Unix, on every system, so that the bytes are the same
            archive.writestr(info, data)
    return buffer.getvalue()


def _write(path: Path, data: bytes) -> None:
    try:
        target = real_path(path)
        if target.exists() and not target.is_file():
            msg = f"can't write {path}: it is not a regular file; name another with --output"
            raise AiprovError(msg)
        write_whole(target, data, 0o644)
    except OSError as error:
        reason = error.strerror or error
        msg = f"can't write {path}: {reason}; fix that, or name another file with --output"
        raise AiprovError(msg) from error


def content_hash(source: bytes) -> str:
    """`sha256:` and the hexadecimal SHA-256 of *source* with every line ending as `\\n`."""
    if b"\r" in source:
        source = source.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return "sha256:" + hashlib.sha256(source).hexdigest()
