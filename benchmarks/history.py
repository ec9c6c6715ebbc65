"""
What reading a history costs, as multiples of plain `git blame` of every file, in CPU time.

    python benchmarks/history.py [REPOSITORY] [ROUNDS]

It works in a clone that has the notes and the pull requests too. Each round blames every Python
file with git alone, builds from nothing, builds for AI lines only, and builds again after one
commit; medians over the rounds are printed. Where an answer differs from that of git it says so and
ends with 1. Run it with `make bench`.

Where `git-ai` is on PATH, its `git ai blame` of some of those files is timed beside git's. It is a
Rust program that is built from its sources (github.com/git-ai-project/git-ai, `cargo build
--release`): what package registries have under that name is another one.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from aiprov_otel.manifest import Manifest
from aiprov_otel.values import Origin

REFS = ("refs/notes", "refs/ai", "refs/pull", "refs/pull-requests", "refs/merge-requests")
QUICK = 5  # what takes a second is measured so often in a round
GOALS = {
    "build": ("git blame", 0.45),
    "build --ai-only": ("git blame", 0.10),
    "build after one commit": ("build", 0.05),
}
PEER = "git-ai"
PEER_FILES = 30  # it takes seconds for each
HUNK = re.compile(rb"^([0-9a-f]{40,64}) \d+ (\d+) (\d+)$", re.MULTILINE)


class Clone:
    """A clone of *source* in *folder*, at the last commit that changes a Python file."""

    def __init__(self, source: Path, folder: Path) -> None:
        self.root = folder / "clone"
        git("clone", "--quiet", "--shared", "--no-checkout", source, self.root)
        # The clone shares the objects, so that refs are all it lacks.
        refs = git("-C", source, "for-each-ref", "--format=create %(refname) %(objectname)", *REFS)
        command = ["git", "-C", str(self.root), "update-ref", "--stdin"]
        subprocess.run(command, input=refs, check=True)
        head = self.git("log", "-1", "--no-merges", "--format=%H", "--", "*.py")
        self.newest, self.before = head, self.git("rev-parse", f"{head}~1")
        self.at(self.newest)
        self.files = self.git("ls-files", "-z", "--", "*.py").rstrip("\0").split("\0")

    def git(self, *arguments: str) -> str:
        """What git says about it."""
        return git("-C", self.root, *arguments).decode("utf-8", "surrogateescape").strip()

    def at(self, commit: str) -> None:
        """Check *commit* out; every Python file counts, tests too."""
        policy = self.root / "pyproject.toml"
        policy.unlink(missing_ok=True)
        self.git("update-ref", "--no-deref", "HEAD", commit)
        self.git("read-tree", "HEAD")
        self.git("checkout-index", "--force", "--quiet", "--all")
        text = policy.read_text() if policy.exists() else ""
        policy.write_text(text + "\n[tool.aiprov]\nexclude = []\n")

    def forget(self) -> None:
        """Forget the last build."""
        shutil.rmtree(self.root / ".aiprov", ignore_errors=True)

    def build(self, output: Path, *options: str) -> None:
        """Run `aiprov build`."""
        how = ("-P", "-m", "aiprov_otel", "build", "--output", str(output))
        command = [sys.executable, *how, *options]
        subprocess.run(command, cwd=self.root, check=True, stdout=subprocess.DEVNULL)

    def blame(self, into: dict[str, list[str]], files: Sequence[str] | None = None) -> None:
        """The commit of each line of *files*, by default of all, by git alone."""
        ignored = [name for name in (".git-blame-ignore-revs",) if (self.root / name).exists()]
        options = [f"--ignore-revs-file={name}" for name in ignored]
        for file in files or self.files:
            if (self.root / file).is_file() and not (self.root / file).is_symlink():
                output = git("-C", self.root, "blame", "--incremental", *options, "--", file)
                into[file] = owners(output)


def git(*arguments: str | Path) -> bytes:
    """What git writes; a file that it can't check out is no reason to stop."""
    done = subprocess.run(["git", *arguments], capture_output=True, check=False)
    if done.returncode and "checkout-index" not in arguments:
        sys.exit(done.stderr.decode("utf-8", "replace"))
    return done.stdout


def owners(output: bytes) -> list[str]:
    """The commit of each line, by the output of `git blame --incremental`."""
    hunks = sorted((int(one[2]), int(one[3]), one[1]) for one in HUNK.finditer(output))
    return [commit.decode() for _, count, commit in hunks for _ in range(count)]


def cost(work: Callable[[], object]) -> tuple[float, float]:
    """CPU and wall seconds of what *work* starts."""

    def cpu() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    before, began = cpu(), time.monotonic()
    work()
    return cpu() - before, time.monotonic() - began


