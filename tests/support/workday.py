"""Random working days in a repository, by somebody who knows the writer of each line."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import starmap
from pathlib import Path

from support.desk import Desk
from support.hook_thread import hooks_in_this_process
from support.repo import Repo
from support.tool_use import Use

FILES = ("a.py", "b.py", "c.py")
TWINS = ("", "    pass")  # lines that are there many times
PERSON, PASTE, UNSEEN, TOOL, COLLEAGUE = "person", "paste", "unseen", "tool", "colleague"
AGENTS = {"claude-code": "claude-code", "codex": "openai-codex"}


class Workday:
    """
    One day: *writer* knows who wrote each line, by its text.

    In a *declared* day, every writer of the clone is hooked, and its user said so. Unless all are
    *alive*, some hooks of agents are killed.
    """

    def __init__(self, path: Path, seed: int, *, declared: bool, alive: bool = False) -> None:
        self.random = random.Random(seed)
        self.declared = declared
        self.kills = (None,) if alive else (None,) * 5 + ("begin", "before", "after", "end")
        self.desk = Desk(
            path / "desk", *(["--watch"] if declared else []), agents="claude-code,codex,cursor"
        )
        self.writer: dict[str, str] = {}
        self.log: list[str] = []
        self._numbers = iter(range(1, 10**9))
        self._turns: list[tuple[str, str]] = []
        if declared:
            for agent in ("claude-code", "codex"):
                self._turn(agent, "hello", begin=True)
                self._turn(agent, "hello", begin=False)
            fields = {"hook_event_name": "stop", "conversation_id": "hello"}
            self.desk.event("cursor", {**fields, "workspace_roots": [str(self.desk.path)]})
        for name in FILES:
            self.desk.write(name, "".join(f"{line}\n" for line in self.lines(UNSEEN, 4)))
        self.desk.commits("Begin")
        self.colleague = Repo(path / "colleague")

    # Lines

    def lines(self, writer: str, number: int) -> list[str]:
        """New lines of *writer*; some of several are like others."""
        rows = []
        for index in range(number):
            if 0 < index < number - 1 and self.random.random() < 0.25:
                rows.append(self.random.choice(TWINS))
                continue
            text = f"value_{next(self._numbers)} = {self.random.randrange(1000)}"
            self.writer[text] = writer
            rows.append(text)
        return rows

    def text(self, name: str) -> list[str]:
        return self.desk.read(name).splitlines()

    def put(self, name: str, rows: list[str]) -> None:
        self.desk.write(name, "".join(f"{row}\n" for row in rows))

    def any_file(self) -> str:
        return self.random.choice(FILES)

    def changed(self, name: str, writer: str, most: int = 4) -> list[str]:
        """The lines of a file after *writer* changed some of them."""
        rows = self.text(name)
        place = self.random.randint(0, len(rows))
        match self.random.choice(("insert", "insert", "replace", "delete")):
            case "insert":
                rows[place:place] = self.lines(writer, self.random.randint(1, most))
            case "replace" if rows:
                rows[place : place + 1] = self.lines(writer, self.random.randint(1, most))
            case _:
                del rows[place : place + self.random.randint(1, 2)]
        return rows

    # People

    def person_types(self) -> None:
        """A person types a line or two; the editor may say when it saves."""
        name = self.any_file()
        self.put(name, self.changed(name, PERSON, most=2))
        if self.random.random() < 0.6:
            self.desk.saved(name)

    def person_pastes(self) -> None:
        """A person pastes several lines, which anybody may have written."""
        name = self.any_file()
        rows = self.text(name)
        place = self.random.randint(0, len(rows))
        rows[place : place + self.random.randint(0, 3)] = self.lines(
            PASTE, self.random.randint(3, 7)
        )
        self.put(name, rows)
        if self.random.random() < 0.5:
            self.desk.saved(name)

    # Tools

    def formatter(self) -> None:
        """A formatter changes how some lines look."""
        name = self.any_file()
        rows = self.text(name)
        for index, row in enumerate(rows):
            if " = " in row and self.random.random() < 0.3:
                rows[index] = (
                    row.replace(" = ", "  =  ") if self.random.random() < 0.5 else f"({row})"
                )
                self.writer[rows[index]] = TOOL
        self.put(name, rows)

    def patch(self) -> None:
        """`git apply` brings several lines from elsewhere."""
        name = self.any_file()
        before = self.text(name)
        rows = list(before)
        place = self.random.randint(0, len(rows))
        rows[place:place] = self.lines(COLLEAGUE, self.random.randint(3, 6))
        self.put(name, rows)
        diff = self.desk.git("diff", "--", name)
        self.put(name, before)
        if diff:
            self.git("apply", "-", stdin=f"{diff}\n".encode())

    # Agents

    def agent_works(self) -> None:
        """An agent edits a file, or a shell of its does; some of its hooks may be killed."""
        agent = self.random.choice(list(AGENTS))
        session = f"s{next(self._numbers)}"
        killed = self.random.choice(self.kills)
        if killed != "begin":
            self._turn(agent, session, begin=True)
        for _ in range(self.random.randint(1, 3)):
            use = self._use(agent, session)
            if killed != "before":
                use.before()
            if self.random.random() < 0.15:
                self.person_types()
            use.write()
            if killed != "after":
                use.after()
            if self.random.random() < 0.2:
                self.person_types()
        if killed != "end":
            self._turn(agent, session, begin=False)

    def two_agents(self) -> None:
        """Two agents use their tools at once."""
        uses = []
        for agent in AGENTS:
            session = f"s{next(self._numbers)}"
            self._turn(agent, session, begin=True)
            uses.append((agent, session))
        steps = [[use.before, use.write, use.after] for use in starmap(self._use, uses)]
        while any(steps):
            self.random.choice([rows for rows in steps if rows]).pop(0)()
        for agent, session in uses:
            self._turn(agent, session, begin=False)

    def unhooked_agent(self) -> None:
        """An agent without hooks writes, or one whose hooks nobody trusted, or a completion."""
        if self.declared:
            return
        name = self.any_file()
        self.put(name, self.changed(name, UNSEEN, most=6))

    def completion(self) -> None:
        """Cursor completes a line that a person began."""
        name = self.any_file()
        rows = self.text(name)
        place = self.random.randint(0, len(rows))
        (line,) = self.lines("cursor", 1)
        rows[place:place] = [line]
        self.put(name, rows)
        fields = {
            "hook_event_name": "afterTabFileEdit",
            "conversation_id": "c",
            "generation_id": "g",
        }
        edits = [{"old_string": "", "new_string": line[self.random.randint(0, 4) :]}]
        path = str(self.desk.path / name)
        roots = [str(self.desk.path)]
        self.desk.event(
            "cursor", {**fields, "file_path": path, "edits": edits, "workspace_roots": roots}
        )

    def _turn(self, agent: str, session: str, *, begin: bool) -> None:
        name = "UserPromptSubmit" if begin else "Stop"
        self.desk.event(agent, {"hook_event_name": name, "session_id": session})

    def _use(self, agent: str, session: str) -> Use:
        new = self.lines(AGENTS[agent], self.random.randint(1, 6))
        call = f"u{next(self._numbers)}"
        return Use(self.desk, self.random, agent, session, call, self.any_file(), new)

    # Git

    def git(self, *arguments: str, stdin: bytes = b"") -> bool:
        """Runs git, which may fail."""
        try:
            self.desk.git(*arguments, stdin=stdin)
        except AssertionError:
            return False
        return True

    def commit(self) -> None:
        self.desk.git("add", "--all")
        self.git("commit", "-qm", f"Commit {next(self._numbers)}")

    def partial_commit(self) -> None:
        self.git("add", "--", self.any_file())
        answers = "".join(self.random.choice("yn") + "\n" for _ in range(12)).encode()
        self.git("add", "--patch", stdin=answers)
        self.git("commit", "-qm", "A part")

    def commit_one(self) -> None:
        """Commit one file, and leave the others as they are."""
        self.git("commit", "-qm", "One", "--", self.any_file())

    def amend(self) -> None:
        if self.random.random() < 0.5:
            self.desk.git("add", "--all")
        self.git("commit", "-q", "--amend", "--no-edit", "--allow-empty")

    def stash(self) -> None:
        if self.git("stash", "-q"):
            if self.random.random() < 0.5:
                self.person_types()
                self.commit()
            if not self.git("stash", "pop", "-q"):
                self.git("checkout", "-q", "--force", "HEAD")
                self.git("stash", "drop", "-q")

    def reset(self) -> None:
        self.commit()
        mode = self.random.choice(("--soft", "--mixed"))
        if self.git("reset", "-q", mode, f"HEAD~{self.random.randint(1, 2)}") or self.git(
            "reset", "-q", mode, "HEAD~1"
        ):
            self.commit()

    def hard_reset(self) -> None:
        self.git("reset", "-q", "--hard", self.random.choice(("HEAD", "HEAD~1")))

    def restore(self) -> None:
        self.git("checkout", "-q", "HEAD~1", "--", self.any_file())

    def rename(self) -> None:
        name = self.any_file()
        if self.git("mv", name, "moved.py"):
            self.git("commit", "-qam", "Rename")
            self.git("mv", "moved.py", name)
            self.git("commit", "-qam", "Rename back")

    def revert(self) -> None:
        self.commit()
        if not self.git("revert", "--no-edit", f"HEAD~{self.random.randint(0, 1)}"):
            self.git("revert", "--abort")

    def branch(self, then: Callable[[str], None]) -> None:
        """Work on a branch, and what follows on the main one; then bring them together."""
        self.commit()
        name = f"side{next(self._numbers)}"
        self.desk.git("checkout", "-qb", name)
        for _ in range(self.random.randint(1, 2)):
            self.random.choice((self.agent_works, self.person_types))()
            self.commit()
        self.desk.git("checkout", "-q", "main")
        self.random.choice((self.agent_works, self.person_types, lambda: None))()
        self.commit()
        then(name)
        self.desk.git("checkout", "-q", "--force", "main")

    def merge(self) -> None:
        def then(name: str) -> None:
            if not self.git("merge", "-q", "--no-edit", name):
                self.git("checkout", self.random.choice(("--ours", "--theirs")), "--", ".")
                self.commit()

        self.branch(then)

    def squash_merge(self) -> None:
        def then(name: str) -> None:
            if self.git("merge", "-q", "--squash", name):
                self.git("commit", "-qm", "Squash")
            else:
                self.git("reset", "-q", "--hard")

        self.branch(then)

    def cherry_pick(self) -> None:
        def then(name: str) -> None:
            if not self.git("cherry-pick", name):
                if self.random.random() < 0.5:
                    self.git("checkout", "--theirs", "--", ".")
                    self.desk.git("add", "--all")
                    self.git("cherry-pick", "--continue")
                self.git("cherry-pick", "--abort")

        self.branch(then)

    def rebase(self) -> None:
        def then(name: str) -> None:
            self.desk.git("checkout", "-q", name)
            if not self.git("rebase", "-q", "main"):
                self.git("rebase", "--abort")
                return
            self.desk.git("checkout", "-q", "main")
            self.git("merge", "-q", "--ff-only", name)

        self.branch(then)

    def interactive_rebase(self) -> None:
        for _ in range(3):
            self.random.choice((self.agent_works, self.person_types))()
            self.commit()
        edit = self.random.choice(
            ("2s/pick/squash/", "3s/pick/fixup/", "2d", "2{h;d};3G", "1s/pick/reword/")
        )
        editor = f"sequence.editor=sed -i -e '{edit}'"
        if not self.git("-c", editor, "rebase", "-q", "-i", "HEAD~3"):
            self.git("rebase", "--abort")

    def pull(self) -> None:
        """A colleague without any hooks pushes a commit, which is pulled."""
        self.commit()
        bundle = self.desk.path.with_name("colleague")
        self.colleague.git("fetch", "-q", str(self.desk.path), "+main:refs/heads/theirs")
        self.colleague.git("checkout", "-q", "--force", "theirs")
        name = self.any_file()
        rows = (bundle / name).read_text().splitlines() if (bundle / name).is_file() else []
        place = self.random.randint(0, len(rows))
        rows[place:place] = self.lines(COLLEAGUE, self.random.randint(1, 2))
        self.colleague.commit(name, "".join(f"{row}\n" for row in rows))
        self.colleague.git("checkout", "-q", "--detach")
        self.random.choice((self.person_types, self.agent_works, lambda: None))()
        self.commit()
        how = self.random.choice(("--rebase", "--no-rebase"))
        if not self.git("pull", "-q", "--no-edit", how, str(bundle), "HEAD"):
            self.git("rebase", "--abort")
            self.git("merge", "--abort")

    BASIC = ("person_types", "person_types", "agent_works", "agent_works", "commit")
    RARE = (
        "person_pastes", "two_agents", "unhooked_agent", "completion", "formatter", "patch",
        "partial_commit", "commit_one", "amend", "stash", "reset", "hard_reset", "restore",
        "rename", "revert", "merge", "squash_merge", "cherry_pick", "rebase",
        "interactive_rebase", "pull",
    )  # fmt: skip

    def run(self, steps: int, rare: tuple[str, ...] = RARE) -> None:
        """A day of so many *steps*, with these *rare* events between the usual ones."""
        with hooks_in_this_process(self.desk.path):
            self._run(steps, rare)

    def _run(self, steps: int, rare: tuple[str, ...]) -> None:
        for _ in range(steps):
            name = self.random.choice(
                (*self.BASIC, *rare) if self.random.random() < 0.6 else self.BASIC
            )
            self.log.append(name)
            getattr(self, name)()
        self.commit()

    # The end of the day

    def verdicts(self) -> list[tuple[str, str, str | None, str]]:
        """Each line that is there, its true writer, and what the notes say: origin and agent."""
        from aiprov_otel.history.query import query_file

        rows = []
        for name in FILES:
            if not self.desk.git("ls-files", "--", name):
                continue
            answer = query_file(self.desk.path / name, None, history=True)
            texts = self.desk.read(name).splitlines()
            for text, decision in zip(texts, answer.decisions, strict=True):
                provenance = decision.provenance
                if text not in TWINS:
                    rows.append(
                        (text, self.writer[text], provenance.agent, provenance.origin.value)
                    )
        return rows
