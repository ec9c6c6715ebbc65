"""The hooks of agents in their project settings: merged into what is there, and taken out again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from aiprov_otel.capture import agents, json_text
from aiprov_otel.capture.agents import AGENTS, Agent

_OURS: Final = "aiprov record "


def commands(name: str) -> str:
    """What the hooks of the agent *name* run: nothing of it fails or prints, also without us."""
    answer = AGENTS[name].answer
    end = f"; echo '{answer}'" if answer else " || true"
    return f"aiprov record {name} >/dev/null 2>&1{end}"


def files(name: str) -> dict[str, str]:
    """The files that are whole our own, by path, for an agent that has such; else empty."""
    agent = AGENTS[name]
    if agent.form == "scripts":
        script = f"#!/bin/sh\n# Written by `aiprov init`.\n{commands(name)}\n"
        return {f"{agent.settings}/{event}": script for event in agent.events}
    return {agent.settings: _PLUGIN} if agent.form == "plugin" else {}


def merged(name: str, text: str | None) -> str | None:
    """The settings *text* of the agent *name* with our hooks; None where it is not JSON."""
    document = _parse(text)
    if document is None:
        return None
    agent = AGENTS[name]
    hooks = document.get("hooks", {})
    if not isinstance(hooks, dict):
        return None
    whole = text if text and text.strip() else "{}\n"
    for event in agent.events:
        groups = hooks.get(event, [])
        if not isinstance(groups, list):
            return None
        if not any(_is_ours(group) for group in groups):
            whole = json_text.add(whole, ("hooks", event), [_group(name, agent, event)])
    for key, value in agent.extra.items():
        if key not in document:
            whole = json_text.add(whole, (key,), value)
    return whole


def removed(name: str, text: str) -> str | None:
    """The settings *text* without our hooks; None where nothing else is left."""
    document = _parse(text)
    hooks = document.get("hooks") if document else None
    if document is None or not isinstance(hooks, dict):
        return text
    for event, groups in list(hooks.items()):
        for path in _ours(groups):
            text = json_text.cut(text, ("hooks", event, *path))
        if groups and all(_is_only_ours(group) for group in groups):
            text = json_text.cut(text, ("hooks", event))
            del hooks[event]
    if not hooks:
        text = json_text.cut(text, ("hooks",))
        del document["hooks"]
    return None if document in ({}, dict(AGENTS[name].extra)) else text


def missing(name: str, text: str | None) -> list[str]:
    """The events of the agent *name* that its settings *text* has no hook of ours for."""
    document = _parse(text) or {}
    hooks = document.get("hooks")
    rows = hooks if isinstance(hooks, dict) else {}
    return [
        event
        for event in AGENTS[name].events
        if not any(_is_ours(group) for group in rows.get(event) or [])
    ]


def _group(name: str, agent: Agent, event: str) -> dict[str, Any]:
    hook = {**agent.fixed, **dict.fromkeys(agent.keys, commands(name))}
    if agent.form == "flat":
        return hook
    is_tool = agent.events[event] in {agents.BEFORE, agents.AFTER}
    matcher = {"matcher": agent.matcher} if is_tool and agent.matcher else {}
    return {**matcher, "hooks": [hook]}


def _texts(value: Any) -> Iterator[str]:
    """Every text in *value*."""
    if isinstance(value, str):
        yield value
    for item in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        yield from _texts(item)


def _is_ours(group: Any) -> bool:
    return any(text.startswith(_OURS) for text in _texts(group))


def _is_only_ours(group: Any) -> bool:
    """Whether a *group* of hooks holds no other than ours."""
    hooks = group.get("hooks") if isinstance(group, dict) else None
    return _is_ours(group) and (not isinstance(hooks, list) or all(map(_is_ours, hooks)))


def _ours(groups: Any) -> Iterator[tuple[str | int, ...]]:
    """The ways to our hooks in *groups*, the last one first."""
    for index in reversed(range(len(groups) if isinstance(groups, list) else 0)):
        if not _is_ours(groups[index]):
            continue
        if _is_only_ours(groups[index]):
            yield (index,)
            continue
        hooks = groups[index]["hooks"]
        yield from ((index, "hooks", n) for n in reversed(range(len(hooks))) if _is_ours(hooks[n]))


def _parse(text: str | None) -> dict[str, Any] | None:
    if text is None or not text.strip():
        return {}
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


_PLUGIN: Final = """\
// Written by `aiprov init`: hands each use of a tool to `aiprov record opencode`.
import { spawnSync } from "node:child_process"

export const AiprovPlugin = async ({ directory, worktree }) => {
  const record = (event) => {
    try {
      const cwd = worktree || directory
      const input = JSON.stringify({ cwd, ...event })
      const stdio = ["pipe", "ignore", "ignore"]
      spawnSync("aiprov", ["record", "opencode"], { input, cwd, stdio })
    } catch {}
  }
  const models = {}
  const argsOf = {}
  const tool = (name, input, args) => record({
    hook_event_name: name, session_id: input.sessionID, tool_use_id: input.callID,
    tool_name: input.tool, tool_input: args ?? {}, model: models[input.sessionID],
  })
  return {
    "chat.params": async (input) => {
      if (input.sessionID && input.model?.id) models[input.sessionID] = input.model.id
    },
    "chat.message": async (input) => {
      record({ hook_event_name: "UserPromptSubmit", session_id: input.sessionID })
    },
    "tool.execute.before": async (input, output) => {
      argsOf[input.callID] = output.args
      tool("PreToolUse", input, output.args)
    },
    "tool.execute.after": async (input) => {
      tool("PostToolUse", input, input.args ?? argsOf[input.callID])
      delete argsOf[input.callID]
    },
    event: async ({ event }) => {
      if (event.type === "session.idle") {
        record({ hook_event_name: "Stop", session_id: event.properties.sessionID })
      }
    },
  }
}
"""
