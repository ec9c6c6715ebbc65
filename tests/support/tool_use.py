"""One use of a tool by an agent, in three steps that others may come between."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from support.desk import Desk

TOOLS = {"write": "Write", "edit": "Edit", "patch": "apply_patch", "shell": "Bash"}


@dataclass
class Use:
    """
    An agent puts the lines *new* into the file at *path*.

    What it gives to its tool is decided when it begins, by the file as it is then.
    """

    desk: Desk
    random: Random
    agent: str
    session: str
    call: str
    path: str
    new: list[str]
    kind: str = ""
    anchor: str = ""
    given: dict[str, Any] = field(default_factory=dict)

    def before(self) -> None:
        """The hook before."""
        self._decide()
        self._event("PreToolUse")

    def after(self) -> None:
        """The hook after."""
        self._event("PostToolUse")

    def write(self) -> None:
        """What the tool does."""
        self._decide()
        text = self.desk.read(self.path)
        rows = text.splitlines()
        if self.kind == "write":
            text = self.given["content"]
        elif self.kind == "edit" and self.anchor in text:
            text = text.replace(self.anchor, self.given["new_string"], 1)
        elif self.kind == "patch" and self.anchor in rows:
            place = rows.index(self.anchor) + 1
            text = joined(rows[:place] + self.new + rows[place:])
        elif self.kind == "shell":
            text = joined(rows + self.new)
        self.desk.write(self.path, text)

    def _decide(self) -> None:
        if self.kind:
            return
        self.kind = self.random.choice(list(TOOLS))
        rows = self.desk.read(self.path).splitlines()
        self.anchor = self.random.choice([row for row in rows if " = " in row] or [""])
        file = {"file_path": str(self.desk.path / self.path)}
        if self.kind == "write":
            place = self.random.randint(0, len(rows))
            rest = rows[place + self.random.randint(0, 1) :]
            self.given = {**file, "content": joined(rows[:place] + self.new + rest)}
        elif self.kind == "edit":
            replaced = [self.anchor] if self.random.random() < 0.5 else []
            text = "\n".join([*replaced, *self.new])
            self.given = {**file, "old_string": self.anchor, "new_string": text}
        elif self.kind == "patch":
            added = "".join(f"+{row}\n" for row in self.new)
            hunk = f"*** Update File: {self.path}\n@@\n {self.anchor}\n{added}"
            self.given = {"command": f"*** Begin Patch\n{hunk}*** End Patch\n"}
        else:
            body = joined(self.new)
            self.given = {"command": f"cat >>{self.path} <<'EOF'\n{body}EOF"}

    def _event(self, name: str) -> None:
        fields = {"session_id": self.session, "tool_use_id": self.call, "model": "gpt-5.4"}
        tool = {"tool_name": TOOLS[self.kind], "tool_input": self.given}
        self.desk.event(self.agent, {**fields, **tool, "hook_event_name": name})


def joined(rows: list[str]) -> str:
    """*rows* as the text of a file."""
    return "".join(f"{row}\n" for row in rows)
