"""Distinguishes people, bots and tools by their names."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from aiprov_otel.history.evidence import model_names
from aiprov_otel.history.evidence.agents import Table, load_table
from aiprov_otel.history.evidence.tool_names import load_lexicon

_MAIL: Final = re.compile(r"<?([^\s<>]+@[^\s<>]+)>?")
_OF_NO_PERSON: Final = re.compile(r"no-?reply@(?!github\.com$)|.*\[bot\]@", re.IGNORECASE)
_BOT: Final = re.compile(
    r"\[bot\]|(?:^|[\s_-])(?:ro)?bot(?=$|[\s<_-])|^dependabot|^renovate|^pyup|^pre-commit-ci"
    r"|^github[ -]?actions?\b"
    r"|<(?:support@dependabot\.com|bot@renovateapp\.com|actions?@github\.com)>",
    re.IGNORECASE,
)
# Bots whose messages repeat the release notes and the commits of others.
_QUOTING: Final = re.compile(
    r"\b(?:dependabot|depfu|greenkeeper|mend-bolt|pre-commit-ci|pyup|renovate|scala-steward|snyk)",
    re.IGNORECASE,
)
_NO: Final = re.compile(
    r"\s*(?:no|none|n/?a|false|0 ?%?|not? used|nil|human|-)\b.*|\s*-?\s*", re.IGNORECASE
)
_YES: Final = re.compile(
    r"\s*(?:yes|true|full|fully|partial|partially|\d+ ?%)\s*\.?\s*", re.IGNORECASE
)
# A value is a name; what has a verb is a sentence that happens to follow a colon.
_SENTENCE: Final = re.compile(
    r"\b(?:is|are|was|were|be|been|will|would|can|could|should|must|may|might|has|have|had|does|do"
    r"|did|when|if|because|since|which|instead|now|not|no longer|never|cannot|\w+n't)\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)  # few people make most of the commits
def is_bot(who: str) -> bool:
    """Whether `Name <mail>` is a bot; for authors that no row of the table matches."""
    return bool(_BOT.search(who))


def quotes_others(who: str) -> bool:
    """Whether `Name <mail>` is a bot whose messages repeat those of others."""
    return is_bot(who) and bool(_QUOTING.search(who))


def split_address(text: str) -> tuple[str, str]:
    """The name and the mail address, in lower case, in `Name <mail>`; either may be empty."""
    match = _MAIL.search(text)
    return _MAIL.sub(" ", text).strip(), match[1].lower() if match else ""


def names_a_tool(value: str, *, yes: bool = False, table: Table | None = None) -> bool:
    """
    Whether the *value* of a trailer names a tool or a model, and not a person of that name.

    With *yes*, the key of the trailer already means AI, so that `yes` counts; `none` never does.
    """
    if _NO.fullmatch(value):
        return False
    if yes and _YES.fullmatch(value):
        return True
    table = table or load_table()
    name, mail = split_address(value)
    if not table.names.words.search(name) or _SENTENCE.search(re.sub(r"\([^()]*\)", " ", name)):
        return False
    if mail and not _OF_NO_PERSON.match(mail) and not table.by_address(name, mail):
        return _unmistakable(name, table)
    return not table.names.is_person(name)


def _unmistakable(name: str, table: Table) -> bool:
    """Whether *name* is a tool or model even beside somebody's own mail."""
    words = re.findall(r"[^\W\d_]+", name)
    first, *others = words or [""]
    return not table.names.is_person(name) and (
        model_names.normalize(name) is not None
        or bool(others)
        or first.lower() not in load_lexicon().names
    )