def measured(clone: Clone, folder: Path) -> dict[str, tuple[float, float]]:
    """One round: the cost of each way, after which its answer lies in *folder*."""
    names = ("first", "again", "whole", "ai")
    first, again, whole, ai = (folder / name for name in names)
    clone.at(clone.before)
    clone.forget()
    earlier = cost(lambda: clone.build(first))
    kept = (clone.root / ".aiprov").rename(folder / "kept")
    clone.at(clone.newest)
    quick = []
    for _ in range(QUICK):
        clone.forget()
        shutil.copytree(kept, clone.root / ".aiprov")
        quick.append(cost(lambda: clone.build(again)))
    shutil.rmtree(kept)
    clone.forget()
    later = cost(lambda: clone.build(whole))
    cpu, wall = (statistics.mean(pair) for pair in zip(earlier, later, strict=True))
    costs = {"build": (cpu, wall), "build after one commit": median(quick)}
    costs["build --ai-only"] = cost(lambda: clone.build(ai, "--ai-only"))
    return costs


def peer(clone: Clone, folder: Path) -> str:
    """What `git ai blame` costs, in a home of its own: it writes there, and starts a daemon."""
    if not (program := shutil.which(PEER)):
        return f"git ai blame             not timed: there is no {PEER} on PATH"
    some = clone.files[:: max(1, len(clone.files) // PEER_FILES)]
    (folder / "home").mkdir()
    home = {**os.environ, "HOME": str(folder / "home")}
    start = partial(subprocess.run, cwd=clone.root, env=home, capture_output=True, check=False)

    def run(*commands: Sequence[str]) -> None:
        for words in commands:
            start([program, *words])

    try:
        cpu, wall = cost(lambda: run(*(("blame", file) for file in some)))
    finally:
        run(("bg", "shutdown"))
    plain, _ = cost(lambda: clone.blame({}, some))
    share = f"{cpu / plain:6.3f} of git blame of the same {len(some)} files"
    return f"{'git ai blame':24} {cpu:7.2f} s CPU {wall:7.2f} s  {share}"


def differences(folder: Path, plain: dict[str, list[str]]) -> Iterator[str]:
    """What is not as git says, or not as a build from nothing says."""
    if (folder / "again").read_bytes() != (folder / "whole").read_bytes():
        yield "the manifest after one commit has other bytes than one from nothing"
    whole, ai = (Manifest.load(folder / name) for name in ("whole", "ai"))
    lines = by_ai = 0
    for one, other in zip(whole.sources(), ai.sources(), strict=True):
        commits = plain.get(one.path, [])
        for number, commit in enumerate(commits, start=1):
            said, only = one.line(number), other.line(number)
            lines += 1
            by_ai += said.origin is Origin.AI
            if said.commit not in {commit, None}:
                yield f"{one.path}:{number} is of {commit} for git and of {said.commit} for us"
            if Origin.AI in {said.origin, only.origin} and said != only:
                yield f"{one.path}:{number} differs with --ai-only"
    print(f"{lines} lines compared, {by_ai} of them AI")


def main(source: str = ".", rounds: str = "1") -> int:
    """Print the table; 1 where an answer differs."""
    taken: dict[str, list[tuple[float, float]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clone = Clone(Path(source).resolve(), folder)
        commits = clone.git("rev-list", "--count", "HEAD")
        print(f"{len(clone.files)} Python files, {commits} commits, {os.cpu_count()} cores")
        for _ in range(int(rounds)):
            plain: dict[str, list[str]] = {}
            taken["git blame"].append(cost(partial(clone.blame, plain)))
            for way, spent in measured(clone, folder).items():
                taken[way].append(spent)
        wrong = list(differences(folder, plain))
        beside = peer(clone, folder)
    for line in (*table(taken), beside, *wrong[:20], f"{len(wrong)} differences"):
        print(line)
    return bool(wrong)


def median(costs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The CPU and the wall time in the middle of *costs*."""
    cpu, wall = (statistics.median(column) for column in zip(*costs, strict=True))
    return cpu, wall


def table(taken: dict[str, list[tuple[float, float]]]) -> Iterator[str]:
    """One line a way: its median cost, as a multiple of what it is compared with."""
    middle = {way: median(those) for way, those in taken.items()}
    for way, (cpu, wall) in sorted(middle.items(), key=lambda pair: -pair[1][0]):
        whole, target = GOALS.get(way, ("git blame", None))
        goal = f"  target {target:.2f}" if target else ""
        share = f"{cpu / middle[whole][0]:6.3f} of {whole}{goal}"
        yield f"{way:24} {cpu:7.2f} s CPU {wall:7.2f} s  {share}"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
