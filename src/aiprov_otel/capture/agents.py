"""The agents that are recorded: where their hooks are configured, and what their events mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

BEFORE: Final = "before"
AFTER: Final = "after"
TURN: Final = "turn"  # an agent begins to work
REST: Final = "rest"  # and has done so
COMPLETION: Final = "completion"  # an editor completed a line, outside of any turn


class Agent(NamedTuple):
    """
    One agent.

    Attributes:
        tool: its name in the notes, which is git-ai's.
        title: its name for people.
        traces: files and folders of a project that show that it is used there.
        settings: the file or folder of a project that holds its hooks.
        form: how that is written: `nested`, `flat`, `scripts` or `plugin`.
        events: what each event of its hooks means.
        matcher: the tools that the hooks before and after are for, where the settings name them.
        answer: what a hook has to print.
        keys: the keys of a hook that hold its command.
        fixed: the other keys of a hook.
        extra: the keys that the settings have beside the hooks.
    """

    tool: str
    title: str
    traces: tuple[str, ...]
    settings: str
    form: str
    events: Mapping[str, str]
    matcher: str = ""
    answer: str = ""
    keys: tuple[str, ...] = ("command",)
    fixed: Mapping[str, object] = {}
    extra: Mapping[str, object] = {}


AGENTS: Final[Mapping[str, Agent]] = {
    "claude-code": Agent(
        tool="claude",
        title="Claude Code",
        traces=(".claude", "CLAUDE.md"),
        settings=".claude/settings.json",
        form="nested",
        events={
            "PreToolUse": BEFORE,
            "PostToolUse": AFTER,
            "PostToolUseFailure": AFTER,
            "UserPromptSubmit": TURN,
            "Stop": REST,
            "SessionEnd": REST,
        },
        matcher="Write|Edit|MultiEdit|NotebookEdit|Bash",
        fixed={"type": "command"},
    ),
    "codex": Agent(
        tool="codex",
        title="Codex",
        traces=(".codex",),
        settings=".codex/hooks.json",
        form="nested",
        events={
            "PreToolUse": BEFORE,
            "PostToolUse": AFTER,
            "UserPromptSubmit": TURN,
            "Stop": REST,
        },
        fixed={"type": "command"},
    ),
    "cursor": Agent(
        tool="cursor",
        title="Cursor",
        traces=(".cursor", ".cursorrules"),
        settings=".cursor/hooks.json",
        form="flat",
        events={
            "preToolUse": BEFORE,
            "postToolUse": AFTER,
            "postToolUseFailure": AFTER,
            "beforeSubmitPrompt": TURN,
            "stop": REST,
            "afterTabFileEdit": COMPLETION,
        },
        extra={"version": 1},
    ),
    "gemini-cli": Agent(
        tool="gemini",
        title="Gemini CLI",
        traces=(".gemini", "GEMINI.md"),
        settings=".gemini/settings.json",
        form="nested",
        events={
            "BeforeTool": BEFORE,
            "AfterTool": AFTER,
            "BeforeAgent": TURN,
            "AfterAgent": REST,
            "SessionEnd": REST,
        },
        matcher="write_file|replace|run_shell_command",
        fixed={"type": "command"},
        answer="{}",
    ),
    "github-copilot": Agent(
        tool="github-copilot",
        title="GitHub Copilot CLI and VS Code",
        traces=(".github/copilot-instructions.md", ".github/hooks"),
        settings=".github/hooks/aiprov.json",
        form="flat",
        events={
            "PreToolUse": BEFORE,
            "PostToolUse": AFTER,
            "UserPromptSubmit": TURN,
            "Stop": REST,
            "SessionEnd": REST,
        },
        keys=("command", "bash"),
        fixed={"type": "command"},
        extra={"version": 1},
    ),
    "windsurf": Agent(
        tool="windsurf",
        title="Windsurf",
        traces=(".windsurf", ".windsurfrules"),
        settings=".windsurf/hooks.json",
        form="flat",
        events={
            "pre_write_code": BEFORE,
            "post_write_code": AFTER,
            "pre_run_command": BEFORE,
            "post_run_command": AFTER,
            "pre_user_prompt": TURN,
            "post_cascade_response": REST,
        },
        fixed={"show_output": False},
    ),
    "cline": Agent(
        tool="cline",
        title="Cline",
        traces=(".clinerules", ".cline"),
        settings=".clinerules/hooks",
        form="scripts",
        events={
            "PreToolUse": BEFORE,
            "PostToolUse": AFTER,
            "UserPromptSubmit": TURN,
            "TaskStart": TURN,
            "TaskResume": TURN,
            "TaskComplete": REST,
            "TaskCancel": REST,
        },
        answer='{"cancel": false}',
    ),
    "opencode": Agent(
        tool="opencode",
        title="opencode",
        traces=(".opencode", "opencode.json", "opencode.jsonc"),
        settings=".opencode/plugins/aiprov.js",
        form="plugin",
        events={
            "PreToolUse": BEFORE,
            "PostToolUse": AFTER,
            "UserPromptSubmit": TURN,
            "Stop": REST,
        },
    ),
}
"""By the name that `aiprov record` takes."""
