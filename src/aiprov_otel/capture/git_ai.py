"""Where git-ai is installed, it records instead of us: events go to its checkpoint interface."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from aiprov_otel.capture import agents
from aiprov_otel.capture.inputs import Event
from aiprov_otel.history.git.process import Processes

_COMMAND: Final = ("git-ai", "checkpoint", "agent-v1", "--hook-input", "stdin")
_SECONDS: Final = 10.0


def forward(event: Event) -> None:
    """Hands *event* to git-ai."""
    for payload in payloads(event):
        Processes().run(
            _COMMAND,
            folder=Path(event.folder),
            variables=dict(os.environ),
            stdin=json.dumps(payload).encode(),
            seconds=_SECONDS,
        )


def payloads(event: Event) -> Iterator[dict[str, Any]]:
    """What git-ai's `agent-v1` takes for *event*."""
    if event.kind not in {agents.BEFORE, agents.AFTER, agents.COMPLETION}:
        return
    paths = [edit.path for edit in event.edits if edit.path]
    before = event.kind == agents.BEFORE
    writer = {
        "repo_working_dir": event.folder,
        "agent_name": agents.AGENTS[event.agent].tool,
        "model": event.model or "unknown",
        "conversation_id": event.session,
    }
    if any(edit.path is None for edit in event.edits):
        kind = "pre_shell_command" if before else "post_shell_command"
        yield {"type": kind, **writer, "tool_use_id": event.call}
    elif paths and before:
        yield {
            "type": "human",
            "repo_working_dir": event.folder,
            "will_edit_filepaths": paths,
        }
    elif paths:
        yield {"type": "ai_agent", **writer, "edited_filepaths": paths}
