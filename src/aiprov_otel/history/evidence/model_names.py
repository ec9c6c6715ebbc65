"""One name for a model, however a trailer, a tool or a gateway spells it; and its maker."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile
from typing import Final

_PROVIDERS: Final = {
    "claude": "anthropic",
    "codestral": "mistral",
    "codex": "openai",
    "composer": "cursor",
    "deepseek": "deepseek",
    "devstral": "mistral",
    "gemini": "google",
    "gemma": "google",
    "glm": "zhipu",
    "gpt": "openai",
    "grok": "xai",
    "kimi": "moonshot",
    "llama": "meta",
    "magistral": "mistral",
    "mimo": "xiaomi",
    "minimax": "minimax",
    "mistral": "mistral",
    "nova": "amazon",
    "o": "openai",
    "phi": "microsoft",
    "qwen": "alibaba",
    "swe": "cognition",
}
FAMILIES: Final = frozenset(_PROVIDERS) - {"o", "swe", "nova", "phi"}
"""The first words of the names of models that nothing else is called."""

_NUMBER = r"\d[a-z0-9]*(?:\.[a-z0-9]+)*"
_FAMILY = re.compile(
    rf"({'|'.join(sorted(_PROVIDERS.keys() - {'o'}))})(?:v?({_NUMBER}))?|(o)([1-9])"
)
_ONE_WORD: Final = {"o", "qwen"}  # o3, qwen3: the version belongs to the name
_EFFORT: Final = {"xhigh", "high", "medium", "low", "minimal", "none", "thinking"}
_WITH_EFFORT: Final = {"codex", "gemini", "gpt", "grok", "o"}
_SIZES: Final = {"flash", "large", "lite", "max", "medium", "mini", "nano", "plus", "pro", "small"}
_WORD = re.compile(
    rf"[a-z]?{_NUMBER}|{'|'.join(sorted(_SIZES | _EFFORT))}"
    r"|air|code|codex|coder|exp|fast|instruct|latest|preview|turbo"
)
_PLAIN = re.compile(r"[a-z0-9]+(?:\.[a-z0-9]+)*")
_TIER = re.compile(r"opus|sonnet|haiku|fable|instant")
_VERSION = re.compile(r"\d{1,2}(?:\.\d{1,2})?")
_DATE = re.compile(r"[-@ ](?:20\d{6}|20\d\d-\d\d-\d\d)(?!\d)")
_SHARE = re.compile(r"=\d{1,3}(?:\.\d{1,3})?%")  # of the lines that this model wrote
_UNKNOWN_MODEL = re.compile(r"(?![0-9a-f.-]+$)(?=[^\d]*\d)[a-z][a-z0-9]*(?:[.-][a-z0-9]+)+")
_LONGEST: Final = 64


def normalize(text: str) -> str | None:
    """
    The one name of the model in *text*, `claude-opus-4-6`; None if it names none.

    It never holds a mail address, a URL or the name of a person.
    """
    outside = re.sub(r"\([^()]*\)|\[[^\[\]]*\]|<[^<>]*>", " ", text)
    inside = re.findall(r"[(\[]([^()\[\]]*)[)\]]", text)
    parts = (part for side in (outside, *inside) for part in re.split("[,;]", side))
    names = map(_parse_name, parts)
    return next((name for name in names if name and len(name) <= _LONGEST), None)


def provider_of(model: str | None) -> str | None:
    """The maker of *model*, a name from `normalize`; None for an unknown one."""
    match = _FAMILY.fullmatch(model.partition("-")[0]) if model else None
    return _PROVIDERS[match[1] or match[3]] if match else None


def _parse_name(text: str) -> str | None:
    text = _DATE.sub("", text.lower().replace("_", "-"))
    if "@" in text or "://" in text:
        return None
    text = _SHARE.sub("", text)
    # A gateway writes provider/model:tag; of a tag, only the size of a local model is kept.
    text = re.sub(r":(\d+b)\b", r"-\1", text.rpartition("/")[2]).partition(":")[0]
    text = re.sub(r"(?<=[a-z])\.(?=[a-z])", "-", text.strip(" \t\r\n\"'`.,;-"))
    words = [word for word in re.split(r"[\s-]+", text) if word]
    free = bool(re.search(r"\s", text))
    name = _claude_name(words) or _family_name(words, free=free)
    if not name and not free and _UNKNOWN_MODEL.fullmatch(text):
        name = text
    return None if name and _DATE.search(name) else name


def _claude_name(words: Sequence[str]) -> str | None:
    """Tools order and punctuate a Claude's name as they like; Anthropic's spelling stays."""
    tier = next((index for index, word in enumerate(words) if _TIER.fullmatch(word)), None)
    if tier is not None:
        version = _version(words[tier + 1 :]) or _version_before(words[:tier])
        return _join_tier(words[tier], version)
    if "claude" not in words:
        return None
    version = _version(words[words.index("claude") + 1 :])
    return "-".join(("claude", *version)) if version else None


def _join_tier(tier: str, version: Sequence[str]) -> str:
    old = version and int(version[0]) < 4 and tier in {"opus", "sonnet", "haiku"}
    return "-".join(("claude", *version, tier) if old else ("claude", tier, *version))


def _version(words: Sequence[str]) -> list[str]:
    """The numbers that *words* begin with, `4.6` or `4`, `6`; a minor 0 is left out."""
    numbers = list(takewhile(_VERSION.fullmatch, words[:2]))
    parts = ".".join(numbers).split(".")[:2] if numbers else []
    return [str(int(part)) for part in parts if part != "0" or part is parts[0]]


def _version_before(words: Sequence[str]) -> list[str]:
    numbers = list(takewhile(_VERSION.fullmatch, reversed(words[-2:])))
    return _version(numbers[::-1])


def _family_name(words: Sequence[str], *, free: bool) -> str | None:
    for index, word in enumerate(words):
        match = _FAMILY.fullmatch(word.removeprefix("chat"))
        if match and (name := _name_in_family(match, words[index + 1 :], free=free)):
            return name
    return None


def _name_in_family(match: re.Match[str], following: Sequence[str], *, free: bool) -> str | None:
    family = match[1] or match[3]
    if family == "claude" or (family == "codex" and following[:1] == ["gpt"]):
        return None
    version = match[2] or match[4]
    allowed = _WORD if free else _PLAIN
    own = takewhile(lambda word: allowed.fullmatch(word) and not _begins_name(word), following)
    tail = [*([version] if version else []), *own]
    tail = _without_effort(family, tail)
    if not _names_model(family, tail):
        return None
    if family in _ONE_WORD and tail and tail[0][0].isdigit():
        return family + "-".join(tail)
    return "-".join((family, *tail))


def _begins_name(word: str) -> bool:
    """Whether *word* begins the name of a model; `codex` may be a part of one."""
    family = _FAMILY.fullmatch(word.removeprefix("chat"))
    return bool(_TIER.fullmatch(word) or (family and family[1] != "codex"))


def _without_effort(family: str, tail: Sequence[str]) -> list[str]:
    kept = list(takewhile(lambda word: word not in {"preview", "exp", "latest"}, tail))
    while kept and family in _WITH_EFFORT and kept[-1] in _EFFORT:
        kept.pop()
    return kept


def _names_model(family: str, tail: Sequence[str]) -> bool:
    """Whether this names a model, and not only the tool (`Gemini CLI`) or its maker."""
    if family == "composer":
        return True
    return any(word in _SIZES or re.search(r"\d", word) for word in tail)
