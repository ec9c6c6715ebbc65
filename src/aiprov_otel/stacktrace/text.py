"""Extracts stack traces from JSON, CSV, escaped strings, logs of many kinds and Sentry events."""

from __future__ import annotations

import codecs
import html
import json
import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote

_BYTE_ORDER_MARKS: Final = {
    codecs.BOM_UTF32_LE: "utf-32",  # begins with that of UTF-16
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# No pattern looks at a run of backslashes or blanks more than once, or as far as the end of a line.
_SLASHES: Final = r"(?<!\\)\\++"
# Colors, with an escape character as it is or as a log writes it, and links of a terminal.
_ESC: Final = rf"(?:\x1b|{_SLASHES}(?:x1b|u001b|033|e)|#033|\^\[|\u241b|\ufffd)"
_COLOR: Final = re.compile(
    rf"{_ESC}(?:\[[0-9;:]*[a-zA-Z]|\]8;[^\x07\x1b\\]{{0,1000}}+(?:\x07|{_ESC}\\++))", re.IGNORECASE
)
_BARE_COLOR: Final = re.compile(r"\[\d{1,3}(?:;\d{1,3})*m")  # whose escape character was dropped
_BLANKS: Final = dict.fromkeys(map(ord, "\xa0\u2007\u202f"), " ")
_QUOTES: Final = re.compile(
    r"(\bFile )[\u201c-\u201e\u00ab]([^\n\u201c-\u201e\u00bb]+)[\u201c-\u201e\u00bb]"
)
_CELL: Final = re.compile(r'(?:^|(?<=[,;\t|]))"([^"]*(?:""[^"]*)*)"(?=[,;\t|]|\r?$)', re.MULTILINE)
_DOUBLED: Final = re.compile(r'\bFile \\*""')

_FRAME: Final = r'[|> ]*+File \\*+"'
_ESCAPED: Final = re.compile(
    rf"{_SLASHES}(?:n|r|012|015|x0[ad]|u000[ad]|u2028){_FRAME}", re.IGNORECASE
)
_OCTAL: Final = re.compile(r"#(0[0-3][0-7]|177)")  # a control character, as rsyslog writes it
_WRITTEN: Final = re.compile(r"#012|\^J|[\u240a\u2424\u21b5\u23ce]" + _FRAME)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(0[0-3][0-7])|(.))")
_CHARACTERS: Final = {"n": "\n", "r": "\r", "t": "\t"}
# On a line of its own a function may have any name; between other text it ends where words do.
_INLINE: Final = re.compile(r'File "[^"\n]+", line \d+,? in (?:<[^<>\n]*>|[\w.])+')
_NESTED: Final = 4  # logs within logs


def decode(data: bytes) -> str:
    """*data* as text, by its byte order mark, else as UTF-8."""
    marks = (encoding for mark, encoding in _BYTE_ORDER_MARKS.items() if data.startswith(mark))
    text = data.decode(next(marks, "utf-8"), "replace")
    # Files that were joined have marks in the middle, and a log in UTF-16 without a mark, or behind
    # lines in UTF-8, has a NUL in each character of ASCII.
    return text.replace("\ufeff", "").replace("\0", "")


def unwrap(text: str) -> str:
    """*text* with its stack traces as Python prints them; the rest is unchanged."""
    return "\n".join(_unwrap(text, _NESTED))


def _unwrap(text: str, depth: int) -> Iterator[str]:
    text = _plain(text)
    if depth and (traces := _of_json(text.strip(), depth)):
        yield from traces
        return
    for line in text.splitlines():
        yield from _of_line(line, depth)


def _plain(text: str) -> str:
    """*text* without colors, and with the blanks and quotes that Python prints."""
    if "File" not in text:
        return text
    text = _COLOR.sub("", text.translate(_BLANKS))
    if "File [" in text:
        text = _BARE_COLOR.sub("", text)
    if "File &" in text:
        text = html.unescape(re.sub(r"<br ?/?>", "\n", text)).translate(_BLANKS)
    if "File%20%22" in text or "File+%22" in text:
        text = unquote(text.replace("+", " ") if "File+%22" in text else text)
    text = _QUOTES.sub(r'\1"\2"', text)
    if _DOUBLED.search(text):
        text = _CELL.sub(lambda cell: cell[1].replace('""', '"'), text)
        # What is left is of a cell that was cut off.
        text = "\n".join(
            line.replace('""', '"') if _DOUBLED.search(line) else line for line in text.splitlines()
        )
    return text


def _of_line(line: str, depth: int) -> Iterator[str]:
    document = line[max(line.find("{"), 0) : line.rfind("}") + 1]
    if depth and (traces := _of_json(document, depth)):
        yield from traces
    elif depth and _ESCAPED.search(line):
        yield from _unwrap(_ESCAPE.sub(_character, line), depth - 1)
    elif depth and _WRITTEN.search(line) and "File" in line:
        text = _OCTAL.sub(lambda match: chr(int(match[1], 8)), line)
        yield from _unwrap(re.sub(r"\^J|[\u240a\u2424\u21b5\u23ce]", "\n", text), depth - 1)
    else:
        yield from _split_inline(line)


def _split_inline(line: str) -> Iterator[str]:
    """*line*, or each frame on a line of its own if all of a stack trace is on this one."""
    frames = list(_INLINE.finditer(line))
    if len(frames) < 2 and not (frames and "(most recent call " in line[: frames[0].start()]):
        yield line
        return
    yield line[: frames[0].start()].rstrip(" >|")
    ends = [*(frame.start() for frame in frames[1:]), len(line)]
    for frame, end in zip(frames, ends, strict=True):
        yield f"  {frame[0]}"
        between = line[frame.end() : end].strip(" >|")
        yield from (f"    {part}" for part in re.split(r" {2,}", between) if part)


def _of_json(text: str, depth: int) -> list[str]:
    """The stack traces in a JSON document; none if *text* is not one, or is too deep."""
    if "{" not in text:
        return []
    try:
        return list(_in(json.loads(text), depth))
    except (ValueError, RecursionError):
        return []


def _in(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str) and "File" in value:
        text = "\n".join(_unwrap(value, depth - 1))
        if 'File "' in text:
            yield text
    elif isinstance(value, dict):
        if frame := _logged_frame(value):
            yield frame
        for inner in value.values():
            yield from _in(inner, depth)
        if isinstance(value.get("stacktrace"), dict):
            yield f"{value.get('type')}: {value.get('value')}"
    elif isinstance(value, list):
        if value and all(isinstance(item, int) and 0 <= item < 256 for item in value):
            yield from _in(decode(bytes(value)), depth)  # as journald writes what is not plain text
        else:
            for inner in value:
                yield from _in(inner, depth)


def _logged_frame(value: dict[str, Any]) -> str | None:
    """A frame as Sentry and some loggers write it, in Python's form."""
    path = value.get("abs_path") or value.get("filename")
    line = value.get("lineno")
    if not isinstance(path, str) or not isinstance(line, int):
        return None
    source = value.get("context_line") or value.get("line")
    shown = f"\n    {source.strip()}" if isinstance(source, str) and source.strip() else ""
    name = value.get("function") or value.get("name") or "<unknown>"
    return f'  File "{path}", line {line}, in {name}{shown}'


def _character(match: re.Match[str]) -> str:
    if digits := match[1] or match[2]:
        return chr(int(digits, 16))
    return chr(int(match[3], 8)) if match[3] else _CHARACTERS.get(match[4], match[4])
