"""How tools and models are called in free text, and how people are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from importlib import resources
from typing import Final, NamedTuple

from aiprov_otel.history.evidence import model_names

# Behind a name that is a family of models too, these make it the name of a model.
_OF_A_MODEL: Final = r"(?![- (]*(?:opus|sonnet|haiku|fable|instant|pro\b|flash|k?\d))"
# Words beside the name of a tool that don't make it the name of a person.
_OF_A_TOOL: Final = re.compile(
    r"agents?|ai|and|anthropic|api|app|assistant|auto|bot|by|cli|code|coding|desktop|for|from"
    r"|google|github|ide|in|labs|llm|max|mini|model|openai|preview|pro|the|thinking|using|via|web"
    r"|with|opus|sonnet|haiku|fable|instant|flash|codex|x?high|medium|low|fast|\d+m|context"
    r"|v?\d[\w.]*|k\d[\w.]*",
    re.IGNORECASE,
)


def fold(text: str) -> str:
    """*text* in one spelling: `Claude-Code` is `claude code`."""
    return " ".join(re.split(r"[\s_-]+", text.lower())).strip()


class Names:
    """The names of tools, each with the slug of the tool; None where that is uncertain."""

    def __init__(self, names: Iterable[tuple[str, str | None]]) -> None:
        self._slugs: dict[str, str | None] = {}
        for name, slug in names:
            self._slugs.setdefault(fold(name), slug)
        self._joined = {_join(name): slug for name, slug in reversed(self._slugs.items())}

    def find_first(self, text: str) -> str | None:
        """The slug of the first tool that *text* names."""
        match = self._anywhere.search(re.sub(r"<[^>]*>", " ", text))
        return self._joined.get(_join(match[1])) if match else None

    def find_whole(self, text: str) -> tuple[str, str | None] | None:
        """The name, and the slug, that *text* consists of, with a model or without one."""
        text = re.sub(r"\([^()]*\)|\[[^\[\]]*\]|[\"'`*]", " ", text).strip()
        match = self._anywhere.match(text)
        rest = text[match.end() :] if match else text
        if not all(map(self._is_of_a_tool, re.findall(r"[\w.]+", rest))):
            return None
        if match:
            return fold(match[1]), self._joined.get(_join(match[1]))
        model = model_names.normalize(text)
        return (model, None) if model and model_names.provider_of(model) else None

    def _is_of_a_tool(self, word: str) -> bool:
        return bool(_OF_A_TOOL.fullmatch(word) or word.lower() in model_names.FAMILIES)

    def is_person(self, name: str) -> bool:
        """Whether *name* is First Last where the tool's name is somebody's (`Claude Dupont`)."""
        words = re.findall(r"[^\W\d_][\w'\u2019-]*", name)
        # No person's name holds a colon; AGENT:MODEL does.
        if ":" in name or model_names.normalize(name) or not 2 <= len(words) <= 4:
            return False
        if not any(word.lower() in load_lexicon().names for word in words):
            return False
        others = [word for word in words if not self.words.fullmatch(word)]
        return any(word[0].isupper() and not _OF_A_TOOL.fullmatch(word) for word in others)

    @cached_property
    def words(self) -> re.Pattern[str]:
        """Finds the name of any tool, model or maker."""
        known = "|".join(map(re.escape, sorted({*load_lexicon().words, *model_names.FAMILIES})))
        return re.compile(
            rf"chatgpt\w*|gpt\w*|qwen\w*|(?<![a-z])(?:{known}|{self.pattern})(?![a-z])",
            re.IGNORECASE,
        )

    @cached_property
    def pattern(self) -> str:
        """Matches the name of a tool."""
        # The longest first: "Claude Code" is more than "Claude".
        return "|".join(map(_spellings, sorted(self._slugs, key=len, reverse=True)))

    @cached_property
    def _anywhere(self) -> re.Pattern[str]:
        known = sorted((n for n, slug in self._slugs.items() if slug), key=len, reverse=True)
        names = (
            _spellings(name) + (_OF_A_MODEL if name in model_names.FAMILIES else "")
            for name in known
        )
        return re.compile(rf"(?<![\w-])({'|'.join(names)})(?:v\d[\w.]*)?(?![\w-])", re.IGNORECASE)


def _join(name: str) -> str:
    """What all spellings of *name* have in common: `Claude Code` may be written `ClaudeCode`."""
    return fold(name).replace(" ", "")


def _spellings(name: str) -> str:
    return re.escape(name).replace(r"\ ", "[ _-]?")


class Lexicon(NamedTuple):
    """
    Words that need care.

    Attributes:
        words: stand for AI in general, or for a maker or a model.
        names: names of tools that are people's names too.
        common: names of tools that are ordinary words.
        tools: slugs of the tools that only records name, by the name there.
    """

    words: tuple[str, ...]
    names: frozenset[str]
    common: frozenset[str]
    tools: Mapping[str, str]


@lru_cache(maxsize=1)
def load_lexicon() -> Lexicon:
    """The package's lexicon, data/lexicon.json."""
    file = resources.files("aiprov_otel.history.evidence") / "data" / "lexicon.json"
    data = json.loads(file.read_text("utf-8"))
    return Lexicon(
        words=tuple(data["words"]),
        names=frozenset(data["first_or_last_names"]),
        common=frozenset(data["common_words"]),
        tools=data["names_in_records"],
    )
