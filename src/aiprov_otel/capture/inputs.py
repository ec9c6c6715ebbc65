"""What the hook of an agent gets on its standard input, read into one form; pure."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from aiprov_otel.capture import agents


class Edit(NamedTuple):
    """
    What an agent gave to a tool that writes.

    Attributes:
        path: the file; None for a shell, which may write any.
        written: the lines that it wrote.
        edges: lines of those that may be a part of a longer line.
        whole: whether that is all of the file, so that it repeats the lines of others.
    """

    path: str | None
    written: tuple[str, ...]
    edges: tuple[str, ...] = ()
    whole: bool = False


class Event(NamedTuple):
    """
    One event of an agent.

    Attributes:
        agent: its key in `AGENTS`.
        kind: one of the kinds of events there.
        session: what names its session.
        call: what names the use of a tool, the same before and after.
        folder: where it works.
        model: the model; None where the input does not name it.
        transcript: the file that does.
        edits: what it writes; empty for tools that don't.
    """

    agent: str
    kind: str
    session: str
    call: str
    folder: str
    model: str | None
    transcript: str | None
    edits: tuple[Edit, ...]


def parse(agent: str, text: bytes) -> Event | None:
    """The event of *agent* that *text* describes; None for one that does not matter."""
    document = _parsed(text)
    if not isinstance(document, dict):
        return None
    fields = _snake(document)
    name = _text(fields, "hook_event_name", "agent_action_name", "hook_name", "hook_event")
    kind = agents.AGENTS[agent].events.get(name or "")
    if kind is None:
        return None
    agent = _real_agent(agent, fields)
    tool = _tool(fields)
    folder = _text(fields, "cwd") or _text(tool, "cwd") or _first(fields.get("workspace_roots"))
    session = _text(fields, "session_id", "conversation_id", "task_id", "trajectory_id") or ""
    call = _text(fields, "tool_use_id", "call_id")
    edits = tuple(_edits(tool)) if kind in {agents.BEFORE, agents.AFTER, agents.COMPLETION} else ()
    return Event(
        agent,
        kind,
        session,
        call or "|".join([session, *(str(edit.path) for edit in edits)]),
        folder or os.curdir,
        model_name(fields.get("model")) or model_name(fields.get("model_name")),
        _text(fields, "transcript_path"),
        edits,
    )


def _real_agent(agent: str, fields: Mapping[str, Any]) -> str:
    """The agent that runs the hooks of *agent*: some run those in the settings of Claude Code."""
    if agent == "claude-code":
        transcript = (_text(fields, "transcript_path") or "").lower()
        if "cursor_version" in fields or ".cursor" in transcript:
            return "cursor"
        if "github.copilot" in transcript or "github copilot" in transcript:
            return "github-copilot"
    return agent


def _tool(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was given to the tool, however the agent nests it."""
    for key in ("tool_input", "tool_args", "tool_info"):
        value = fields.get(key)
        if isinstance(value, str) and value.lstrip().startswith("{"):
            value = _parsed(value)
        if isinstance(value, str):  # a patch without a name
            value = {"command": value}
        if isinstance(value, dict):
            return _snake(value)
    for key in ("pre_tool_use", "post_tool_use"):
        if isinstance(use := fields.get(key), dict):
            return _snake(_snake(use).get("parameters"))
    return fields if "edits" in fields else {}


_PATHS: Final = ("file_path", "filepath", "path", "absolute_path", "notebook_path", "target_file")
_OLD: Final = ("old_string", "old_str", "old_text")
_NEW: Final = ("new_string", "new_str", "new_text", "new_source", "insert_text")
_WHOLE: Final = ("content", "file_text", "contents")
_COMMANDS: Final = ("command", "cmd", "command_line", "patch", "patch_text", "input", "commands")
_PATCH: Final = "*** Begin Patch"


def _edits(tool: Mapping[str, Any]) -> Iterator[Edit]:
    """The edits that the fields of a *tool* describe, whatever its name is."""
    if isinstance(rows := tool.get("replacements"), list):
        for row in rows:
            yield from _edits(_snake(row))
        return
    path = _text(tool, *_PATHS)
    if path and (edit := _edit_of_file(path, tool)):
        yield edit
        return
    for key in _COMMANDS:
        value = tool.get(key)
        command = "\n".join(map(str, value)) if isinstance(value, list) else value
        if isinstance(command, str) and _PATCH in command:
            yield from _from_patch(command)
            return
        if isinstance(command, str) and not path:
            yield Edit(None, tuple(_fragments(command)))
            return


