"""The source files of the work tree: those left out, other languages, generated files."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, NamedTuple

from aiprov_otel.errors import HistoryError
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.manifest import SourceFile
from aiprov_otel.manifest.locate import FOLDER

_LOST_LINK: Final = "a symlink to something that is not tracked"
_REGULAR, _SYMLINK, _SUBMODULE = b"100", b"120000", b"160000"  # modes in the index


class TrackedFile(NamedTuple):
    """
    A tracked file that counts.

    Attributes:
        path: relative to the root, with `/`.
        import_path: the tail of *path* that survives an installation.
        source: the path whose history it has: the target of a symlink.
    """

    path: str
    import_path: str
    source: str


class SourceTree(NamedTuple):
    """
    The tracked files.

    Attributes:
        files: those that count, sorted by path.
        left_out: path and reason of each Python file or submodule that does not.
        excluded: how many the policy excludes.
        languages: how many files of which other language.
    """

    files: tuple[TrackedFile, ...]
    left_out: tuple[tuple[str, str], ...]
    excluded: int
    languages: Counter[str]


SUFFIXES: Final = (".py", ".pyw")
"""How the names of Python files end."""


def list_source_files(git: Git, policy: Policy) -> SourceTree:
    """
    The tracked files of *git*: which count under *policy*, and which don't.

    Raises:
        HistoryError: the repository tracks files in `.aiprov/`.
    """
    modes = tracked_modes(git)
    _refuse_tracked_state(modes)
    packages = _find_packages(modes)
    covered = {path: mode for path, mode in modes.items() if policy.covers(path)}
    files, left_out, excluded = [], [], 0
    for path, mode in covered.items():
        if mode != _SUBMODULE and not path.endswith(SUFFIXES):
            continue
        if policy.excludes(path):
            excluded += 1
        elif reason := _why_left_out(path, mode, git.root):
            left_out.append((printable(path), reason))
        elif source := _resolve(path, mode, modes, git.root):
            files.append(TrackedFile(path, import_path(path, packages), source))
        else:
            left_out.append((path, _LOST_LINK))
    return SourceTree(tuple(files), tuple(left_out), excluded, count_languages(covered))


def find_tracked(git: Git, path: Path) -> TrackedFile:
    """
    The tracked file at *path*, excluded or not; *path* may be relative to the current folder.

    Raises:
        HistoryError: git does not track it.
    """
    within = os.path.relpath(os.path.realpath(path.parent), git.root)
    name = Path(within, path.name).as_posix()
    modes = tracked_modes(git)
    if name not in modes:
        msg = f"{path} is not tracked by git; `git add` it first, or check the spelling"
        raise HistoryError(msg)
    reason = _why_left_out(name, modes[name], git.root)
    source = None if reason else _resolve(name, modes[name], modes, git.root)
    if source is None:
        msg = f"{printable(name)} has no lines to blame: {reason or _LOST_LINK}"
        raise HistoryError(msg)
    return TrackedFile(name, import_path(name, _find_packages(modes)), source)


def tracked_modes(git: Git) -> dict[str, bytes]:
    """The mode of every tracked path, sorted by path."""
    modes = {}
    for entry in git.index().split(b"\0"):
        header, tab, path = entry.partition(b"\t")
        if tab:
            modes[os.fsdecode(path)] = header.partition(b" ")[0]
    return dict(sorted(modes.items()))


def _refuse_tracked_state(paths: Iterable[str]) -> None:
    """The folder is only ours: a repository that brings one wants to be believed."""
    for path in paths:
        if FOLDER in path.casefold().split("/"):
            msg = (
                f"the repository tracks {printable(path)}, and {FOLDER} is only for files of this "
                f"machine; remove it with `git rm -r --cached` and from the work tree"
            )
            raise HistoryError(msg)


def _find_packages(paths: Iterable[str]) -> set[str]:
    """The folders among *paths* that are Python packages."""
    return {path.rpartition("/")[0] for path in paths if path.rpartition("/")[2] == "__init__.py"}


def import_path(path: str, packages: set[str]) -> str:
    """*path* from its outermost package on or, outside packages, without a leading `src/`."""
    top = folder = path.rpartition("/")[0]
    if folder not in packages or not folder:
        return path.removeprefix("src/")
    while folder and folder in packages:
        top, folder = folder, folder.rpartition("/")[0]
    return path[len(top.rpartition("/")[0]) :].lstrip("/")


def printable(path: str) -> str:
    """*path* with the bytes that are not UTF-8 written as escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _why_left_out(path: str, mode: bytes, root: Path) -> str | None:
    if mode == _SUBMODULE:
        return "a submodule; build in it to have a manifest of its own"
    if printable(path) != path:
        return "its path is not UTF-8"
    try:
        (root / path).lstat()
    except (FileNotFoundError, NotADirectoryError):
        return "deleted from the work tree, or not checked out"
    except OSError:  # it may exist: reading it reports what is wrong
        return None
    return None


