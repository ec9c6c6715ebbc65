"""Git objects from `git cat-file --batch`; a commit as far as attribution needs it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_NAME: Final = 1_000  # bytes of `Name <mail>`; of a longer one the end is read
_LONGEST_MESSAGE: Final = 1024 * 1024  # bytes; of a longer one the beginning and the end are read
# Codecs of Python that are not encodings of text, or take a time that grows with the square.
_NO_ENCODINGS: Final = {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}


class Commit(NamedTuple):
    """
    One commit. Names and mail addresses never leave `history`: none is written anywhere.

    Attributes:
        id: full hash.
        author: `Name <mail>`.
        committer: `Name <mail>`.
        committed: committer time; None where the commit holds no valid one.
        message: all of it or, of a huge one, its beginning and its end.
        parents: full hashes, in order.
        tree: full hash of its tree.
        authored: seconds and zone of the author, as the commit holds them.
    """

    id: str
    author: str
    committer: str
    committed: datetime | None
    message: str
    parents: tuple[str, ...] = ()
    tree: str = ""
    authored: str = ""

    @property
    def lines(self) -> list[str]:
        """The lines of the message."""
        if "\\" not in self.message and "\r" not in self.message:
            return self.message.split("\n")  # most are, and this is faster
        # A shell that did not expand "\n" leaves it in the message as two characters.
        return re.split(r"\r\n|\r|\n|\\n", self.message)

    @property
    def time(self) -> str | None:
        """Committer time as RFC 3339 in UTC."""
        return self.committed.strftime("%Y-%m-%dT%H:%M:%SZ") if self.committed else None


def parse_objects(outputs: Iterable[bytes]) -> Iterator[tuple[bytes, bytes] | None]:
    """The header and the content of each object in `cat-file`'s output; None for a missing one."""
    for output in outputs:
        yield from _parse_output(output)


def _parse_output(output: bytes) -> Iterator[tuple[bytes, bytes] | None]:
    position = 0
    while (end := output.find(b"\n", position)) >= 0:
        header = output[position:end]
        position = end + 1
        words = header.split(b" ")
        if len(words) != 3 or not words[2].isdigit():
            yield None
            continue
        size = int(words[2])
        yield header, output[position : position + size]
        position += size + 1


def parse_contents(outputs: Iterable[bytes]) -> Iterator[bytes | None]:
    """The content of each object in `cat-file`'s output; None for a missing one."""
    return (pair and pair[1] for pair in parse_objects(outputs))


def parse_commits(outputs: Iterable[bytes]) -> dict[str, Commit]:
    """The commits in `cat-file`'s output by hash; objects that are missing are left out."""
    pairs = (pair for pair in parse_objects(outputs) if pair)
    headers = ((header.split(b" "), content) for header, content in pairs)
    return {
        name: parse_commit(name, content)
        for words, content in headers
        if words[1] == b"commit" and (name := words[0].decode("ascii", "replace"))
    }


def parse_commit(name: str, raw: bytes) -> Commit:
    """The commit object *raw* whose hash is *name*; never fails, whatever it holds."""
    head, _, message = raw.partition(b"\n\n")
    headers: dict[bytes, bytes] = {}
    parents = []
    for line in head.split(b"\n"):
        key, _, value = line.partition(b" ")
        headers.setdefault(key, value)
        if key == b"parent":
            parents.append(value.decode("ascii", "replace"))
    encoding = headers.get(b"encoding", b"utf-8").decode("ascii", "replace")
    author, _ = _parse_signature(headers.get(b"author", b""), encoding)
    authored = headers.get(b"author", b"").rpartition(b">")[2].decode("ascii", "replace").strip()
    committer, committed = _parse_signature(headers.get(b"committer", b""), encoding)
    tree = headers.get(b"tree", b"").decode("ascii", "replace")
    text = _decode(_shorten(message), encoding)
    return Commit(name, author, committer, committed, text, tuple(parents), tree, authored)


def _parse_signature(value: bytes, encoding: str) -> tuple[str, datetime | None]:
    """`Name <mail> seconds zone` as `Name <mail>` and the time."""
    who, bracket, when = value.rpartition(b">")
    return _decode(who[-_LONGEST_NAME:] + bracket, encoding), _parse_time(when.split())


def _parse_time(words: list[bytes]) -> datetime | None:
    try:
        return _EPOCH + timedelta(seconds=int(words[0]))
    except (IndexError, ValueError, OverflowError):
        return None


def _shorten(message: bytes) -> bytes:
    half = _LONGEST_MESSAGE // 2
    if len(message) <= _LONGEST_MESSAGE:
        return message
    return message[:half] + b"\n\n" + message[-half:]


def _decode(value: bytes, encoding: str) -> str:
    try:
        if codecs.lookup(encoding).name.replace("_", "-") in _NO_ENCODINGS:
            encoding = "utf-8"
        return value.decode(encoding, "replace")
    except (LookupError, UnicodeError, ValueError):  # an unknown codec, or one that is not of text
        return value.decode("utf-8", "replace")
