"""The only module that starts a process: what is asked of git, and how, is all here."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from aiprov_otel.errors import HistoryError

# A hook is handed GIT_DIR, GIT_INDEX_FILE and more. Left in place, every git we start would
# answer about that repository, whatever our working directory. These say how git works, not on
# what; safe.directory often comes in through them.
_KEEP = {
    "GIT_CEILING_DIRECTORIES",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_EXEC_PATH",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSL_CAINFO",
}
_KEEP_PREFIXES = ("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_")

# What a user's configuration could change about an answer is set to git's own default.
_CONFIG = {
    "blame.markIgnoredLines": "false",
    "blame.markUnblamableLines": "false",
    "core.fsmonitor": "false",
    "core.quotePath": "false",
    "diff.algorithm": "default",
    "diff.indentHeuristic": "true",
}
_SETTINGS = [word for key, value in _CONFIG.items() for word in ("-c", f"{key}={value}")]


IGNORE_REVS: Final = "object name list"
"""In the message of a git that can't blame any file, as its own configuration is wrong."""


class Git:
    """
    One repository with a work tree.

    Attributes:
        root: the top of the work tree, without symlinks.
        revision: the commit that the work tree holds, where that is not `HEAD`.
        blame_options: what every blame is given.
        ignored: the commits that those make it look through.
    """

    def __init__(
        self,
        root: Path,
        revision: str | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.root = root
        self.revision = revision
        self.blame_options: tuple[str, ...] = ()
        self.ignored: tuple[str, ...] = ()
        self._variables = variables or {}
        self._head: str | None = None
        self._objects: dict[str, str] = {}
        self._live: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    @classmethod
    def open(cls, start: Path) -> Git:
        """
        The repository that the folder *start* is in.

        Raises:
            HistoryError: there is none, it has no work tree or no commit, or git refuses it.
        """
        if not start.is_dir():
            msg = f"{start} is not a folder; give one that is in a git repository"
            raise HistoryError(msg)
        git = cls(start)
        if git._line("rev-parse", "--is-inside-work-tree") != b"true":
            msg = f"{start} has no work tree (a bare repository, or a .git folder); run in a clone"
            raise HistoryError(msg)
        git.root = Path(os.fsdecode(git._line("rev-parse", "--show-toplevel")))
        if git._finish(("rev-parse", "--verify", "--quiet", "HEAD^{commit}"), b"")[0]:
            msg = f"{git.root} has no commit yet; commit something first"
            raise HistoryError(msg)
        return git

    def head(self) -> str:
        """Full hash of the commit that the work tree holds; the same for each who asks."""
        if self._head is None:
            name = self.revision or "HEAD"
            self._head = self._line("rev-parse", "--verify", f"{name}^{{commit}}").decode("ascii")
        return self._head

    def index(self) -> bytes:
        """Every tracked path with its mode: `<mode> <object> <stage>\\t<path>\\0`."""
        return self.run("ls-files", "-z", "--stage")

    def tree(self, commit: str) -> bytes:
        """Every path of *commit*: `<mode> <type> <object>\\t<path>\\0`."""
        return self.run("ls-tree", "-r", "-z", "--full-tree", commit)

    def blame(self, path: str, *revisions: str) -> bytes:
        """
        `git blame --incremental` of the file in one of *revisions*, or else in the work tree.

        It goes back no further than the *revisions* that begin with `^`.
        """
        # --root: the first commit of a repository is a commit like any other.
        # An empty file name forgets those that the configuration of the user names.
        how = ("--incremental", "--root", "--no-textconv", "--ignore-revs-file=")
        if self.revision and all(revision.startswith("^") for revision in revisions):
            revisions = (self.revision, *revisions)
        return self.run("blame", *how, *self.blame_options, *revisions, "--", path)

    @property
    def follows_moves(self) -> bool:
        """Whether blame looks for lines elsewhere: its answers are then no sum of smaller ones."""
        return any(option.startswith(("-M", "-C")) for option in self.blame_options)

    def configured(self, key: str) -> list[str]:
        """The paths that git's configuration has for *key*, `~` replaced."""
        output = self._finish(("config", "-z", "--type=path", "--get-all", key), b"")[1]
        return [os.fsdecode(value) for value in output.split(b"\0")[:-1]]

    def commits(self, *revisions: str) -> list[tuple[str, ...]]:
        """
        Every commit that *revisions* select, each with its parents, children first.

        Raises:
            HistoryError: one of them is not there.
        """
        listed = self.run("rev-list", "--topo-order", "--parents", *revisions).decode("ascii")
        return [tuple(line.split(" ")) for line in listed.splitlines()]

    def differences(self, pairs: Iterable[tuple[str, str]]) -> bytes:
        """
        What differs between each commit and the parent of it that it stands with in *pairs*.

        The parent of a commit without parents is "".
        """
        stdin = "".join(f"{commit} {parent}".rstrip() + "\n" for commit, parent in pairs).encode()
        how = ("--raw", "-r", "-z", "--always", "--root", "--no-renames", "--stdin")
        return self.run("diff-tree", *how, stdin=stdin)

    def circumstances(self) -> bytes:
        """What answers about old commits depend on beside them: this git, and what it is told."""
        replaced = self.run("for-each-ref", "--format=%(refname) %(objectname)", "refs/replace")
        asked = (*sorted(self.boundaries()), *self.blame_options, *self.ignored)
        return self.run("version") + replaced + os.fsencode("\n".join(asked))

    def objects(self, names: Iterable[str]) -> bytes:
        """`git cat-file --batch` of *names*."""
        stdin = "".join(f"{name}\n" for name in names).encode()
        # Buffered: else each object is written, and read here, by itself.
        return self.run("cat-file", "--batch", "--buffer", stdin=stdin)

    def boundaries(self) -> frozenset[str]:
        """The commits whose parents a shallow clone left out; empty for a full one."""
        name = os.fsdecode(self._line("rev-parse", "--git-path", "shallow"))
        try:
            return frozenset((self.root / name).read_text("ascii").split())
        except FileNotFoundError:
            return frozenset()

    def has_commits(self, number: int) -> bool:
        """Whether the history of what is checked out is at least that long."""
        counted = self._line("rev-list", "--count", f"--max-count={number}", "HEAD")
        return int(counted) >= number

    def partial(self) -> bool:
        """Whether the clone lacks objects that git would fetch when it needs them."""
        keys = r"^(extensions\.partialclone|remote\..*\.promisor)$"
        return not self._finish(("config", "--get-regexp", keys), b"")[0]

    def write_graph(self, folder: Path, commit: str) -> None:
        """
        From now on answer with the help of a commit-graph in *folder*, which is written for it.

        It knows which paths each commit changed; the repository itself is not written to.

        Raises:
            HistoryError: git is too old for it (before 2.27), or the disk is full.
        """
        objects = self.root / os.fsdecode(self._line("rev-parse", "--git-path", "objects"))
        self._objects = {
            "GIT_OBJECT_DIRECTORY": str(folder),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(str(objects)),
        }
        how = ("--stdin-commits", "--changed-paths", "--no-progress")
        try:
            self.run("commit-graph", "write", *how, stdin=f"{commit}\n".encode())
        except HistoryError:
            self.forget_graph()
            raise

    def forget_graph(self) -> None:
        """Answer without the graph of `write_graph` again."""
        self._objects = {}

    def remote(self) -> str | None:
        """The URL of `origin` as it is configured; None where there is no such remote."""
        status, output, _ = self._finish(("remote", "get-url", "origin"), b"")
        return None if status else os.fsdecode(output.removesuffix(b"\n"))

    def advertised(self, remote: str, patterns: Iterable[str], seconds: float) -> list[str]:
        """The refs of *remote* that fit *patterns*; none if it does not answer in *seconds*."""
        # Nobody may be there to answer a question: what is asked for gets an empty answer.
        asked = ("-c", "core.askPass=true", "ls-remote", "--refs", remote, *patterns)
        try:
            output = self._finish(asked, b"", seconds)[1]
        except subprocess.TimeoutExpired:
            return []
        return [os.fsdecode(line.rpartition(b"\t")[2]) for line in output.splitlines()]

    def run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """
        What git writes to its standard output.

        Raises:
            HistoryError: git is missing, or failed; the message holds its reason.
        """
        status, output, complaint = self._finish(arguments, stdin)
        if status:
            raise HistoryError(_reason(self.root, arguments[0], complaint))
        return output

    def stop(self) -> None:
        """Kill every git that still runs for us, and start no more."""
        with self._lock:
            self._stopped = True
            for process in self._live:
                _kill(process)

    def _line(self, *arguments: str) -> bytes:
        return self.run(*arguments).removesuffix(b"\n")

    def _finish(
        self, arguments: tuple[str, ...], stdin: bytes, seconds: float | None = None
    ) -> tuple[int, bytes, bytes]:
        process = self._start(arguments)
        try:
            output, complaint = process.communicate(stdin, seconds)
        except BaseException:
            _kill(process)
            process.communicate()
            raise
        finally:
            with self._lock:
                self._live.discard(process)
        return process.returncode, output, complaint

    def _start(self, arguments: tuple[str, ...]) -> subprocess.Popen[bytes]:
        command = ["git", "--no-pager", "--literal-pathspecs", *_SETTINGS, *arguments]
        with self._lock:
            if self._stopped:
                msg = "interrupted; nothing was written"
                raise HistoryError(msg)
            try:
                process = subprocess.Popen(
                    command,
                    cwd=self.root,
                    env={**environment(os.environ), **self._variables, **self._objects},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    start_new_session=True,  # so that what git starts can be killed with it
                )
            except FileNotFoundError as error:
                msg = "git was not found; install it, or put it on PATH"
                raise HistoryError(msg) from error
            self._live.add(process)
        return process


def environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """*inherited* without what would point git at another repository, and with plain output."""
    kept = {
        name: value
        for name, value in inherited.items()
        if not name.startswith("GIT_") or name in _KEEP or name.startswith(_KEEP_PREFIXES)
    }
    # Optional locks are for refreshing the index; a reader leaves it alone.
    return {**kept, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}


def _quoted(path: str) -> str:
    """*path* as it may stand in a list that colons separate."""
    return '"' + path.replace("\\", r"\\").replace('"', r"\"") + '"'


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _reason(root: Path, verb: str, complaint: bytes) -> str:
    lines = complaint.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
    first = lines[0].removeprefix("fatal: ").removeprefix("error: ")
    if "not a git repository" in first:
        return f"{root} is not in a git repository; run in one, or name a folder that is"
    if "dubious ownership" in first:
        advice = next((line.strip() for line in lines if "safe.directory" in line), "")
        return f"git refuses: {first}. If you trust it: {advice}"
    if IGNORE_REVS in first:
        return f"git refuses blame.ignoreRevsFile of its configuration: {first}; mend or unset it"
    return f"git {verb} failed in {root}: {first}"
