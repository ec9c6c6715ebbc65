"""Trailers that mark a commit: co-authors, statements about AI, and those of a single tool."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from aiprov_otel.history.evidence import model_names
from aiprov_otel.history.evidence.agents import ROLES, Agent, Table, normalize_key
from aiprov_otel.history.evidence.found import Found
from aiprov_otel.history.evidence.identities import names_a_tool, split_address
from aiprov_otel.history.evidence.tool_names import fold, load_lexicon
from aiprov_otel.values import Evidence, Origin

# What the key of a trailer means, however it is spelled; see `normalize_key`.
_CO_AUTHOR: Final = {"coauthoredby", "coauthor", "coauthors", "coauthoredbyai"}
_ASSISTED: Final = {"assistedby", "aiassistedby"}
_GENERATED: Final = {"generatedby", "writtenby", "authoredby", "synthesizedby", "createdby"}
_DEVELOPED: Final = {"codevelopedby", "madewith"}
_ABOUT_AI: Final = {
    "aiassistant", "aiassisted", "aitool", "aitools", "aiagent", "aigenerated", "aigeneratedby",
    "aiassistance", "aidisclosure", "codingagent",
}  # fmt: skip
_BESIDE_PRODUCTS: Final = {"aiassistance", "codingagent"}  # so that nothing but a name counts
_DISCLOSED: Final = {"aimodel", "aisession", "ailines", "aimodified"}
_ORIGIN: Final = "aiorigin"
_STATED: Final = {
    "ai": Origin.AI,
    "aigenerated": Origin.AI,
    "generated": Origin.AI,
    "aiassisted": Origin.MIXED,
    "assisted": Origin.MIXED,
    "mixed": Origin.MIXED,
    "human": Origin.HUMAN,
}
KEYS: Final = frozenset(
    {*_CO_AUTHOR, *_ASSISTED, *_GENERATED, *_DEVELOPED, *_ABOUT_AI, *_DISCLOSED, _ORIGIN}
    | {"agent", "model"}
)
# Before the key there may be a bullet, or a sign such as an emoji; the sign of a quotation not.
_SIGN: Final = r"[^\w\s\x00-\x7f\u2018-\u201f\u2039\u203a\xab\xbb]{1,4}\s*"
_TRAILER: Final = re.compile(rf"\s*(?:[-*]\s+|{_SIGN})?([A-Za-z][\w -]{{1,40}}?)\s*:\s*(.*?)\s*")


def split_trailer(line: str) -> tuple[str, str]:
    """The normalized key and the value of a *line* `Key: value`; two empty texts for another."""
    match = _TRAILER.fullmatch(line)
    return (normalize_key(match[1]), match[2]) if match else ("", "")


def unfold(lines: Sequence[str], table: Table) -> Iterator[tuple[int, str]]:
    """The *lines* with their numbers; a trailer that goes on in the next ones is one of them."""
    number = 0
    while number < len(lines):
        line, first = lines[number], number + 1
        number += 1
        key = split_trailer(line)[0] if ":" in line else ""
        if key in KEYS or key in table.by_key:
            while number < len(lines) and _continues(line, lines[number]):
                line = f"{line.rstrip()} {lines[number].strip()}"
                number += 1
        yield first, line


def _continues(line: str, following: str) -> bool:
    """Whether *following* is a part of the trailer in *line*, and no line of its own."""
    indent = len(following) - len(following.lstrip())
    deeper = indent > len(line) - len(line.lstrip())
    own = split_trailer(following)[0] or re.match(r"\s*[-*] ", following)
    return deeper and bool(following.strip()) and not own and not line.rstrip().endswith(">")


def read_person(name: str, mail: str, table: Table) -> tuple[Agent, str | None] | None:
    """The row of the tool, and the slug, that `Name <mail>` is; None for a person."""
    row = table.by_address(name, mail)
    if row is None and (suffix := re.search(r"\(([^()]*)\)\s*$", name)):
        row = table.by_suffix.get(suffix[1].lower())
    if row:
        named = None if row.agent else table.names.find_first(name)
        # An address that many tools use: the name decides which.
        return row, row.agent or named
    return None


def read_author(name: str, mail: str, table: Table) -> tuple[Agent, str | None] | None:
    """The row of the tool, and the slug, that the author `Name <mail>` is; None for a person."""
    if known := read_person(name, mail, table):
        return known
    text, slug = table.names.find_whole(name) or ("", None)
    row = table.by_slug(slug)
    return (row, slug) if row and " " in text else None


def read_co_author(line: str, _: int, table: Table) -> Found | None:
    """A tool among the co-authors."""
    key, value = split_trailer(line)
    if key not in _CO_AUTHOR:
        return None
    name, mail = split_address(value)
    known = read_person(name, mail, table) or _named(
        name, mail, table, generous=key == "coauthoredbyai"
    )
    if not known:
        return None
    row, agent = known
    model = model_names.normalize(name)
    return Found(
        row.id if row else "co-author", _BY_ROLE[row.role if row else ROLES[0]], agent, model
    )


_BY_ROLE: Final = {
    "co-authored": Evidence.CO_AUTHOR,
    "assisted": Evidence.ASSISTED_BY,
    "review": None,
}


def _named(
    name: str, mail: str, table: Table, *, generous: bool
) -> tuple[Agent | None, str | None] | None:
    """The tool that a co-author without an address of a tool is by *name*; None for a person."""
    name = re.sub(r"^.*\bvia\s+", "", name) or name
    whole = table.names.find_whole(name)
    if whole is None:
        return None
    text, slug = whole
    model = model_names.provider_of(model_names.normalize(name))
    row = table.by_slug(slug) or _maker(name, model, table)
    if mail or not (row and row.alone):
        # Many people are called Claude, and many machines Cursor, Continue or Goose.
        version = re.search(r"\d", model_names.normalize(name) or "")
        clear = (
            (" " in text and slug)
            or (model and version)
            or (not mail and text not in load_lexicon().names)
        )
        if not (clear or generous):
            return None
    return row, row.agent if row else slug


def _maker(name: str, provider: str | None, table: Table) -> Agent | None:
    """The tool that goes by the name of its models, `Claude Opus 4.6`."""
    rows = (row for row in table.rows if row.alone and row.provider == provider)
    return next((row for row in rows if row.is_named(name)), None)


def read_own_key(line: str, _: int, table: Table) -> Found | None:
    """A trailer that only one tool writes."""
    key, value = split_trailer(line)
    row = table.by_key.get(key)
    if row is None or not value:
        return None
    if key in map(normalize_key, row.session_keys):
        whole = table.names.find_whole(value)
        named = whole[1] if whole else None
        known = named or _IDENTIFIER.fullmatch(value)
        return Found(row.id, Evidence.SESSION, row.agent or named) if known else None
    for own, colon, wanted in (text.partition(":") for text in row.keys):
        stated = fold(wanted) == fold(value) if colon else names_a_tool(value, table=table)
        if normalize_key(own) == key and stated:
            return Found(row.id, Evidence.CO_AUTHOR, row.agent, find_model(value))
    return None


_IDENTIFIER: Final = re.compile(
    r"[`\"]?(?:https?://\S{8,200}|[0-9a-f]{8,64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|(?=\S*\d)[A-Za-z]{1,12}[_-][\w-]{8,100})[`\"]?\.?",
    re.IGNORECASE,
)


def read_statement(line: str, number: int, table: Table) -> Found | None:
    """A trailer that people write too, so that its value has to name a tool or a model."""
    key, value = split_trailer(line)
    about = key in _ABOUT_AI or key in _DISCLOSED
    # A subject may begin with "AI agent: …"; trailers are further down.
    if number == 1 or not (about or key in _ASSISTED | _GENERATED | _DEVELOPED):
        return None
    if not _counts(key, value) and not names_a_tool(value, yes=key in _ABOUT_AI, table=table):
        return None
    if key in _BESIDE_PRODUCTS and not table.names.find_whole(value):
        return None
    evidence = Evidence.ASSISTED_BY
    if key in _DEVELOPED or key in _DISCLOSED:
        evidence = Evidence.CO_AUTHOR
    elif key in _GENERATED or _AUTONOMOUS.search(value):
        evidence = Evidence.GENERATED_BY
    return Found(_STATEMENT_IDS.get(key, key), evidence, _tool_of(value, table), find_model(value))


def _counts(key: str, value: str) -> bool:
    """Whether this is one of whogitit's trailers of a commit that has AI lines."""
    number = re.fullmatch(r"(\d{1,9})(?: lines?)?", value)
    if key in {"ailines", "aimodified"}:
        return number is not None and int(number[1]) > 0
    return key == "aisession" and _IDENTIFIER.fullmatch(value) is not None


