"""Adds to a JSON text and cuts from it, and leaves all else as somebody wrote it; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

_DECODER: Final = json.JSONDecoder()
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_INDENT: Final = re.compile(r"^([ \t]+)\"", re.MULTILINE)


class _Item(NamedTuple):
    """A member of an object, or an element of an array: its key, and where its parts begin."""

    key: object
    first: int
    value: int
    end: int


def add(text: str, keys: Sequence[str], value: Any) -> str:
    """
    *text* with *value* where the *keys* lead.

    Elements are added to an array that is there already.
    """
    start = _skip(text, 0)
    for depth, key in enumerate(keys, 1):
        items, _ = _items(text, start)
        found = next((item for item in reversed(items) if item.key == key), None)
        if found is None:
            for name in reversed(keys[depth:]):
                value = {name: value}
            return _append(text, start, depth, f"{json.dumps(key)}: {_dumps(text, value)}")
        start = found.value
    for element in value:
        text = _append(text, start, len(keys) + 1, _dumps(text, element))
    return text


def cut(text: str, path: Sequence[str | int]) -> str:
    """*text* without the member or the element that *path* leads to."""
    start = _skip(text, 0)
    for step in path:
        items, closing = _items(text, start)
        keys = [item.key for item in items]
        place = step if isinstance(step, int) else len(keys) - 1 - keys[::-1].index(step)
        container, start = start, items[place].value
    if place:
        return text[: items[place - 1].end] + text[items[place].end :]
    if len(items) > 1:
        return text[: items[0].first] + text[items[1].first :]
    return text[: container + 1] + text[closing:]


def _items(text: str, start: int) -> tuple[list[_Item], int]:
    """What the object or array at *start* holds, and where it closes."""
    items = []
    at = _skip(text, start + 1)
    while text[at] not in "]}":
        first, key = at, None
        if text[start] == "{":
            key, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        value = at
        _, at = _DECODER.raw_decode(text, at)
        items.append(_Item(key, first, value, at))
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return items, at


def _append(text: str, start: int, depth: int, addition: str) -> str:
    """*text* with one more in the object or array at *start*, which is *depth* brackets deep."""
    indent = _indent(text)
    items, closing = _items(text, start)
    addition = "\n" + indent * depth + addition.replace("\n", "\n" + indent * depth)
    if items:
        end = items[-1].end
        return f"{text[:end]},{addition}{text[end:]}"
    return f"{text[: start + 1]}{addition}\n{indent * (depth - 1)}{text[closing:]}"


def _dumps(text: str, value: Any) -> str:
    return json.dumps(value, indent=_indent(text), ensure_ascii=False)


def _indent(text: str) -> str:
    found = _INDENT.search(text)
    return found[1] if found else "  "


def _skip(text: str, at: int) -> int:
    """Where what follows the space at *at* begins."""
    found = _SPACE.match(text, at)
    return found.end() if found else at
