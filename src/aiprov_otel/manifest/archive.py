"""
The archive: a zip with an index, a table of commits, and the lines of the source files.

    manifest.json              schema, repository, policy, and every file with its content hash
    commits.txt                a line for each commit: its full hash and its time
    lines.bin                  the runs of lines of all source files, one after the other

Members are stored, not compressed, in that order and with a fixed date: the same input gives the
same bytes with every zlib. docs/reference/manifest.md describes each key. An archive of schema 1
has a JSON document per source file in place of the last two.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import struct
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from aiprov_otel.errors import AiprovError, ManifestError, ManifestNotFound
from aiprov_otel.files import real_path, write_whole
from aiprov_otel.manifest import packed, schema_1
from aiprov_otel.manifest.document import Entry, SourceFile
from aiprov_otel.manifest.kind import from_json
from aiprov_otel.manifest.members import Members
from aiprov_otel.values import Origin, Provenance, Strength

SCHEMA = 2
_READABLE = (1, SCHEMA)
_INDEX, _COMMITS, _LINES = "manifest.json", "commits.txt", "lines.bin"
_FORMAT = "aiprov-manifest"
_LONGEST_PATH = 4096  # characters; of a longer one, which no system has, the end is read
_DAMAGED = (
    struct.error,
    EOFError,
    OSError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,  # JSON that exceeds the stack
)
"""What is raised for a file that is not whole, or not a manifest."""
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

    def __init__(self, path: Path, index: Mapping[str, Any], archive: Members) -> None:
        self.path = path
        self.revision: str | None = index["repository"]["revision"]
        self.repository_url: str | None = index["repository"]["url"]
        policy = index["policy"]
        self.policy: Mapping[str, Any] = dict(policy) if isinstance(policy, dict) else {}
        # Older versions did not write this key.
        self.records: Mapping[str, str] = dict(index.get("records", {}))
        self.entries = tuple(map(Entry.from_json, index["files"]))
        self._archive = archive
        self._tables = _tables(index, archive)
        self._documents: dict[Entry, SourceFile | str] = {}  # or why it can't be read
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
        source = self._documents.get(entry)
        if source is None:
            try:
                source = self._decode(entry)
            except ManifestError as error:
                source = str(error)
            self._documents[entry] = source
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
            ManifestError: a part is missing, was changed since the build, or is invalid.
        """
        lines: Counter[tuple[Origin, str | None, Strength]] = Counter()
        for entry in entries:
            for kind, count in self.written(entry).items():
                lines[kind.origin, kind.model, kind.strength] += count
        return lines

    def written(self, entry: Entry) -> Counter[Provenance]:
        """
        Counts the lines of *entry* by their provenance, without commits: see `commits`.

        Raises:
            ManifestError: its document is missing, was changed since the build, or is invalid.
        """
        if entry.document is None:
            with self._blamed_on(entry):
                lines = packed.tally(self._read(entry), self._tables.kinds)
                _check_lines(lines.total(), entry)
                return lines
        old: Counter[Provenance] = Counter()
        for run in self._decode(entry).runs:
            old[replace(run.provenance, commit=None, time=None)] += run.count
        return old

    def commits(self, entry: Entry) -> dict[str | None, str | None]:
        """
        The commits of the lines of *entry*, each with its time; None where a line has no commit.

        Raises:
            ManifestError: its document is missing, was changed since the build, or is invalid.
        """
        if entry.document is None:
            with self._blamed_on(entry):
                return packed.commits(self._read(entry), self._tables)
        runs = self._decode(entry).runs
        return {run.provenance.commit: run.provenance.time for run in runs}

    def _decode(self, entry: Entry) -> SourceFile:
        with self._blamed_on(entry):
            data = self._read(entry)
            if entry.document is None:
                source = packed.unpack(data, entry, self._tables)
            else:
                source = schema_1.decode(data)
            _check_lines(source.lines, entry)
        return source

    @contextmanager
    def _blamed_on(self, entry: Entry) -> Iterator[None]:
        """Names *entry* in what its part raises."""
        try:
            yield
        except _DAMAGED as error:
            msg = f"{entry.path} in {self.path} can't be read ({error}); run `aiprov build` again"
            raise ManifestError(msg) from error

    def _read(self, entry: Entry) -> bytes:
        if entry.document is None:
            return self._archive.part(_LINES, entry.start, entry.size, entry.digest)
        size = self._archive.size(entry.document)
        return self._archive.part(entry.document, 0, size, entry.digest)


def _check_lines(lines: int, entry: Entry) -> None:
    if lines != entry.lines:
        msg = f"it has {lines} lines, not {entry.lines}"
        raise ValueError(msg)


def tails(filename: str) -> Iterator[str]:
    """*filename*, then without its first folder, its first two, and so on."""
    parts = filename[-_LONGEST_PATH:].replace("\\", "/").split("/")
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
    packer = packed.Packer()
    for source in sources:
        packer.add(source)
    kinds, commits, width, files = packer.finish()
    index = {
        "format": _FORMAT,
        "schema": SCHEMA,
        "repository": {"revision": revision, "url": repository_url},
        "policy": dict(policy),
        "records": dict(records),
        "kinds": kinds,
        "commits": {
            "rows": len(commits) // width,
            "width": width,
            "digest": hashlib.sha256(commits).hexdigest(),
        },
        "files": [entry.to_json() for entry, _ in files],
    }
    text = json.dumps(index, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    lines = b"".join(data for _, data in files)
    _write(Path(path), _pack({_INDEX: text, _COMMITS: commits, _LINES: lines}))


def _open(path: Path) -> Members:
    mode = path.stat().st_mode
    # A pipe would block, and a device may never end; a folder can't be opened.
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        msg = f"{path} is not a regular file; name the manifest that `aiprov build` wrote"
        raise ManifestError(msg)
    return Members(path)


def _read_index(archive: Members, path: Path) -> dict[str, Any]:
    index: dict[str, Any] = json.loads(archive.read(_INDEX))
    if index["format"] != _FORMAT:
        raise ValueError(f"its format is {index['format']!r}")
    if index["schema"] not in _READABLE:
        msg = (
            f"{path} has manifest schema {index['schema']!r}; this version of aiprov-otel reads "
            f"{' and '.join(map(str, _READABLE))}. Build it with the same version that reads it."
        )
        raise ManifestError(msg)
    repository = index["repository"]
    if not all(isinstance(repository[key], str | None) for key in ("revision", "url")):
        raise ValueError("its revision or address is not text")
    return index


def _tables(index: Mapping[str, Any], archive: Members) -> packed.Tables:
    kinds = tuple(map(from_json, index.get("kinds", ())))
    commits = index.get("commits", {"rows": 0, "width": 0, "digest": ""})
    rows, width, digest = _natural(commits["rows"]), _natural(commits["width"]), commits["digest"]
    read = cache(partial(archive.part, _COMMITS, 0, rows * width, digest))
    return packed.Tables(kinds, rows, width, read)


def _natural(value: object) -> int:
    if type(value) is not int or value < 0:
        msg = f"{value!r} is not a number of commits, or of bytes"
        raise ValueError(msg)
    return value


def _pack(members: Mapping[str, bytes]) -> bytes:
    import zipfile  # a service only reads, and its import takes as long as all of that

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
