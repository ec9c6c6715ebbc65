"""Extracts stack traces from what they were pasted in: JSON, escaped strings, Sentry events."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

_ESCAPED: Final = re.compile(r'\\+n *[| ]*File \\*"')
_COLOR: Final = re.compile(r"\x1b\[[0-9;]*m")
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
_CHARACTERS: Final = {"n": "\n", "r": "\r", "t": "\t"}
_NESTED: Final = 4  # logs within logs


def unwrap(text: str) -> str:
    """*text* with its stack traces as Python prints them; the rest is unchanged."""
    text = _COLOR.sub("", text)
    whole = "\n".join(_of_json(text.strip(), _NESTED))
    return whole or "\n".join(_of_line(line, _NESTED) for line in text.splitlines())


def _of_line(line: str, depth: int) -> str:
    document = line[max(line.find("{"), 0) : line.rfind("}") + 1]
    if depth and (traces := "\n".join(_of_json(document, depth))):
        return traces
    if depth and _ESCAPED.search(line):
        return "\n".join(_of_line(one, depth - 1) for one in _unescaped(line).splitlines())
    return line


def _of_json(text: str, depth: int) -> Iterator[str]:
    """The stack traces in a JSON document; none if *text* is not one."""
    if "{" in text:
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            return
        yield from _in(document, depth)


def _in(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str) and 'File "' in value.replace("\\", ""):
        yield "\n".join(_of_line(line, depth - 1) for line in value.splitlines())
    elif isinstance(value, dict):
        if frame := _structured(value):
            yield frame
        for inner in value.values():
            yield from _in(inner, depth)
        if isinstance(value.get("stacktrace"), dict):
            yield f"{value.get('type')}: {value.get('value')}"
    elif isinstance(value, list):
        for inner in value:
            yield from _in(inner, depth)


def _structured(value: dict[str, Any]) -> str | None:
    """A frame as Sentry and some loggers write it, in Python's form."""
    path = value.get("abs_path") or value.get("filename")
    line = value.get("lineno")
    if not isinstance(path, str) or not isinstance(line, int):
        return None
    source = value.get("context_line") or value.get("line")
    shown = f"\n    {source.strip()}" if isinstance(source, str) and source.strip() else ""
    name = value.get("function") or value.get("name") or "<unknown>"
    return f'  File "{path}", line {line}, in {name}{shown}'


def _unescaped(text: str) -> str:
    def character(match: re.Match[str]) -> str:
        if match[1]:
            return chr(int(match[1], 16))
        return _CHARACTERS.get(match[2], match[2])

    return _ESCAPE.sub(character, text)
