"""Docs and source are in plain English: phrases that were private habits of ours stay out."""

from __future__ import annotations

import ast
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXTS = sorted(
    {ROOT / "README.md", ROOT / "SECURITY.md", *ROOT.glob("docs/**/*.md")}
    - {*ROOT.glob("docs/decisions/*.md")}
)
MODULES = sorted(ROOT.glob("src/aiprov_otel/**/*.py"))

BANNED = {
    r"(?<!can't )(?<!too few to )\b(said|says?|told|tells?|speaks?)\b": (
        "data carries, reports or contains"
    ),
    r"(?<!there )\b(is|are|was|were) no (?!longer\b|more\b)\w": "is not a …",
    r"\bmend(s|ed|ing)?\b": "fix",
    r"\b(is|are|was|were|be) (asked|had|gone)\b": "read, query; obtain; delete",
    r"\b(what|that) (is|was) found\b": "the noun: evidence, spans, rows",
    r"\bwhat (stands|goes|comes|lies|arrives|they are)\b": "the noun",
    r"\bstands? (?!(for|out|side by side)\b)": "is",
    r"\b(lies|lie|lay) (in|beside|at|on|below)\b": "is",
    r"\b(error|call|line|object|row|document|page)s? an? (call|line|file|row|function)\b": "per",
    r"\bin the end\b|\bas ever\b|\bwhoever\b|\bwherever\b": "say who, where or when",
    r"\b(simply|obviously|of course)\b": "leave it out",
}


NOT_PROSE = (
    r"^```.*?^```$",
    r"``.*?``|`[^`\n]*`",
    r"<!-- [\w.]+ -->.*?<!-- -->",  # a generated table
    r"^> .*?$|\"[^\"\n]*\"",  # what a program prints
    r"\]\([^)\n]*\)",
)


def prose(text: str) -> str:
    """*text* without code, quotations, generated tables and the targets of links."""
    for pattern in NOT_PROSE:
        text = re.sub(pattern, "", text, flags=re.MULTILINE | re.DOTALL)
    return text


def written(module: Path) -> list[str]:
    """The docstrings, comments and strings of several words in *module*."""
    with module.open("rb") as file:
        comments = [
            token.string
            for token in tokenize.tokenize(file.readline)
            if token.type == tokenize.COMMENT
        ]
    constants = (
        node.value
        for node in ast.walk(ast.parse(module.read_bytes()))
        if isinstance(node, ast.Constant)
    )
    return comments + [text for text in constants if isinstance(text, str) and " " in text]


def banned(text: str) -> list[str]:
    """Each banned phrase in the prose of *text*, with what is around it and a better one."""
    text = " ".join(prose(text).split())
    return [
        f"{found[0]!r} in {text[max(0, found.start() - 30) : found.end() + 20]!r}: {better}"
        for phrase, better in BANNED.items()
        for found in re.finditer(phrase, text, re.IGNORECASE)
    ]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_text_is_in_plain_english(path):
    """
    None of the banned phrases is in it.
    """
    assert banned(path.read_text()) == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_in_plain_english(module):
    """
    None of the banned phrases is in its docstrings, comments and messages.
    """
    assert [found for text in written(module) for found in banned(text)] == []