_STATEMENT_IDS: Final = {"assistedby": "assisted-by", "generatedby": "generated-by"}
_AUTONOMOUS: Final = re.compile(r"[(,;]\s*autonomous(?:ly)?\b", re.IGNORECASE)
_VIA: Final = re.compile(r"\s+via\s+(.+)", re.IGNORECASE)


def _tool_of(value: str, table: Table) -> str | None:
    """The tool that *value* names: `AGENT:MODEL`, `MODEL via AGENT` and the free forms."""
    name, _ = split_address(value)
    via = _VIA.search(name)
    return table.names.find_first(via[1] if via else name)


def find_model(value: str) -> str | None:
    """The model that *value* names, in any of the usual orders."""
    value = split_address(value)[0]
    agent, colon, rest = value.partition(":")
    parts = [value, *re.split(r"[,;()\[\]|=]|\s+via\s+|\s\+\s|\bmodel:", value)]
    if colon and re.fullmatch(r"[A-Za-z][\w .+-]*", agent):
        # The kernel's form, AGENT:MODEL [TOOL] …; a gateway's model may have a colon too.
        parts = [rest.strip().split(" [")[0], *parts]
    names = (model_names.normalize(part) for part in parts)
    return next((name for name in names if name), None)


def read_stated_origin(line: str, _: int, _table: Table) -> Found | None:
    """`AI-Origin: ai-generated`: it is believed, but a tool writes `human` by default."""
    key, value = split_trailer(line)
    origin = _STATED.get(normalize_key(value)) if key == _ORIGIN else None
    if origin is None:
        return None
    evidence = Evidence.UNMARKED if origin is Origin.HUMAN else Evidence.GENERATED_BY
    return Found("ai-origin", evidence, origin=origin)


def read_pair(agent: str, model: str, table: Table) -> Found | None:
    """What the lines `Agent: …` and `Model: …` mean together: each alone is too common a word."""
    whole = table.names.find_whole(agent)
    name = model_names.normalize(model)
    if whole is None or whole[1] is None or model_names.provider_of(name) is None:
        return None
    return Found("agent-and-model", Evidence.GENERATED_BY, whole[1], name)
