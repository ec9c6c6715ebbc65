"""HTML built from values: everything that is not of the type `Markup` is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final, TypeAlias

from aiprov_otel.report.render.text import replace_unprintable

_VOID: Final = {"input"}  # elements without an end tag


class Markup(str):
    """Text that is HTML; only `tag` and `join` create it."""

    __slots__ = ()


Content: TypeAlias = "str | Iterable[Content] | None"
"""The content of an element: text, markup, several of them, or nothing."""

Value: TypeAlias = str | float | bool | None
"""The value of an attribute; None and False leave it out, True gives it no value."""


def tag(name: str, /, *content: Content, **attributes: Value) -> Markup:
    """
    Returns the element *name* with *content*, escaped unless it is markup.

    In an attribute's name `_` stands for `-`, and a trailing `_` is dropped: `class_`, `data_id`.
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{join(*content)}</{name}>")


def join(*content: Content) -> Markup:
    """Returns all of *content* in a row."""
    return Markup("".join(map(_text, content)))


def _text(content: Content) -> str:
    if content is None:
        return ""
    if isinstance(content, Markup):
        return content
    if isinstance(content, str):
        return escape(replace_unprintable(content), quote=False)
    return "".join(map(_text, content))


def _attribute(key: str, value: Value) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return f' {name}="{escape(replace_unprintable(text))}"'