def _resolve(path: str, mode: bytes, modes: dict[str, bytes], root: Path) -> str | None:
    """*path* or, for a symlink, the tracked file that it leads to."""
    if mode != _SYMLINK:
        return path
    target = os.path.relpath(os.path.realpath(root / path), root).replace(os.sep, "/")
    return target if modes.get(target, b"").startswith(_REGULAR) else None


_LANGUAGES: Final = {
    ".c": "C",
    ".cc": "C++",
    ".clj": "Clojure",
    ".cpp": "C++",
    ".cs": "C#",
    ".cxx": "C++",
    ".dart": "Dart",
    ".ex": "Elixir",
    ".exs": "Elixir",
    ".go": "Go",
    ".h": "C",
    ".hpp": "C++",
    ".hs": "Haskell",
    ".ipynb": "Jupyter",
    ".java": "Java",
    ".jl": "Julia",
    ".js": "JavaScript",
    ".jsx": "JavaScript",
    ".kt": "Kotlin",
    ".lua": "Lua",
    ".m": "Objective-C",
    ".mjs": "JavaScript",
    ".php": "PHP",
    ".pl": "Perl",
    ".pxd": "Cython",
    ".pyi": "Python stub",
    ".pyx": "Cython",
    ".r": "R",
    ".rb": "Ruby",
    ".rs": "Rust",
    ".scala": "Scala",
    ".sh": "shell",
    ".sql": "SQL",
    ".svelte": "Svelte",
    ".swift": "Swift",
    ".ts": "TypeScript",
    ".tsx": "TypeScript",
    ".vue": "Vue",
    ".zig": "Zig",
}


def count_languages(paths: Iterable[str]) -> Counter[str]:
    """How many of *paths* are of which other language, by their suffixes."""
    suffixes = ("." + path.rpartition(".")[2].lower() for path in paths)
    return Counter(_LANGUAGES[suffix] for suffix in suffixes if suffix in _LANGUAGES)


_GENERATED_NAMES: Final = ("*_pb2.py", "*_pb2_grpc.py")
_GENERATED_HEADER: Final = 2048  # bytes; such a comment further down is about something else
_COMMENT: Final = re.compile(
    rb"^\s*(?:#|\"\"\").*(?:(?<!\w)@generated\b|\b[Gg]enerated (?:by|from)\b.*\bDO NOT EDIT\b)",
    re.MULTILINE,
)
_GENERATED_ATTRIBUTE: Final = "linguist-generated"


def flag_generated(
    git: Git, sources: Iterable[SourceFile], paths: Sequence[str]
) -> Iterator[SourceFile]:
    """*sources*, which have these *paths*, with `generated` as `.gitattributes` sets it."""
    attributes = _read_attributes(git, paths)
    for source in sources:
        generated = attributes.get(source.path, source.generated)
        yield source if generated == source.generated else replace(source, generated=generated)


def _read_attributes(git: Git, paths: Sequence[str]) -> dict[str, bool]:
    """The attribute of *paths*, set or unset; it counts more than name and header."""
    stdin = b"".join(os.fsencode(path) + b"\0" for path in paths)
    words = git.run("check-attr", "-z", "--stdin", _GENERATED_ATTRIBUTE, stdin=stdin).split(b"\0")
    triples = zip(words[::3], words[1::3], words[2::3], strict=False)
    return {
        os.fsdecode(path): value in {b"set", b"true"}
        for path, _, value in triples
        if value != b"unspecified"
    }


def looks_generated(path: str, content: bytes) -> bool:
    """Whether the file at *path* looks generated, by its name and its first lines."""
    name = path.rpartition("/")[2]
    if any(fnmatchcase(name, pattern) for pattern in _GENERATED_NAMES):
        return True
    head = content[:_GENERATED_HEADER]
    return b"enerated" in head and bool(_COMMENT.search(head))
