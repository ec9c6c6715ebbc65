"""HTML that is made of values: what is not markup by type is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import Final, TypeAlias

# Controls, lone surrogates, and what makes text run in another direction than it is written.
_UNSEEN: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_VOID: Final = {"input"}  # what has no end


class Markup(str):
    """Text that is HTML; only `tag` and `joined` make it."""

    __slots__ = ()


Content: TypeAlias = "str | Iterable[Content] | None"
"""What may stand inside a tag: text, markup, several of them, or nothing."""

Value: TypeAlias = str | float | bool | None
"""Of an attribute; None and False leave it out, True gives it no value."""


def tag(name: str, /, *inside: Content, **attributes: Value) -> Markup:
    """
    The element *name* with *inside*, which is escaped where it is no markup.

    An attribute that Python can't spell has `_` for `-`, and at its end none: `class_`, `data_id`.
    """
    said = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Markup(f"<{name}{said}>")
    return Markup(f"<{name}{said}>{joined(*inside)}</{name}>")


def joined(*content: Content) -> Markup:
    """*content* one after the other."""
    return Markup("".join(_text(one) for one in content))


def _text(content: Content) -> str:
    if content is None:
        return ""
    if isinstance(content, Markup):
        return content
    if isinstance(content, str):
        return escape(_UNSEEN.sub("\ufffd", content), quote=False)
    return "".join(map(_text, content))


def _attribute(key: str, value: Value) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return f' {name}="{escape(_UNSEEN.sub(chr(0xFFFD), text))}"'
