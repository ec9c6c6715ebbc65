"""Inputs that are almost valid: bytes, JSON, protobuf and zip archives, changed at random."""

from __future__ import annotations

import copy
import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from aiprov_otel.telemetry.otlp_protobuf import _fields, _Malformed, _varint_bytes

_TOKENS: Final = (
    *(b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc3\x28", b"\r", b"\n", b"\x85"),
    *("\u2028".encode(), "\U0001f600".encode(), b"\\ud800", b"\\", b'"', b"'", b"{", b"}", b"["),
    *(b"]", b"(", b",", b":", b"-1", b"0", b"1e999", b"NaN", b"9" * 30, b"null", b"true", b"@@ -"),
    *(b"../", b"/", b"%s", b"$(", b"\x1b[31m", b"*", b"--", b"#", b"=", b" ", b"\t", b"\x0a\x00"),
    *(b"\x80" * 10, b"\x12\xff\xff\xff\xff\x0f", b"[" * 600, b'{"a":' * 600, b"a" * 5000),
)
_VALUES: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**53, 2**63, 2**64 - 1, -(2**63), 10**400, 0.5, -0.0),
    *(
        float("nan"),
        float("inf"),
        "",
        "\0",
        "\ud800",
        "é",
        "\u2028",
        "9" * 5000,
        "-1",
        "2026-05-04",
    ),
    *(
        [],
        {},
        [[]],
        [{}],
        {"": None},
        {"a": {}},
        "../x",
        "x" * 5000,
        "2026-05-04",
        [1],
        ["a", None],
    ),
)
_NUMBERS: Final = (0, 1, 2, 127, 128, 2**31, 2**32, 2**62, 2**63 - 1, 2**63, 2**64 - 1)
_DEEP: Final = 600


class Mutator:
    """
    Changes inputs; the same *seed* makes the same changes.

    Attributes:
        random: what it chooses by.
    """

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)

    def change_bytes(self, data: bytes, others: Sequence[bytes] = ()) -> bytes:
        """*data*, changed in a few places, perhaps with a part of one of the *others*."""
        changed = bytearray(data)
        for _ in range(self.random.choice((1, 1, 2, 3, 8))):
            self.random.choice((self._flip, self._insert, self._cut, self._repeat, self._end))(
                changed
            )
        if others and self.random.random() < 0.1:
            first, last = self._slice(other := self.random.choice(others))
            place = self.random.randint(0, len(changed))
            changed[place:place] = other[first:last]
        return bytes(changed)

    def change_json(self, data: bytes, others: Sequence[bytes] = ()) -> bytes:
        """*data*, with values replaced, left out or repeated in the JSON that it holds."""
        start, end = data.find(b"{"), data.rfind(b"}") + 1
        try:
            document = json.loads(data[start:end])
        except (ValueError, RecursionError):
            return self.change_bytes(data, others)
        for _ in range(self.random.choice((1, 1, 2, 5))):
            document = self._changed(document)
        return data[:start] + _dump(document) + data[end:]

    def change_protobuf(self, data: bytes, others: Sequence[bytes] = ()) -> bytes:
        """*data*, with fields of its messages changed, left out, repeated or swapped."""
        try:
            return self._message(data)
        except _Malformed:
            return self.change_bytes(data, others)

    def change_archive(self, data: bytes, rebuild: Callable[[dict[str, bytes]], None]) -> bytes:
        """The zip *data* with one member changed; *rebuild* makes the others fit to it."""
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        name = self.random.choice(list(members))
        members[name] = self.change_json(members[name])
        rebuild(members)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for member, content in members.items():
                archive.writestr(member, content)
        return packed.getvalue()

    def _flip(self, data: bytearray) -> None:
        if data:
            data[self.random.randrange(len(data))] ^= 1 << self.random.randrange(8)

    def _insert(self, data: bytearray) -> None:
        place = self.random.randint(0, len(data))
        data[place:place] = self.random.choice(_TOKENS)

    def _cut(self, data: bytearray) -> None:
        first, last = self._slice(data)
        del data[first:last]

    def _repeat(self, data: bytearray) -> None:
        first, last = self._slice(data)
        data[last:last] = data[first:last] * self.random.choice((1, 1, 3, 50))

    def _end(self, data: bytearray) -> None:
        if self.random.random() < 0.2:
            del data[self.random.randint(0, len(data)) :]

    def _slice(self, data: bytes | bytearray) -> tuple[int, int]:
        first = self.random.randint(0, len(data))
        return first, min(first + self.random.choice((1, 2, 4, 8, 30, 100)), len(data))

    def _changed(self, value: Any) -> Any:
        """*value* with a change somewhere in it."""
        if isinstance(value, dict | list) and value and self.random.random() < 0.85:
            key: Any = self.random.choice(
                list(value) if isinstance(value, dict) else range(len(value))
            )
            match self.random.randrange(12):
                case 0:
                    del value[key]
                case 1 if isinstance(value, list):
                    value.append(value[key])
                case 1 if isinstance(value, dict):
                    value[self.random.choice(("", "a", str(key).upper()))] = value[key]
                case 2:
                    value[key] = self._nested(value[key])
                case _:
                    value[key] = self._changed(value[key])
            return value
        return copy.deepcopy(self.random.choice(_VALUES))

    def _nested(self, value: Any) -> Any:
        for _ in range(self.random.choice((1, 2, 90, _DEEP))):
            value = [value]
        return value

    def _message(self, data: bytes) -> bytes:
        fields = list(self._parts(data))
        if not fields:
            return self.change_bytes(data)
        place = self.random.randrange(len(fields))
        tag, content = fields[place]
        match self.random.randrange(8):
            case 0:
                del fields[place]
            case 1:
                fields.insert(place, fields[place])
            case 2:
                fields[place] = self.random.randrange(1, 24) << 3 | tag & 7, content
            case 3:
                self.random.shuffle(fields)
            case _:
                fields[place] = tag, self._content(tag & 7, content)
        return b"".join(_varint_bytes(tag) + content for tag, content in fields)

    def _content(self, wire: int, content: bytes) -> bytes:
        if wire == 0:
            return _varint_bytes(self.random.choice(_NUMBERS))
        if wire != 2:
            return self.random.randbytes(len(content))
        _, size, inner = next(_lengths(content))
        try:
            inner = self._message(inner)
        except _Malformed:
            inner = self.change_bytes(inner)
        wrong = self.random.choice((-1, 1, size)) if self.random.random() < 0.03 else 0
        return _varint_bytes(max(len(inner) + wrong, 0)) + inner

    def _parts(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        for tag, field, _ in _fields(memoryview(data)):
            yield tag, bytes(field)[len(_varint_bytes(tag)) :]


def _lengths(content: bytes) -> Iterator[tuple[int, int, bytes]]:
    for tag, _, inner in _fields(memoryview(b"\x0a" + content)):
        yield tag, len(inner), bytes(inner)


def _dump(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode(errors="surrogatepass")
