"""One git repository: its files, commits and refs, and how much of the history this clone has."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import weakref
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Final

from aiprov_otel.errors import HistoryError
from aiprov_otel.history.git import overrides
from aiprov_otel.history.git.overrides import LIST, Configuration
from aiprov_otel.history.git.process import (
    Processes,
    clean_environment,
    failure_reason,
    settings_variables,
)

_USAGE: Final = 129  # the exit status of git for an option that it does not know

IGNORE_REVS_FILE: Final = ".git-blame-ignore-revs"
"""Lists commits that blame looks through; forges and editors read it too, in the root."""


class Git:
    """
    One repository with a work tree.

    Attributes:
        root: the top of the work tree, without symlinks.
        revision: the commit that the work tree holds, where that is not `HEAD`.
        variables: environment variables for git, beside those of this process.
        blame_options: options of every blame.
        ignored: the commits that blame looks through because of those options.
        online: whether git may ask a remote, also for objects that a partial clone lacks.
    """

    def __init__(
        self,
        root: Path,
        revision: str | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.root = root
        self.revision = revision
        self.variables = dict(variables or {})
        self.blame_options: tuple[str, ...] = ()
        self.ignored: tuple[str, ...] = ()
        self.online = False
        self._head: str | None = None
        self._is_shallow = True  # unless `open` finds otherwise
        self._processes = Processes()

    @classmethod
    def open(cls, start: Path, *, bare: bool = False) -> Git:
        """
        The repository that the folder *start* is in; with *bare*, it need not have a work tree.

        Raises:
            HistoryError: there is none, it has no work tree or no commit, or git refuses it.
        """
        if not start.is_dir():
            msg = f"{start} is not a folder; give one that is in a git repository"
            raise HistoryError(msg)
        git = cls(start)
        wanted = (
            "--is-inside-work-tree",
            "--is-shallow-repository",
            "HEAD^{commit}",
            "--show-toplevel",
        )
        status, output, _ = git.try_run("rev-parse", *wanted)
        if status and bare and (start / "objects").is_dir():
            # Else git refuses: the folder may be in the work tree of another repository.
            return cls(start, variables={"GIT_DIR": str(start.absolute())})
        if status:
            raise HistoryError(git._why_unusable())
        _, shallow, head, root = output.removesuffix(b"\n").split(b"\n", 3)
        git.root, git._head = Path(os.fsdecode(root)), head.decode("ascii")
        git._is_shallow = shallow != b"false"
        if not os.path.lexists(git.root / ".git"):
            msg = f"core.worktree of {start} leads to {git.root}, which has no .git; unset it"
            raise HistoryError(msg)
        return git

    def _why_unusable(self) -> str:
        if self._line("rev-parse", "--is-inside-work-tree") != b"true":
            where = "a bare repository, or a .git folder"
            return f"{self.root} has no work tree ({where}); run in a clone"
        root = os.fsdecode(self._line("rev-parse", "--show-toplevel"))
        return f"{root} has no commit yet; commit something first"

    def head(self) -> str:
        """Full hash of the commit that the work tree holds; read once."""
        if self._head is None:
            name = self.revision or "HEAD"
            self._head = self._line("rev-parse", "--verify", f"{name}^{{commit}}").decode("ascii")
        return self._head

    @cached_property
    def directory(self) -> Path:
        """The `.git` folder that all work trees of the repository share."""
        return self.root / os.fsdecode(self._line("rev-parse", "--git-common-dir"))

    @cached_property
    def boundaries(self) -> frozenset[str]:
        """The commits whose parents a shallow clone left out; empty for a full one."""
        if not self._is_shallow:
            return frozenset()
        try:
            return frozenset((self.directory / "shallow").read_text("ascii").split())
        except FileNotFoundError:
            return frozenset()

    @cached_property
    def version(self) -> bytes:
        """The version of git, as it prints it; read once."""
        return self.run("version")

    @cached_property
    def refs(self) -> dict[str, str]:
        """The object of every ref, sorted by ref; read once."""
        output = self.run("for-each-ref", "--format=%(objectname) %(refname)")
        lines = output.decode("utf-8", "surrogateescape").split("\n")[:-1]
        return {ref: name for name, _, ref in (line.partition(" ") for line in lines)}

    @cached_property
    def ref_names(self) -> list[str]:
        """The name of every ref, sorted."""
        return sorted(self.refs)

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
        # An empty file name clears the list that the user's configuration names.
        options = ("--incremental", "--root", "--no-textconv", "--ignore-revs-file=")
        if self.revision and all(revision.startswith("^") for revision in revisions):
            revisions = (self.revision, *revisions)
        return self.run("blame", *options, *self.blame_options, *revisions, "--", path)

    @property
    def follows_moves(self) -> bool:
        """Whether blame follows moved lines: a blame can then not be put together from others."""
        return any(option.startswith(("-M", "-C")) for option in self.blame_options)

    def commits(self, *revisions: str) -> list[tuple[str, ...]]:
        """
        Every commit that *revisions* select, each with its parents, children first.

        Raises:
            HistoryError: this clone lacks one of them.
        """
        listed = self.run("rev-list", "--topo-order", "--parents", *revisions).decode("ascii")
        return [tuple(line.split(" ")) for line in listed.splitlines()]

    def objects(self, names: Iterable[str]) -> Iterator[bytes]:
        """
        The output of `git cat-file --batch` for *names*, in parts that fit into memory.

        An object that is too large is as good as a missing one.
        """
        for batch in _batches(list(names), self._object_sizes):
            # Often there is nothing: no log of traces, for one.
            yield self._cat_file("--batch", batch) if any(batch) else b"\n" * len(batch)

    def object_names(self, names: Iterable[str]) -> list[str]:
        """The full hash of each of the objects *names*; something else for a missing one."""
        output = self._cat_file("--batch-check=%(objectname)", names)
        return output.decode("utf-8", "replace").split("\n")[:-1]

    def _object_sizes(self, names: Iterable[str]) -> list[int | None]:
        output = self._cat_file("--batch-check=%(objectsize)", names)
        return [int(line) if line.isdigit() else None for line in output.split(b"\n")[:-1]]

    def _cat_file(self, form: str, names: Iterable[str]) -> bytes:
        stdin = os.fsencode("".join(f"{name}\n" for name in names))  # a path may have any bytes
        # Buffered: else each object is written, and read here, by itself.
        return self.run("cat-file", form, "--buffer", stdin=stdin, variables=self._object_variables)

    @cached_property
    def _object_variables(self) -> dict[str, str]:
        """
        Variables that make git read the objects of a partial clone as if it were a whole one.

        In a partial clone that may not fetch, git fails at the first object that is missing.
        """
        if self.online or not self.configuration.is_partial:
            return {}
        folder = Path(tempfile.mkdtemp(prefix="aiprov-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        for name in ("objects", "refs"):
            (folder / name).mkdir()
        (folder / "HEAD").write_text("ref: refs/heads/none\n")
        form = "sha256" if len(self.head()) == 64 else "sha1"
        version = "repositoryformatversion = 1"
        (folder / "config").write_text(f"[core]\n{version}\n[extensions]\nobjectFormat = {form}\n")
        return {"GIT_DIR": str(folder), "GIT_OBJECT_DIRECTORY": str(self.directory / "objects")}

    def run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        variables: Mapping[str, str] | None = None,
    ) -> bytes:
        """
        Runs git, with these *variables* beside its own, and returns its output.

        Raises:
            HistoryError: git is missing or failed; the message holds its reason.
        """
        status, output, errors = self.try_run(*arguments, stdin=stdin, variables=variables)
        if status:
            verb = next(word for word in arguments if not word.startswith("-"))
            raise HistoryError(failure_reason(self.root, verb, errors))
        return output

    def try_run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        seconds: float | None = None,
        variables: Mapping[str, str] | None = None,
        online: bool = False,
    ) -> tuple[int, bytes, bytes]:
        """
        Runs git, which may fail; returns its exit status, its output and its error output.

        After *seconds* it is killed: the status is then negative, and both outputs are empty.
        With *online*, it may ask a remote.

        Raises:
            HistoryError: git is missing.
        """
        online = self.online or online
        settings = [
            *overrides.OVERRIDES.items(),
            *self.configuration.named_overrides.items(),
            *(self.configuration.transport_settings if online else ()),
        ]
        inherited = clean_environment(os.environ)
        return self._processes.run(
            ["git", "--no-pager", "--literal-pathspecs", *arguments],
            folder=self.root,
            variables={
                **inherited,
                **settings_variables(settings, inherited),
                **(overrides.ONLINE if online else overrides.OFFLINE),
                **self.variables,
                **(variables or {}),
            },
            stdin=stdin,
            seconds=seconds,
        )

    @cached_property
    def configuration(self) -> Configuration:
        """The configuration of the repository, the user and the system; read once."""
        inherited = clean_environment(os.environ)
        probe = secrets.token_hex(8)
        settings = settings_variables(
            [*overrides.OVERRIDES.items(), ("aiprov.probe", probe)], inherited
        )
        status, listing, _ = self._processes.run(
            ["git", "--no-pager", *LIST],
            folder=self.root,
            variables={**inherited, **settings, **self.variables},
        )
        configuration = Configuration(listing)
        # A git that does not know these variables would follow a repository's own settings.
        if status == _USAGE or (not status and probe not in configuration.values("aiprov.probe")):
            msg = "git is too old to ignore a repository's own settings; install 2.31 or newer"
            raise HistoryError(msg)
        return configuration

    def stop(self) -> None:
        """Kills every git that still runs for this repository, and starts no more."""
        self._processes.stop()

    def _line(self, *arguments: str) -> bytes:
        return self.run(*arguments).removesuffix(b"\n")


_BATCH: Final = 1_000  # objects that are read at once
_BATCH_BYTES: Final = 64 * 1024 * 1024  # the most that an object, or all of a batch, may have


def _batches(
    names: Sequence[str], sizes: Callable[[Sequence[str]], Sequence[int | None]]
) -> Iterator[Sequence[str]]:
    """*names* in batches whose contents fit into memory; empty for a missing or a large one."""
    for position in range(0, len(names), _BATCH):
        some = names[position : position + _BATCH]
        batch: list[str] = []
        total = 0
        for name, size in zip(some, sizes(some), strict=True):
            if total + (size or 0) > _BATCH_BYTES and batch:
                yield batch
                batch, total = [], 0
            if size is None or size > _BATCH_BYTES:
                batch.append("")
            else:
                batch.append(name)
                total += size
        yield batch


def has_commits(git: Git, number: int) -> bool:
    """Whether the history of `HEAD` has at least *number* commits."""
    return int(git.run("rev-list", "--count", f"--max-count={number}", "HEAD")) >= number


def is_partial(git: Git) -> bool:
    """Whether the clone lacks objects that git would fetch when it needs them."""
    return git.configuration.is_partial


def matching_refs(git: Git, *patterns: str) -> list[str]:
    """
    The names of the refs that match one of *patterns*, sorted.

    A pattern is a name, `refs/notes/ai`, a prefix, `refs/notes/`, or has a `*` in it.
    """
    found = {ref for pattern in patterns for ref in _matching(git.ref_names, pattern)}
    return sorted(found)


def _matching(refs: Sequence[str], pattern: str) -> Iterator[str]:
    """Those of the sorted *refs* that match *pattern*; there may be tens of thousands."""
    literal, star, _ = pattern.partition("*")
    for ref in refs[bisect_left(refs, literal) :]:
        if not ref.startswith(literal):
            return
        if (fnmatchcase(ref, pattern) if star else ref == literal) or pattern.endswith("/"):
            yield ref
