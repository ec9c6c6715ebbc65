"""Random histories whose pull requests land in every forge's way, against who wrote each line."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from aiprov_otel.history import attribute, source_files
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy

CLAUDE = "Co-authored-by: Claude <noreply@anthropic.com>"
CODEX = "Co-authored-by: Codex <noreply@openai.com>"
BOB = "Co-authored-by: Bob Ross <bob@example.org>"
FILES = ("a.py", "shop/b.py", "shop/c.pyw")


@dataclass
class History:
    """A stream for `git fast-import`, and who wrote each line: every line is a text of its own."""

    chance: random.Random
    stream: list[str] = field(default_factory=list)
    wrote: dict[str, str] = field(default_factory=dict)
    marks: int = 0
    requests: int = 0
    main: int = 0
    content: dict[str, list[str]] = field(default_factory=lambda: {path: [] for path in FILES})

    def commit(self, content, message, *parents, author="Ada <ada@example.org>"):
        """A commit with this *content*; returns its mark."""
        self.marks += 1
        when = f"{1_780_000_000 + self.marks} +0000"
        text = message.encode()
        self.stream += [
            f"commit refs/aside/{self.marks}",
            f"mark :{self.marks}",
            f"author {author} {when}",
            f"committer Forge <forge@example.org> {when}",
            f"data {len(text)}\n{message}",
            *(f"{'merge' if index else 'from'} :{parent}" for index, parent in enumerate(parents)),
        ]
        for path, lines in content.items():
            body = "".join(f"{line}\n" for line in lines)
            self.stream.append(f"M 100644 inline {path}\ndata {len(body)}\n{body}")
        return self.marks

    def ref(self, name, mark):
        """Let *name* lead to the commit."""
        self.stream.append(f"reset {name}\nfrom :{mark}\n")

    def edits(self, content, owner):
        """Some lines to insert, each behind one that is there or on top, and some to delete."""
        path = self.chance.choice(FILES)
        for _ in range(self.chance.randint(1, 6)):
            line = f"line_{len(self.wrote)} = {self.chance.randint(0, 9)}"
            self.wrote[line] = owner
            yield path, self.chance.choice([None, *content[path]]), line
        if content[path] and self.chance.random() < 0.3:
            yield path, self.chance.choice(content[path]), None

    def request(self):
        """A pull request of some commits: how each changes the content, with its message."""
        content = {path: list(lines) for path, lines in self.content.items()}
        for number in range(self.chance.randint(1, 4)):
            owner = self.chance.choice(["ai", "unknown"])
            edits = list(self.edits(content, owner))
            content = applied(content, edits)
            trailer = f"\n\n{CLAUDE}" if owner == "ai" else ""
            yield edits, f"Part {number}{trailer}\n"

    def land(self, way):
        """Open a request, let the main branch go on, and land it in this *way*."""
        self.requests += 1
        number, base = self.requests, self.main
        parts = list(self.request())
        head, content = base, self.content
        for edits, message in parts:
            content = applied(content, edits)
            head = self.commit(content, message, head)
        if self.chance.random() < 0.7 and way != "gitlab-fast-forward":
            self.direct()
        every = [edit for edits, _ in parts for edit in edits]
        landed = applied(self.content, every)
        bears = any(CLAUDE in message for _, message in parts)
        trailers = self.chance.choice(["", CLAUDE if bears else "", BOB, CODEX])
        if CODEX in trailers:
            for edits, message in parts:
                self.wrote.update(
                    {line: "mixed" for *_, line in edits if line and CLAUDE not in message}
                )
        message = {
            "github": f"Add it (#{number})",
            "bitbucket": f"Pull request #{number}: Add it\n\nMerge in A/B from x to main",
            "azure": f"Merged PR {number}: Add it",
            "gitea": f"Add it (#{number})\n\nReviewed-on: https://x.y/a/b/pulls/{number}",
        }.get(way, "Add it")
        self.main = getattr(self, f"_{way.replace('-', '_')}", self._squash)(
            landed, f"{message}\n\n{trailers}\n", head, number, parts
        )
        self.content = landed
        refs = {"bitbucket": "refs/pull-requests/{}/from", "azure": "refs/pull/{}/merge"}
        ref = refs.get(
            way, "refs/merge-requests/{}/head" if "gitlab" in way else "refs/pull/{}/head"
        )
        self.ref(ref.format(number), self.aside if way == "azure" else head)

    def direct(self):
        """A commit to the main branch, without a request."""
        owner = self.chance.choice(["ai", "unknown"])
        self.content = applied(self.content, list(self.edits(self.content, owner)))
        message = f"Go on\n\n{CLAUDE if owner == 'ai' else ''}\n"
        self.main = self.commit(self.content, message, self.main)

    def _squash(self, landed, message, head, number, parts):
        return self.commit(landed, message, self.main)

    def _azure(self, landed, message, head, number, parts):
        self.aside = self.commit(landed, "Merge for a check", self.main, head)
        return self.commit(landed, message, self.main)

    def _gitlab(self, landed, message, head, number, parts):
        squash = self.commit(landed, message, self.main)
        return self.commit(
            landed,
            f"Merge branch 'x' into 'main'\n\nSee merge request a/b!{number}",
            self.main,
            squash,
        )

    def _merge(self, landed, message, head, number, parts):
        self.unmix(parts)
        return self.commit(landed, f"Merge pull request #{number} from ada/x", self.main, head)

    def _rebase(self, landed, message, head, number, parts):
        self.unmix(parts)
        for edits, text in parts:
            self.content = applied(self.content, edits)
            self.main = self.commit(self.content, text, self.main)
        return self.main

    def unmix(self, parts):
        """Nothing was squashed, so each commit has its own message."""
        for edits, message in parts:
            owner = "ai" if CLAUDE in message else "unknown"
            self.wrote.update({line: owner for *_, line in edits if line})


def applied(content, edits):
    """*content* with these *edits*."""
    content = {path: list(lines) for path, lines in content.items()}
    for path, anchor, line in edits:
        lines = content[path]
        place = lines.index(anchor) + 1 if anchor in lines else 0
        if line:
            lines.insert(place, line)
        elif place:
            del lines[place - 1]
    return content


WAYS = (
    "github", "gitea", "bitbucket", "azure", "gitlab", "gitlab-fast-forward", "merge", "rebase",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_each_line_is_its_writer_s(repo, seed):
    """
    With the refs of the requests, each line has the origin of the commit that wrote it first.
    """
    history = History(random.Random(seed))
    history.content = {path: [f"{path} = {n}" for n in range(4)] for path in FILES}
    history.wrote = {line: "unknown" for lines in history.content.values() for line in lines}
    history.main = history.commit(history.content, "Begin\n")
    for way in history.chance.sample(WAYS * 2, k=len(WAYS) * 2):
        history.land(way)
    history.ref("refs/heads/main", history.main)
    repo.git("fast-import", "--quiet", "--force", stdin="\n".join(history.stream).encode())
    repo.git("checkout", "-q", "main")

    git = Git.open(repo.path)
    files = source_files.list_source_files(git, Policy()).files
    read = attribute.attribute_files(git, Policy(), files)
    found = {
        line: str(decision.provenance.origin)
        for blamed in read.blamed
        for line, decision in zip(
            (repo.path / blamed.file.path).read_text().splitlines(),
            read.lines(blamed),
            strict=True,
        )
    }

    wrong = {line: origin for line, origin in found.items() if origin != history.wrote[line]}
    assert (len(found) > 100, wrong) == (True, {})
