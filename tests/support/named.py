"""Which names of attributes and metrics a text has, and which of them nobody sends."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from aiprov_otel import attributes
from aiprov_otel.backends import texts

KEYS: Final = {
    value
    for name, value in vars(attributes).items()
    if name.isupper() and isinstance(value, str) and "." in value
}
_SUFFIXES: Final = {
    attributes.FUNCTION_CALLS: "_total",
    attributes.FUNCTION_TIME: "_seconds_total",
    attributes.FUNCTION_SELF_TIME: "_seconds_total",
    attributes.FUNCTION_DURATION: "_seconds_bucket",
    attributes.EXCEPTIONS: "_total",
    attributes.CODE_LINES: "",
}
"""What Prometheus adds to the name of a metric: its kind, and its unit unless an annotation."""

_THEIRS: Final = {"exception.type", "exception.message", "service.name"}
_OF_PROMETHEUS: Final = {
    *(key.replace(".", "_") for key in KEYS - _SUFFIXES.keys()),
    *(f"{name.replace('.', '_')}{suffix}" for name, suffix in _SUFFIXES.items()),
    *re.findall(r"record: (\S+)", "".join(texts().values())),
}
_NAMES: Final = (
    r"(?<![\w./-])aiprov[._:][a-z][\w.:]*\w",  # ours
    r"\[\\?'([a-z][\w.]*)\\?'\]",  # what SQL looks for in a map
    r"\b(?:span|event|resource)\.([a-z_]+\.[\w.]*\w)",  # what TraceQL looks for
)


def unsent(text: str) -> set[str]:
    """The names in *text* that look like an attribute or a metric of ours, and are none."""
    plain = unquote(text)  # in the address of a link
    found = {name for pattern in _NAMES for name in re.findall(pattern, plain)}
    return found - KEYS - _THEIRS - _OF_PROMETHEUS - {"aiprov_otel"}
