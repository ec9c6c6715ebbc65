"""Marks beside trailers: footers, addresses of sessions, ticked boxes, and subjects."""

from __future__ import annotations

import re
from typing import Final

from aiprov_otel.history.evidence import model_names
from aiprov_otel.history.evidence.agents import Table
from aiprov_otel.history.evidence.found import Found
from aiprov_otel.history.evidence.tool_names import fold, load_lexicon
from aiprov_otel.history.evidence.trailers import find_model
from aiprov_otel.values import Evidence

_WROTE: Final = (
    "generated|written|authored|created|made|built|(?:vibe[- ])?coded|implemented|co-authored"
)
_HELPED: Final = "assisted|developed|refactored|drafted|prepared|supported"
_WHAT: Final = (
    r"(?:(?:all |these |the |this |most )?(?:changes?|code|commit|pr|mr|pull request|merge request"
    r"|patch|contribution)(?: (?:is|was|were|are|has been|have been))? )?"
)
_HOW: Final = r"(?:entirely |fully |mostly |automatically |autonomously |largely |completely )?"
_FOOTER: Final = re.compile(
    rf"[^\w\s>\"'#]{{0,8}}\s*\(?(?:note: )?{_WHAT}{_HOW}(?P<verb>{_WROTE}|{_HELPED})\s+{_HOW}"
    r"(?:by|with|using|via)\s+(?P<help>(?:(?:the|some) )?(?:help|assistance) (?:of|from) )?"
    r"(?P<tool>.{1,300})",
    re.IGNORECASE,
)
_LINK: Final = re.compile(r"\[([^\[\]]{1,80})\]\(\s*https?://[^\s()]{1,200}\)")
_HTML_LINK: Final = re.compile(r"<a\s[^<>]{0,300}>([^<>]{1,80})</a>", re.IGNORECASE)
_TAG: Final = re.compile(
    r"</?(?:sub|sup|p|i|b|em|small|strong|br|div|span)\b[^<>]{0,80}>", re.IGNORECASE
)
_VERSION: Final = r"\d(?:[\w.]*\w)?"  # the full stop behind it ends a sentence
_BESIDE_NAME: Final = re.compile(
    r"\]?(?: (?:ai|agents?|cli|cloud|code|desktop|ide|opus|sonnet|haiku|fable|pro|flash)\b)?"
    rf"(?:[ -]{_VERSION})?\]?",
    re.IGNORECASE,
)
_AFTER: Final = re.compile(
    r"[\s.!)]*|\s*[.,;(\[/|].{0,200}|\s+[&+\u2013\u2014-]\s.{0,200}"
    rf"|\s+(?:and|as an?|with|using|via|on|in|for task|v?{_VERSION})\b.{{0,200}}"
)
_MAKER: Final = r"(?:anthropic|google|openai|xai)(?:'s)? "
_ANY_AGENT: Final = re.compile(
    rf"(?:an? )?(?:{_MAKER})?(?:ai|coding|llm|ai coding|autonomous)[ -](?:coding )?"
    r"(?:agents?|assistants?)\W*|(?:an? )?(?:llm|ai)(?P<help> assistance)?\W*",
    re.IGNORECASE,
)


def read_footer(line: str, number: int, table: Table) -> Found | None:
    """`Generated with [Claude Code](…)`: a line of its own, whose verb names the writer's part."""
    bare = re.sub(r"[*_`]", "", line)
    plain = _TAG.sub("", _HTML_LINK.sub(r"\1", _LINK.sub(r"\1", bare))).strip()
    match = _FOOTER.fullmatch(plain)
    if match is None or number == 1:
        return None
    any_agent = _ANY_AGENT.fullmatch(match["tool"])
    helped = (
        re.fullmatch(_HELPED, match["verb"], re.IGNORECASE)
        or match["help"]
        or (any_agent and any_agent["help"])
    )
    evidence = Evidence.ASSISTED_BY if helped else Evidence.FOOTER
    if any_agent:
        return Found("footer", evidence)
    known = _starts_with_tool(match["tool"].lstrip("["), table, linked=plain != bare.strip())
    if known is None:
        return None
    agent, model = known
    return Found(agent or "footer", evidence, agent, model)


def _starts_with_tool(
    text: str, table: Table, *, linked: bool
) -> tuple[str | None, str | None] | None:
    """The tool and the model that *text* begins with; None where it goes on as prose."""
    model = re.match(rf"(?:{_MAKER})?([\w.-]*\w(?: {_VERSION})?(?: codex)?)", text, re.IGNORECASE)
    if model and (found := model_names.normalize(model[1])) and model_names.provider_of(found):
        after = text[model.end() :]
        if _AFTER.fullmatch(after):
            return table.names.find_first(after), found
    name = re.match(table.names.pattern, text, re.IGNORECASE)
    if not name or (fold(name[0]) in load_lexicon().common and name[0].islower() and not linked):
        return None  # "created with cursor pagination" is about a cursor
    rest = text[name.end() :]
    extra = _BESIDE_NAME.match(rest)
    if not extra or not _AFTER.fullmatch(rest[extra.end() :]):
        return None
    slug = table.names.find_first(name[0] + extra[0])
    return slug, model_names.normalize(name[0] + extra[0]) or find_model(rest)