def _edit_of_file(path: str, tool: Mapping[str, Any]) -> Edit | None:
    """The edit of the file at *path*; None for a tool that does not write."""
    rows = tool.get("edits")
    if isinstance(rows, list):
        pairs = [_pair(_snake(row)) for row in rows if isinstance(row, dict)]
        return _replacement(path, [pair for pair in pairs if pair])
    if pair := _pair(tool):
        return _replacement(path, [pair])
    if (content := _string(tool, _WHOLE)) is not None:
        return Edit(path, tuple(content.splitlines()), whole=True)
    return _from_diff(path, diff) if (diff := _text(tool, "diff")) else None


def _pair(fields: Mapping[str, Any]) -> tuple[str, str] | None:
    new = _string(fields, _NEW)
    return None if new is None else (_string(fields, _OLD) or "", new)


def _replacement(path: str, pairs: Sequence[tuple[str, str]]) -> Edit:
    """The lines that are in what is new, and not in what it replaced."""
    written: list[str] = []
    edges: list[str] = []
    for old, new in pairs:
        replaced, lines = old.splitlines(), new.splitlines()
        own = [line for line in lines if line not in replaced]
        written += own
        # A notebook has its lines in quotes.
        ends = own if path.endswith(".ipynb") else lines[:1] + lines[-1:]
        edges += [line for line in ends if line in own]
    return Edit(path, tuple(written), tuple(edges))


def _from_patch(text: str) -> Iterator[Edit]:
    """The files of a patch in the form that Codex's models write."""
    path: str | None = None
    lines: list[str] = []
    for line in [*text.splitlines(), "*** End Patch"]:
        if line.startswith("*** "):
            if path and lines:
                yield Edit(path, tuple(lines))
            verb, _, name = line[4:].partition(":")
            if verb == "Move to":  # the lines that follow are those of the file it was
                path = name.strip()
                continue
            path, lines = (name.strip() if verb in {"Add File", "Update File"} else None), []
        elif line.startswith("+"):
            lines.append(line[1:])


_MARKED: Final = re.compile(
    r"^(?:<{7}|-{7}).*?\n(.*?)^={7}[ \t]*\n(.*?)^(?:>{7}|\+{7})", re.MULTILINE | re.DOTALL
)


def _from_diff(path: str, diff: str) -> Edit:
    """Blocks of SEARCH and REPLACE, as Cline's models write them."""
    return _replacement(path, [(found[1], found[2]) for found in _MARKED.finditer(diff)])


_QUOTES: Final = re.compile(r"""\n|\\n|['"]|[<>|;&]+""")


def _fragments(command: str) -> Iterator[str]:
    """The pieces of a *command* that can be a line of a file: of a here-document, or quoted."""
    yield from command.splitlines()
    yield from _QUOTES.split(command)


_MODEL: Final = re.compile(r"[A-Za-z0-9][\w./:+\[\] -]{0,79}")
_NO_MODELS: Final = {"unknown", "default", "auto", "<synthetic>"}


def model_name(value: Any) -> str | None:
    """The name of a model in *value*; None where it does not name one, as `auto` does not."""
    if isinstance(value, dict):
        value = value.get("slug") or value.get("id")
    if not isinstance(value, str) or value.lower() in _NO_MODELS:
        return None
    return value if _MODEL.fullmatch(value) else None


def _snake(value: Any) -> dict[str, Any]:
    """The object *value* with its keys in `snake_case`."""
    rows = value.items() if isinstance(value, dict) else ()
    return {re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", key).lower(): row for key, row in rows}


def _text(fields: Mapping[str, Any], *keys: str) -> str | None:
    return next((v for key in keys if isinstance(v := fields.get(key), str) and v), None)


def _string(fields: Mapping[str, Any], keys: Sequence[str]) -> str | None:
    return next((v for key in keys if isinstance(v := fields.get(key), str)), None)


def _first(value: Any) -> str | None:
    return value[0] if isinstance(value, list) and value and isinstance(value[0], str) else None


def _parsed(text: str | bytes) -> Any:
    try:
        return json.loads(
            text, strict=False
        )  # Windsurf leaves ends of lines in strings as they are
    except (ValueError, RecursionError):
        return None
