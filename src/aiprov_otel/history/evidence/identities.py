"""Distinguishes people, bots and tools by their names."""

from __future__ import annotations

import re
from functools import lru_cache

from aiprov_otel.history.evidence import model_names
from aiprov_otel.history.evidence.agents import load_lexicon

_MAIL = re.compile(r"<?([^\s<>]+@[^\s<>]+)>?")
_TOOL_MAIL = re.compile(
    r"^no-?reply@(?!github\.com$)|\[bot\]@|^(?:claude@anthropic|codex@openai|crush@charm"
    r"|cursoragent@cursor|(?:oz-)?agent@warp|amp@ampcode|aider@aider|junie@jetbrains)\.",
    re.IGNORECASE,
)
_BOT = re.compile(
    r"\[bot\]|(?:^|[\s_-])(?:ro)?bot(?=$|[\s<_-])|^dependabot|^renovate|^pyup|^pre-commit-ci"
    r"|^github[ -]?actions?\b"
    r"|<(?:support@dependabot\.com|bot@renovateapp\.com|actions?@github\.com)>",
    re.IGNORECASE,
)
_NO = re.compile(r"\s*(?:no|none|n/?a|false|0 ?%?|not? used|nil|-)\b.*|\s*-?\s*", re.IGNORECASE)
_YES = re.compile(r"\s*(?:yes|true|full|fully|partial|partially|\d+ ?%)\s*\.?\s*", re.IGNORECASE)
# Words beside the name of a tool that don't make it the name of a person.
_OF_A_TOOL = re.compile(
    r"agents?|ai|and|anthropic|app|assistant|auto|cli|code|desktop|for|from|google|github|in|labs"
    r"|max|mini|model|pro|the|using|via|web|with|opus|sonnet|haiku|fable|instant|flash",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)  # few people make most of the commits
def is_bot(who: str) -> bool:
    """Whether `Name <mail>` is a bot; for authors that no row of the table matches."""
    return bool(_BOT.search(who))


def names_a_tool(value: str, *, yes: bool = False) -> bool:
    """
    Whether the *value* of a trailer names a tool or a model, and not a person of that name.

    With *yes*, the key of the trailer already means AI, so that `yes` counts; `none` never does.
    """
    if _NO.fullmatch(value):
        return False
    if yes and _YES.fullmatch(value):
        return True
    mail = _MAIL.search(value)
    name = _MAIL.sub(" ", value)
    if not load_lexicon().words.search(name):
        return False
    if mail and not _TOOL_MAIL.search(mail[1]):
        return _unmistakable(name)
    return not _is_person(name)


def _unmistakable(name: str) -> bool:
    """Whether *name* is a tool or model even beside somebody's own mail."""
    words = re.findall(r"[^\W\d_]+", name)
    first, *others = words or [""]
    return not _is_person(name) and (
        model_names.normalize(name) is not None
        or bool(others)
        or first.lower() not in load_lexicon().names
    )


def _is_person(name: str) -> bool:
    """Whether *name* is First Last where the tool's name is somebody's (`Claude Dioudonnat`)."""
    words = re.findall(r"[^\W\d_][\w'\u2019-]*", name)
    # No person's name holds a colon; AGENT:MODEL does.
    if ":" in name or model_names.normalize(name) or not 2 <= len(words) <= 4:
        return False
    if not any(word.lower() in load_lexicon().names for word in words):
        return False
    others = [word for word in words if not load_lexicon().words.fullmatch(word)]
    return any(word[0].isupper() and not _OF_A_TOOL.fullmatch(word) for word in others)