_ADDRESS: Final = re.compile(r"https?://[^\s\"'<>()\[\]]{8,300}")
_LABEL: Final = re.compile(
    r"\W{0,6}(?:[\w ]{0,40}\b(?:session|sessions|task|run|thread|conversation|link|logs?|agent)"
    r"[\w ]{0,20}:?\W{0,6})?|For more details, open the ",
    re.IGNORECASE,
)


def read_session(line: str, _: int, table: Table) -> Found | None:
    """The address of a session: alone, behind a label, or as the target of a link."""
    for match in _ADDRESS.finditer(line):
        row = table.by_session(match[0].rstrip(".,;:"))
        if row is None:
            continue
        before, after = line[: match.start()], line[match.end() :]
        target = before.endswith(('href="', "href='")) or (
            before.endswith("](") and _LABEL.fullmatch(before.rpartition("[")[0])
        )
        if target or (_LABEL.fullmatch(before) and not re.search(r"\w", after)):
            return Found(row.id, Evidence.SESSION, row.agent)
    return None


_BOX: Final = re.compile(r"\s*[-*+]\s+\[[xX]\]\s+(.{1,300})")
_NEGATED: Final = re.compile(
    r"\b(?:no|not|none|without|never|any|if|un\w+|review\w*|verif\w+|check\w*|read|understand\w*"
    r"|understood|test\w*|disclos\w*|polic\w+|guideline\w*|\w+n't|detect\w*|remov\w*|support\w*"
    r"|add\w*|fix\w*|label\w*|badge|filter\w*|feature)\b",
    re.IGNORECASE,
)
_BY_AI: Final = r"(?:by|with|using) (?:an? )?(?:ai|llms?|coding agents?|ai agents?|ai tools?)"
_ALL_AI: Final = re.compile(
    r"(?:.*\b(?:entirely|fully|completely|mostly|largely|primarily|wholly|100%)\s+)?"
    rf"(?:ai[- ]generated|generated {_BY_AI}|written {_BY_AI}|ai[- ]written)\b.{{0,80}}"
    r"|(?:this|the|all|my) (?:[\w ]{1,30} )?(?:is|was|were|are) "
    rf"(?:ai[- ]generated|generated {_BY_AI}|written {_BY_AI}).{{0,80}}",
    re.IGNORECASE,
)
_PART_AI: Final = re.compile(
    rf".*\b(?:partially|partly|some\w*) (?:ai[- ]generated|(?:generated|written) {_BY_AI}).{{0,80}}"
    r"|(?:this [\w ]{1,30} (?:is|was) )?ai[- ]assisted\b.{0,80}",
    re.IGNORECASE,
)


def read_box(line: str, _: int, table: Table) -> Found | None:
    """A ticked box of a template, `- [x] This change is entirely AI-generated`."""
    match = _BOX.fullmatch(line)
    text = re.sub(r"[*_`]", "", match[1]) if match else ""
    if not text or _NEGATED.search(text):
        return None
    agent, model = table.names.find_first(text), find_model(text)
    if _PART_AI.fullmatch(text):
        return Found("ticked-box", Evidence.ASSISTED_BY, agent, model)
    return Found("ticked-box", Evidence.FOOTER, agent, model) if _ALL_AI.fullmatch(text) else None


_STATED: Final = re.compile(
    r"[^\w\s\x00-\x7f]{0,4}\s*(?:this is an )?ai[- ](assisted|generated) "
    r"(?:contribution|commit|change|patch|pull request|pr)[\s.!]*",
    re.IGNORECASE,
)


def read_sentence(line: str, number: int, _: Table) -> Found | None:
    """`AI-assisted contribution.`, a line of its own."""
    match = _STATED.fullmatch(line) if number > 1 else None
    if match is None:
        return None
    helped = match[1].lower() == "assisted"
    return Found("sentence", Evidence.ASSISTED_BY if helped else Evidence.FOOTER)


def read_subject(line: str, number: int, table: Table) -> Found | None:
    """A subject as only one tool begins it."""
    if number > 1:
        return None
    row = next((row for text, row in table.by_subject.items() if line.startswith(text)), None)
    return Found(row.id, Evidence.FOOTER, row.agent) if row else None
