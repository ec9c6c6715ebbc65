"""The docs are in plain English: phrases that were private habits of ours stay out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXTS = sorted(
    {ROOT / "README.md", ROOT / "SECURITY.md", *ROOT.glob("docs/**/*.md")}
    - {*ROOT.glob("docs/decisions/*.md")}
)

BANNED = {
    r"\b(said|says?|told|tells?|speaks?)\b": "data carries, reports or contains",
    r"(?<!there )\b(is|are|was|were) no (?!longer\b|more\b)\w": "is not a …",
    r"\bmend(s|ed|ing)?\b": "fix",
    r"\b(is|are|was|were|be) (asked|had|gone)\b": "read, query; obtain; delete",
    r"\b(what|that) (is|was) found\b": "the noun: evidence, spans, rows",
    r"\bwhat (stands|goes|comes|lies|arrives|they are)\b": "the noun",
    r"\bstands? (?!for\b)": "is",
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


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_text_is_in_plain_english(path):
    """
    None of the banned phrases is in it.
    """
    text = prose(path.read_text())

    assert [
        f"{found[0]!r} in {text[max(0, found.start() - 30) : found.end() + 20]!r}: {better}"
        for phrase, better in BANNED.items()
        for found in re.finditer(phrase, text, re.IGNORECASE)
    ] == []
