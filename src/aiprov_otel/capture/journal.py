"""What is kept below `.git/aiprov` until it is committed: hashes of lines, never their text."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import blake2b
from itertools import chain, groupby, repeat
from pathlib import Path
from typing import Any, Final, NamedTuple

from aiprov_otel.capture import lines
from aiprov_otel.capture.agents import AGENTS
from aiprov_otel.files import MANY_BYTES, make_folder, read_regular, write_whole

ENABLED: Final = "enabled"
"""The file that `aiprov init` writes; without it, nothing is recorded in a repository."""

PENDING: Final = "trailers"
"""The kind of the record that the first hook of a message leaves to the second."""

_WAIT: Final = 10.0  # seconds for other hooks to finish: on a busy machine each may take one
_LONGEST_LOG: Final = 64 * 1024
_BUNDLES: Final = 4

CHAIN: Final = "chain"
"""The record of what git had done by the last commit; see `watched.mark`."""

STASHES: Final = 4
"""The most earlier states of a file that are kept because a stash may bring them back."""


class State(NamedTuple):
    """
    A file as it was last seen.

    Attributes:
        path: relative to the root of the work tree.
        hashes: of its lines.
        labels: who wrote each of them, as far as it is not committed; None is not known.
        weights: of its lines, where people's lines are watched; see `watched.weigh`.
        mark: what git had done by then; see `watched.mark`.
        shelves: hashes and labels that it had before a stash.
    """

    path: str
    hashes: Sequence[bytes] = ()
    labels: Sequence[str | None] = ()
    weights: Sequence[int] = ()
    mark: str = ""
    shelves: Sequence[tuple[Sequence[bytes], Sequence[str | None]]] = ()


class Journal:
    """
    The journal of one work tree.

    Attributes:
        root: the top of the work tree.
        git_folder: its git directory, of its own where it is a linked work tree.
        common: the git directory that all work trees of the repository share.
        folder: where the journal is.
    """

    def __init__(self, root: Path, git_folder: Path, common: Path) -> None:
        self.root = root
        self.git_folder = git_folder
        self.common = common
        self.folder = git_folder / "aiprov"
        self._salt = b""
        self._bundles: dict[int, dict[str, _Record]] = {}
        self._changed: set[int] = set()
        self._is_locked = False

    @classmethod
    def find(cls, start: Path) -> Journal | None:
        """The journal for the work tree that *start* is in; None where nothing is recorded."""
        for folder in (start, *start.parents):
            entry = folder / ".git"
            if not os.path.lexists(entry):
                continue
            git_folder = entry
            if entry.is_file():
                text = read_regular(entry, 4096).decode("utf-8", "surrogateescape")
                git_folder = folder / text.removeprefix("gitdir:").strip()
            common = git_folder
            with suppress(OSError):
                text = read_regular(git_folder / "commondir", 4096).decode("utf-8").strip()
                common = git_folder / text
            journal = cls(folder, git_folder, common)
            return journal if (common / "aiprov" / ENABLED).is_file() else None
        return None

    @property
    def settings(self) -> dict[str, Any]:
        """The options of `aiprov init`; empty where the file is damaged."""
        value = _parse(self._read(self.common / "aiprov" / ENABLED))
        if not isinstance(value, dict) or not _is_names(value.get("agents")):
            return {}
        watched = value.get("watched", ["none"])
        flags = (value.get("trailers"), value.get("git_ai"))
        sound = _is_names(watched) and all(isinstance(flag, bool) for flag in flags)
        return value if sound else {}

    @property
    def salt(self) -> bytes:
        """The secret that the hashes of this work tree are made with."""
        if not self._salt:
            content = self._read(self.folder / "salt")
            if len(content) != 32:
                content = secrets.token_bytes(32)
                write_whole(make_folder(self.folder, 0o700) / "salt", content)
            self._salt = content
        return self._salt

    @contextmanager
    def locked(self) -> Iterator[None]:
        """
        Keeps the hooks of other processes out.

        Raises:
            TimeoutError: one of them does not finish.
        """
        make_folder(self.folder, 0o700)
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            until = time.monotonic() + _WAIT
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > until:
                        msg = "another hook holds the journal; this event is not recorded"
                        raise TimeoutError(msg) from None
                    time.sleep(0.005)
            self._bundles.clear()
            self._changed.clear()
            self._is_locked = True
            try:
                yield
            except BaseException:
                with suppress(OSError):  # what the block raised is the cause
                    self._flush()
                raise
            self._flush()
        finally:
            self._is_locked = False
            os.close(descriptor)

    # Files: in a few bundles, because to remove a file for each takes longer than the commit

    def states(self) -> Iterator[State]:
        """Every file that there is something to remember of."""
        records = [record for name in range(_BUNDLES) for record in self._bundle(name).items()]
        for path, record in sorted(records):
            yield _state(path, record)

    def state(self, path: str) -> State | None:
        """What is remembered of the file at *path*."""
        record = self._bundle(self._name(path)).get(path)
        return _state(path, record) if record else None

    def save(self, state: State) -> None:
        """Remembers *state*."""
        name = self._name(state.path)
        self._bundle(name)[state.path] = _record(state)
        self._changed.add(name)

    def forget(self, path: str) -> None:
        """Forgets the file at *path*."""
        name = self._name(path)
        if self._bundle(name).pop(path, None):
            self._changed.add(name)

    def _name(self, path: str) -> int:
        """The bundle that the file at *path* is in."""
        return int(self.key(path), 16) % _BUNDLES

    def _bundle(self, name: int) -> dict[str, _Record]:
        """The records in the bundle *name*, by path."""
        if name in self._bundles:
            return self._bundles[name]
        records = self._bundles[name] = {}
        place = self.folder / "files" / str(name)
        try:
            records.update(_records(read_regular(place)))
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            if self._is_locked:  # else another hook may be writing it anew
                self._changed.add(name)  # what can be read of it is kept
                self._move_aside(place)
        return records

    def _flush(self) -> None:
        """Writes the bundles that have changed."""
        for name in sorted(self._changed):
            place = self.folder / "files" / str(name)
            records = self._bundles[name]
            while sum(len(part) for row in records.values() for part in row) > MANY_BYTES:
                largest = max(records, key=lambda path: len(records[path].body))
                del records[largest]
                self.complain(f"{largest} has too many lines: its uncommitted ones are unknown")
            if records:
                make_folder(place.parent, 0o700)
                write_whole(place, b"".join(part for row in records.values() for part in row))
            else:
                place.unlink(missing_ok=True)
            self._changed.discard(name)

    # Small records: the uses of tools and the turns that are not over, what a merge left behind

    def records(self, kind: str) -> dict[str, Any]:
        """The records of *kind*, by key."""
        found = {}
        with suppress(OSError):
            for name in sorted(os.listdir(self.folder / kind)):  # noqa: PTH208
                if (value := self.record(kind, name, hashed=True)) is not None:
                    found[name] = value
        return found

    def record(self, kind: str, name: str, *, hashed: bool = False) -> Any:
        """The record of *kind* that is named *name*; None where there is none."""
        place = self.folder / kind / (name if hashed else self.key(name))
        content = self._read(place)
        if content and (value := _parse(content)) is not None:
            return value
        if content:
            self._move_aside(place)
        return None

    def put(self, kind: str, name: str, value: Any) -> None:
        """Keeps *value* as the record of *kind* that is named *name*."""
        self._flush()  # what was seen before a record is on the disk before it
        folder = make_folder(self.folder / kind, 0o700)
        write_whole(folder / self.key(name), json.dumps(value).encode())

    def drop(self, kind: str, name: str, *, hashed: bool = False) -> None:
        """Forgets the record of *kind* that is named *name*."""
        self._flush()
        with suppress(OSError):
            (self.folder / kind / (name if hashed else self.key(name))).unlink()

    def clear(self, kind: str, older: float = 0) -> None:
        """Forgets all records of *kind* that are *older* than so many seconds."""
        self._flush()
        with suppress(OSError):
            for place in (self.folder / kind).iterdir():
                if time.time() - place.stat().st_mtime >= older:
                    place.unlink()

    def key(self, name: str) -> str:
        """*name* as a salted hash: names of sessions are not written down."""
        return blake2b(os.fsencode(name), digest_size=16, key=self.salt).hexdigest()

    # Trouble

    def complain(self, text: str) -> None:
        """Adds *text*, without passwords, to the log that `--check` and the doctor show."""
        from aiprov_otel.format import hide_credentials

        text = hide_credentials(" ".join(text.split()))
        with suppress(OSError):
            folder = make_folder(self.folder, 0o700)
            log = folder / "log"
            if log.is_file() and log.stat().st_size > _LONGEST_LOG:
                log.unlink()
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
            with os.fdopen(os.open(log, flags, 0o600), "w") as file:
                file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S')} {text}\n")

    def complaints(self) -> list[str]:
        """The lines of that log."""
        return self._read(self.folder / "log").decode("utf-8", "replace").splitlines()

    def _move_aside(self, place: Path) -> None:
        with suppress(OSError):
            place.replace(self.folder / "broken")
        with suppress(OSError):
            # It may have been about an agent that is at work, or about lines that an agent wrote.
            (self.folder / CHAIN / self.key("")).unlink(missing_ok=True)
            self.put("turns", "", {})
        self.complain(
            f"a record in {place.parent.name} was broken; it is moved to {self.folder}/broken, and "
            "the lines that it was about are unknown"
        )

    @staticmethod
    def _read(place: Path) -> bytes:
        try:
            return read_regular(place)
        except OSError:
            return b""


def shelve(state: State) -> Sequence[tuple[Sequence[bytes], Sequence[str | None]]]:
    """The shelves of *state* with its lines put on top."""
    return [(state.hashes, state.labels), *state.shelves][:STASHES]


class _Record(NamedTuple):
    """A state as it is written: JSON on one line, then hashes and weights."""

    head: bytes
    body: bytes


def _record(state: State) -> _Record:
    parts = [(state.hashes, state.labels), *state.shelves]
    head = {
        "path": state.path,
        "labels": [_runs(labels) for _, labels in parts],
        "weights": len(state.weights),
        "mark": state.mark,
    }
    hashes = (b"".join(row) for row, _ in parts)
    body = b"".join([*hashes, struct.pack(f"<{len(state.weights)}Q", *state.weights)])
    return _Record(json.dumps(head).encode() + b"\n", body)


def _records(content: bytes) -> Iterator[tuple[str, _Record]]:
    """
    The records in *content*, by path.

    Raises:
        ValueError, KeyError, TypeError: one of them is broken.
    """
    start = 0
    while start < len(content):
        middle = content.index(b"\n", start) + 1
        fields = json.loads(content[start:middle])
        counts = [count for row in fields["labels"] for _, count in row]
        end = middle + lines.SIZE * (sum(counts) + fields["weights"])
        are_texts = isinstance(fields["path"], str) and isinstance(fields["mark"], str)
        is_whole = fields["labels"] and end <= len(content)
        if not are_texts or not is_whole or min(counts, default=1) < 1 or fields["weights"] < 0:
            raise ValueError(fields["path"])
        yield fields["path"], _Record(content[start:middle], content[middle:end])
        start = end


def _state(path: str, record: _Record) -> State:
    fields = json.loads(record.head)
    hashes = lines.cut(record.body)
    parts = []
    start = 0
    for row in fields["labels"]:
        labels = [*chain.from_iterable(repeat(label, count) for label, count in row)]
        parts.append((hashes[start : start + len(labels)], labels))
        start += len(labels)
    (first, labels), *shelves = parts
    weights = struct.unpack(f"<{fields['weights']}Q", record.body[start * lines.SIZE :])
    return State(path, first, labels, weights, fields["mark"], shelves)


def _runs(labels: Sequence[str | None]) -> list[tuple[str | None, int]]:
    return [(label, len([*row])) for label, row in groupby(labels)]


def _parse(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(name in (*AGENTS, "none") for name in value)
