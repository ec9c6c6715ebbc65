"""Every expression of the files that are shipped and of the documentation, ready to be asked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

import yaml

from aiprov_otel.backends import texts

_DOCS: Final = Path(__file__).parents[2] / "docs"
_A_COMMIT: Final = "9fd81c2a4b7e0d3f5a6c8b9e1d2f3a4b5c6d7e8f"
_PUT_IN: Final = (
    (r"\$__rate_interval", "5m"),
    (r"\$__range", "1h"),
    (r"\$\$__tags", 'service_name="shop"'),
    (r"\$\{budget\}", "0.001"),
    (r"\$\{service:singlequote\}", "'shop'"),
    (r"\$\{\w+:pipe\}", "shop"),
    (r"\$\{__field\.labels\.\w+\}", "ai"),
    (r"\{\{ \$labels\.service_name \}\}", "shop"),
    (r"\{\{ \$labels\.raised_by \}\}", "ai"),
    (r"\$__timeFilter\((\w+)\)", r"\1 >= now() - INTERVAL 1 HOUR"),
    (r"\$__timeInterval\((\w+)\)", r"toStartOfInterval(toDateTime(\1), INTERVAL 600 second)"),
    (r"\$(service|route|model|job)\b", ".*"),
    (r"^label_values\((.*), (\w+)\)$", r"count by (\2) (\1)"),
)
"""What Grafana and Alertmanager put in for macros, variables and labels."""


class Expression(NamedTuple):
    """An expression, the file that it stands in, and its language."""

    file: str
    language: str
    text: str


def expressions() -> Iterator[Expression]:
    """All of them, each once a file."""
    for file, text in {**texts(), **_pages()}.items():
        for language, expression in dict.fromkeys(_in(file, text)):
            for pattern, put in _PUT_IN:
                expression = re.sub(pattern, put, expression)  # noqa: PLW2901
            yield Expression(file, language, expression)


def _pages() -> dict[str, str]:
    return {f"docs/{page.name}": page.read_text() for page in sorted(_DOCS.glob("*/*.md"))}


def _in(file: str, text: str) -> Iterator[tuple[str, str]]:
    if file.endswith(".sql"):
        yield "SQL", text
    elif file.endswith(".md"):
        yield from (("TraceQL", line) for line in _typed(text))
    elif file.endswith(".json"):
        yield from _below(json.loads(text))
    else:
        yield from _below(yaml.safe_load(text))


def _below(found: Any) -> Iterator[tuple[str, str]]:
    if isinstance(found, dict):
        for key, value in found.items():
            yield from _said(key, value) if isinstance(value, str) else _below(value)
    elif isinstance(found, list):
        for value in found:
            yield from _below(value)


def _said(key: str, value: str) -> Iterator[tuple[str, str]]:
    """The expressions in a text under *key*."""
    if key == "rawSql":
        yield "SQL", value
    elif key == "expr" or (key == "query" and re.match(r"label_values\(|\w+\(\w+\(", value)):
        yield "PromQL", value
    elif key == "query" and value.startswith("{ "):
        yield "TraceQL", value
    elif key == "query" and value.startswith("SELECT "):
        yield "SQL", value
    elif key == "url" and "panes=" in value:
        for pane in json.loads(unquote(value.partition("panes=")[2])).values():
            yield from _below(pane)
    elif key == "description":
        yield from (("TraceQL", one) for one in re.findall(r"Explore, Tempo: (.*)", value))


def _typed(page: str) -> Iterator[str]:
    """What a page shows to be typed into Tempo."""
    return (line for line in re.findall(r"^\{ .*$", page, re.MULTILINE) if _A_COMMIT not in line)
