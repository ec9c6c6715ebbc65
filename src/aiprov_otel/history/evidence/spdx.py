"""SPDX tags in the comments at the top of a file that name its author."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from aiprov_otel.history.evidence import identities
from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.history.evidence.mark import agent_slug, make_mark
from aiprov_otel.values import Evidence, Origin

_TAG: Final = re.compile(r"#[#:!\s]*SPDX-(AI-Disclosure|AI-Model|FileContributor):\s*(.*?)\s*")
_DISCLOSED: Final = {
    "none": Origin.HUMAN,
    "ai-assisted": Origin.MIXED,
    "ai-generated": Origin.AI,
}
_LONGEST: Final = 400  # a longer line is not a tag


def find_tag(source: bytes) -> Mark | None:
    """The mark that the tags of *source* give to all of its lines; None without tags."""
    tags = list(_tags(source))
    contributors = [(n, value) for n, name, value in tags if name == "FileContributor"]
    tools = [(n, tool) for n, value in contributors if (tool := _tool(value))]
    disclosed = next(
        ((n, value.lower()) for n, name, value in tags if name == "AI-Disclosure"), (0, "")
    )
    model = next((value for _, name, value in tags if name == "AI-Model"), None)
    tool = tools[0][1] if tools else None
    if origin := _DISCLOSED.get(disclosed[1]):
        return _mark(origin, disclosed[0], f"SPDX-AI-Disclosure: {disclosed[1]}", tool, model)
    if not tools:
        return None
    origin = Origin.AI if len(tools) == len(contributors) else Origin.MIXED
    return _mark(origin, tools[0][0], f"SPDX-FileContributor: {tool}", tool, model)


def _tags(source: bytes) -> Iterator[tuple[int, str, str]]:
    """The line, the name and the value of each tag above the first line of code."""
    for number, line in enumerate(_header(source), start=1):
        if "SPDX-SnippetBegin" in line:  # the tags below it are about a part of the file
            return
        if len(line) <= _LONGEST and (match := _TAG.fullmatch(line)):
            yield number, match[1], match[2]


def _header(source: bytes) -> Iterator[str]:
    for line in source.removeprefix(b"\xef\xbb\xbf").splitlines():
        text = line.strip()
        if text and not text.startswith(b"#"):
            return
        yield text.decode("utf-8", "replace")


def _tool(value: str) -> str | None:
    """The slug of the tool that a contributor is; None for a person."""
    return agent_slug(re.sub("<.*", "", value)) if identities.names_a_tool(value) else None


def _mark(origin: Origin, line: int, text: str, tool: str | None, model: str | None) -> Mark:
    where = f"line {line} of the file"
    return make_mark(
        "spdx", origin, Evidence.MARKER, where=where, text=text, tool=tool, model=model
    )
